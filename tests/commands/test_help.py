"""Every command explains itself, with an example to copy."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from ivr_server.command_line import main


def every(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of every command below this one, groups included."""
    if path:
        yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from every(found, *path, name)


@pytest.mark.parametrize("words", sorted(every(main)), ids=" ".join)
def test_a_command_shows_an_example(words: tuple[str, ...]) -> None:
    """With --help it says what it does, and gives a line that begins with its own words."""
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    told = " ".join(result.output.split())
    assert "Example" in told
    assert f"ivr-server {' '.join(words)}" in told.partition("Example")[2]


@pytest.mark.parametrize("words", [(), ("staff",), ("flows",), ("floor",)], ids=" ".join)
def test_a_list_of_commands_cuts_no_sentence(words: tuple[str, ...]) -> None:
    """What does not fit on a line of eighty letters goes on below."""
    told = CliRunner(env={"COLUMNS": "80"}).invoke(main, [*words, "--help"]).output.partition("Commands:")[2]
    assert told.strip()
    assert "..." not in told
    assert max(map(len, told.splitlines())) <= 80
