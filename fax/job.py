"""The fax job: a value that moves from state to state. Pure: no clock, dice, files or database.

Theory. A dial cannot be taken back, and what became of it may never be known. So

- the intent is written before the effect: ``begin`` makes the job *dialling* and counts the dial, is saved, and only
  then is the number dialled. A job found *dialling* or *sending* without its worker is *unknown* (``lost``);
- *unknown* is left by evidence only: an answer (``settle``), pages that move (``progress``), or the channel list
  (``look``), and that one may say "gone" only after the window of ``Rules.unknown_s``. Nothing is dialled meanwhile;
- a page counts when the receiver confirmed it. ``delivered`` never goes down, and the next dial begins behind it. Of
  the page that was on its way when a dial broke off nobody knows: it is sent again, and ``repeated`` names it;
- an answer names its dial. One that comes twice changes nothing; one that comes late may still add pages; one of a dial
  that this ledger does not know yet (a commit that failed, a backup put back) is believed, by its ``token``;
- *sent* and *failed* are final, but for ``again`` (a person wants it) and for a late answer that says that all arrived.

``TABLE`` says which event may come in which state and where it leads; any other pair is ``Illegal``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from fax.causes import Outcome

STATES: Final = ("waiting", "dialling", "sending", "unknown", "retrying", "sent", "failed")
FINAL: Final = frozenset({"sent", "failed"})
ACTIVE: Final = frozenset({"dialling", "sending", "unknown"})  # a call may be up: its number is taken
IDLE: Final = frozenset({"waiting", "retrying"})

_ENDS: Final = ("sent", "retrying", "failed")
TABLE: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    # (state, event) -> the states it may lead to
    ("waiting", "pressed"): ("waiting", "failed"),
    ("retrying", "pressed"): ("retrying", "failed"),
    ("waiting", "begin"): ("dialling",),
    ("retrying", "begin"): ("dialling",),
    ("waiting", "trouble"): ("retrying", "failed"),
    ("retrying", "trouble"): ("retrying", "failed"),
    ("dialling", "progress"): ("sending",),
    ("sending", "progress"): ("sending",),
    ("unknown", "progress"): ("sending",),
    ("waiting", "progress"): ("waiting",),  # late: the answer has decided
    ("retrying", "progress"): ("retrying",),
    ("sent", "progress"): ("sent",),
    ("failed", "progress"): ("failed",),
    ("dialling", "settle"): ("dialling", *_ENDS),  # dialling: it was the late answer of an earlier dial
    ("sending", "settle"): ("sending", *_ENDS),
    ("unknown", "settle"): ("unknown", *_ENDS),
    ("waiting", "settle"): ("waiting", *_ENDS),  # late, or of a dial from before a backup was put back
    ("retrying", "settle"): _ENDS,
    ("sent", "settle"): ("sent",),
    ("failed", "settle"): ("failed", "sent"),
    ("dialling", "lost"): ("unknown",),
    ("sending", "lost"): ("unknown",),
    ("unknown", "lost"): ("unknown",),
    ("unknown", "look"): ("unknown", "dialling", *_ENDS),
    ("waiting", "cancel"): ("failed",),
    ("retrying", "cancel"): ("failed",),
    ("dialling", "cancel"): ("dialling",),  # the worker hangs up; what arrived is known then
    ("sending", "cancel"): ("sending",),
    ("unknown", "cancel"): ("unknown",),
    ("waiting", "drop"): ("failed",),
    ("retrying", "drop"): ("failed",),
    ("unknown", "drop"): ("failed",),
    ("failed", "again"): ("waiting",),
}

MOST_DIALS: Final = 12  # whatever the settings say (FAULTS H1)
LONGEST_S: Final = 10_800.0  # from the first dial to the last one, whatever the settings say


class Illegal(Exception):
    """An event that may not come in this state: a mistake of the program, or somebody else was faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How often and when. Seconds, but for counts and for ``jitter``, the part by which a wait may be off."""

    tries: int = 3  # dials, whatever ended them; faults of ours do not count
    busy_s: float = 180.0
    other_s: float = 300.0
    jitter: float = 0.5
    no_carrier_tries: int = 2  # no fax tones: silence, or a voice
    refused_tries: int = 2
    faults: int = 5  # of ours
    most_dials: int = MOST_DIALS
    window_s: float = LONGEST_S
    unknown_s: float = 60.0
    old_s: float = 86_400.0  # beyond it a person must ask for the job (``drop``)


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event comes, a number from 0 to 1 by chance, and the rules of the day."""

    now: float  # seconds since 1970 UTC
    chance: float = 0.5
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxJob:
    """One bill on its way to one number. Instants: seconds since 1970 UTC, 0 when there is none."""

    id: int
    account: str
    customer: str
    month: str  # YYYY-MM
    number: str
    language: str
    call: str  # the call in which it was asked for
    created: float
    since: float  # when it was asked for last: ``created``, or the instant of ``again``
    state: str = "waiting"
    cause: str = ""  # why it is in this state: a word of ``causes.CAUSES``
    detail: str = ""
    pages: int = 0  # of the document; 0 until pressed
    digest: str = ""  # binds the document to the account
    first: int = 0  # first page of the dial under way, or of the last one
    delivered: int = 0  # pages that the receiver confirmed, counted from page 1
    repeated: int = 0  # the page that may arrive twice; 0: none
    tries: int = 0  # dials begun: the number of the last one
    settled: int = 0  # the last dial whose end is written here
    failures: tuple[str, ...] = ()  # causes since ``since``, in order
    begun: float = 0.0  # the first dial since ``since``
    dialled: float = 0.0  # the last dial
    due: float = 0.0  # waiting, retrying: not dialled before; unknown: not given up before
    stop: bool = False  # a person wants it ended
    heard: bool = False  # the caller was told this state


