"""A fax from the wish to its end, on a clock: what the worker does, and what it leaves, whatever breaks between."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from crm_bridge import fax_jobs
from fax.press import TIFF
from ivr_server.faxing.deliveries import Deliveries
from ivr_server.settings import Fax
from tests.faxing.office import BUSY, CUT, NUMBER, SENT, Office, each_second, files, lost_answer

LEASE_S = 30.0


def dialled(office: Office) -> int:
    """A job whose call is up, its worker at work."""
    job = office.ask()
    office.work()
    office.go(3.0)
    assert office.row(job).state == "dialling", office.row(job)
    return job


def settled(office: Office, worker: Deliveries) -> None:
    """The worker ends as at a stop of the service."""
    ending = office.stage.begin(worker.stop())
    office.go(6.0)
    assert ending.done and ending.fault is None


def test_a_fax_goes_out_and_is_written_down(office: Office) -> None:
    """Pressed, dialled, followed page by page, sent; ticket and pages are gone, the answer and the document stay."""
    job = dialled(office)
    told = {name: office.dials[0][name] for name in ("NUMBER", "FIRST", "T38", "ECM")}
    assert told == {"NUMBER": NUMBER, "FIRST": "1", "T38": "yes", "ECM": "yes"}
    office.session(0)
    office.go(2.0)
    assert office.row(job).state == "sending"
    office.answer(SENT, 1)
    office.go(2.0)
    row, (dial,) = office.row(job), office.attempts(job)
    assert (row.state, row.delivered, row.worker) == ("sent", 1, "")
    assert (dial.cause, dial.pages, dial.manner, dial.ended > dial.began) == ("sent", 1, "T.38", True)
    assert [files(office.spool.root / name) for name in ("tickets", "outgoing", "answers")] == [[], [], ["1.1"]]
    assert files(office.spool.document(job)) == ["bill.pdf", "bill.tiff"]
    assert office.counted == [("sent", 1)]


def test_pages_are_saved_as_they_are_confirmed_and_a_cut_goes_on_behind_them(office: Office) -> None:
    """H3: two of three came; the second dial begins with page 3, from a file of its own, over audio."""
    office.billing.lines = 220
    job = dialled(office)
    assert office.row(job).pages == 3
    office.session(2)
    office.go(2.0)
    assert office.row(job).delivered == 2
    office.answer(CUT, 2)
    office.go(2.0)
    assert (office.row(job).state, office.row(job).cause) == ("retrying", "cut")
    office.go(office.fax.other_s + 5.0)
    assert (office.dials[-1]["TRY"], office.dials[-1]["FIRST"], office.dials[-1]["T38"]) == ("2", "3", "no")
    assert office.spool.outgoing(office.dial()).stat().st_size < (office.spool.document(job) / TIFF).stat().st_size
    office.answer({**SENT, "mode": "audio", "first": "3"}, 1)
    office.go(2.0)
    assert (office.row(job).state, office.row(job).delivered) == ("sent", 3)


def test_H1_a_busy_number_is_dialled_again_later(office: Office) -> None:
    """Not before its time."""
    job = dialled(office)
    office.answer(BUSY)
    office.go(2.0)
    assert (office.row(job).state, office.row(job).cause) == ("retrying", "busy")
    office.go(office.fax.busy_s - 10.0)
    assert len(office.dials) == 1
    office.go(15.0)
    assert len(office.dials) == 2


def test_H2_who_answers_and_is_no_machine_is_not_kept_on_the_line(office: Office) -> None:
    """SendFAX runs, nothing has spoken: hung up after the settings' time, not before."""
    dialled(office)
    office.asterisk.channels[0]["Application"] = "SendFAX"
    office.go(office.fax.mute_s - 5.0)
    assert office.asterisk.of("Hangup") == []
    office.go(10.0)
    assert [one.get("Channel") for one in office.asterisk.of("Hangup")] == ["PJSIP/line-1"]


def test_B3_a_connection_lost_at_the_dial_leaves_it_unknown_until_asterisk_shows_it(office: Office) -> None:
    """No second dial; the list of calls brings it back, and its answer ends it."""
    office.asterisk.cut_at = {"Originate"}
    job = office.ask()
    office.work()
    office.go(3.0)
    assert office.row(job).state == "unknown"
    call = next(one for one in office.asterisk.asked if "@ivr-fax/" in one.get("Channel"))
    office.asterisk.cut_at = set()
    linked = {"Channel": "PJSIP/line-1", "Linkedid": call.get("ChannelId"), "Application": "SendFAX"}
    office.asterisk.channels.append(linked)
    office.go(20.0)
    assert (office.row(job).state, len(office.dials)) == ("dialling", 0)
    told = {"JOB": str(job), "TRY": "1", "TOKEN": call.variables()["__IVR_FAX_TOKEN"]}
    office.dials.append(told)
    office.answer(SENT, 1)
    office.go(3.0)
    assert (office.row(job).state, office.row(job).tries) == ("sent", 1)


