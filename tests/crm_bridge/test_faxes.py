"""The bill by fax as its look-ups tell it, the same on the twin, on our own tables and on a foreign schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from crm_bridge.answers import Answer, LookUpFault
from crm_bridge.numbering import Numbering
from crm_bridge.records import Bill, Charge, Faxable, Holder, believed_holder
from crm_bridge.room import FaxRules, Rules
from tests.doubles.bridges import NAME, Bridge, fact, twin_bridge

PHONE, FAX, MONTH = "13800138000", "01062345678", "2026-11"
WISH = {"customer": "7", "month": MONTH, "fax_number": FAX, "language": "en-US"}
DAY = 86_400.0


def ready(bridge: Bridge) -> None:
    """Customer 7 with one bill."""
    bridge.customer(PHONE)
    bridge.bill(MONTH, (1900, 0, 0, 0, 0))


def taken(job: int) -> Answer:
    """What a caller hears whose fax was taken."""
    return Answer("accepted", {"job": ("digits", str(job)), "tries": ("count", 3)})


async def asked(bridge: Bridge, call: str = "", **changed: str) -> Answer:
    """Ask for the fax."""
    return await bridge.ask("request_fax", call, **{**WISH, **changed})


async def put(bridge: Bridge, **changed: Any) -> int:
    """A job that has come to this."""
    ready(bridge)
    job = int(str((await asked(bridge)).facts["job"][1]))
    bridge.fax(job, **changed)
    return job


@fact
async def test_a_fax_is_one_job_with_what_was_confirmed(bridge: Bridge) -> None:
    """Number, month, language, call: in the row, which waits and is due at once."""
    ready(bridge)
    assert await asked(bridge, fax_number="86" + FAX) == taken(1)
    [row] = bridge.store.faxes()
    wanted = ("7", "7", MONTH, FAX, "en-US", "call-1", "waiting", False)
    found = (row.account, row.customer, row.month, row.number, row.language, row.call, row.state, row.heard)
    assert found == wanted and row.due == row.created == bridge.wall.now


@fact
async def test_E6_asked_again_it_is_the_same_job(bridge: Bridge) -> None:
    """In the same call as taken (an answer may have been lost), in another as the same; while it is under way only."""
    ready(bridge)
    assert await asked(bridge) == await asked(bridge) == taken(1)
    for state in ("waiting", "dialling", "sending", "retrying", "unknown"):
        bridge.fax(1, state=state)
        assert await asked(bridge, "call-2") == Answer("under_way", {"job": ("digits", "1")})
    assert (await asked(bridge, "call-2", fax_number="02162345678")).facts["job"] == ("digits", "2")
    bridge.fax(1, state="sent")
    bridge.wall.now += 1
    assert (await asked(bridge, "call-2")).facts["job"] == ("digits", "3")
    assert len(bridge.store.faxes()) == 3


@fact
async def test_E5_two_calls_at_once_make_one_job(bridge: Bridge) -> None:
    """One is told that it was taken, the others that it is under way."""
    ready(bridge)
    work = [Deferred.fromCoroutine(asked(bridge, f"call-{n}")) for n in range(6)]
    answers = sorted((answer.outcome, answer.facts["job"][1]) for answer in await gatherResults(work))
    assert answers == [("accepted", "1"), *[("under_way", "1")] * 5]
    assert len(bridge.store.faxes()) == 1


@fact
async def test_H7_five_a_day_and_no_more(bridge: Bridge) -> None:
    """Failed ones count when they were dialled; what was never dialled does not; a day later there is room again."""
    ready(bridge)
    for n in range(5):
        assert (await asked(bridge, fax_number=f"0106234567{n}")).outcome == "accepted"
    assert await asked(bridge, "call-2") == Answer("too_many", {"count": ("count", 5)})
    assert (await asked(bridge, "call-2", fax_number="01062345670")).outcome == "under_way"
    bridge.fax(1, state="failed", cause="no_answer", tries=3)
    assert (await asked(bridge, "call-2")).outcome == "too_many"
    bridge.fax(1, state="failed", cause="fault", tries=0)
    assert (await asked(bridge, "call-2")).outcome == "accepted"
    bridge.wall.now += DAY + 1
    assert (await asked(bridge, "call-3", fax_number="01062345679")).outcome == "accepted"


@fact
async def test_only_a_bill_that_is_there_is_faxed(bridge: Bridge) -> None:
    """No bill in that month, no such customer: nothing is written."""
    ready(bridge)
    assert (await asked(bridge, month="2026-10")).outcome == "no_bill"
    assert (await asked(bridge, customer="8")).outcome == "no_bill"
    assert bridge.store.faxes() == []


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        (FAX, "allowed"),
        ("86" + FAX, "allowed"),
        ("053112345678", "allowed"),
        (PHONE, "not_allowed"),
        ("0106234567", "malformed"),
        ("0012125550123", "malformed"),
        ("9001234567", "malformed"),
        ("62345678", "malformed"),
        (FAX + "&" + FAX, "malformed"),
        (FAX + ",,1", "malformed"),
        ("PJSIP/" + FAX, "malformed"),
        ("${SHELL(id)}", "malformed"),
        ("０１０６２３４５６７８", "malformed"),
        ("0" * 5000, "malformed"),
        ("", "malformed"),
    ],
)
@fact
async def test_G10_a_fax_goes_only_where_the_plan_allows(bridge: Bridge, typed: str, outcome: str) -> None:
    """Fixed lines; a mobile is told apart from what is no number; and what is not allowed can never become a job."""
    answer = await bridge.ask("check_fax_number", fax_number=typed)
    assert answer.outcome == outcome
    if outcome == "allowed":
        assert answer.facts["fax_number"][1] == typed.removeprefix("86")
        return
    ready(bridge)
    assert (await asked(bridge, fax_number=typed)).outcome == "not_allowed"
    assert bridge.store.faxes() == []


@fact
async def test_H7_the_operator_may_allow_other_numbers() -> None:
    """One country's numbers, and none of ours: the list decides, not the plan."""
    hong_kong = FaxRules(Numbering(("00852[2-3]XXXXXXX",)), daily=1, tries=2)
    bridge = twin_bridge(Rules(fax=hong_kong))
    ready(bridge)
    assert (await bridge.ask("check_fax_number", fax_number=FAX)).outcome == "not_allowed"
    answer = await asked(bridge, fax_number="0085221234567")
    assert answer == Answer("accepted", {"job": ("digits", "1"), "tries": ("count", 2)})
    assert await asked(bridge, fax_number="0085221234568") == Answer("too_many", {"count": ("count", 1)})
    await bridge.stop()