@dataclass(frozen=True, slots=True)
class Manner:
    """How to send: ``t38`` with audio as a fallback, or audio only; ``rate`` in bit/s; error correction."""

    t38: bool
    rate: int
    ecm: bool


MANNERS: Final = (Manner(True, 14_400, True), Manner(False, 14_400, True), Manner(False, 9_600, False))


def token(job: FaxJob) -> str:
    """The mark of the job's last dial: its answer must carry it. 16 hexadecimal digits."""
    return _token(job, job.tries)


def _token(job: FaxJob, dial: int) -> str:
    told = f"{job.id}\n{job.account}\n{float(job.created)!r}\n{dial}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def first_page(job: FaxJob) -> int:
    """The page with which the next dial begins."""
    return job.delivered + 1


def repeat(job: FaxJob) -> int | None:
    """The page to be marked as a possible repeat if the next dial sends it, or None."""
    return job.repeated if 0 < job.repeated == first_page(job) else None


def how(job: FaxJob) -> Manner:
    """How the next dial is to send: each broken negotiation or sending goes one step down, a busy line does not."""
    steps = sum(cause in ("cut", "no_carrier") for cause in job.failures)
    return MANNERS[min(steps, len(MANNERS) - 1)]


def duty(job: FaxJob, moment: Moment) -> str:
    """What the worker who has just leased the job is to do first.

    "cancel", "drop" and "lose" are the events to apply (``cancel``, ``drop``, ``lost``); "press", "dial"; "look": ask
    the channel list and the answers; "rest": nothing.
    """
    if job.state in FINAL:
        return "rest"
    if job.state in ("dialling", "sending"):
        return "lose"
    if job.stop and job.state in IDLE:
        return "cancel"
    if _droppable(job, moment):
        return "drop"
    if job.state == "unknown":
        return "look"
    if moment.now < job.due:
        return "rest"
    return "dial" if job.pages else "press"