def test_B3_a_dial_that_never_was_is_made_again_after_its_window_only(office: Office) -> None:
    """Asked for and not answered: the ticket is withdrawn at once; another dial comes when the window is over."""
    office.asterisk.swallow = {"Originate"}
    job = office.ask()
    office.work()
    office.go(12.0)
    assert office.row(job).state == "unknown"
    assert files(office.spool.root / "tickets") == []
    office.asterisk.swallow = set()
    office.go(office.fax.unknown_s - 10.0)
    assert (office.row(job).state, office.dials) == ("unknown", [])
    office.go(20.0 + office.fax.other_s)
    assert [told["TRY"] for told in office.dials] == ["2"]
    assert [one.cause for one in office.attempts(job)][:1] == ["lost"]


def test_a_refused_dial_is_our_fault_and_not_the_callers_try(office: Office) -> None:
    """Asterisk says no; it is tried again, and the reason is there to read."""
    office.asterisk.answers["Originate"] = lambda asked: (("Response", "Error"), ("Message", "Extension not found"))
    job = office.ask()
    office.work()
    office.go(3.0)
    row = office.row(job)
    assert (row.state, row.cause, row.failures) == ("retrying", "fault", ("fault",))
    assert "Extension not found" in row.detail
    assert files(office.spool.root / "tickets") == []


@pytest.mark.parametrize("seconds", [4.0, LEASE_S + 20.0])
def test_H6_an_end_that_cannot_be_written_is_written_when_it_can_be(office: Office, seconds: float) -> None:
    """The database is away when the answer comes, for a moment or longer than the lease: no second dial, one end."""
    job = dialled(office)
    office.table.away = True
    office.answer(SENT, 1)
    office.go(seconds)
    assert office.row(job).state == "dialling"
    office.table.away = False
    office.go(3.0)
    assert (office.row(job).state, office.row(job).delivered, len(office.dials)) == ("sent", 1, 1)


def test_H6_J6_an_answer_that_the_table_has_forgotten_is_believed(office: Office) -> None:
    """Yesterday's table says waiting, the folder says sent: it is not dialled again."""
    job, worker = office.ask(), office.work()
    office.go(3.0)
    settled(office, worker)
    office.answer(SENT, 1)
    office.table.now(lost_answer, job)
    office.work("b")
    office.go(3.0)
    assert (office.row(job).state, len(office.dials)) == ("sent", 1)


def test_H13_pages_that_were_swapped_are_never_dialled(office: Office, tmp_path: Path) -> None:
    """Another customer's fax lies in this one's place before the dial: it is pressed anew, and that one goes out."""
    office.asterisk.down = True
    office.asterisk.cut()
    job, other = office.ask(), tmp_path / "other"
    office.work()
    office.go(3.0)
    own = (office.spool.document(job) / TIFF).read_bytes()
    other.write_bytes(own[:-1] + bytes([own[-1] ^ 1]))
    shutil.copyfile(other, office.spool.document(job) / TIFF)
    pressed = office.billing.asked
    office.asterisk.down = False
    office.go(60.0)
    assert office.billing.asked == pressed + 1
    assert len(office.dials) == 1
    assert office.spool.outgoing(office.dial()).read_bytes() == own


def test_H13_a_bill_of_another_account_makes_no_fax(office: Office) -> None:
    """Billing answers with somebody else's: no file, no dial."""
    office.billing.account = "8"
    job = office.ask()
    office.work()
    office.go(5.0)
    row = office.row(job)
    assert (row.cause, row.pages, office.dials, office.spool.document(job).exists()) == ("fault", 0, [], False)


@pytest.mark.parametrize("slept", [False, True])
def test_H12_a_server_that_was_paused_does_not_dial_beside_its_successor(office: Office, slept: bool) -> None:
    """It had the lease and stood still before the dial; its clock tells it, or (``slept``) the fence does."""
    office.asterisk.down = True
    office.asterisk.cut()
    job, slow = office.ask(), office.hire("slow")
    slow.start()
    office.go(3.0)
    held = slow.held[job]
    settled(office, slow)
    office.table.now(fax_jobs.take, job, fax_jobs.Claim("slow", office.now, LEASE_S))
    office.go(LEASE_S + 1.0)
    office.asterisk.down = False
    office.work("quick")
    office.go(40.0)
    assert [told["TRY"] for told in office.dials] == ["1"]
    if slept:
        held.leased = office.clock.seconds()  # the machine was asleep, its clock as well
    awake = office.stage.begin(held.step(None))
    office.go(2.0)
    assert type(awake.fault).__name__ == "Fenced"
    assert len(office.dials) == 1 and office.row(job).worker == "quick"


def test_H12_asterisk_does_not_dial_with_a_ticket_that_ran_out(office: Office) -> None:
    """The pause falls between the intent and the wire: the wish reaches Asterisk when the lease is over."""
    office.asterisk.delays["Originate"] = LEASE_S + 5.0
    office.ask()
    office.work()
    office.go(3.0)
    office.asterisk.delays.clear()
    office.go(LEASE_S + 10.0)
    assert (len(office.refused), office.dials) == (1, [])