@fact
async def test_the_calling_number_is_offered_when_a_fax_may_go_there(bridge: Bridge) -> None:
    """A fixed line is; a mobile, a withheld number and a hostile one are not (E10)."""
    offered = await bridge.ask("offered_fax_number", caller="+86" + FAX)
    assert offered == Answer("offered", {"fax_number": ("digits", FAX)})
    for caller in (PHONE, "", "anonymous", "1" * 200):
        assert (await bridge.ask("offered_fax_number", caller=caller)).outcome == "none"


JOB = ("digits", "1")
WISHED = {"month": ("month", MONTH), "fax_number": ("digits", FAX)}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, Answer("waiting", {"job": JOB})),
        ({"state": "dialling", "tries": 1}, Answer("dialling", {"job": JOB})),
        ({"state": "sending"}, Answer("dialling", {"job": JOB})),
        (
            {"state": "sending", "pages": 5, "delivered": 2},
            Answer("sending", {"job": JOB, "arrived": ("count", 2), "pages": ("count", 5)}),
        ),
        ({"state": "unknown", "cause": "lost"}, Answer("unknown", {"job": JOB})),
    ],
)
@fact
async def test_a_job_under_way_is_told_each_time(bridge: Bridge, changed: dict[str, Any], told: Answer) -> None:
    """Waiting, dialled, being sent page by page, not known."""
    await put(bridge, **changed)
    for _ in range(2):
        assert await bridge.ask("fax_state", "call-2", customer="7") == told
    assert await bridge.ask("fax_state", "call-2", customer="8") == Answer("none")


REASONS = {
    "busy": "fax_busy",
    "no_answer": "fax_no_answer",
    "no_carrier": "fax_no_machine",
    "cut": "fax_cut",
    "refused": "fax_not_reached",
    "fault": "fax_our_fault",
    "lost": "fax_cut",
    "something new": "fax_our_fault",
}


