"""The second factor at the door: set up by page, asked at each sign-in, required of admins where a setting says so."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest

from crm_bridge import factors, staff
from tests.console.conftest import PASSWORD, serve
from tests.console.test_gate import TABLE, path_of

House = Client = Any  # the fixtures' own, in conftest.py


@dataclass
class Telephone:
    """An authenticator app. ``codes``: the recovery codes that were shown."""

    secret: str
    codes: list[str]
    shown: int = 0

    def code(self) -> str:
        """A code that was not used yet: this half minute's, or the next one's."""
        self.shown = max(self.shown + 1, int(time.time()) // 30)
        return str(pyotp.TOTP(self.secret).generate_otp(self.shown))


def post(client: Client, path: str, **form: str) -> Any:
    """A form of the account's page."""
    return client.ask("POST", path, {"csrf": client.csrf("/account"), **form})


def set_up(client: Client) -> Telephone:
    """Through the page, as a person does."""
    begun = post(client, "/account/factor", password=PASSWORD)
    assert begun.status == 200
    letters = re.search(r"<code>([A-Z2-7 ]+)</code>", begun.text)
    assert letters is not None
    telephone = Telephone(letters[1].replace(" ", ""), [])
    done = post(client, "/account/factor/confirm", code=telephone.code())
    assert done.status == 200
    telephone.codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.text)
    assert len(telephone.codes) == 10
    return telephone


def guarded(house: House, name: str) -> tuple[Client, Telephone]:
    """Somebody new, who has set it up."""
    house.hire(name, "admin")
    client = house.client()
    assert client.sign_in(name).status == 303
    return client, set_up(client)


def second(client: Client, code: str, then: str = "/") -> Any:
    """The second step of a sign-in."""
    return client.ask("POST", "/sign-in/code", {"csrf": client.csrf(), "code": code, "then": then})


def inside(client: Client) -> bool:
    """Whether a page for staff opens."""
    return bool(client.ask("GET", "/calls").status == 200)


def test_I10_the_password_alone_opens_nothing(house: House) -> None:
    """After it the code is asked for, on the same page; with it the session begins, and goes where it was to go."""
    first, telephone = guarded(house, "anna")
    assert inside(first)
    client = house.client()
    asked = client.sign_in("anna")
    assert (asked.status, "session" in client.cookies, inside(client)) == (200, False, False)
    assert 'action="/sign-in/code"' in asked.text
    wrong = second(client, "000000")
    assert (wrong.status, inside(client)) == (403, False)
    assert "clock says" in wrong.text
    entered = second(client, telephone.code(), "/calls")
    assert (entered.status, entered.headers["Location"]) == (303, "/calls")
    assert "half" not in client.cookies
    assert inside(client)


def test_I3_half_a_sign_in_is_no_session_and_a_session_no_half(house: House) -> None:
    """The two tokens open each their own door; after the second step the first is worth nothing."""
    client, telephone = guarded(house, "bela")
    thief = house.client()
    thief.sign_in("bela")
    half = thief.cookies["half"]
    other = house.client()
    other.cookies = {"session": half}
    assert not inside(other)
    other.cookies = {"half": client.cookies["session"]}
    assert "took too long" in second(other, "000000").text
    assert second(thief, telephone.code()).status == 303
    late = house.client()
    late.cookies = {"half": half}
    assert "took too long" in second(late, telephone.codes[0]).text
    assert not inside(late)


def test_a_recovery_code_opens_once(house: House) -> None:
    """Then nine are left; new ones are made for a code, and the rest of the old ones are dead."""
    _, telephone = guarded(house, "cora")
    client = house.client()
    client.sign_in("cora")
    assert second(client, telephone.codes[0].upper()).status == 303
    assert "Recovery codes left: 9." in client.ask("GET", "/account").text
    again = house.client()
    again.sign_in("cora")
    assert second(again, telephone.codes[0]).status == 403
    renewed = post(client, "/account/factor/codes", code=telephone.code())
    fresh = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", renewed.text)
    assert len(fresh) == 10
    assert second(again, telephone.codes[1]).status == 403
    assert second(again, fresh[0]).status == 303


def test_setting_up_needs_the_password_and_taking_away_a_code(house: House) -> None:
    """An open browser is not enough for either."""
    house.hire("dora", "admin")
    client = house.client()
    client.sign_in("dora")
    assert post(client, "/account/factor", password="wrong horse battery").status == 403
    assert "took too long" in post(client, "/account/factor/confirm", code="123456").text
    telephone = set_up(client)
    assert post(client, "/account/factor/off", code="000000").status == 403
    assert "is taken away" in post(client, "/account/factor/off", code=telephone.code()).text
    assert house.client().sign_in("dora").status == 303


