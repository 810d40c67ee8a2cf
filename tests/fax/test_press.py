"""The process that makes the fax: what it makes, what it refuses, and that nothing of it is left."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from fax import press as press_room
from fax.press import Limits, PressFault, Rest, bound, continuation, convert, press, rest
from tests.fax.bills import bill
from tests.fax.hostile import endless, image, script, with_pages

HOUSE = Path(__file__).resolve().parent.parent.parent
BAD: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "only a head": lambda: b"%PDF-1.7\n",
    "noise": lambda: bytes(range(256)) * 40,
    "cut off": lambda: with_pages(9)[:500],
    "a page that is its own parent": lambda: with_pages(1).replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]"),
    "no pages": lambda: with_pages(0),
}


def children(parent: int) -> list[int]:
    """The processes whose parent this is, zombies among them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == parent:
            found.append(int(entry.parent.name))
    return found


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """After every test here: no process of ours, running or dead, and no half-written file."""
    before = set(children(os.getpid()))
    yield
    assert set(children(os.getpid())) <= before
    assert not list(tmp_path.rglob(".press-*"))


def brought(folder: Path, content: bytes) -> Path:
    """A PDF as somebody brings it."""
    path = folder / "brought.pdf"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("language", "count"), [("zh-CN", 24), ("en-US", 400)])
def test_a_bill_becomes_a_pdf_and_a_fax(tmp_path: Path, language: str, count: int) -> None:
    """Both files, as many pages as it says, bound to the account, and the same again from another process."""
    document = bill(language, count)
    made = press(document, tmp_path / "a")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["bill.pdf", "bill.tiff"]
    with Image.open(tmp_path / "a" / "bill.tiff") as fax:
        assert getattr(fax, "n_frames", 0) == made.pages == (1 if count == 24 else 5)
        assert fax.info["compression"] == "group4"
    assert made.digest == bound(document.account, tmp_path / "a") and made.lacking == ""
    again = press(document, tmp_path / "b")
    assert again == made
    assert (tmp_path / "a" / "bill.pdf").read_bytes() == (tmp_path / "b" / "bill.pdf").read_bytes()


def test_a_name_with_an_unknown_character_is_pressed_and_reported(tmp_path: Path) -> None:
    """The customer gets the bill with a square; the job can say which character it was."""
    assert press(bill(name="王𠮷"), tmp_path).lacking == "𠮷"


@pytest.mark.parametrize("name", BAD)
def test_H8_a_malformed_pdf_is_refused_in_plain_words(tmp_path: Path, name: str) -> None:
    """No file, no trace of Python in the words, and the reason is the document."""
    with pytest.raises(PressFault) as caught:
        convert(brought(tmp_path, BAD[name]()), tmp_path / "out")
    assert caught.value.reason == "document"
    assert re.search(r"damaged|is not a PDF|pages", caught.value.text)
    assert not list((tmp_path / "out").iterdir())


def test_H8_five_hundred_pages_are_refused(tmp_path: Path) -> None:
    """The number and the limit are said."""
    with pytest.raises(PressFault, match="500 pages, and 60 is the most"):
        convert(brought(tmp_path, with_pages(500)), tmp_path)


def test_H8_a_pdf_of_a_gigabyte_is_refused_unread(tmp_path: Path) -> None:
    """By its size alone: no process is begun for it."""
    path = brought(tmp_path, with_pages(1))
    os.truncate(path, 1 << 30)
    began = time.monotonic()
    with pytest.raises(PressFault, match=r"1,073,741,824 bytes, and 20,971,520 is the most"):
        convert(path, tmp_path)
    assert time.monotonic() - began < 1


def test_H8_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A pipe would block for ever, a device gives without end."""
    os.mkfifo(tmp_path / "pipe.pdf")
    for path in (tmp_path / "pipe.pdf", Path("/dev/zero"), tmp_path, tmp_path / "none.pdf"):
        with pytest.raises(PressFault) as caught:
            convert(path, tmp_path)
        assert caught.value.reason == "document"


def test_H8_a_script_inside_does_nothing(tmp_path: Path) -> None:
    """The page is drawn as if there were no script, no action and no program to start."""
    scripted = convert(brought(tmp_path, script()), tmp_path / "a")
    plain = convert(brought(tmp_path, with_pages(1)), tmp_path / "b")
    assert scripted.pages == plain.pages == 1
    assert (tmp_path / "a" / "bill.tiff").read_bytes() == (tmp_path / "b" / "bill.tiff").read_bytes()


def test_H8_a_drawing_without_end_is_stopped_by_the_clock(tmp_path: Path) -> None:
    """Ten thousand million squares in three kilobytes: over after the time that was given."""
    began = time.monotonic()
    with pytest.raises(PressFault) as caught:
        convert(brought(tmp_path, endless()), tmp_path, Limits(seconds=1.0, memory=16 << 30))
    assert caught.value.reason == "time" and "1 seconds" in caught.value.text
    assert time.monotonic() - began < 3


def test_H8_a_drawing_without_end_is_stopped_by_processor_time(tmp_path: Path) -> None:
    """Also when the machine is so busy that the clock would be unjust."""
    with pytest.raises(PressFault, match="1 seconds of the processor") as caught:
        convert(brought(tmp_path, endless()), tmp_path, Limits(cpu=1, memory=16 << 30))
    assert caught.value.reason == "time"


def test_D6_too_much_memory_ends_the_child_and_not_us(tmp_path: Path) -> None:
    """The bound is the child's own; it is also the first that the system would take."""
    with pytest.raises(PressFault) as caught:
        convert(brought(tmp_path, endless()), tmp_path, Limits(memory=200 << 20))
    assert caught.value.reason == "memory" and "200 MB" in caught.value.text


