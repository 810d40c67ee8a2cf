"""The wishes of callers on a page: what somebody must do, readable by everybody who signs in, changed by nobody."""

from __future__ import annotations

from typing import Any

import pytest

House = Any  # the fixture's own, in conftest.py


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", ["Wishes of callers", "Call back", "Bill by fax", "13800138000", "Billing", "2026-10", "customer C-77"]),
        ("zh", ["来电者的请求", "回电", "传真账单", "13900139000", "账务", "2026-09", "客户 C-77"]),
    ],
)
def test_an_agent_reads_what_was_asked_for(house: House, language: str, wanted: list[str]) -> None:
    """In both languages, with the number to call; the calls' stories are not an agent's to read."""
    client = house.client()
    client.sign_in("agent")
    text = client.ask("GET", "/wishes", Accept_Language=language).text
    assert [words for words in wanted if words not in text] == []
    assert 'href="/wishes" aria-current="page"' in text
    assert "/calls" not in text


def test_a_supervisor_goes_on_to_the_call(house: House) -> None:
    """A wish that knows its call leads to the call's story; hostile fields stay text inside this site."""
    client = house.client()
    client.sign_in("supervisor")
    text = client.ask("GET", "/wishes").text
    assert text.count('<a href="/calls/') == 3
    assert client.ask("GET", "/calls/1700000001.1").status == 200
    assert 'href="/calls/..%2Fx"' in text
    assert "<script>document" not in text
    assert "\u202e" not in text
    assert "<form" not in text.partition("<main")[2]


def test_a_stranger_sees_no_way_to_the_wishes(house: House) -> None:
    """It is in the navigation only of those who may open it."""
    assert "/wishes" not in house.client().ask("GET", "/").text
