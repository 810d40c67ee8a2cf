"""The documents say what the product is: generated pages are fresh, links and commands exist, examples work."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from crm_bridge.demo import SHOWN
from flows.dialogues import read as read_dialogues
from flows.reading import read_flow
from ivr_server.command_line import main
from ivr_server.settings import read_settings
from marked_yaml import Mistakes
from tools import write_docs
from tools.pages.flow_language import EXAMPLES

HOUSE = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*HOUSE.glob("*.md"), *(HOUSE / "docs").rglob("*.md")])
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[\s`]|venv/bin/)ivr-server ([^`\n#|]*)")
HOSTS = re.compile(r"https?://([\w.-]+)|\b((?:registry|mirror|proxy)\.[\w.-]+\.\w+)")
KNOWN_HOSTS = {"127.0.0.1", "localhost", "json-schema.org", "www.w3.org"}
page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(HOUSE)))


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    """Every page and picture as the code gives it now."""
    return write_docs.generated()


@pytest.mark.parametrize("path", sorted(write_docs.paths()))
def test_a_generated_page_is_what_the_code_gives(path: str, generated: dict[str, str]) -> None:
    """Whoever changes a node, a setting or a command runs ``make docs``."""
    assert (HOUSE / path).read_text(encoding="utf-8") == generated[path], "run make docs"


@page
def test_every_link_leads_somewhere(path: Path) -> None:
    """Files exist, and so do the headings that a link names."""
    for target in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
        name, _, heading = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.exists(), f"{target} is not there"
        if heading:
            assert heading in _headings(there), f"{target}: no such heading"


def _headings(path: Path) -> set[str]:
    """The anchors of a page, as Git forges make them."""
    lines = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@page
def test_every_command_exists(path: Path) -> None:
    """Each ``ivr-server ...`` names a command that there is, and options that it has."""
    for code in CODE.findall(path.read_text(encoding="utf-8")):
        for line in COMMAND.findall(code):
            _known(line.strip())


def _known(line: str) -> None:
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    command: click.Command = main
    options = {option for each in command.params for option in each.opts} | {"--help", "-h"}
    for word in words:
        if isinstance(command, click.Group) and (after := command.get_command(click.Context(command), word)):
            command = after
            options |= {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]+", word) and words[0] == word:
            pytest.fail(f"there is no command in: ivr-server {line}")
        elif word.startswith("--"):
            assert word.partition("=")[0] in options, f"{word} is no option of: ivr-server {line}"


@page
def test_every_make_target_exists(path: Path) -> None:
    """Each ``make ...`` is in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text(), re.MULTILINE))
    for code in CODE.findall(path.read_text(encoding="utf-8")):
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", code, re.MULTILINE))
        assert named <= targets, named - targets


@page
def test_no_host_and_no_path_of_a_machine(path: Path) -> None:
    """Nothing of the machine that a page was written on, and no address that may be gone tomorrow."""
    text = path.read_text(encoding="utf-8")
    assert str(HOUSE) not in text
    assert not re.search(r"(?<![\w.])/(?:home|root|work|tmp)/", text)
    assert {one or other for one, other in HOSTS.findall(text)} <= KNOWN_HOSTS


def test_the_command_line_answers() -> None:
    """The installed program itself, once."""
    program = Path(sys.executable).with_name("ivr-server")
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    assert "asterisk-config" in told


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_demonstration_customers_are_those_of_the_code(name: str) -> None:
    """Numbers, passwords and service codes, row by row."""
    text = (HOUSE / name).read_text(encoding="utf-8")
    for shown in SHOWN:
        row = next(line for line in text.splitlines() if line.startswith(f"| {shown.phone} "))
        assert shown.service_code in row
        assert shown.password in row


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
def test_the_example_of_a_node_is_one(kind: str) -> None:
    """It has the keys of its kind; where it leads is another file's business."""
    indented = "\n".join("  " + line for line in EXAMPLES[kind].splitlines())
    try:
        read_flow(f"flow: x\nstart: x\nexits: [done]\nnodes:\n{indented}\n", "x.yaml")
    except Mistakes as mistakes:
        wrong = [str(one) for one in mistakes.problems if "does not exist" not in one.text and "start" not in one.text]
        assert not wrong


def test_examples_of_settings_can_be_read(tmp_path: Path) -> None:
    """Each YAML block that begins with ``state:``."""
    found = 0
    for each in PAGES:
        for language, text in FENCE.findall(each.read_text(encoding="utf-8")):
            if language == "yaml" and text.startswith("state:"):
                (tmp_path / "settings.yaml").write_text(text, encoding="utf-8")
                read_settings(tmp_path / "settings.yaml")
                found += 1
    assert found >= 2


def test_the_example_of_a_dialogue_can_be_read() -> None:
    """The one on the page of the format."""
    text = (HOUSE / "docs/reference/dialogues.md").read_text(encoding="utf-8")
    [[_, example]] = FENCE.findall(text)
    assert read_dialogues(example, "example.yaml")
