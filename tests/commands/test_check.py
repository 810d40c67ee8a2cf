"""ivr-server check and test: what they print, and how they exit."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from ivr_server.command_line import main
from ivr_server.library import Sources

FLOWS = Sources().flows


def run(*words: str) -> Result:
    """The command with these words."""
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped flows that a test may spoil."""
    return Path(shutil.copytree(FLOWS, tmp_path / "flows"))


def spoil(file: Path, old: str, new: str) -> None:
    """Change one thing in a file."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_the_shipped_flows_pass_with_their_counts(tmp_path: Path) -> None:
    """States, turns, seconds, the way to a human and the longest silence are told; pictures drawn for each language."""
    result = run("check", str(FLOWS.parent), "--svg", str(tmp_path / "pictures"), "--states")
    assert result.exit_code == 0, result.output
    assert re.search(r"^main: [\d,]+ states, [\d,]+ turns in \d+\.\d s; a human is \d keys? away", result.output, re.M)
    assert "the longest silence:" in result.output
    assert re.search(r"^\d+ flows, 0 problems, 0 warnings, in \d+\.\d s$", result.output, re.M)
    pictures = list((tmp_path / "pictures").glob("*.svg"))
    assert len(pictures) == 2 * len(list(FLOWS.glob("*.yaml")))
    assert all(ElementTree.parse(picture) for picture in pictures)


def test_G2_mistakes_of_all_files_are_told_with_their_places(folder: Path) -> None:
    """Two files with a mistake each: both are told, file:line:column, nothing is walked, exit 1."""
    spoil(folder / "fees.yaml", "look_up: bill\n", "look_up: bil\n")
    spoil(folder / "arrears.yaml", "say: [arrears_none]", "say: [arrears_nun]")
    result = run("check", str(folder))
    assert result.exit_code == 1
    assert re.search(r'fees\.yaml:\d+:\d+: .*"bil"', result.output)
    assert re.search(r'arrears\.yaml:\d+:\d+: .*"arrears_nun"', result.output)
    assert "nothing was walked" in result.output


def test_G2_a_flow_in_which_callers_get_lost_is_refused_with_a_call(folder: Path) -> None:
    """Silence that leads back to the menu is only seen by walking: told with the call that goes round for ever."""
    spoil(folder / "main.yaml", "silence_goodbye], to: silent}", "silence_goodbye], to: main_menu}")
    spoil(folder / "main.yaml", "  silent: {kind: end, disposition: silent}\n", "")
    result = run("check", str(folder))
    assert result.exit_code == 1
    assert re.search(r"main\.yaml:\d+:\d+: the call can go round here for ever without a key", result.output)
    assert "    caller: (no key for 10 s)" in result.output


def test_the_help_has_an_example() -> None:
    """Both commands explain themselves with an example."""
    for command in ("check", "test"):
        assert "Example: ivr-server" in run(command, "--help").output


def test_a_folder_that_is_not_there_is_told_in_a_sentence() -> None:
    """No traceback."""
    result = run("check", "nowhere")
    assert result.exit_code == 2 and "does not exist" in result.output


def test_dialogues_are_listed_with_pass_and_fail(folder: Path) -> None:
    """Each dialogue has a line; one that fails shows its call and the place of what is not so; exit 1."""
    shutil.rmtree(folder / "dialogues", ignore_errors=True)
    (folder / "dialogues").mkdir()
    shutil.copy(FLOWS / "dialogues" / "usual.yaml", folder / "dialogues")
    answers = "answers: {caller_language: zh_cn, notice: none, hours: open, queue_staffed: staffed}"
    talk = 'talk: [{hears: main_menu}, {words: "欢迎"}, {presses: "0"}]'
    for name, queue in (("good", "service"), ("bad", "billing")):
        text = f"dialogue: {name} call\nflow: main\n{answers}\n{talk}\nends: enqueued\nqueue: {queue}\n"
        (folder / "dialogues" / f"{name}.yaml").write_text(text, "utf-8")
    result = run("test", str(folder))
    assert result.exit_code == 1
    assert "pass  good call" in result.output and "FAIL  bad call" in result.output
    assert 'bad.yaml:1:1: queue: "service", and not "billing"' in result.output
    assert re.search(r"1 passed, 1 failed; \d+ turns", result.output)
    assert run("test", str(folder), "-k", "good").exit_code == 0


def test_the_shipped_dialogues_pass() -> None:
    """Every dialogue beside the shipped flows goes as it says."""
    result = run("test", str(FLOWS))
    assert result.exit_code == 0, result.output
    assert re.search(r"^[1-9]\d* passed, 0 failed", result.output, re.M)
