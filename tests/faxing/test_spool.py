"""The folder that the server and Asterisk share: tickets, answers, and what strangers leave in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ivr_server.faxing.spool import FOLDERS, MOST_ANSWER, Dial, Spool
from tests.faxing.office import files

DIAL = Dial(7, 2, "0123456789abcdef")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """Its folders are made."""
    made = Spool(tmp_path / "fax")
    made.prepare()
    return made


def test_the_folders_are_for_the_server_and_its_group(spool: Spool) -> None:
    """Bills lie there: nobody else may look; new files belong to the group."""
    for name in FOLDERS:
        assert (spool.root / name).stat().st_mode & 0o7777 == 0o2770


def test_a_dials_leave_is_a_file_whose_time_is_its_end(spool: Spool, tmp_path: Path) -> None:
    """With the pages beside it, readable by the group; taken back, Asterisk finds nothing."""
    pages = tmp_path / "bill.tiff"
    pages.write_bytes(b"II*")
    spool.ready(DIAL, pages, 1_795_406_430.0)
    ticket = spool.root / "tickets" / "7.2.0123456789abcdef"
    assert ticket.stat().st_mtime == 1_795_406_430.0
    assert (spool.outgoing(DIAL).read_bytes(), spool.outgoing(DIAL).stat().st_mode & 0o777) == (b"II*", 0o640)
    spool.good_for(DIAL, 1_795_406_500.0)
    assert ticket.stat().st_mtime == 1_795_406_500.0
    spool.withdraw(DIAL)
    spool.withdraw(DIAL)
    spool.good_for(DIAL, 1_795_406_600.0)
    assert files(spool.root / "tickets") == []
    spool.done(DIAL)
    assert files(spool.root / "outgoing") == []


def test_an_answer_is_read_up_to_its_bound(spool: Spool) -> None:
    """None when there is none, or when it is no file; a gigabyte is not read."""
    assert spool.answer(7, 2) is None
    place = spool.root / "answers" / "7.2"
    place.mkdir()
    assert spool.answer(7, 2) is None
    place.rmdir()
    place.write_bytes(b"x" * (MOST_ANSWER + 1))
    assert len(spool.answer(7, 2) or b"") == MOST_ANSWER


def test_answers_are_listed_by_job_and_dial_and_nothing_else_is(spool: Spool) -> None:
    """Not the old ones, not what is named otherwise."""
    for name in ("7.2", "7.10", "12.1", "x.1", "7", "7.2.part", ".7.2", "7.-1"):
        (spool.root / "answers" / name).write_bytes(b"")
    os.utime(spool.root / "answers" / "12.1", (1_000.0, 1_000.0))
    assert spool.answers(2_000.0) == [(7, 2), (7, 10)]
    assert Spool(spool.root / "gone").answers(0.0) == []


def test_forgetting_a_job_takes_everything_of_it_and_nothing_of_others(spool: Spool, tmp_path: Path) -> None:
    """Job 7, not job 77."""
    pages = tmp_path / "bill.tiff"
    pages.write_bytes(b"II*")
    for job in (7, 77):
        spool.document(job).mkdir()
        (spool.root / "answers" / f"{job}.1").write_bytes(b"")
        spool.ready(Dial(job, 1, "aa"), pages, 1.0)
    spool.forget([7])
    left = {name: files(spool.root / name) for name in ("documents", "outgoing", "tickets", "answers")}
    assert left == {"documents": ["77"], "outgoing": ["77.1.tiff"], "tickets": ["77.1.aa"], "answers": ["77.1"]}


def test_H9_there_is_room_while_enough_is_free(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none where the folder is not there."""
    assert spool.room()
    monkeypatch.setattr("ivr_server.faxing.spool.SPARE", 1 << 62)
    assert not spool.room()
    monkeypatch.setattr("ivr_server.faxing.spool.SPARE", 0)
    assert not Spool(spool.root / "gone").room()
