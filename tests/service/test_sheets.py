"""Queues and forms of the real service: kept on their pages, taken at once, also when their file is changed by hand."""

from __future__ import annotations

import json
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ivr_server.agents import forms
from ivr_server.floor import queue_file
from tests.service.test_publishing import SETTINGS, laid
from tests.service.test_start import said, service
from tests.service.test_studio import Browser

QUEUES = queue_file.SHIPPED.read_text("utf-8")
FORMS = forms.SHIPPED.read_text("utf-8")


def until(true: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    """What comes true; it is looked at again and again."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, what
        time.sleep(0.2)
    return found


def kept(browser: Browser, sheet: str, text: str, digest: str) -> Any:
    """The sheet, put into force."""
    return browser.post(f"/studio/{sheet}/keep", text=text, digest=digest, reason="tried by a test")


def test_what_is_put_into_force_holds_without_a_restart(tmp_path: Path) -> None:
    """An edit by the form is checked in the child; a new queue is led to and spoken; a form is on the desk."""
    laid(tmp_path)
    with service(tmp_path, SETTINGS) as process:
        said(process, "Console:")
        browser = Browser(tmp_path)
        found = browser.get("/studio/queues/copies")["rows"]
        assert len(found) == 1
        vip = {"name": "vip", "title": {"zh-CN": "贵宾", "en-US": "VIP"}, "businesses": ["roaming"]}
        edits = json.dumps([{"do": "set", "path": ["queues", 2], "value": vip}])
        checked = browser.post("/studio/queues/check", text=QUEUES, edits=edits)
        assert checked["problems"] == []
        weighed = browser.post("/studio/queues/weigh", text=checked["text"])
        assert (weighed["refused"], [mark for mark, _ in weighed["lines"] if mark == "+"]) == ([], ["+"])
        told = kept(browser, "queues", checked["text"], found[0]["digest"])
        assert (tmp_path / "state" / "sheets" / "queues.yaml").read_text("utf-8") == checked["text"]
        names = browser.get("/studio/check")["names"]["queues"]
        assert "vip" in names
        now = FORMS.replace("title: {zh-CN: 投诉,", "title: {zh-CN: 申诉,")
        kept(browser, "forms", now, browser.get("/studio/forms/copies")["rows"][0]["digest"])
        with browser.opener.open(f"{browser.home}/desk", timeout=60) as page:
            text = page.read().decode()
        assert "申诉" in text or json.dumps("申诉").strip('"') in text
        file = tmp_path / "state" / "sheets" / "queues.yaml"
        file.write_text(checked["text"].replace("ring_s: 20 ", "ring_s: 2000 "), "utf-8")
        part = until(lambda: _bad(browser), "the health tells of the file")
        assert "ring_s must lie between 5 and 120" in part["words"]
        file.write_text(checked["text"], "utf-8")
        until(lambda: not _bad(browser), "the health is well again")
        rows = browser.get("/studio/queues/copies")["rows"]
        assert [row["reason"] for row in rows if row["digest"] == told["digest"]][-1:] == ["tried by a test"]


def _bad(browser: Browser) -> Any:
    """The part of the health, when it is bad."""
    try:
        with browser.opener.open(f"{browser.home}/health?as=json", timeout=60) as answer:
            told = json.loads(answer.read())
    except urllib.error.HTTPError as unwell:  # 503, with the same words
        told = json.loads(unwell.read())
    found = told["parts"]["sheets"]
    return found if found["state"] == "bad" else None
