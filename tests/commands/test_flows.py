"""``ivr-server flows``: each command as one types it, on a folder of small flows; speech is left out."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from crm_bridge.database import Limits, engine_for
from crm_bridge.journal import store
from crm_bridge.traffic import tally
from crm_bridge.versions import prepare
from ivr_server.command_line import main
from ivr_server.publishing import rendering
from ivr_server.publishing.judging import words_of
from prompts.studio import Report
from tests.publishing.calling import BEGAN, call
from tests.publishing.small import GROUND, MAIN, files, laid, prompts

NEW = MAIN.replace('      "2": {say: option_shop, to: shop}\n', '      "3": {say: option_shop, to: shop}\n')
NEW_DIALOGUE = files()["flows/dialogues/shop.yaml"].replace('presses: "2"', 'presses: "3"')


@dataclass
class Place:
    """A settings file beside a folder of flows."""

    folder: Path

    def __call__(self, *words: str, status: int = 0) -> Result:
        """One command."""
        arguments = ["flows", "--settings", str(self.folder / "settings.yaml"), *words]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == status, done.output
        return done

    def write(self, **changed: str) -> None:
        """Files of the folder, by their last names."""
        for name, said in changed.items():
            place = {"main": "flows/main.yaml", "dialogue": "flows/dialogues/shop.yaml", "words": "prompts/en-US.yaml"}
            (self.folder / place[name]).write_text(said, encoding="utf-8")

    def connect(self) -> Any:
        """Its database."""
        return engine_for(f"sqlite:///{self.folder / 'state' / 'ivr.db'}", Limits()).execution_options(write=True)


@pytest.fixture
def flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """With version 1 published from the folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(rendering, "rendered", lambda task, progress: Report(0, 0, 0, 0.0, 0.0))
    laid(tmp_path, files())
    (tmp_path / "state").mkdir()
    settings = "state: {0}/state\nflows: {0}/flows\nspeech: {{library: {0}/prompts}}\n"
    (tmp_path / "settings.yaml").write_text(settings.format(tmp_path))
    place = Place(tmp_path)
    assert "Version 1 is published" in place("publish", "--reason", "the first").output
    return place


def test_publish_list_and_roll_back(flows: Place) -> None:
    """The folder goes live; an older version goes live again, and the folder holds it then."""
    flows.write(main=NEW, dialogue=NEW_DIALOGUE)
    assert "Version 2 is published" in flows("publish", "--reason", "the shop on 3").output
    told = flows("versions").output
    assert told.splitlines()[0].startswith("*2\t") and "the shop on 3" in told and " 1\t" in told
    assert "holds what is published" in told
    flows("roll-back", "1", "--reason", "callers hung up")
    assert flows("versions").output.splitlines()[1].startswith("*1\t")
    assert (flows.folder / "flows" / "main.yaml").read_text() == MAIN
    assert "there is no version 9" in flows("roll-back", "9", "--reason", "x", status=1).output


def test_what_is_wrong_is_told_with_its_place_and_nothing_is_published(flows: Place) -> None:
    """A node that is not there, a dialogue that fails, a warning without a word of reason, nothing new."""
    assert "this is what is published: version 1" in flows("publish", "--reason", "x", status=1).output
    flows.write(main=MAIN.replace("to: shop}", "to: nowhere}"))
    assert "flows/main.yaml:13:" in flows("publish", "--reason", "x", status=1).output
    flows.write(main=NEW)
    assert "dialogue: the hours of the shop" in flows("publish", "--reason", "x", status=1).output
    slow = MAIN.replace("    tail: [human_key]", "    tail: [human_key]\n    first_ms: 4000")
    flows.write(main=slow)
    assert "--excuse" in flows("publish", "--reason", "x", status=1).output
    assert "Version 2" in flows("publish", "--reason", "x", "--excuse", "agreed").output


def test_diff_in_words_and_as_yaml(flows: Place) -> None:
    """Between versions, and with the folder; in both languages."""
    flows.write(main=NEW, dialogue=NEW_DIALOGUE, words=prompts("en-US", welcome="Good day."))
    told = flows("diff", "1", "--yaml").output
    assert "main › menu: key 3 is new: say: “For our hours”, to: shop" in told
    assert "main › menu: key 2 is gone" in told and "welcome (en-US): Welcome. → Good day." in told
    assert '+      "3": {say: option_shop, to: shop}' in told and "--- flows/main.yaml (changed)" in told
    flows("publish", "--reason", "x")
    assert "新增按键 3" in flows("diff", "1", "2", "--language", "zh-CN").output


def test_out_and_in_again(flows: Place, tmp_path: Path) -> None:
    """A version goes into a file and is published out of it, elsewhere or here; what is no archive does not."""
    flows("export", "1", str(tmp_path / "one.zip"))
    assert "flows/main.yaml" in zipfile.ZipFile(tmp_path / "one.zip").namelist()
    flows.write(main=NEW, dialogue=NEW_DIALOGUE)
    flows("publish", "--reason", "x")
    assert "Version 3" in flows("import", str(tmp_path / "one.zip"), "--reason", "as it was").output
    assert (flows.folder / "flows" / "main.yaml").read_text() == MAIN
    (tmp_path / "bad.zip").write_bytes(b"PK nothing")
    assert "no archive" in flows("import", str(tmp_path / "bad.zip"), "--reason", "x", status=1).output


def test_rerun_and_impact(flows: Place) -> None:
    """Recorded calls meet the folder's menu before it is published; how often the option was used is told."""
    library = words_of(files(), GROUND).library
    engine = flows.connect()
    with engine.connect() as connection:
        prepare(connection)
        store(connection, [call(library, seed) for seed in range(200)])
        connection.commit()
        tally(connection, 0, BEGAN.timestamp() + 86_400)
        connection.commit()
    engine.dispose()
    flows.write(main=NEW, dialogue=NEW_DIALOGUE)
    told = flows("rerun", "--since", "2026-10-31").output
    assert "go the same way" in told and "meet another menu" in told and "from Line › menu on" in told
    first = next(line.split()[0] for line in told.splitlines() if line.startswith("\t\t"))
    beside = flows("rerun", "--since", "2026-10-31", "--call", first, "--language", "zh-CN").output
    assert "≠" in beside and "按 3" in beside and "按 2" in beside
    assert "there is no call" in flows("rerun", "--since", "2026-10-31", "--call", "x", status=1).output
    assert "no moment" in flows("rerun", "--since", "monday", status=1).output
    hangs = flows("impact").output
    assert "Line › menu key 2" in hangs and "Line › menu key 3" in hangs


def test_J4_the_audit_tells_who_and_finds_what_was_altered(flows: Place) -> None:
    """Every deed with its reason; a row that somebody changes is found, and the command fails."""
    flows.write(main=NEW, dialogue=NEW_DIALOGUE)
    flows("publish", "--reason", "the shop on 3")
    told = flows("audit").output
    assert "the shop on 3" in told and "The chain of 2 rows holds." in told
    engine = flows.connect()
    with engine.connect() as connection:
        connection.execute(text("update flow_audit set who = 'mallory' where number = 1"))
        connection.commit()
    engine.dispose()
    assert "the audit is broken: row 1 is not what was written" in flows("audit", status=1).output


@pytest.mark.parametrize("name", ["publish", "roll-back", "diff", "export", "import", "impact", "rerun", "audit"])
def test_every_command_helps(name: str) -> None:
    """With an example."""
    done = CliRunner().invoke(main, ["flows", name, "--help"])
    assert done.exit_code == 0 and "Example: ivr-server flows" in " ".join(done.output.split())