@pytest.mark.parametrize("cause", REASONS)
@fact
async def test_a_retry_is_told_with_its_reason_and_when(bridge: Bridge, cause: str) -> None:
    """In whole minutes, one at least, also when it is overdue."""
    for wait, minutes in ((170.0, 3), (180.0, 3), (-500.0, 1)):
        if not bridge.store.faxes():
            await put(bridge)
        bridge.fax(1, state="retrying", cause=cause, due=bridge.wall.now + wait)
        told = {"job": JOB, "reason": ("prompt", REASONS[cause]), "minutes": ("count", minutes)}
        assert await bridge.ask("fax_state", customer="7") == Answer("retrying", told)


@fact
async def test_A3_a_call_cut_before_the_job_number_is_told_in_the_next(bridge: Bridge) -> None:
    """The job stands once; the next call says its number until somebody heard it to the end."""
    await put(bridge)
    earlier = {"phone": PHONE, "customer": "7"}
    assert await bridge.ask("earlier_outcome", **earlier) == Answer("none")
    told = Answer("fax_asked", {"job": JOB, "month": ("month", MONTH)})
    for _ in range(2):
        assert await bridge.ask("earlier_outcome", "call-2", **earlier) == told
    assert await bridge.ask("earlier_outcome", "call-2", phone=PHONE) == Answer("none")
    await bridge.ask("fax_heard", "call-2", customer="7", job="1", state="asked")
    assert await bridge.ask("earlier_outcome", "call-3", **earlier) == Answer("none")
    assert bridge.fax(1).heard is False


@fact
async def test_what_was_sent_is_told_once(bridge: Bridge) -> None:
    """With its pages and the day, on the way to anything; then never again."""
    await put(bridge, state="sent", cause="sent", pages=5, delivered=5, dialled=bridge.wall.now)
    facts = {"job": JOB, "pages": ("count", 5), "date": ("date", "2026-11-23")}
    earlier = {"phone": PHONE, "customer": "7"}
    assert await bridge.ask("fax_state", "call-2", customer="7") == Answer("sent", facts)
    assert await bridge.ask("earlier_outcome", "call-2", **earlier) == Answer("fax_sent", facts)
    await bridge.ask("fax_heard", "call-2", customer="7", job="1", state="sent")
    assert await bridge.ask("fax_state", "call-2", customer="7") == Answer("none")
    assert await bridge.ask("earlier_outcome", "call-3", **earlier) == Answer("none")


@fact
async def test_what_failed_is_told_once_and_offered_again_for_a_day(bridge: Bridge) -> None:
    """With the reason; then the month and the number alone; not once a newer job is there, nor a day later."""
    await put(bridge, state="failed", cause="no_carrier", tries=2)
    reason = {"job": JOB, "reason": ("prompt", "fax_no_machine")}
    assert await bridge.ask("earlier_outcome", "call-2", phone=PHONE, customer="7") == Answer("fax_failed", reason)
    assert await bridge.ask("fax_state", "call-2", customer="7") == Answer("failed", {**reason, **WISHED})
    await bridge.ask("fax_heard", "call-2", customer="7", job="1", state="failed")
    again = Answer("once_more", {"job": JOB, **WISHED})
    assert await bridge.ask("fax_state", "call-2", customer="7") == again
    bridge.wall.now += DAY - 1
    assert await bridge.ask("fax_state", "call-3", customer="7") == again
    bridge.wall.now += 2
    assert await bridge.ask("fax_state", "call-3", customer="7") == Answer("none")
    assert (await asked(bridge, "call-4")).outcome == "accepted"
    assert (await bridge.ask("fax_state", "call-4", customer="7")).outcome == "waiting"


@fact
async def test_what_ended_a_week_ago_is_not_told(bridge: Bridge) -> None:
    """Nobody wants to hear of it."""
    await put(bridge, state="sent", pages=1)
    bridge.wall.now += 7 * DAY + 1
    assert await bridge.ask("fax_state", customer="7") == Answer("none")
    assert await bridge.ask("earlier_outcome", "call-9", phone=PHONE, customer="7") == Answer("none")


