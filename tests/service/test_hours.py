"""The real service: hours and the notice, changed on their pages and by telephone, are met by the next call."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.service.running import COMMAND, Run
from tests.service.test_publishing import SETTINGS, laid
from tests.service.test_start import said, service
from tests.service.test_studio import Browser

NUMBERS = 'numbers: {{"10086": main, "10019": notice_switch}}\n'
SHUT = "weekly: {}\n"


def digest(browser: Browser, sheet: str) -> str:
    """Of the sheet as it is in force."""
    told: dict[str, Any] = browser.get("/studio/notice/state" if sheet == "notice" else f"/studio/{sheet}/copies")
    found: str = told["notice"]["digest"] if sheet == "notice" else told["rows"][0]["digest"]
    return found


def dialled(folder: Path, number: str, keys: str) -> str:
    """What a caller in English hears who dials this number."""
    words = ["call", "--settings", str(folder / "settings.yaml"), "--fast", "--dialled", number, "--keys", keys]
    done = subprocess.run([COMMAND, *words, "--staffed"], capture_output=True, text=True, timeout=90, check=False)
    return done.stdout + done.stderr


def test_hours_and_the_notice_hold_for_the_next_call(tmp_path: Path) -> None:
    """Closed from one call to the next; a notice from the page; taken away and said again by telephone."""
    laid(tmp_path)
    with service(tmp_path, SETTINGS + NUMBERS) as process:
        Run(tmp_path, process, said(process, "Console:"))
        browser = Browser(tmp_path)
        assert "not on duty at this time" not in dialled(tmp_path, "10086", "2 0 hangup")
        seen = digest(browser, "hours")
        told = browser.post("/studio/hours/weigh", text=SHUT)
        assert any("closed" in effect or "非服务" in effect for effect in told["effects"])
        browser.post("/studio/hours/keep", text=SHUT, digest=seen, reason="a storm")
        assert "not on duty at this time" in dialled(tmp_path, "10086", "2 0 hangup")
        assert (tmp_path / "state" / "sheets" / "hours.yaml").read_text() == SHUT

        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        seen = digest(browser, "notice")
        browser.post("/studio/notice/set", prompt="notice_outage", until=until, digest=seen, reason="a storm")
        assert "Service is disrupted in some areas" in dialled(tmp_path, "10086", "2 hangup")

        password = [COMMAND, "notice", "--settings", str(tmp_path / "settings.yaml"), "password", "--password-stdin"]
        subprocess.run(password, input="482915\n", text=True, check=True, capture_output=True)
        heard = dialled(tmp_path, "10019", "1 1 1 1 1 1 4 8 2 9 1 5 1 hangup")
        assert "482915" not in heard and "482915" not in (tmp_path / "state" / "log.jsonl").read_text()
        assert browser.get("/studio/notice/state")["notice"]["holds"] is False
        assert "Service is disrupted" not in dialled(tmp_path, "10086", "2 hangup")
        dialled(tmp_path, "10019", "4 8 2 9 1 5 1 2 1 hangup")
        rows = browser.get("/studio/notice/state")["rows"]
        assert [(row["prompt"], row["who_words"]) for row in rows[:3]] == [
            ("notice_upgrade", "telephone"),
            ("", "telephone"),
            ("notice_outage", "ann"),
        ]