def test_a_wrong_first_code_shows_the_same_square_again(house: House) -> None:
    """The telephone that scanned it need not scan another one; nothing is asked for until a code was right."""
    house.hire("ella", "supervisor")
    client = house.client()
    client.sign_in("ella")
    squares = [post(client, "/account/factor", password=PASSWORD)]
    squares.append(post(client, "/account/factor/confirm", code="000000"))
    drawn = [re.search(r"<svg.*</svg>", page.text, re.DOTALL) for page in squares]
    assert drawn[0] is not None
    assert drawn[1] is not None
    assert drawn[0][0] == drawn[1][0]
    assert house.client().sign_in("ella").status == 303


def test_I10_guesses_at_the_code_are_stopped_though_the_last_one_is_right(house: House) -> None:
    """The row of tries is the one of passwords: the door is shut for both."""
    _, telephone = guarded(house, "fara")
    client = house.client()
    client.sign_in("fara")
    assert {second(client, f"00000{n}").status for n in range(5)} == {403}
    right = telephone.code()
    assert second(client, right).status == 403
    assert house.client().sign_in("fara").status == 403
    house.change(staff.set_password, "fara", staff.Secret("another horse battery"), time.time())
    opened = house.client()
    assert opened.sign_in("fara", "another horse battery").status == 200
    assert second(opened, right).status == 303


def test_a_reset_of_the_command_line_ends_sessions_and_opens_by_password(house: House) -> None:
    """For who lost telephone and codes."""
    client, _ = guarded(house, "gila")
    house.change(factors.reset, "gila", time.time())
    assert not inside(client)
    assert house.client().sign_in("gila").status == 303


def test_P10_neither_secret_nor_codes_lie_in_the_folder_and_the_key_is_for_its_owner(house: House) -> None:
    """The database, its log beside it: sealed, or digested. The key that opens it has mode 0600."""
    _, telephone = guarded(house, "hana")
    kept = {path.name: path.read_bytes() for path in house.folder.iterdir() if path.is_file()}
    found = (telephone.secret, *telephone.codes)
    assert not [name for name, body in kept.items() for text in found if text.encode() in body]
    assert (house.folder / "factor-key").stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def strict_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A console whose setting requires a second factor of admins."""
    folder = tmp_path_factory.mktemp("strict")
    (folder / "factor-required").touch()
    for served in serve(folder):
        for role in staff.ROLES:
            served.hire(role, role)
        yield served


def test_I10_where_it_is_required_an_admin_does_nothing_before_it_is_set_up(strict_house: House) -> None:
    """Every page leads to where it is set up, scripts are refused, no page shows what staff may see; then all opens."""
    client = strict_house.client()
    client.sign_in("admin")
    for route in TABLE:
        got = client.ask(route.method, path_of(route), {"csrf": "0" * 64} if route.changes else None)
        if route.changes or route.json:
            assert got.status == 403, route.path
        elif not route.unguarded:
            assert (got.status, got.headers["Location"]) == (303, "/account"), route.path
    assert "Administrators need a second factor here" in client.ask("GET", "/account").text
    telephone = set_up(client)
    assert inside(client)
    assert "/account/factor/off" not in client.ask("GET", "/account").text
    assert client.ask("POST", "/sign-out", {"csrf": client.csrf("/")}).status == 303
    assert client.sign_in("admin").status == 200
    assert second(client, telephone.code()).status == 303


def test_where_it_is_required_others_may_leave_it(strict_house: House) -> None:
    """It is asked of admins only."""
    client = strict_house.client()
    client.sign_in("supervisor")
    assert inside(client)
    assert "need a second factor" not in client.ask("GET", "/account").text


def test_who_must_set_it_up_may_sign_out(strict_house: House) -> None:
    """And change the language."""
    strict_house.hire("ines", "admin")
    client = strict_house.client()
    client.sign_in("ines")
    form = {"csrf": client.csrf("/account"), "to": "zh-CN", "back": "/account"}
    assert client.ask("POST", "/language", form).headers["Location"] == "/account"
    assert "二次验证" in client.ask("GET", "/account").text
    assert client.ask("POST", "/sign-out", {"csrf": client.csrf("/account")}).status == 303