@fact
async def test_only_what_was_told_counts_as_heard(bridge: Bridge) -> None:
    """Another state than the one that was spoken, another customer's job, a number that is none: nothing."""
    await put(bridge, state="sent", pages=1)
    for given in ({"state": "failed"}, {"customer": "8"}, {"job": "x"}, {"job": "9" * 30}, {"state": "asked"}):
        heard = {"customer": "7", "job": "1", "state": "sent", **given}
        assert (await bridge.ask("fax_heard", **heard)).outcome == "done"
        assert bridge.fax(1).heard is False


@fact
async def test_a_password_that_was_set_is_told_before_a_fax(bridge: Bridge) -> None:
    """One thing in each call."""
    from crm_bridge.secret import Secret

    bridge.customer(PHONE)
    bridge.bill(MONTH, (1900, 0, 0, 0, 0))
    new = {"new_password": Secret("618394"), "again": Secret("618394")}
    assert (await bridge.ask("set_password", customer="7", phone=PHONE, **new)).outcome == "set"
    await asked(bridge)
    bridge.fax(1, state="sent", pages=1)
    earlier = {"phone": PHONE, "customer": "7"}
    assert (await bridge.ask("earlier_outcome", "call-2", **earlier)).outcome == "password_set"
    await bridge.ask("outcome_heard", "call-2", phone=PHONE)
    assert (await bridge.ask("earlier_outcome", "call-3", **earlier)).outcome == "fax_sent"


# --- what the document is made of ----------------------------------------------------------------------------------


@fact
async def test_the_document_has_all_that_stands_on_it(bridge: Bridge) -> None:
    """Bill, charges, who it is for, and every month that is open, the oldest first."""
    bridge.customer(PHONE)
    bridge.bill("2026-09", (500, 0, 0, 0, 0), due="2026-10-20", late=15)
    bill = bridge.bill(MONTH, (1900, 0, 0, 0, 0))
    charge = Charge("7", MONTH, "2026-11-01 00:00:00", "rental", "", 0, 1900)
    bridge.store.put_charges([charge])
    found = await bridge.look_ups.faxable("7", MONTH, "c")
    assert isinstance(found, Faxable)
    assert (found.bill, found.charges, found.name, found.phone, found.account) == (bill, (charge,), NAME, PHONE, "7")
    assert [(one.month, one.open) for one in found.unpaid] == [("2026-09", 515), (MONTH, 1900)]
    assert await bridge.look_ups.faxable("7", "2026-10", "c") is None


@pytest.mark.parametrize(
    "holder", [None, Holder("8", NAME, PHONE), Holder("7", NAME, "1" * 40), Holder("7", NAME, "138 00")]
)
def test_C11_a_holder_who_is_another_is_refused(holder: Holder | None) -> None:
    """Nobody, another account, no number: no document goes out in anybody's name."""
    with pytest.raises(LookUpFault):
        believed_holder(holder, "7")


def test_a_hostile_name_is_one_printable_line() -> None:
    """Line breaks, controls and signs that turn the writing round; and not without end."""
    name = "王\n小\x1b[2J明\u202e \x00" + "长" * 500
    found = believed_holder(Holder("7", name, ""), "7").name
    assert found.isprintable() and found.startswith("王 小 [2J明") and len(found) == 200


@fact
async def test_C11_another_customers_rows_make_no_document() -> None:
    """A stub that swaps answers: the bill, a charge, an open month, the holder; each is refused."""
    for swapped in ("bill", "charge", "open month", "holder"):
        bridge = twin_bridge()
        ready(bridge)
        bridge.store.put_charges([Charge("7", MONTH, "2026-11-01 00:00:00", "rental", "", 0, 1900)])
        records: Any = bridge.store.desk.records  # type: ignore[attr-defined]
        assert await bridge.look_ups.faxable("7", MONTH, "c")
        if swapped == "bill":
            records.held["7"][MONTH] = replace(records.held["7"][MONTH], customer="8")
        elif swapped == "charge":
            records.listed["7", MONTH] = [replace(one, customer="8") for one in records.listed["7", MONTH]]
        elif swapped == "open month":
            bridge.store.put_bill(Bill("7", "2026-10", "2026-11-20", (100, 0, 0, 0, 0), 100, 0, 0, "CNY"))
            records.held["7"]["2026-10"] = replace(records.held["7"]["2026-10"], customer="8")
        else:
            records.customers.clear()
        with pytest.raises(LookUpFault):
            await bridge.look_ups.faxable("7", MONTH, "c")
        await bridge.stop()
