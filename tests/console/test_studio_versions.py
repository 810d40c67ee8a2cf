"""What the studio's questions about versions take in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ivr_server.console import studio_versions
from ivr_server.drafting import drafts
from ivr_server.publishing.asked import RerunWish
from tests.doubles.agents import done

NOW = 1_795_406_400


class House:
    """Keeps the wish."""

    wish: RerunWish | None = None
    told: Any = None

    async def rerun_state(self, _by: object) -> dict[str, Any]:
        return dict(self.told or {})

    async def rerun(self, _by: object, wish: RerunWish) -> dict[str, Any]:
        self.wish = wish
        return {"id": 1}

    async def files(self, number: int = 0) -> dict[str, str]:
        return {"flows/main.yaml": f"version: {number}"} if number else {}


def asked(house: House, **form: str) -> int:
    """The status of the answer to a wish for a re-run."""
    return int(done(studio_versions.rerun(visited(house, **form))).status)


def visited(house: House, **form: str) -> Any:
    """Ann, at a studio of this house."""
    studio = SimpleNamespace(publishing=house, drafts=house)
    person, words = SimpleNamespace(name="ann"), lambda key: key
    words.language = "en-US"  # type: ignore[attr-defined]
    parts = SimpleNamespace(studio=studio, zone="Asia/Shanghai")
    return SimpleNamespace(parts=parts, form=form, person=person, words=words, address="")


def test_a_rerun_of_last_week_can_be_asked_for() -> None:
    """Its times are seconds since 1970, which have ten digits."""
    house = House()
    assert asked(house, since=str(NOW - 604_800), until=str(NOW)) == 200
    assert house.wish is not None and (house.wish.since, house.wish.until) == (NOW - 604_800.0, float(NOW))


def test_a_span_is_given_in_the_operators_zone() -> None:
    """As the form of the page has it; a span that ends before it begins is refused in words."""
    house = House()
    assert asked(house, since="2026-11-01T08:00", until="2026-11-01T20:30") == 200
    assert house.wish is not None and house.wish.until - house.wish.since == 12.5 * 3600
    assert house.wish.since == datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    assert asked(house, since="2026-11-01T08:00", until="2026-11-01T08:00") == 422


def test_a_rerun_is_fed_to_the_draft_or_to_a_version() -> None:
    """Which of them is told again with the result; a draft that changed since is told to be another."""
    house = House()
    span = {"since": str(NOW - 1), "until": str(NOW)}
    for fed, files in (("", {}), ("draft", {}), ("7", {"flows/main.yaml": "version: 7"})):
        assert asked(house, fed=fed, **span) == 200
        assert house.wish is not None and (house.wish.fed, house.wish.files) == (fed or "draft", files)
    assert asked(house, fed="../7", **span) == 404
    for fed, digest, stale in (("draft", drafts.digest({}), False), ("draft", "other", True), ("7", "other", False)):
        house.told = {"id": 1, "fed": fed, "digest": digest}
        assert json.loads(done(studio_versions.rerun_state(visited(house))).body)["stale"] is stale


@pytest.mark.parametrize("odd", ["", "-1", "1e9", "soon", "0001-01-01T00:00", "9" * 12])
def test_what_is_no_time_is_refused(odd: str) -> None:
    """No call is fed to anything."""
    house = House()
    assert (asked(house, since=odd, until=str(NOW)), house.wish) == (422, None)
