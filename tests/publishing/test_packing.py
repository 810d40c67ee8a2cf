"""A version goes out as a ZIP and comes in again; what means harm does not, and costs little (FAULTS G3, G4)."""

from __future__ import annotations

import io
import random
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr_server.publishing.judging import words_of
from ivr_server.publishing.packing import Unpackable, pack, unpack
from ivr_server.publishing.versions import Version
from marked_yaml import Mistakes
from tests.publishing.small import GROUND, MAIN, files

HOUSE = Path(__file__).resolve().parents[2]
VERSION = Version(author="ann", reason="why", at=1.0, source="studio")
CPU_S, MEMORY = 0.1, 64 << 20


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as made:
        for name, content in entries:
            made.writestr(name, content)
    return kept.getvalue()


def test_what_goes_out_comes_in_again() -> None:
    """Byte for byte; the same version gives the same archive."""
    assert unpack(pack(files(), VERSION)) == files()
    assert pack(files(), VERSION) == pack(files(), VERSION)


@pytest.mark.parametrize(
    "name",
    [
        *("../flows/main.yaml", "/flows/main.yaml", "flows/../../x.yaml", "flows\\main.yaml", "flows/Main.yaml"),
        *("flows/main.yaml\0.png", "flows/m\u0430in.yaml", "C:/flows/main.yaml", "flows/main.py", "main.yaml"),
        "prompts/xx.yaml",
    ],
)
def test_G4_names_that_lead_elsewhere_are_refused(name: str) -> None:
    """Dots, absolute paths, backslashes, another case, NUL, a look-alike, other kinds of files and folders."""
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    with pytest.raises(Unpackable):
        unpack(archive((entry, MAIN.encode())))


def test_G4_links_devices_and_doubles_are_refused() -> None:
    """A symbolic link by its mode, a device, the same name twice, an encrypted entry, another way of packing."""
    for mode in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFDIR):
        entry = zipfile.ZipInfo("flows/main.yaml")
        entry.external_attr = (mode | 0o777) << 16
        with pytest.raises(Unpackable, match="plain file"):
            unpack(archive((entry, b"/etc/passwd")))
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = archive(("flows/main.yaml", b"a"), ("flows/main.yaml", b"b"))
    with pytest.raises(Unpackable, match="twice"):
        unpack(twice)
    with pytest.raises(Unpackable, match="packed"):
        unpack(archive(("flows/main.yaml", b"a"), method=zipfile.ZIP_LZMA))
    locked = bytearray(archive(("flows/main.yaml", b"a")))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Unpackable, match="encrypted"):
        unpack(bytes(locked))


def test_G1_an_archive_cut_or_changed_anywhere_is_refused_or_whole() -> None:
    """Truncated at every fifth byte, and with a byte changed at 400 places."""
    whole, draw = pack(files(), VERSION), random.Random(1)
    cut = [whole[:end] for end in range(0, len(whole), 5)]
    changed = []
    for _ in range(400):
        bad = bytearray(whole)
        bad[draw.randrange(len(bad))] ^= 1 << draw.randrange(8)
        changed.append(bytes(bad))
    for one in (*cut, *changed):
        try:
            found = unpack(one)
        except Unpackable:
            continue
        assert found == files() or set(found) <= set(files()) | {"version.json"}


def _lying() -> bytes:
    made = bytearray(archive(("flows/main.yaml", b"a" * (40 << 20))))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = made.index(mark) + at
        made[place : place + 4] = struct.pack("<I", 1_000)
    return bytes(made)


BOMBS: dict[str, Callable[[], bytes]] = {  # archives, and flow files, that grow when they are read
    "zeros": lambda: archive(("flows/main.yaml", b"\0" * (100 << 20))),
    "a length that lies": _lying,
    "many files": lambda: archive(*((f"flows/f{n}.yaml", b"") for n in range(5_000))),
    "many long files": lambda: archive(*((f"flows/f{n}.yaml", b"#" + b" " * ((1 << 20) - 1)) for n in range(30))),
    "not an archive": lambda: random.Random(3).randbytes(8 << 20),
    "billion laughs": lambda: _flow("a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(1_000))),
    "merge keys": lambda: _flow("a: &a {b: c}\n" + "".join(f"d{n}: {{<<: *a}}\n" for n in range(9_000))),
    "deep lists": lambda: _flow("[" * 500_000),
    "deep mappings": lambda: _flow("".join(" " * n + "a:\n" for n in range(1_300))),
    "many values": lambda: _flow("nodes: [" + "a," * 500_000 + "]"),
    "many keys": lambda: _flow("".join(f"k{n}: v\n" for n in range(90_000))),
    "a long text": lambda: _flow("flow: " + "x" * 1_000_000),
    "tags": lambda: _flow("!!python/object/apply:os.system [id]\n"),
    "a long file": lambda: _flow("#" * 4_000_000),
}


def _flow(text: str) -> bytes:
    return b"YAML" + text.encode()


CHILD = """
import resource, sys, time
from tests.publishing.test_packing import refuse
content = open(sys.argv[1], "rb").read()
refuse(b"YAMLflow: x")  # what is imported at first use is no cost of a bomb
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
refuse(content)
print(time.process_time() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def refuse(content: bytes) -> None:
    """It must not come in."""
    try:
        found = unpack(content) if content[:4] != b"YAML" else {**files(), "flows/main.yaml": content[4:].decode()}
        words_of(found, GROUND)
    except (Unpackable, Mistakes):
        return
    raise AssertionError("it was taken")


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_G3_bombs_are_refused_within_100_ms_of_the_processor_and_64_MiB(name: str, tmp_path: Path) -> None:
    """Each in a process of its own, so that what it takes is its own."""
    (tmp_path / "bomb").write_bytes(BOMBS[name]())
    run = [sys.executable, "-c", CHILD, str(tmp_path / "bomb")]
    best = CPU_S * 10
    for _ in range(3):  # the least of three: the processor's own hiccups are no part of the bomb
        done = subprocess.run(run, cwd=HOUSE, capture_output=True, text=True, check=True)
        cpu, grown = map(float, done.stdout.split())
        best = min(best, cpu)
        assert grown < MEMORY
        if best < CPU_S:
            break
    assert best < CPU_S, f"{best:.3f} s"
