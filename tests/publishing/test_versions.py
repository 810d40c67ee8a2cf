"""Versions on disk: whole or not there, never mixed, never changed, one published."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ivr_server.publishing.deeds import Deed, Deeds
from ivr_server.publishing.folder import Folder
from ivr_server.publishing.versions import Damaged, Moved, NoVersion, Version, Versions
from tests.publishing.publisher import marked
from tests.publishing.small import files

HOUSE = Path(__file__).resolve().parents[2]
DEED = Deed(0, 1.0, "ann", "publish", 0, "why")


def version(reason: str = "why") -> Version:
    """What an admin says of it."""
    return Version(author="ann", reason=reason, at=1.0, source="studio")


def test_a_version_is_given_the_next_number_and_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Names, texts, author, reason and parent; nobody may write into it."""
    versions = Versions(tmp_path)
    assert versions.published() == 0 and versions.numbers() == ()
    first = versions.publish(files(), version(), 0, DEED)
    second = versions.publish(files(welcome="Hello."), version("a friendlier word"), 1, DEED)
    assert (first.number, second.number, second.parent, versions.published()) == (1, 2, 1, 2)
    assert versions.files(1) == files() and versions.files(2) == files(welcome="Hello.")
    assert versions.about(2) == second and second.tag == f"2-{second.digest[:12]}"
    assert all(not path.stat().st_mode & 0o222 for path in (tmp_path / "000002").rglob("*"))


def test_G8_who_publishes_on_top_of_an_older_version_is_refused(tmp_path: Path) -> None:
    """The second of two admins is told which version is published by now, and nothing is written."""
    versions = Versions(tmp_path)
    versions.publish(files(), version(), 0, DEED)
    with pytest.raises(Moved) as moved:
        versions.publish(files(welcome="Hi."), version(), 0, DEED)
    assert moved.value.published == 1 and versions.numbers() == (1,) and len(Deeds(tmp_path).all()) == 1


def test_G9_an_older_version_is_published_again_and_that_is_written_down(tmp_path: Path) -> None:
    """The number goes back; both versions stay; the deed says who and why."""
    versions = Versions(tmp_path)
    for expected in range(2):
        versions.publish(files(), version(), expected, DEED)
    versions.point(1, 2, Deed(0, 5.0, "bob", "roll_back", 0, "callers hung up"))
    assert versions.published() == 1 and versions.numbers() == (1, 2)
    last = Deeds(tmp_path).all()[-1]
    assert (last.who, last.what, last.version, last.about, last.number) == ("bob", "roll_back", 1, "callers hung up", 3)
    with pytest.raises(NoVersion):
        versions.point(9, 1, DEED)


def test_G1_a_version_that_was_changed_afterwards_is_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    """Truncated at any byte, with a letter changed, a file more or less, or a link in place of a file."""
    versions = Versions(tmp_path)
    versions.publish(files(), version(), 0, DEED)
    path = tmp_path / "000001" / "flows" / "main.yaml"
    whole = path.read_bytes()
    path.chmod(0o644)
    path.parent.chmod(0o755)
    for end in (*range(0, len(whole), 7), len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(Damaged, match=r"changed after it was published|cannot be read"):
            versions.files(1)
    path.write_bytes(whole)
    assert versions.files(1) == files()
    (path.parent / "extra.yaml").write_text("x")
    with pytest.raises(Damaged):
        versions.files(1)
    (path.parent / "extra.yaml").unlink()
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(Damaged, match="cannot be read"):
        versions.files(1)


def test_what_is_said_of_a_version_is_checked_too(tmp_path: Path) -> None:
    """version.json that is no JSON, or of another number, is a damage, and so is a pointer that is no number."""
    versions = Versions(tmp_path)
    versions.publish(files(), version(), 0, DEED)
    about = tmp_path / "000001" / "version.json"
    whole = about.read_text()
    about.chmod(0o644)
    for wrong in ("", "{", "[]", '{"number": 1}', whole.replace('"number": 1', '"number": 2')):
        about.write_text(wrong)
        with pytest.raises(Damaged):
            versions.files(1)
    (tmp_path / "published").write_text("seven")
    with pytest.raises(Damaged, match="does not hold"):
        versions.published()


@pytest.mark.parametrize(
    "name", ["flows/../x.yaml", "/etc/x.yaml", "flows/a\0.yaml", "flows/Main.yaml", "flows/а.yaml"]
)
def test_G4_a_name_that_leads_elsewhere_is_never_written(tmp_path: Path, name: str) -> None:
    """Dots, an absolute path, NUL, another case, a Cyrillic look-alike."""
    with pytest.raises(ValueError, match="name"):
        Versions(tmp_path / "versions").publish({name: "x"}, version(), 0, DEED)
    assert Versions(tmp_path / "versions").numbers() == ()


def test_a_deed_that_was_cut_off_is_told(tmp_path: Path) -> None:
    """Its line was there before the pointer moved; the next start says that it was not done, once."""
    versions = Versions(tmp_path)
    versions.publish(files(), version(), 0, DEED)
    versions.deeds.add(Deed(0, 2.0, "ann", "publish", 2))
    with (tmp_path / "deeds.jsonl").open("a") as torn:
        torn.write('{"number": 3, "at"')
    versions.settle(9.0)
    versions.settle(10.0)
    last = Deeds(tmp_path).all()[-1]
    assert (last.number, last.what, last.version, last.about, last.at) == (3, "not_done", 1, "2", 9.0)


def test_G6_a_kill_at_any_moment_leaves_the_old_version_or_the_new_one(tmp_path: Path) -> None:
    """A process publishes, rolls back and writes the folder through without pause; it is killed -9 25 times."""
    place, flows, prompts = (tmp_path / name for name in ("versions", "flows", "prompts"))
    flows.mkdir()
    prompts.mkdir()
    draw, seen = random.Random(6), 0
    command = [sys.executable, "-m", "tests.publishing.publisher", *map(str, (place, flows, prompts))]
    versions, folder = Versions(place), Folder(flows, prompts, place)
    for _ in range(25):
        process = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(draw.randint(1, 4)):
            process.stdout.readline()
        time.sleep(draw.uniform(0, 0.02))  # anywhere in what it does next
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        seen = _consistent(versions, folder, seen)
    assert seen > 25


def _consistent(versions: Versions, folder: Folder, seen: int) -> int:
    """What is published is whole and of one mark; so is the folder once an interrupted write is finished."""
    published = versions.published()
    found = versions.files(published)
    assert len({text.partition("#")[2] for text in found.values()}) == 1 and len(found) == len(marked(""))
    assert max(versions.numbers()) >= seen, "a version that was there is there"
    versions.settle(1.0)
    assert versions.deeds.all()[-1].version == published
    if left := folder.unfinished():
        folder.write(left.version, versions.files(left.version), left.files)
    held = folder.read()
    assert not held or len({text.partition("#")[2] for text in held.values()}) == 1
    assert not list(versions.folder.glob(".new-*")), "what was half written is swept away"
    return max(versions.numbers())
