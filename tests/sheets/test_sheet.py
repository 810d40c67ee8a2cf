"""A sheet on disk: what it was is kept, two who change it do not overwrite each other, and a kill leaves old or new."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest

from ivr_server.places import place
from ivr_server.publishing import files as disk
from ivr_server.sheets import sheet as sheets
from ivr_server.sheets.asked import Held, Moved
from ivr_server.sheets.sheet import Sheet, digest_of

LI = ("li", "10.0.0.1", "more queues")


class Desk:
    """One sheet of a product that ships ``shipped.yaml``; the clock goes on by a second with each deed."""

    def __init__(self, folder: Path, named: str = "") -> None:
        self.shipped = folder / "shipped.yaml"
        if not self.shipped.exists():
            self.shipped.write_text("a: 1\n")
        self.state = folder / "state"
        self.seconds = 1_000.0
        self.sheet = Sheet(lambda: place("queues", named or str(self.shipped), self.shipped, self.state), self.now)

    def now(self) -> float:
        """The next second."""
        self.seconds += 1
        return self.seconds

    def told(self) -> list[tuple[str, str, str]]:
        """How it came to be, newest first."""
        return [(one.how, one.who, one.reason) for one in self.sheet.copies()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with the shipped sheet."""
    return Desk(tmp_path)


def test_what_is_shipped_is_never_written_to(desk: Desk) -> None:
    """The first text that is kept lies in the state folder, and goes before the shipped one from then on."""
    held = desk.sheet.held()
    assert (held.text, held.how) == ("a: 1\n", "found")
    kept = desk.sheet.keep("a: 2\n", held.digest, LI)
    assert (kept.text, kept.who, kept.reason) == ("a: 2\n", "li", "more queues")
    assert desk.shipped.read_text() == "a: 1\n"
    assert (desk.state / "sheets" / "queues.yaml").read_text() == "a: 2\n"
    assert desk.sheet.held() == kept


def test_the_file_that_the_settings_name_is_the_truth(tmp_path: Path) -> None:
    """It is read and written where it lies, for instance under git."""
    own = tmp_path / "git" / "queues.yaml"
    own.parent.mkdir()
    own.write_text("a: 7\n")
    desk = Desk(tmp_path, str(own))
    desk.sheet.keep("a: 8\n", desk.sheet.held().digest, LI)
    assert own.read_text() == "a: 8\n"
    assert not (desk.state / "sheets" / "queues.yaml").exists()


def test_who_was_quicker_is_not_overwritten(desk: Desk) -> None:
    """The second is told what is there now, and nothing is written."""
    seen = desk.sheet.held().digest
    desk.sheet.keep("a: 2\n", seen, LI)
    with pytest.raises(Moved) as raised:
        desk.sheet.keep("a: 3\n", seen, ("wang", "", "mine"))
    assert (raised.value.now.text, raised.value.now.who) == ("a: 2\n", "li")
    assert desk.sheet.held().text == "a: 2\n"


def test_a_change_by_hand_is_noticed_and_can_be_gone_back_behind(desk: Desk) -> None:
    """Each text that ever held is at hand under its digest."""
    first = desk.sheet.keep("a: 2\n", desk.sheet.held().digest, LI)
    (desk.state / "sheets" / "queues.yaml").write_text("a: 3\n")
    assert (desk.sheet.held().how, desk.sheet.held().text) == ("by_hand", "a: 3\n")
    assert desk.told() == [("by_hand", "", ""), ("keep", "li", "more queues"), ("found", "", "")]
    assert desk.sheet.copy(first.digest) == "a: 2\n"
    assert desk.sheet.copy("0" * 64) is None
    with pytest.raises(Moved):
        desk.sheet.keep("a: 4\n", first.digest, LI)


@pytest.mark.parametrize("dies_at", [0, 1, 2, 3])
def test_killed_while_it_is_kept_the_sheet_is_old_or_new(tmp_path: Path, dies_at: int) -> None:
    """And what the deeds tell afterwards is what happened."""
    desk = Desk(tmp_path)
    desk.sheet.keep("a: 2\n", desk.sheet.held().digest, LI)
    seen, count = desk.sheet.held().digest, 0

    class Killed(BaseException):
        """As a power cut is."""

    def dying(path: Path, content: bytes, mode: int = 0o644) -> None:
        nonlocal count
        if count == dies_at:
            raise Killed
        count += 1
        disk_replace(path, content, mode)

    disk_replace = disk.replace
    with mock.patch.object(disk, "replace", dying), suppress(Killed):
        desk.sheet.keep("a: 3\n", seen, ("wang", "", "third"))
    again = Desk(tmp_path)
    held = again.sheet.held()
    assert held.text in ("a: 2\n", "a: 3\n")
    assert held.digest == digest_of(held.text)
    assert (held.who, held.reason) == (("li", "more queues") if held.text == "a: 2\n" else ("wang", "third"))
    assert again.told()[0] == ("keep", held.who, held.reason)
    again.sheet.keep("a: 4\n", held.digest, LI)
    assert again.sheet.held().text == "a: 4\n"


def test_the_same_text_is_no_change(desk: Desk) -> None:
    """No deed is written for it."""
    held = desk.sheet.held()
    assert desk.sheet.keep("a: 1\n", held.digest, LI) == held
    assert len(desk.sheet.copies()) == 1


def test_old_texts_are_let_go_and_their_deeds_stay(desk: Desk) -> None:
    """Of the newest ones the text is at hand."""
    for number in range(sheets.COPIES + 5):
        desk.sheet.keep(f"a: 1{number}\n", desk.sheet.held().digest, LI)
    copies = desk.sheet.copies()
    assert len(copies) == sheets.COPIES + 6
    assert [one.there for one in copies] == [True] * sheets.COPIES + [False] * 6


def test_a_name_with_a_path_in_it_reads_nothing(desk: Desk) -> None:
    """The folder of copies is not left."""
    desk.sheet.held()
    assert desk.sheet.copy("../../shipped") is None


def test_the_rows_of_the_audit_name_the_one_who_did_it(desk: Desk) -> None:
    """With the address, the digest and the reason."""
    held: Held = desk.sheet.keep("a: 2\n", desk.sheet.held().digest, LI)
    chain, deeds = desk.sheet.rows()
    assert chain
    assert [(deed.number, deed.who, deed.what, deed.address) for deed in deeds] == [
        (1, "", "found", ""),
        (2, "li", "keep", "10.0.0.1"),
    ]
    assert deeds[1].about == f"{held.digest} more queues"


def test_a_text_that_somebody_puts_back_by_hand_is_no_deed_undone(desk: Desk) -> None:
    """What was kept did hold: the past says so, and then who put the old text back."""
    desk.sheet.keep("a: 2\n", desk.sheet.held().digest, LI)
    (desk.state / "sheets" / "queues.yaml").write_text("a: 1\n")
    assert desk.sheet.held().how == "by_hand"
    assert [how for how, _, _ in desk.told()] == ["by_hand", "keep", "found"]