def old(job: FaxJob, moment: Moment) -> bool:
    """Whether the wish is too old to be dialled without a person's word (FAULTS J6)."""
    return moment.now - job.since > moment.rules.old_s


# --- events --------------------------------------------------------------------------------------------------------


def pressed(job: FaxJob, pages: int, digest: str) -> FaxJob:
    """The document is there. Another one than that of which pages have arrived cannot be gone on with."""
    _must(job, "pressed", pages > 0)
    if job.delivered and job.digest not in ("", digest):
        return _final(job, "fault", f"the document changed after {job.delivered} pages had arrived")
    return replace(job, pages=pages, digest=digest)


def begin(job: FaxJob, moment: Moment) -> FaxJob:
    """The intent to dial: save it, then dial."""
    rules = moment.rules
    fits = not _dialled_out(job, rules) and not old(job, moment) and not job.stop
    _must(job, "begin", fits and moment.now >= job.due and first_page(job) <= job.pages)
    return replace(
        job,
        state="dialling",
        cause="",
        detail="",
        tries=job.tries + 1,
        first=first_page(job),
        begun=job.begun or moment.now,
        dialled=moment.now,
        due=0.0,
    )


def progress(job: FaxJob, confirmed: int, moment: Moment) -> FaxJob:
    """The fax session under way was seen, with so many pages of this dial confirmed."""
    _must(job, "progress")
    if job.state not in ACTIVE:
        return job
    return replace(job, state="sending", delivered=_sum(job, job.first, confirmed), due=0.0)


def settle(job: FaxJob, outcome: Outcome, moment: Moment) -> FaxJob:
    """What became of a dial: the newest one, or the one that the outcome names."""
    dial = outcome.dial or job.tries
    _must(job, "settle", outcome.dial > 0 or job.state in ACTIVE)
    _must(job, "settle", outcome.token == _token(job, dial) or (not outcome.token and dial <= job.tries))
    return _ended(job, outcome, moment) if dial > job.settled else _late(job, outcome)


def trouble(job: FaxJob, detail: str, moment: Moment) -> FaxJob:
    """Ours, before the dial: the document could not be made."""
    _must(job, "trouble")
    return _failed_try(job, Outcome(cause="fault", detail=detail), moment)


def lost(job: FaxJob, moment: Moment) -> FaxJob:
    """Nobody knows what became of the dial; the window begins."""
    _must(job, "lost")
    if job.state == "unknown":
        return job
    return replace(job, state="unknown", cause="lost", due=moment.now + moment.rules.unknown_s)


def look(job: FaxJob, there: bool, moment: Moment) -> FaxJob:
    """The channel list has spoken, and there is no answer: the dial's channel is there, or it is gone."""
    _must(job, "look")
    if there:
        return replace(job, state="dialling", cause="", due=0.0)
    if moment.now < job.due:
        return job
    return _ended(job, Outcome(cause="lost", partial=True), moment)


def cancel(job: FaxJob, moment: Moment) -> FaxJob:
    """A person does not want it any more. While a call may be up it is only noted, and the worker hangs up."""
    _must(job, "cancel")
    if job.state in ACTIVE:
        return replace(job, stop=True)
    return _final(replace(job, stop=True), "cancelled", job.detail)


def drop(job: FaxJob, moment: Moment) -> FaxJob:
    """It is not dialled without a person's word: too old, or the rules allow fewer dials than they did."""
    _must(job, "drop", _droppable(job, moment))
    return _final(job, "too_old" if old(job, moment) else job.cause, job.detail)


def again(job: FaxJob, moment: Moment) -> FaxJob:
    """A person wants a failed job sent after all: from the page behind the last confirmed one."""
    _must(job, "again")
    return replace(
        job, state="waiting", cause="", detail="", failures=(), begun=0.0, since=moment.now, due=moment.now, stop=False
    )


# --- how a dial ends -----------------------------------------------------------------------------------------------


