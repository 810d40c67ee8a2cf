"""What became of a dial: the answer that the dialplan writes as its last act, and what it means.

An answer is a small file of ``key=value`` lines that ends with ``end=yes``; without that it is incomplete and no answer
at all. All of it is hostile text (a station's name is the receiver's own): bounded, known keys only, the first line of
a key counts, so that the dialplan writes the receiver's words last. They may be percent-encoded.

Only ``SUCCESS`` is success, whatever other spelling comes (FAULTS H11: both FAILED and FAILURE were seen). Pages count
as FAXPAGES says. The tables below turn the rest into a cause:

- before the answer: DIALSTATUS and the hang-up cause of Q.850;
- after it: the sentences of spandsp, then FAXERROR's words of Asterisk. Measured on Asterisk 22.10.1: FAXERROR says
  HANGUP on a success too; "The call dropped prematurely" comes from a person, from silence and from a machine that was
  torn off, and only the resolution tells them apart: it stays empty or 0x0 until a fax machine has spoken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

CAUSES: Final = (
    "sent",
    "busy",
    "no_answer",
    "no_carrier",  # answered, and no fax machine spoke: silence or a person, which cannot be told apart
    "cut",  # it began, then it broke off
    "refused",  # not reachable: unallocated, congestion, rejected
    "fault",  # ours: a file, a module, a line
    "lost",  # nothing is known: Asterisk died
    "cancelled",  # by a person
    "too_old",  # not dialled in time; a person may ask for it again
)

MOST_BYTES: Final = 4_096
MOST_LINES: Final = 40
KEYS: Final = (
    "job", "try", "token", "first", "dial", "hangup_cause", "status", "error", "text", "pages", "rate", "resolution",
    "ecm", "mode", "remote",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one dial. ``pages``: confirmed in this dial; ``partial``: a page may have been on its way.

    ``dial``: the number of the dial (``FaxJob.tries``), 0: the newest; ``token`` its mark, "" when it is known
    otherwise whose outcome this is; ``first``: the page with which it began, 0 when it is not said.
    """

    cause: str
    pages: int = 0
    partial: bool = False
    dial: int = 0
    token: str = ""
    first: int = 0
    rate: int = 0  # bit/s
    ecm: bool = False
    resolution: str = ""
    mode: str = ""  # T38 | audio
    remote: str = ""  # what the receiver calls itself
    detail: str = ""  # the sentence behind the cause


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, its values cleaned; ``job`` and ``dial`` say whose it is."""

    job: int
    dial: int
    values: Mapping[str, str]

    def get(self, key: str) -> str:
        """The value, "" when there is none."""
        return self.values.get(key, "")

    def number(self, key: str) -> int:
        """The value as a count, 0 when it is none."""
        found = self.values.get(key, "")
        return int(found) if _COUNT.match(found) else 0


_COUNT: Final = re.compile(r"[0-9]{1,9}\Z")
_UNSHOWN: Final = re.compile(r"[^\x20-\x7e]+")


def read_answer(told: bytes) -> Answer | None:
    """The answer, or None when it is incomplete, too long, or not one."""
    if len(told) > MOST_BYTES:
        return None
    lines = told.decode("ascii", "replace").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) > MOST_LINES or not lines or lines[-1].strip() != "end=yes":
        return None
    values: dict[str, str] = {}
    for key, _, value in (line.partition("=") for line in lines[:-1]):
        if key in KEYS:
            values.setdefault(key, _clean(value))
    job, dial = (values.get(key, "") for key in ("job", "try"))
    return Answer(int(job), int(dial), values) if _COUNT.match(job) and _COUNT.match(dial) else None


def _clean(value: str) -> str:
    """Printable ASCII, 100 characters at most."""
    return _UNSHOWN.sub(" ", unquote(value)).strip()[:100]


# --- what it means -------------------------------------------------------------------------------------------------

DIALS: Final[Mapping[str, str]] = {  # DIALSTATUS
    "BUSY": "busy",
    "NOANSWER": "no_answer",
    "CANCEL": "no_answer",
    "CONGESTION": "refused",
    "CHANUNAVAIL": "refused",
    "DONTCALL": "refused",
    "TORTURE": "refused",
    "INVALIDARGS": "fault",
}
HANG_UPS: Final[Mapping[int, str]] = {  # Q.850, when DIALSTATUS says less
    1: "refused",  # unallocated
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    21: "refused",
    22: "refused",  # number changed
    28: "refused",  # invalid number format
}
ORIGINATED: Final[Mapping[int, str]] = {  # Reason of OriginateResponse
    0: "refused",
    1: "no_answer",
    3: "no_answer",
    5: "busy",
    8: "refused",
}
ERRORS: Final[Mapping[str, str]] = {  # FAXERROR, Asterisk's own
    "INIT_ERROR": "fault",
    "INVALID_ARGUMENTS": "fault",
    "MEMORY_ERROR": "fault",
    "FILE_ERROR": "fault",
    "CHANNEL PROBLEMS": "no_carrier",  # hung up before the session began
    "T38_NEG_ERROR": "no_carrier",  # audio is allowed as a fallback: hung up while that was agreed
    "HANGUP": "cut",
    "TIMEOUT": "no_carrier",
    "UNKNOWN": "cut",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sentence of spandsp means; ``partial``: a page may have been on its way."""

    cause: str
    partial: bool = False


