"""The settings file: what is wrong is told with its place, all at once; what is left out has a default."""

import stat
from pathlib import Path

import pytest

from ivr_server.settings import Settings, read_settings, token
from marked_yaml import Mistakes


def wrong(tmp_path: Path, text: str) -> list[str]:
    """Every problem of a settings file, without the path before it."""
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Mistakes) as told:
        read_settings(path)
    return [str(problem).removeprefix(f"{path}:") for problem in told.value.problems]


def test_without_a_file_everything_has_a_default() -> None:
    """A bare machine needs no settings."""
    assert read_settings(None) == Settings()


def test_a_file_says_only_what_differs(tmp_path: Path) -> None:
    """Text becomes numbers and lists where the setting is one."""
    path = tmp_path / "settings.yaml"
    path.write_text("agi: {port: 0, max_calls: 20}\noperator:\n  hours: {mon: ['08:00-18:30']}\n")
    settings = read_settings(path)
    assert (settings.agi.port, settings.agi.max_calls) == (0, 20)
    assert settings.operator.hours == {"mon": ("08:00-18:30",)}
    assert settings.web == Settings().web


def test_unknown_and_ill_typed_keys_are_told_together_with_their_places(tmp_path: Path) -> None:
    """A misspelt word gets a suggestion, a wrong value its place."""
    told = wrong(tmp_path, "agi:\n  prot: 4573\n  max_calls: many\nweb: {phne: x}\n")
    assert told[0] == '2:3: unknown key "prot"; did you mean "port"?'
    assert told[1].startswith("3:14: max_calls: input should be a valid integer")
    assert told[2] == '4:7: unknown key "phne"; did you mean "phone"?'


def test_a_wrong_word_in_the_hours_is_named(tmp_path: Path) -> None:
    """A time zone that does not exist is told before a caller meets it."""
    assert "Asia/Shangai" in wrong(tmp_path, "operator: {zone: Asia/Shangai}\n")[0]


def test_a_file_that_is_not_there_or_not_yaml_is_told(tmp_path: Path) -> None:
    """No stack trace for a missing file, a tab or an anchor."""
    with pytest.raises(Mistakes, match="cannot be read"):
        read_settings(tmp_path / "nowhere.yaml")
    assert "1:" in wrong(tmp_path, "agi: &x {port: 1}\nweb: *x\n")[0]
    assert wrong(tmp_path, "agi:\n\tport: 1\n")[0].startswith("2:1: this is not YAML")


def test_the_token_is_made_once_and_is_the_owners_only(tmp_path: Path) -> None:
    """Asterisk and the server read the same word; nobody else can."""
    settings = Settings(state=str(tmp_path))
    assert token(settings) == token(settings)
    assert len(token(settings)) >= 32
    assert stat.S_IMODE((tmp_path / "agi-token").stat().st_mode) == 0o600


def test_the_queue_file_is_read_with_the_settings(tmp_path: Path) -> None:
    """Its mistakes are told at the same moment, with file and line; its names are those that flows may use."""
    (tmp_path / "queues.yaml").write_text("queues:\n  - {name: a&b, title: {zh-CN: 甲, en-US: A}}\n")
    (tmp_path / "settings.yaml").write_text(f"queues: {tmp_path / 'queues.yaml'}\n")
    with pytest.raises(Mistakes, match=r'queues.yaml:2:12: "a&b" is no name of a queue'):
        read_settings(tmp_path / "settings.yaml")
    assert read_settings(None).queue_names == ("service", "billing")


@pytest.mark.parametrize(
    ("floor", "text"),
    [("dial_out: 'PJSIP/{number}@a,b'", "floor.dial_out"), ("dial_out: SIP/1", "floor.dial_out"),
     ("telephones: ['1&2']", "no short number"), ("telephones: ['1003']", "the same number"),
     ("seats: 501", "floor.seats"), ("allow: ['_X.']", "numbering pattern"),
     ("call_back_ring_s: 1", "call_back_ring_s")],
)  # fmt: skip
def test_G10_where_agents_sit_is_checked(tmp_path: Path, floor: str, text: str) -> None:
    """What could mean another destination in a dialplan, or two devices of one number, is refused at the start."""
    assert text in wrong(tmp_path, f"floor: {{{floor}}}\n")[0]
