"""The process that draws and converts: reads one task, bounds itself, works, answers, and is gone.

Run by ``fax.press`` alone. The bounds come before any document is touched: address space, processor time, size of a
file, no children, low priority, first to die when memory runs out, dead when the parent is; and where the kernel has
Landlock, no file but the task's own and no TCP connection.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    """One task from standard input, one answer to standard output."""
    task = json.load(sys.stdin)
    _bound(task)
    try:
        answer = _work(task)
    except MemoryError:
        answer = {"reason": "memory", "text": f"it needs more than {task['limits']['memory'] >> 20} MB of memory"}
    except OSError as wrong:
        answer = _unwritten(wrong, task["limits"])
    print(json.dumps(answer))


def _unwritten(wrong: OSError, limits: dict[str, Any]) -> dict[str, Any]:
    if wrong.errno == errno.EFBIG:
        return {"reason": "document", "text": f"its fax would be larger than {limits['output']:,} bytes"}
    if wrong.errno in _FULL:
        return {"reason": "space", "text": f"the fax cannot be stored: {os.strerror(wrong.errno)}"}
    return {"reason": "document", "text": f"it cannot be read: {wrong.strerror or 'it is damaged'}"}


def _bound(task: dict[str, Any]) -> None:
    limits = task["limits"]
    ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != task["parent"]:
        sys.exit("the parent is gone")
    os.nice(10)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_FSIZE, limits["output"]),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        hard = resource.getrlimit(kind)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (soft, soft if kind != resource.RLIMIT_CPU else hard))


def _work(task: dict[str, Any]) -> dict[str, Any]:
    from fax import fence, raster  # noqa: PLC0415  only inside the bounds

    fence.shut([Path(task[name]) for name in ("pdf", "tiff") if name in task], [Path(task["room"])])
    try:
        return _TASKS[task["do"]](task, Path(task["room"]))
    except raster.Unreadable as wrong:
        return {"reason": "document", "text": str(wrong)}


def _press(task: dict[str, Any], room: Path) -> dict[str, Any]:
    from fax.bill import BillDocument  # noqa: PLC0415
    from fax.layout import draw, lacking  # noqa: PLC0415

    document = BillDocument.from_json(task["document"])
    return {**_faxed(draw(document), room, task["limits"]), "lacking": lacking(document)}


def _convert(task: dict[str, Any], room: Path) -> dict[str, Any]:
    with open(task["pdf"], "rb") as file:
        return _faxed(file.read(task["limits"]["source"] + 1), room, task["limits"])


def _faxed(pdf: bytes, room: Path, limits: dict[str, Any]) -> dict[str, Any]:
    from fax import raster  # noqa: PLC0415

    fax, count = raster.tiff(raster.sheets(pdf, limits["pages"]), raster.Coding())
    _write(room / "bill.pdf", pdf)
    _write(room / "bill.tiff", fax)
    return {"pages": count}


def _rest(task: dict[str, Any], room: Path) -> dict[str, Any]:
    from fax import raster  # noqa: PLC0415

    wish = task["wish"]
    pages = raster.later(raster.pages_of(Path(task["tiff"])), raster.Later(**{name: wish[name] for name in _LATER}))
    fax, count = raster.tiff(pages, raster.Coding(wish["fine"], wish["group"]))
    if not count:
        raise raster.Unreadable(f"it has no page {wish['first']}")
    _write(room / task["name"], fax)
    return {"pages": count}


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


_LATER: Final = ("first", "note", "repeated", "language")
_TASKS: Final = {"press": _press, "convert": _convert, "rest": _rest}

if __name__ == "__main__":
    main()
