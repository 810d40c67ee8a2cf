"""The service as a process: how it starts, what it says when it cannot, how it goes down."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivr_server.settings import HOUSE
from ivr_server.supervising import MISTAKEN

TWISTD = [str(Path(sys.executable).with_name("twistd")), "--nodaemon", "--pidfile=", "-y", str(HOUSE / "twistd.tac")]


@contextmanager
def service(folder: Path, settings: str) -> Iterator[subprocess.Popen[str]]:
    """The service with these settings, in a folder of its own; killed at the end if it still lives."""
    (folder / "settings.yaml").write_text(settings.format(state=folder / "state"), encoding="utf-8")
    environment = {**os.environ, "IVR_SETTINGS": str(folder / "settings.yaml")}
    process = subprocess.Popen(
        TWISTD, env=environment, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str], words: str) -> str:
    """Everything it said up to a line with these words."""
    assert process.stdout is not None
    told = ""
    while words not in told:
        line = process.stdout.readline()
        assert line, f"it ended, having said: {told}"
        told += line
    return told


def test_it_starts_on_free_ports_and_ends_with_status_0(tmp_path: Path) -> None:
    """The ports are written down for the other commands; SIGTERM is a clean end (D3)."""
    with service(tmp_path, "state: {state}\nagi: {{port: 0}}\nweb: {{port: 0}}\n") as process:
        said(process, "Console: http://127.0.0.1:")
        running = json.loads((tmp_path / "state" / "running.json").read_text())
        with socket.create_connection(tuple(running["agi"]), timeout=2):
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert not (tmp_path / "state" / "running.json").exists()


def test_who_may_sign_in_first_is_said_until_somebody_may(tmp_path: Path) -> None:
    """The command is whole, with the settings that it needs; it is followed to the letter, and said no more."""
    settings = "state: {state}\nagi: {{port: 0}}\nweb: {{port: 0}}\n"
    with service(tmp_path, settings) as process:
        told = said(process, "add NAME --role admin")
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    assert "Nobody can sign in to the console yet" in told
    command = told.strip().splitlines()[-1].replace("NAME", "anna").split()
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("anna may sign in")
    with service(tmp_path, settings) as process:
        told = said(process, "Call from your browser")
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        told += process.stdout.read()
    assert "Nobody can sign in" not in told


def test_a_port_in_use_is_one_plain_sentence(tmp_path: Path) -> None:
    """The port is named, and what to do; no stack trace; status 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with service(tmp_path, f"state: {{state}}\nagi: {{{{port: {port}}}}}\nweb: {{{{port: 0}}}}\n") as process:
            told = said(process, "cannot start")
            assert process.wait(10) == 1
    assert f"port {port} at 127.0.0.1 cannot be used" in told
    assert "Traceback" not in told


def test_a_port_nobody_named_may_be_another(tmp_path: Path) -> None:
    """With no port set, a second service on the machine takes free ones instead of failing."""
    settings = "state: {state}\n"
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with service(tmp_path / "one", settings) as first, service(tmp_path / "two", settings) as second:
        where = {line for process in (first, second) for line in said(process, "Console:").splitlines()}
        assert len([line for line in where if line.startswith("Console:")]) == 2


def test_wrong_settings_are_told_with_their_place(tmp_path: Path) -> None:
    """Every mistake with file, line and column, and status 1."""
    with service(tmp_path, "state: {state}\nagi:\n  prot: 1\n") as process:
        told = said(process, "prot")
        assert process.wait(10) == MISTAKEN
    assert 'settings.yaml:3:3: unknown key "prot"; did you mean "port"?' in told


def test_a_broken_flow_is_told_and_nothing_starts(tmp_path: Path) -> None:
    """G2: the flow's file, line and column; no port is opened."""
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text("flow: main\nstart: a\nnodes:\n  a: {kind: sey, say: [welcome], to: b}\n")
    with service(tmp_path, f"state: {{state}}\nflows: {flows}\nagi: {{{{port: 0}}}}\n") as process:
        told = said(process, "did you mean")
        assert process.wait(10) == MISTAKEN
    assert "main.yaml:4:" in told
    assert 'did you mean "say"' in told


def test_C10_another_schema_is_refused_in_words(tmp_path: Path) -> None:
    """A database of another version: which it is, and what to do."""
    import sqlite3

    settings = "state: {state}\nagi: {{port: 0}}\nweb: {{port: 0}}\n"
    with service(tmp_path, settings) as process:
        said(process, "Console:")
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    with sqlite3.connect(tmp_path / "state" / "ivr.db") as database:
        database.execute("update schema_version set version = version + 7")
    with service(tmp_path, settings) as process:
        told = said(process, "cannot start")
        assert process.wait(10) == MISTAKEN
    assert "Traceback" not in told
    assert "version" in told


def test_a_database_that_is_not_there_is_one_plain_sentence(tmp_path: Path) -> None:
    """Nothing at that address: said without a password and without a stack trace."""
    url = "postgresql+psycopg://ivr:canary-word@127.0.0.1:9/none"
    began = time.monotonic()
    with service(tmp_path, f"state: {{state}}\ndatabase: {url}\nagi: {{{{port: 0}}}}\n") as process:
        told = said(process, "cannot start")
        assert process.wait(20) == 1
    assert "canary-word" not in told
    assert time.monotonic() - began < 20


def test_a_number_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    """A dialled number given to a flow that does not exist would refuse every caller of it."""
    with service(tmp_path, 'state: {state}\nnumbers: {{"10010": nowhere}}\nagi: {{port: 0}}\n') as process:
        told = said(process, "cannot start")
        assert process.wait(10) == MISTAKEN
    assert '"nowhere"' in told


def test_a_flow_in_which_callers_get_lost_does_not_go_live(tmp_path: Path) -> None:
    """It reads well, every name exists, but one way leads to words with a gap: refused, with a call that shows it."""
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(LOST, encoding="utf-8")
    with service(tmp_path, f"state: {{state}}\nflows: {flows}\nagi: {{{{port: 0}}}}\n") as process:
        told = said(process, "caller: ")
        assert process.wait(60) == MISTAKEN
    assert "callers could get lost" in told


def test_run_tells_of_a_taken_port_before_it_prepares_anything(tmp_path: Path) -> None:
    """A minute of rendering first would be a minute lost: one sentence, status 1, nothing made."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "settings.yaml").write_text(f"state: {tmp_path / 'state'}\nweb: {{port: {port}}}\n")
        command = str(Path(sys.executable).with_name("ivr-server"))
        arguments = [command, "run", "--settings", str(tmp_path / "settings.yaml")]
        ran = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert f"web: port {port} at 127.0.0.1 cannot be used" in ran.stderr
    assert not (tmp_path / "state").exists()


LOST = """
flow: main
start: which
always: {human: people, main: which, silent: bye, tired: people, too_long: bye, failed: people}
nodes:
  which: {kind: menu, options: {"1": {say: option_fees, to: ask}, "2": {say: option_arrears, to: tell}}}
  ask: {kind: ask, say: [ask_month], form: month, into: month, to: tell}
  tell: {kind: say, say: [no_bill_that_month], to: bye}
  people: {kind: enqueue, queue: service}
  bye: {kind: end, disposition: goodbye}
"""
