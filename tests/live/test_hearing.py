"""The ear of the live tests is itself tested, on recordings whose content is known."""

from __future__ import annotations

import audioop
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.live.conftest import write_noise
from tests.live.hearing import Samples, heard, longest_silence, names, samples


@pytest.fixture
def known(tmp_path: Path) -> dict[str, Path]:
    """Three sounds of one second."""
    found = {name: tmp_path / f"{name}.wav" for name in ("one", "two", "three")}
    for seed, path in enumerate(found.values()):
        write_noise(path, 1.0, seed)
    return found


def tape(path: Path, pieces: list[Samples]) -> Path:
    """A recording of the pieces, through G.711 as on a telephone line."""
    linear = np.concatenate(pieces).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(audioop.ulaw2lin(audioop.lin2ulaw(linear, 2), 2))
    return path


def quiet(seconds: float) -> Samples:
    """Silence."""
    return np.zeros(int(8_000 * seconds))


def test_what_and_when(known: dict[str, Path], tmp_path: Path) -> None:
    """Order, times within 20 ms, and nothing that was not there."""
    one, two = samples(known["one"]), samples(known["two"])
    hits = heard(tape(tmp_path / "t.wav", [quiet(0.5), two, quiet(1.0), one, one]), known)
    assert names(hits) == ["two", "one", "one"]
    assert [round(hit.at, 1) for hit in hits] == [0.5, 2.5, 3.5]
    assert all(hit.share > 0.95 for hit in hits)


def test_a_sound_that_was_cut_off(known: dict[str, Path], tmp_path: Path) -> None:
    """The share that was played is measured to a fifth of a second."""
    recording = tape(tmp_path / "t.wav", [samples(known["one"])[:5_000], quiet(1.0)])
    (hit,) = heard(recording, known, least_share=0.2)
    assert 0.5 <= hit.share <= 0.85


def test_lost_and_late_packets(known: dict[str, Path], tmp_path: Path) -> None:
    """A packet of 20 ms that is missing, and one that is doubled, do not hide a sound."""
    one = samples(known["one"])
    spoilt = [one[:3_000], one[3_160:5_000], one[4_840:]]
    (hit,) = heard(tape(tmp_path / "t.wav", [quiet(0.3), *spoilt, quiet(0.3)]), known)
    assert hit.name == "one" and hit.share > 0.8


def test_ulaw_is_read_as_the_standard_says(tmp_path: Path) -> None:
    """Every one of the 256 codes, beside Python's own table."""
    codes = bytes(range(256))
    (tmp_path / "all.ulaw").write_bytes(codes)
    expected = np.frombuffer(audioop.ulaw2lin(codes, 2), dtype="<i2")
    assert samples(tmp_path / "all.ulaw").tolist() == expected.tolist()


def test_the_longest_silence(known: dict[str, Path], tmp_path: Path) -> None:
    """Where it begins and how long it is; outside the given span it does not count."""
    one = samples(known["one"])
    recording = tape(tmp_path / "t.wav", [quiet(0.4), one, quiet(1.6), one, quiet(3.0)])
    start, seconds = longest_silence(recording, 0.0, 4.0)
    assert abs(start - 1.4) < 0.05 and abs(seconds - 1.6) < 0.05
