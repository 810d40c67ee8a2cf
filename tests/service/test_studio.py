"""The studio of the real service: an admin edits a word in the browser's way, publishes it, and takes it back."""

from __future__ import annotations

import http.cookiejar
import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.service.running import COMMAND, Run
from tests.service.test_publishing import SETTINGS, laid
from tests.service.test_start import said, service

PASSWORD = "seven green ladders at noon"


class Browser:
    """Signed in as an admin; asks for JSON, posts forms with the CSRF word."""

    def __init__(self, folder: Path) -> None:
        _, port = json.loads((folder / "state" / "running.json").read_text())["web"]
        self.home = f"http://127.0.0.1:{port}"
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.csrf = ""
        add = [COMMAND, "staff", "--settings", str(folder / "settings.yaml"), "add", "ann", "--role", "admin"]
        subprocess.run([*add, "--password-stdin"], input=PASSWORD, text=True, check=True, capture_output=True)
        self._learn("/sign-in")
        self.post("/sign-in", name="ann", password=PASSWORD, then="/")
        self._learn("/")

    def get(self, path: str) -> Any:
        """JSON of a page."""
        try:
            with self.opener.open(self.home + path, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path}: {refused.code} {refused.read().decode()[:500]}") from None

    def post(self, path: str, **form: str) -> Any:
        """What a form gets back; {} for a page."""
        content = urllib.parse.urlencode({"csrf": self.csrf, **form}).encode()
        request = urllib.request.Request(self.home + path, content, {"Origin": self.home})
        try:
            with self.opener.open(request, timeout=120) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path}: {refused.code} {refused.read().decode()[:500]}") from None
        return json.loads(text) if text.startswith("{") else {}

    def _learn(self, path: str) -> None:
        with self.opener.open(self.home + path, timeout=60) as answer:
            found = re.search(r'name="csrf" value="([^"]+)"', answer.read().decode())
        assert found is not None
        self.csrf = found.group(1)


def test_an_admin_publishes_and_takes_back(tmp_path: Path) -> None:
    """A word edited in the studio is a draft; published it is heard; rolled back it is not; the folder follows."""
    laid(tmp_path)
    file, words = "prompts/en-US.yaml", tmp_path / "prompts" / "en-US.yaml"
    old = words.read_text("utf-8")
    with service(tmp_path, SETTINGS) as process:
        run = Run(tmp_path, process, said(process, "Console:"))
        browser = Browser(tmp_path)
        first = browser.get("/studio/versions")
        assert first["published"] == 1 and first["folder"]["state"] == "same"
        edit = {"do": "set", "path": ["prompts", "welcome"], "value": "A fine day to you. Welcome to {operator}."}
        change = {"file": file, "version": browser.get(f"/studio/files/{file}")["version"], "edits": [edit]}
        browser.post("/studio/edit", changes=json.dumps([change]), what="friendlier")
        draft = browser.get("/studio/versions/1/diff/draft")
        assert [(one["prompt"], one["language"]) for one in draft["prompts"]] == [("welcome", "en-US")]
        assert browser.get("/studio/impact")["inside"]["callers"] == 0
        digest = browser.get("/studio/state")["digest"]
        told = browser.post("/studio/publish", reason="a friendlier word", digest=digest)
        assert told == {"number": 2, "folder": "same"} and "A fine day to you." in words.read_text("utf-8")
        assert "A fine day to you." in run.call("", "wait:1 hangup")
        assert browser.post("/studio/roll-back", number="1", reason="too friendly")["number"] == 1
        assert "A fine day to you." not in run.call("", "wait:1 hangup") and words.read_text("utf-8") == old
        audit = browser.get("/studio/audit")
        assert audit["whole"] and [row["what"] for row in audit["rows"]] == ["roll_back", "publish", "take_in"]
        assert audit["rows"][1]["who"] == "ann" and audit["rows"][1]["about"] == "a friendlier word"
