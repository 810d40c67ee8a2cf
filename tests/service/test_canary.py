"""P10 with a hand-over: passwords are typed, the call goes to an agent; every byte written or sent is searched.

The canary is the owner's real password and a wrong one, in a call that goes to a queue with its trail; another system
asks the API for it and is told by the web-hook. Asterisk's own logs, and the browser's storage: tests/live.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.demo import SHOWN, Seeding, seed
from tests.doubles.sounds import rendered
from tests.service.running import COMMAND, Run
from tests.service.test_start import said, service

TOKEN, SIGNS = "a-token-that-is-not-written-down", "a-word-that-signs-and-is-not-sent"
WRONG, RIGHT = "738291", SHOWN[0].password
SECRETS = (WRONG, RIGHT, TOKEN, SIGNS)


@dataclass
class Crm:
    """Another system: what the service told it, whole requests, and what it answered when asked."""

    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


@dataclass
class Town:
    """The service, the other system, and what was printed to the caller's terminal."""

    run: Run
    crm: Crm
    printed: str


def receiver(crm: Crm) -> ThreadingHTTPServer:
    """The other system's side of the web-hook."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            crm.told.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def ask(run: Run, path: str) -> str:
    """One question to the API."""
    _, port = json.loads((run.state / "running.json").read_text())["web"]
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One call: bills, a wrong password, the right one, the bill, a person."""
    folder, crm = tmp_path_factory.mktemp("canary"), Crm()
    state, server = folder / "state", receiver(crm)
    rendered(state)
    seed(f"sqlite:///{state / 'ivr.db'}", Seeding(5))
    hook = f"http://127.0.0.1:{server.server_port}/hook"
    settings = "state: {state}\nagi: {{port: 0}}\nweb: {{port: 0}}\nhooks: {{url: '" + hook + "'}}\n"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IVR_API_TOKEN", TOKEN)
        environment.setenv("IVR_HOOK_SECRET", SIGNS)
        with service(folder, settings) as process:
            run = Run(folder, process, said(process, "Console:"))
            words = f"2 1 1 {WRONG} {RIGHT} 1 0 wait:1"
            command = [COMMAND, "call", "--settings", str(folder / "settings.yaml"), "--fast", "--staffed"]
            command += ["--caller", SHOWN[0].phone, "--keys", words]
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
            printed = "\n".join(line for line in done.stdout.splitlines() if not line.startswith("> "))
            assert done.returncode == 2, done.stdout + done.stderr
            [(call, customer)] = run.rows("select call, customer from calls where ended is not null", 1)
            assert customer == "1"
            for path in (f"calls/{call}", f"calls/{call}/trail", f"customers/{SHOWN[0].phone}/calls", "openapi.json"):
                crm.answers[path] = ask(run, f"/api/v1/{path}")
            until = time.monotonic() + 10
            while not crm.told and time.monotonic() < until:
                time.sleep(0.05)
            yield Town(run, crm, printed)
    server.shutdown()


def test_the_call_was_handed_over_with_its_trail(town: Town) -> None:
    """Else there were nothing to search: who it is, how sure, what they heard; the letter came before the answer."""
    [trail] = [json.loads(text) for path, text in town.crm.answers.items() if path.endswith("/trail")]
    assert (trail["identity"], trail["customer"], trail["queue"]) == ("password", "1", "billing")
    assert any(step["what"] == "entered" for step in trail["steps"])
    [(headers, body)] = town.crm.told
    letter = json.loads(body)
    assert (letter["event"], letter["identity"], letter["queue"]) == ("enqueued", "password", "billing")
    assert len(headers["x-ivr-signature"]) == 64 and letter["line"]
    assert "-- handed to the queue billing" in town.printed


@pytest.mark.parametrize("secret", SECRETS, ids=["wrong", "right", "token", "hook"])
def test_P10_a_secret_is_in_no_byte_that_was_written_answered_or_sent(town: Town, secret: str) -> None:
    """Files, database, journal, log, sounds with their words; API answers, letters with their headers, the terminal."""
    files = [path for path in town.run.folder.rglob("*") if path.is_file() and "versions" not in path.parts]
    written = {str(path): path.read_bytes() for path in files}  # but for the copies of the flows that are shipped
    written |= {f"api {path}": text.encode() for path, text in town.crm.answers.items()}
    written |= {f"hook {n}": repr(headers).encode() + body for n, (headers, body) in enumerate(town.crm.told)}
    written |= {"terminal": town.printed.encode(), "/metrics": town.run.shown("/metrics").encode()}
    written |= {"/health": town.run.shown("/health").encode(), "service": town.run.said.encode()}
    assert any(path.endswith("ivr.db") for path in written) and len(written) > 10
    pattern = re.compile(rb"(?<![\d.])%b(?!\d)" % re.escape(secret).encode())
    assert [path for path, content in written.items() if pattern.search(content)] == []


def test_P10_no_secret_lies_in_a_freed_page_of_the_database(town: Town) -> None:
    """The file is searched as it lies on the disk, its write-ahead log too; the search is not blind."""
    with sqlite3.connect(town.run.state / "ivr.db", timeout=10) as database:
        database.execute("pragma wal_checkpoint(full)")
    content = b"".join(path.read_bytes() for path in Path(town.run.state).glob("ivr.db*"))
    assert SHOWN[0].phone.encode() in content
    assert not re.search(rb"(?<!\d)(%b|%b)(?!\d)" % (WRONG.encode(), RIGHT.encode()), content)


def test_I4_the_api_gives_nothing_without_the_token(town: Town) -> None:
    """Also on the machine itself."""
    _, port = json.loads((town.run.state / "running.json").read_text())["web"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/customers/{SHOWN[0].phone}/calls", timeout=10)
    assert refused.value.code == 401
