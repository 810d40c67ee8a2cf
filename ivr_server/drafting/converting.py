"""The child that reads what people upload: bounds of memory, time and files around a decoder, away from the calls."""

from __future__ import annotations

import base64
import resource
from pathlib import Path
from typing import Any, Final

from ivr_server.drafting import child
from prompts.incoming import LARGEST, NotTaken, taken

CPU_S: Final = 20  # of one sound
Shape = dict[str, Any]


def answer(asked: Shape, _teller: child.Teller) -> Shape:
    """{wav, ms, clipped} of the ``file``, or {refused}: a word of ``studio_rec_not_*``."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_S, resource.RLIM_INFINITY))
    with Path(asked["file"]).open("rb") as stream:
        content = stream.read(LARGEST + 1)
    try:
        found = taken(content)
    except NotTaken as refused:
        return {"refused": refused.why}
    return {"wav": base64.b64encode(found.wav).decode("ascii"), "ms": found.ms, "clipped": found.clipped}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    child.serve(answer)
