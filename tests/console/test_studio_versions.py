"""What the studio's questions about versions take in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ivr_server.console import studio_versions
from ivr_server.publishing.asked import RerunWish
from tests.doubles.agents import done

NOW = 1_795_406_400


class House:
    """Keeps the wish."""

    wish: RerunWish | None = None

    async def rerun(self, _by: object, wish: RerunWish) -> dict[str, Any]:
        self.wish = wish
        return {"id": 1}

    async def files(self) -> dict[str, str]:
        return {}


def asked(house: House, **form: str) -> int:
    """The status of the answer to a wish for a re-run."""
    studio = SimpleNamespace(publishing=house, drafts=house)
    person, words = SimpleNamespace(name="ann"), lambda key: key
    words.language = "en-US"  # type: ignore[attr-defined]
    parts = SimpleNamespace(studio=studio)
    visit: Any = SimpleNamespace(parts=parts, form=form, person=person, words=words, address="")
    return int(done(studio_versions.rerun(visit)).status)


def test_a_rerun_of_last_week_can_be_asked_for() -> None:
    """Its times are seconds since 1970, which have ten digits."""
    house = House()
    assert asked(house, since=str(NOW - 604_800), until=str(NOW)) == 200
    assert house.wish is not None and (house.wish.since, house.wish.until) == (NOW - 604_800.0, float(NOW))


@pytest.mark.parametrize("odd", ["", "-1", "1e9", "9" * 12])
def test_what_is_no_time_is_refused(odd: str) -> None:
    """No call is fed to anything."""
    house = House()
    assert (asked(house, since=odd, until=str(NOW)), house.wish) == (404, None)
