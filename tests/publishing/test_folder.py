"""The folder of YAML beside the versions: read, written through, never written over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ivr_server.publishing.folder import Folder, prints
from marked_yaml import Mistakes
from tests.publishing.small import MAIN, files, laid


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder that holds version 1."""
    made = Folder(*laid(tmp_path / "git", files()), tmp_path / "versions")
    made.remember(1, made.read())
    return made


def test_the_folder_reads_as_a_versions_files(folder: Folder) -> None:
    """Flows, dialogues and prompts, under the names that a version gives them."""
    assert folder.read() == files()
    assert folder.look(1).state == "same"


def test_what_is_published_is_written_through(folder: Folder) -> None:
    """Changed files are replaced, new ones made, those that are gone removed; then the folder is that version."""
    wanted = files(welcome="Good day.")
    del wanted["flows/dialogues/shop.yaml"]
    wanted["flows/more.yaml"] = "flow: more\n"
    assert folder.write(2, wanted, folder.mark().files).state == "same"
    assert folder.read() == wanted and folder.mark().version == 2 and folder.look(2).state == "same"


def test_a_change_by_hand_is_noticed_and_never_written_over(folder: Folder) -> None:
    """It is a change while version 1 is published, a conflict with what is published from elsewhere."""
    path = Path(folder.path("flows/main.yaml"))
    path.write_text(MAIN + "# by hand\n")
    assert folder.look(1).state == "changed" and folder.look(1).changed == {"flows/main.yaml": "changed"}
    assert folder.write(2, files(welcome="Good day."), folder.mark().files).state == "conflict"
    assert path.read_text().endswith("# by hand\n"), "the other files wait, too"
    assert folder.read()["prompts/en-US.yaml"] == files()["prompts/en-US.yaml"]
    assert folder.look(2).state == "conflict"
    merged = files(welcome="Good day.") | {"flows/main.yaml": MAIN + "# by hand\n"}
    assert folder.write(2, merged, prints(folder.read())).state == "same"


def test_a_write_that_was_cut_off_is_finished(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first file the disk is gone; the next start finds each file as it was, or as it shall be."""
    from ivr_server.publishing import files as disk

    wanted, real, done = files(welcome="Good day.") | {"flows/main.yaml": MAIN + "#\n"}, disk.replace, []

    def failing(path: Path, content: bytes, mode: int = 0o644) -> None:
        if path.suffix == ".yaml":
            if done:
                raise OSError("gone")
            done.append(path)
        real(path, content, mode)

    monkeypatch.setattr(disk, "replace", failing)
    with pytest.raises(OSError, match="gone"):
        folder.write(2, wanted, folder.mark().files)
    monkeypatch.setattr(disk, "replace", real)
    left = folder.unfinished()
    assert left is not None and left.version == 2
    assert folder.write(2, wanted, left.files).state == "same"
    assert folder.read() == wanted and folder.unfinished() is None


def test_a_folder_that_cannot_be_written_stays(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed package's own flows: publishing goes on without them."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert folder.write(2, files(welcome="Good day."), folder.mark().files).state == "read_only"


def test_names_and_bytes_that_cannot_be_taken_are_problems(folder: Folder) -> None:
    """With their places, all at once."""
    (folder.places["flows"] / "Big Menu.yaml").write_text("x")
    (folder.places["flows"] / "latin.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(Mistakes) as wrong:
        folder.read()
    assert ["small letters" in str(wrong.value), "UTF-8" in str(wrong.value)] == [True, True]
    assert folder.look(1).state == "missing"
