"""Fax jobs in every state, with their dials and their documents, put into a database and a folder."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import Connection

from crm_bridge import fax_jobs
from crm_bridge.fax_attempts import Attempt, put_attempt
from fax.press import PDF, TIFF, bound

EVIL = '<script>document.title="taken"</script>'
PAGES = 3
JOBS: Sequence[Mapping[str, Any]] = (  # the oldest first: job 1, 2 ...
    {"state": "sent", "cause": "sent", "pages": 3, "delivered": 3, "tries": 1, "heard": True, "detail": "OK"},
    {"state": "failed", "cause": "no_carrier", "pages": 3, "tries": 2, "detail": "The call dropped prematurely"},
    {"state": "failed", "cause": "cancelled", "pages": 3, "delivered": 1, "repeated": 2, "tries": 1},
    {"state": "unknown", "cause": "lost", "pages": 40, "delivered": 12, "tries": 1, "due": 55.0},
    {"state": "retrying", "cause": "busy", "pages": 3, "tries": 1, "due": 130.0, "detail": "BUSY 17"},
    {"state": "retrying", "cause": "cut", "pages": 5, "delivered": 2, "repeated": 3, "tries": 1, "due": 290.0},
    {"state": "sending", "pages": 5, "delivered": 3, "tries": 1, "first": 1},
    {"state": "dialling", "pages": 1, "tries": 1},
    {"state": "waiting"},
    {"state": "failed", "cause": EVIL[:20], "detail": EVIL, "pages": 2, "tries": 1, "number": "+8621888"},
)
DIALS: Mapping[int, Sequence[Mapping[str, Any]]] = {
    1: ({"cause": "sent", "pages": 3, "manner": "T.38", "rate": 14_400, "ecm": True, "remote": "+86 21 6000 1234"},),
    2: ({"cause": "no_carrier", "manner": "T.38"}, {"cause": "no_carrier", "manner": "audio"}),
    3: ({"cause": "cut", "pages": 1, "manner": "T.38", "rate": 14_400, "ecm": True},),
    5: ({"cause": "busy", "manner": "T.38", "detail": "BUSY 17"},),
    6: ({"cause": "cut", "pages": 2, "manner": "T.38", "rate": 14_400, "ecm": True},),
    7: ({"ended": 0.0, "manner": "T.38"},),
    10: ({"cause": "cut", "manner": EVIL[:30], "remote": EVIL[:40], "detail": "=cmd|'/c calc'!A1\u202e"},),
}


def fill(connection: Connection, folder: Path) -> None:
    """All of them, the newest asked for a minute ago; documents for those that have pages."""
    now = time.time()
    for number, values in enumerate(JOBS, 1):
        asked = now - 60 * 7 ** (1 + (len(JOBS) - number) / 3)
        put(connection, {"created": asked, **values}, folder / str(number))
        for dial, told in enumerate(DIALS.get(number, ()), 1):
            began = asked + 20 + 300 * dial
            put_attempt(
                connection, Attempt(**{"job": number, "dial": dial, "began": began, "ended": began + 48, **told})
            )


def put(connection: Connection, values: Mapping[str, Any], folder: Path | None = None) -> int:
    """One job with these values; ``due`` is counted from now. Its number."""
    created = values.get("created", time.time())
    wish = {"account": "7", "customer": "7", "month": "2026-10", "number": "02160001234", "language": "zh-CN"}
    wish |= {name: values[name] for name in wish if name in values}
    key = f"test {created!r}"
    new = fax_jobs.NewFax(key=key, call="1700000001.1", created=created, **wish)
    id = fax_jobs.put(connection, new)
    row = fax_jobs.job(connection, id)
    assert row is not None
    digest = document(folder, row.account, values.get("pages", 0)) if folder and values.get("pages") else ""
    changes = {name: value for name, value in values.items() if name not in (*wish, "created", "heard")}
    due = time.time() + values["due"] if "due" in values else row.due
    assert fax_jobs.save(connection, replace(row, **{**changes, "digest": digest, "due": due}), row.fence)
    if values.get("heard"):
        fax_jobs.heard(connection, id, values["state"])
    return id


def change(connection: Connection, id: int, **values: Any) -> None:
    """A job becomes another, as its worker would write it."""
    row = fax_jobs.job(connection, id)
    assert row is not None
    assert fax_jobs.save(connection, replace(row, **values), row.fence)


def document(folder: Path, account: str, pages: int) -> str:
    """A small document of so many pages; what binds it to the account."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = []
    for number in range(1, pages + 1):
        sheet = Image.new("1", (1728, 2292), 1)
        ImageDraw.Draw(sheet).text((200, 200), f"page {number}", fill=0, font_size=90)
        sheets.append(sheet)
    sheets[0].save(
        folder / TIFF, compression="group4", dpi=(204, 196), save_all=True, append_images=sheets[1:], format="TIFF"
    )
    (folder / PDF).write_bytes(b"%PDF-1.4 the bill")
    return bound(account, folder)