def _must(job: FaxJob, event: str, fits: bool = True) -> None:
    if (job.state, event) not in TABLE or not fits:
        raise Illegal(f"fax job {job.id} is {job.state} ({job.cause or 'no cause'}): {event} may not come now")


def _sum(job: FaxJob, first: int, confirmed: int) -> int:
    """Pages delivered when a dial that began with page ``first`` confirmed so many."""
    reached = max(job.delivered, max(first, 1) - 1 + max(confirmed, 0))
    return min(reached, job.pages) if job.pages else reached


def _first(job: FaxJob, outcome: Outcome) -> int:
    own = outcome.dial in (0, job.tries)
    return job.first if own and job.first else outcome.first or 1


def _counted(job: FaxJob, outcome: Outcome) -> FaxJob:
    return replace(job, delivered=_sum(job, _first(job, outcome), outcome.pages))


def _late(job: FaxJob, outcome: Outcome) -> FaxJob:
    """The end of that dial is written; but pages may have arrived of which nothing was known."""
    counted = _counted(job, outcome)
    if counted.delivered == job.delivered or job.state == "sent":
        return job
    if job.state not in ACTIVE and counted.delivered >= job.pages > 0:
        return _final(counted, "sent", outcome.detail)
    if job.state in IDLE:
        return replace(counted, repeated=counted.delivered + 1 if outcome.partial else 0)
    return counted


def _ended(job: FaxJob, outcome: Outcome, moment: Moment) -> FaxJob:
    """The end of the newest dial."""
    dial = outcome.dial or job.tries
    job = replace(_counted(job, outcome), tries=max(dial, job.tries), settled=dial)
    if outcome.cause == "sent" and not job.pages:  # a backup from before the pressing was put back
        job = replace(job, pages=job.delivered)
    if job.delivered >= job.pages > 0:
        return _final(job, "sent", outcome.detail)
    if outcome.cause == "sent":
        outcome = replace(outcome, cause="cut", detail=f"{job.delivered} of {job.pages} pages")
    if job.state == "failed":
        return job
    return _failed_try(job, outcome, moment)


def _failed_try(job: FaxJob, outcome: Outcome, moment: Moment) -> FaxJob:
    torn = outcome.partial and outcome.cause in ("cut", "lost")
    job = replace(
        job,
        failures=(*job.failures, outcome.cause),
        repeated=first_page(job) if torn else job.repeated,
        due=moment.now + _wait(outcome.cause, moment),
    )
    if job.stop:
        return _final(job, "cancelled", outcome.detail)
    if _used_up(job, moment.rules):
        return _final(job, outcome.cause, outcome.detail)
    return replace(job, state="retrying", cause=outcome.cause, detail=outcome.detail)


def _dialled_out(job: FaxJob, rules: Rules) -> bool:
    return len(job.failures) >= min(rules.most_dials, MOST_DIALS)


def _droppable(job: FaxJob, moment: Moment) -> bool:
    over = job.state != "unknown" or moment.now >= job.due
    return over and (old(job, moment) or _dialled_out(job, moment.rules))


def _wait(cause: str, moment: Moment) -> float:
    rules = moment.rules
    middle = rules.busy_s if cause == "busy" else rules.other_s
    return middle * (1 + rules.jitter * (2 * moment.chance - 1))


def _used_up(job: FaxJob, rules: Rules) -> bool:
    """Whether there may be no further dial."""
    count = job.failures.count
    return (
        len(job.failures) - count("fault") >= rules.tries
        or count("fault") >= rules.faults
        or count("no_carrier") >= rules.no_carrier_tries
        or count("refused") >= rules.refused_tries
        or _dialled_out(job, rules)
        or job.due - (job.begun or job.due) > min(rules.window_s, LONGEST_S)
    )


def _final(job: FaxJob, cause: str, detail: str) -> FaxJob:
    return replace(job, state="sent" if cause == "sent" else "failed", cause=cause, detail=detail, due=0.0)
