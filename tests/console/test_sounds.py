"""The shelf of sounds: what a phone was told to play, and nothing else of the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ivr_server.console import sounds
from ivr_server.console.sounds import SoundShelf


@pytest.fixture
def shelf(tmp_path: Path) -> SoundShelf:
    """A folder of sounds, with a secret beside it."""
    (tmp_path / "sounds" / "zh").mkdir(parents=True)
    (tmp_path / "sounds" / "zh" / "hello.wav").write_bytes(b"RIFF hello")
    (tmp_path / "secret.wav").write_bytes(b"secret")
    return SoundShelf([tmp_path / "sounds"])


def test_a_sound_that_a_phone_plays_can_be_fetched(shelf: SoundShelf, tmp_path: Path) -> None:
    """By its name under the folder; not before it was played."""
    assert shelf.read("zh/hello") is None
    assert shelf.name(str(tmp_path / "sounds" / "zh" / "hello")) == "zh/hello"
    assert shelf.read("zh/hello") == b"RIFF hello"


@pytest.mark.parametrize(
    "path",
    ["sounds/../secret", "secret", "sounds/zh/../../secret", "sounds/a\0b", "sounds/.hidden", "sounds", "/etc/x"],
)
def test_G4_a_path_outside_the_folder_gets_no_name(shelf: SoundShelf, tmp_path: Path, path: str) -> None:
    """Dots, absolute paths, NUL, hidden names."""
    assert shelf.name(str(tmp_path / path)) == ""


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "zh/../../secret", "zh//hello", "zh/hello\0", "ｚｈ/hello", ""]
)
def test_G4_a_name_with_tricks_reads_nothing(shelf: SoundShelf, tmp_path: Path, name: str) -> None:
    """Whatever was told before."""
    shelf.name(str(tmp_path / "sounds" / "zh" / "hello"))
    assert shelf.read(name) is None


def test_G4_links_are_not_followed(shelf: SoundShelf, tmp_path: Path) -> None:
    """Neither a file's nor a folder's, though they appeared after the name was given."""
    for name in ("zh/link", "away/secret", "zh/pipe"):
        assert shelf.name(str(tmp_path / "sounds" / name)) == name
    os.symlink(tmp_path / "secret.wav", tmp_path / "sounds" / "zh" / "link.wav")
    os.symlink(tmp_path, tmp_path / "sounds" / "away")
    os.mkfifo(tmp_path / "sounds" / "zh" / "pipe.wav")
    assert shelf.read("zh/link") is None
    assert shelf.read("away/secret") is None
    assert not shelf.read("zh/pipe")


def test_names_are_forgotten_in_time(shelf: SoundShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest first; memory is bounded."""
    monkeypatch.setattr(sounds, "MOST_REMEMBERED", 1)
    shelf.name(str(tmp_path / "sounds" / "zh" / "hello"))
    shelf.name(str(tmp_path / "sounds" / "zh" / "other"))
    assert shelf.read("zh/hello") is None
