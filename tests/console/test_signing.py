"""Signing in and out: new tokens, dead tokens, and guesses that do not pay."""

from __future__ import annotations

import time
from typing import Any

from crm_bridge import staff

House = Client = Any  # the fixtures' own, in conftest.py


def test_I3_a_session_begins_with_a_token_of_its_own(house: House) -> None:
    """A token that somebody planted before the sign-in is worth nothing after it."""
    client = house.client()
    client.cookies = {"session": "planted-by-another", "visitor": "v" * 43}
    client.sign_in("admin")
    assert client.cookies["session"] not in ("planted-by-another", "v" * 43)
    planted = house.client()
    planted.cookies = {"session": "planted-by-another"}
    assert planted.ask("GET", "/calls").status == 303


def test_I3_the_old_token_is_dead_after_signing_in_anew(house: House) -> None:
    """Two sign-ins of one browser leave one session."""
    client = house.client()
    client.sign_in("admin")
    old = client.cookies["session"]
    form = {"csrf": client.csrf("/"), "name": "supervisor", "password": "correct horse battery", "then": "/"}
    assert client.ask("POST", "/sign-in", form).status == 303
    assert client.cookies["session"] != old
    client.cookies["session"] = old
    assert client.ask("GET", "/calls").status == 303


def test_I3_a_token_is_dead_after_signing_out(house: House) -> None:
    """In the table, not in the browser only."""
    client = house.client()
    client.sign_in("admin")
    token = client.cookies["session"]
    assert client.ask("POST", "/sign-out", {"csrf": client.csrf("/")}).status == 303
    assert "session" not in client.cookies
    client.cookies["session"] = token
    assert client.ask("GET", "/calls").status == 303


def test_I3_a_change_of_role_ends_every_session_at_once(house: House) -> None:
    """Who loses a right loses it now."""
    house.hire("mover", "supervisor")
    client = house.client()
    client.sign_in("mover")
    assert client.ask("GET", "/calls").status == 200
    house.change(staff.set_roles, "mover", ("agent",), time.time())
    assert client.ask("GET", "/calls").status == 303
    client.sign_in("mover")
    assert client.ask("GET", "/calls").status == 403


def test_the_csrf_token_changes_with_the_session(house: House) -> None:
    """One that was read before the sign-in opens nothing after it."""
    client = house.client()
    before = client.csrf()
    client.sign_in("admin")
    assert client.csrf("/") != before
    assert client.ask("POST", "/sign-out", {"csrf": before}).status == 403


def test_unknown_name_and_wrong_password_get_the_same_words(house: House) -> None:
    """Nothing tells whether a name exists."""
    house.hire("somebody", "agent")
    answers = [house.client().sign_in(name, "not the password") for name in ("somebody", "nobody")]
    texts = [one.text.replace("somebody", "nobody") for one in answers]
    texts = ["".join(line for line in text.splitlines() if "csrf" not in line) for text in texts]
    assert [one.status for one in answers] == [403, 403]
    assert texts[0] == texts[1]


def test_I10_guesses_are_stopped_though_the_last_one_is_right(house: House) -> None:
    """After five wrong ones even the right password must wait; the words stay the same; a reset opens the lock."""
    house.hire("victim", "agent")
    refused = [house.client().sign_in("victim", f"guess number {n}").text for n in range(5)]
    late = house.client().sign_in("victim")
    assert late.status == 403
    assert "too many tries" in late.text
    assert all("too many tries" in text for text in refused)
    house.change(staff.set_password, "victim", staff.Secret("another horse battery"), time.time())
    assert house.client().sign_in("victim", "another horse battery").status == 303


def test_P10_no_password_is_kept_or_shown(house: House) -> None:
    """Neither in the page that comes back nor in any file of the service."""
    canary = "canary-of-the-console-7391"
    assert canary not in house.client().sign_in("admin", canary).text
    assert all(canary.encode() not in path.read_bytes() for path in house.folder.iterdir())


def test_then_goes_to_the_page_that_was_asked_for(house: House) -> None:
    """Sent away from the calls, back to the calls after signing in."""
    client = house.client()
    where = client.ask("GET", "/calls").headers["Location"]
    assert where == "/sign-in?then=/calls"
    assert 'name="then" value="/calls"' in client.ask("GET", where).text