def test_H9_with_no_room_on_the_disk_nothing_is_begun(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even leased, and callers are told that no fax can be sent now; a dial under way is followed to its end."""
    job = dialled(office)
    worker = office.work("b")
    monkeypatch.setattr("ivr_server.faxing.spool.SPARE", 1 << 62)
    waiting = office.ask("02160001234")
    office.go(5.0)
    assert not worker.open and worker.trouble == "the disk has no room for faxes"
    assert (office.row(waiting).state, office.row(waiting).fence) == ("waiting", 0)
    office.answer(SENT, 1)
    office.go(3.0)
    assert office.row(job).state == "sent"


def test_without_asterisk_jobs_wait(office: Office) -> None:
    """Nothing is dialled and nothing is used up; when Asterisk is back, it goes out."""
    office.asterisk.down = True
    office.asterisk.cut()
    job, worker = office.ask(), office.work()
    office.go(20.0)
    assert not worker.open
    assert (office.row(job).state, office.row(job).tries) == ("waiting", 0)
    office.asterisk.down = False
    office.go(60.0)
    assert len(office.dials) == 1


def test_B13_without_the_rights_for_it_nothing_is_dialled_and_no_try_is_used_up(office: Office) -> None:
    """The connection stays, for others use it; the jobs wait until the manager user may do what a fax needs."""
    office.allowed = False
    job, worker = office.ask(), office.work()
    office.go(20.0)
    assert (worker.open, office.row(job).tries, office.dials) == (False, 0, [])
    office.allowed = True
    office.go(10.0)
    assert len(office.dials) == 1


def test_B5_a_session_that_is_not_ours_counts_no_page(office: Office) -> None:
    """Another file, a receiving session, another number of pages behind a forged name: only our own file counts."""
    job = dialled(office)
    for forged in ({"Files": "/tmp/x.tiff"}, {"Operation": "receive"}, {"FileName": "/tmp/x.tiff"}):
        office.session(9, **forged)
        office.go(2.0)
        assert (office.row(job).state, office.row(job).delivered) == ("dialling", 0)


def test_a_person_ends_a_call_that_is_up(office: Office) -> None:
    """It is hung up; what came by then is known from the answer."""
    office.billing.lines = 220
    job = dialled(office)
    office.session(1)
    office.go(2.0)
    office.table.now(fax_jobs.stop, job)
    office.go(5.0)
    assert office.asterisk.of("Hangup")
    office.answer(CUT, 1)
    office.go(2.0)
    row = office.row(job)
    assert (row.state, row.cause, row.delivered) == ("failed", "cancelled", 1)


def test_D3_a_stop_hangs_nobody_up_and_gives_the_leases_back(office: Office) -> None:
    """The next worker follows the same dial."""
    job, worker = office.ask(), office.work()
    office.go(3.0)
    settled(office, worker)
    assert (office.row(job).worker, office.asterisk.of("Hangup")) == ("", [])
    office.work("b")
    office.go(8.0)
    office.session(1)
    office.go(3.0)
    assert (office.row(job).state, office.row(job).worker, len(office.dials)) == ("sending", "b", 1)


def test_a_number_that_may_no_longer_be_faxed_to_is_not_dialled(office: Office) -> None:
    """The list of the day counts, not that of the wish."""
    job = office.ask("13800138000")
    office.work()
    office.go(5.0)
    row = office.row(job)
    assert (row.state, row.cause, row.detail, office.dials) == (
        "failed", "cancelled", "this number may not be faxed to", [],
    )  # fmt: skip


def test_H10_one_call_at_a_time_to_a_number_and_no_more_than_the_limit(tmp_path: Path) -> None:
    """Four jobs, two to one number, a limit of two."""
    office = Office(tmp_path, Fax(channel="PJSIP/{number}@line", at_once=2))
    for key in "ab":
        office.ask(NUMBER, key)
    office.ask("02160001234")
    office.ask("02160001235")
    office.work()
    for _ in each_second(office, 30):
        assert len(office.asterisk.channels) <= 2
    assert sorted(told["NUMBER"] for told in office.dials) == [NUMBER, "02160001234"]
    office.answer(SENT, 1, office.dial(0))
    office.go(5.0)
    assert len(office.dials) == 3


def test_what_is_kept_too_long_is_deleted(office: Office) -> None:
    """Documents, answers and rows of finished jobs, after the settings' days; open jobs never."""
    job = dialled(office)
    office.answer(SENT, 1)
    office.go(2.0)
    answer = office.spool.root / "answers" / "1.1"
    os.utime(answer, (office.now, office.now))
    office.clock.advance(office.fax.keep_days * 86_400.0 + 7_200.0)
    office.go(2.0)
    assert office.table.now(fax_jobs.job, job) is None
    assert not office.spool.document(job).exists() and not answer.exists()