def test_D6_a_picture_of_192_megabytes_does_not_pass_its_bound(tmp_path: Path) -> None:
    """8,000 dots a side, 190 kilobytes packed: drawn within the bounds or refused, and the parent stays small."""
    with open("/proc/self/statm", encoding="ascii") as before:
        pages = int(before.read().split()[1])
    assert convert(brought(tmp_path, image(8_000)), tmp_path / "out").pages == 1
    with open("/proc/self/statm", encoding="ascii") as after:
        assert int(after.read().split()[1]) - pages < 10_000


def test_D9_bad_pdfs_leave_no_process(tmp_path: Path) -> None:
    """Two at a time, as the worker has them. The fixture counts zombies; files that stay open are counted here."""
    opened = len(os.listdir("/proc/self/fd"))

    def one(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        kinds = list(BAD.values())
        with pytest.raises(PressFault) as caught:
            convert(brought(folder, kinds[number % len(kinds)]()), folder / "out")
        return caught.value.reason

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(one, range(40))) == {"document"}
    assert len(os.listdir("/proc/self/fd")) <= opened + 1


def test_D9_the_child_may_have_no_children() -> None:
    """Its bound on processes is nought before it opens the document."""
    asked = "from fax.press import Limits, asdict; from fax import press_child as c; import os, resource as r;"
    tried = 'c._bound({"limits": asdict(Limits()), "parent": os.getppid()}); print(r.getrlimit(r.RLIMIT_NPROC))'
    done = subprocess.run([sys.executable, "-c", asked + tried], cwd=HOUSE, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(0, 0)"


def test_D9_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    """Our process is killed without a word in the middle of a long drawing: its child is gone at once."""
    path = brought(tmp_path, endless())
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.fax.pressing", str(path), str(tmp_path / "out")],
        cwd=HOUSE,
        start_new_session=True,
    )
    try:
        child = _soon(lambda: children(parent.pid))[0]
        _soon(lambda: _busy(child))
    finally:
        parent.kill()
        parent.wait()
    _soon(lambda: not Path(f"/proc/{child}").exists() or "Z" in _state(child))
    shutil.rmtree(tmp_path / "out")


def _busy(process: int) -> bool:
    """Whether it has set its bounds and is at work."""
    return "Max processes             0" in Path(f"/proc/{process}/limits").read_text(encoding="ascii")


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def _soon(asked: Callable[[], object]) -> list[int]:
    """What the question gives, as soon as it gives something; ten seconds at most."""
    until = time.monotonic() + 10
    while not (found := asked()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)
    return found if isinstance(found, list) else []


def test_a_killed_parents_leavings_are_removed_by_the_next(tmp_path: Path) -> None:
    """A folder of half-written files from a kill -9 is not sent and does not stay."""
    left = tmp_path / ".press-old"
    left.mkdir()
    (left / "bill.tiff").write_bytes(b"half")
    press(bill(), tmp_path)
    assert not left.exists()


def test_H9_a_disk_that_is_nearly_full_is_left_alone(tmp_path: Path) -> None:
    """What must stay free for the journal stays free: the fax is refused before anything is written."""
    with pytest.raises(PressFault, match="must stay free") as caught:
        press(bill(), tmp_path / "a", Limits(spare=1 << 60))
    assert caught.value.reason == "space" and not list((tmp_path / "a").iterdir())


def test_H9_a_disk_that_fills_up_meanwhile_leaves_the_earlier_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system says that no block is left: a plain reason, no half file, and what was there is still whole."""
    press(bill(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(press_room, "_COMMAND", (sys.executable, "-P", "-m", "tests.fax.full_disk"))
    with pytest.raises(PressFault, match="No space left on device") as caught:
        press(bill(count=80), tmp_path)
    assert caught.value.reason == "space"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_H9_a_fax_larger_than_its_bound_is_refused(tmp_path: Path) -> None:
    """A file's size is bounded by the system, not by trust."""
    with pytest.raises(PressFault, match="larger than 20,000 bytes") as caught:
        press(bill(), tmp_path, Limits(output=20_000))
    assert caught.value.reason == "document"