_DEAF, _TORN, _UNFIT, _OURS = Reading("no_carrier"), Reading("cut", True), Reading("cut"), Reading("fault")
TEXTS: Final[Mapping[str, Reading]] = {
    "timed out waiting for initial communication": _DEAF,
    "timed out waiting for the first message": _DEAF,
    "the ced tone exceeded 5s": _DEAF,
    "received other than dis while waiting for dis": _DEAF,
    "fax session timed-out": _DEAF,
    "received a dcn while waiting for a dis": _UNFIT,
    "failed to train with any of the compatible modems": _UNFIT,
    "received bad response to dcs or training": _UNFIT,
    "received no response to dcs or tcf": _UNFIT,
    "far end is not compatible": _UNFIT,
    "far end is not able to receive": _UNFIT,
    "far end is not able to transmit": _UNFIT,
    "far end cannot receive at the resolution of the image": _UNFIT,
    "far end cannot receive at the size of image": _UNFIT,
    "ident not accepted": _UNFIT,
    "password not accepted": _UNFIT,
    "sub-address not accepted": _UNFIT,
    "sender identification not accepted": _UNFIT,
    "the call dropped prematurely": _TORN,
    "received a dcn from remote after sending a page": _TORN,
    "no response after sending a page": _TORN,
    "invalid response after sending a page": _TORN,
    "invalid ecm response received from receiver": _TORN,
    "timed out waiting for receiver ready (ecm mode)": _TORN,
    "timed out waiting for procedural interrupt": _TORN,
    "the hdlc carrier did not stop in a timely manner": _TORN,
    "unexpected message received": _TORN,
    "disconnected after permitted retries": _TORN,
    "operator intervention failed": _TORN,
    "tiff/f file cannot be opened": _OURS,
    "tiff/f page not found": _OURS,
    "tiff/f format is not compatible": _OURS,
    "tiff/f page number tag missing": _OURS,
    "incorrect values for tiff/f tags": _OURS,
    "bad tiff/f header - incorrect values in fields": _OURS,
    "cannot allocate memory for more pages": _OURS,
    "error reading file": _OURS,
}


def meaning(answer: Answer) -> Outcome:
    """The outcome that the answer tells."""
    reading = _dialled(answer) or _faxed(answer)
    pages = answer.number("pages") if _answered(answer) else 0
    return Outcome(
        cause=reading.cause,
        pages=pages,
        partial=reading.partial,
        dial=answer.dial,
        token=answer.get("token"),
        first=answer.number("first"),
        rate=answer.number("rate"),
        ecm=answer.get("ecm").casefold() in ("yes", "on", "1", "true"),
        resolution=answer.get("resolution"),
        mode=answer.get("mode"),
        remote=answer.get("remote")[:40],
        detail=_sentence(answer),
    )


def outcome(told: bytes) -> Outcome | None:
    """The outcome in an answer file's bytes, None when it is no complete answer."""
    answer = read_answer(told)
    return None if answer is None else meaning(answer)


def originated(reason: int) -> Outcome:
    """What OriginateResponse's reason says of a dial that was not answered."""
    return Outcome(cause=ORIGINATED.get(reason, "refused"), detail=f"Originate reason {reason}")


def _answered(answer: Answer) -> bool:
    return answer.get("dial").upper() in ("", "ANSWER")


def _dialled(answer: Answer) -> Reading | None:
    """Why nobody answered; None when somebody did."""
    if _answered(answer):
        return None
    cause = DIALS.get(answer.get("dial").upper(), "refused")
    return Reading(cause if cause == "fault" else HANG_UPS.get(answer.number("hangup_cause"), cause))


def _faxed(answer: Answer) -> Reading:
    """What the fax session says of itself."""
    if answer.get("status") == "SUCCESS":
        return Reading("sent")
    if not answer.get("status"):  # SendFAX never ran: no module, no application
        return _OURS
    known = TEXTS.get(answer.get("text").casefold()) or TEXTS.get(answer.get("error").casefold())
    if known is None and (cause := ERRORS.get(answer.get("error").upper())):
        known = Reading(cause, cause == "cut")
    return _begun(answer, known or _TORN)


def _begun(answer: Answer, reading: Reading) -> Reading:
    """Torn off is only what began; and where a page was confirmed, a fax machine spoke."""
    spoke = answer.number("pages") > 0 or answer.get("resolution") not in ("", "0x0") or answer.get("remote") != ""
    if reading == _DEAF and spoke:
        return _TORN
    return _DEAF if reading == _TORN and not spoke else reading


def _sentence(answer: Answer) -> str:
    if not _answered(answer):
        return f"{answer.get('dial')} {answer.get('hangup_cause')}".strip()
    return (answer.get("text") or answer.get("error") or answer.get("status"))[:100]
