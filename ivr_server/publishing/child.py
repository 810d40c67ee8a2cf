"""The process that proves, renders and re-runs beside the service, so that no call waits for it.

Run by ``publishing.workbench`` alone: one task as JSON from standard input; lines of JSON to standard output, each a
step on the way ({"told": [..]}), the last one the answer ({"answer": ..} or {"fault": one sentence}). Bounded in memory
and processor time, of low priority, dead when the service is.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ivr_server.publishing import rendering
from ivr_server.publishing.judging import ground_of, judge

_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
MEMORY: Final = 2 << 30
CPU_S: Final = 900


def main() -> None:
    """One task."""
    task = json.load(sys.stdin)
    _bound(task["parent"])
    try:
        answer = WORK[task["do"]](task)
    except MemoryError:
        _say({"fault": "the flows are too large to be proved: the memory is used up"})
    except (OSError, ValueError, RuntimeError) as fault:
        _say({"fault": str(fault)})
    else:
        _say({"answer": answer})


def _bound(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    os.nice(10)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _say(told: Any) -> None:
    print(json.dumps(told, ensure_ascii=True), flush=True)


def _judge(task: dict[str, Any]) -> Any:
    told = lambda root, states, ahead: _say({"told": [root, states, ahead]})  # noqa: E731
    return judge(task["files"], ground_of(task["ground"]), told).plain()


def _render(task: dict[str, Any]) -> Any:
    return rendering.render(task, lambda done, of, words: _say({"told": ["", done, of]}) if done % 50 == 0 else None)


def _rerun(task: dict[str, Any]) -> Any:
    from ivr_server.publishing import reruns  # noqa: PLC0415 (SQLAlchemy is not needed for the others)

    return reruns.work(task, lambda done, of: _say({"told": ["", done, of]}))


WORK: Final = {"judge": _judge, "render": _render, "rerun": _rerun}

if __name__ == "__main__":
    main()