def test_H13_the_fax_of_another_customer_does_not_fit(tmp_path: Path) -> None:
    """Swapped files, a changed byte and accounts whose digits run together: each has a hash of its own."""
    ours = press(bill(account="1001"), tmp_path / "1001").digest
    press(bill(account="1002", name="王芳"), tmp_path / "1002")
    assert bound("1001", tmp_path / "1001") == ours
    shutil.copy(tmp_path / "1002" / "bill.tiff", tmp_path / "1001" / "bill.tiff")
    assert bound("1001", tmp_path / "1001") != ours
    assert bound("1001", tmp_path / "1002") != bound("100", tmp_path / "1002") != bound("1002", tmp_path / "1002")


def frames(path: Path) -> list[Image.Image]:
    """The pages of a TIFF file."""
    with Image.open(path) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(image.copy())
    return found


def test_the_whole_fax_is_the_file_itself(tmp_path: Path) -> None:
    """Nothing to leave out, to stamp or to code otherwise: no copy is made, so that its hash is the job's."""
    press(bill(), tmp_path)
    assert rest(tmp_path, Rest()) == tmp_path / "bill.tiff"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("fine", [True, False])
@pytest.mark.parametrize("group", [3, 4])
def test_H3_the_rest_begins_at_the_page_that_is_wanted(tmp_path: Path, fine: bool, group: int) -> None:
    """Stamped with where it goes on; the pages are the same dots as in the whole fax, in the coding that is wanted."""
    press(bill(count=300), tmp_path)
    note = continuation("zh-CN", 3)
    path = rest(tmp_path, Rest(first=3, note=note, fine=fine, group=4 if group == 4 else 3))
    whole, found = frames(tmp_path / "bill.tiff"), frames(path)
    assert len(whole) == 4 and len(found) == 2
    assert path.parent == tmp_path and re.fullmatch(r"[a-z0-9-]+\.tiff", path.name), (
        "Asterisk's list of files has signs"
    )
    assert found[0].info["compression"] == f"group{group}"
    assert found[0].size == (1728, 2292 if fine else 1146)
    if fine:
        assert found[1].tobytes() == whole[3].tobytes()
        below = (0, 96, 1728, 2292)
        assert found[0].crop(below).tobytes() == whole[2].crop(below).tobytes()
        assert found[0].crop((0, 0, 1728, 96)).convert("L").histogram()[0] > 300, "the stamp"


def test_H5_a_page_that_may_come_twice_says_so(tmp_path: Path) -> None:
    """Where the ledger cannot know, the paper does."""
    press(bill(count=300), tmp_path)
    found = frames(rest(tmp_path, Rest(first=2, note="continued", repeated=3, language="en-US")))
    whole = frames(tmp_path / "bill.tiff")
    assert [page.tobytes() == same.tobytes() for page, same in zip(found, whole[1:], strict=True)] == [
        False,
        False,
        True,
    ]


def test_a_continued_fax_is_announced_in_its_language() -> None:
    """Where it goes on, and which page may be a repeat."""
    assert continuation("zh-CN", 3, 3) == "续传：从第 3 页开始；第 3 页可能与上次收到的重复"
    assert continuation("en-US", 2) == "Continued from page 2"
    assert continuation("en-US", 2, 2) == "Continued from page 2; page 2 may be a repeat"


def test_a_rest_behind_the_last_page_is_refused(tmp_path: Path) -> None:
    """There is nothing to send, and that is said."""
    press(bill(), tmp_path)
    with pytest.raises(PressFault, match="no page 2"):
        rest(tmp_path, Rest(first=2))


def test_a_fax_that_is_gone_is_a_fault_in_plain_words(tmp_path: Path) -> None:
    """Somebody emptied the spool: the job can be pressed again."""
    with pytest.raises(PressFault, match="No such file") as caught:
        rest(tmp_path, Rest(first=2))
    assert caught.value.reason == "document"
    (tmp_path / "bill.tiff").write_bytes(b"II*\x00 no fax")
    with pytest.raises(PressFault, match="damaged"):
        rest(tmp_path, Rest(first=2))


def test_the_clock_that_kills_is_not_our_own_signal(tmp_path: Path) -> None:
    """A child that the system killed for memory is told apart from one that we killed for its time."""
    assert press_room._killed(signal.SIGKILL, Limits()).reason == "memory"
    assert press_room._killed(signal.SIGXCPU, Limits()).reason == "time"
    assert press_room._killed(signal.SIGSEGV, Limits()).reason == "document"


def test_a_drawn_pdf_of_ours_is_what_convert_makes_too(tmp_path: Path) -> None:
    """One way from PDF to fax: the bill's pages are the same dots through either door."""
    press(bill(), tmp_path / "a")
    convert(tmp_path / "a" / "bill.pdf", tmp_path / "b")
    assert (tmp_path / "a" / "bill.tiff").read_bytes() == (tmp_path / "b" / "bill.tiff").read_bytes()
