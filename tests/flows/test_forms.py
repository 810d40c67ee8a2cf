"""The forms of typed entries."""

from __future__ import annotations

import itertools

import pytest

from flows.facts import Fact
from flows.forms import FORMS, shown


@pytest.mark.parametrize(
    ("form", "keys", "fact"),
    [
        ("phone", "05551234567", Fact("digits", "05551234567")),
        ("phone", "123456", None),
        ("phone", "1234567890123", None),
        ("month", "202609", Fact("month", "2026-09")),
        ("month", "202600", None),
        ("month", "202613", None),
        ("month", "302609", None),
        ("month", "20269", None),
        ("digits", "007", Fact("digits", "007")),
        ("digits", "٣", None),
        ("code", "0042", Fact("digits", "0042")),
        ("password", "secret-1", None),
    ],
)
def test_an_entry_has_its_form_or_is_none(form: str, keys: str, fact: Fact | None) -> None:
    """Leading zeros stay; lengths and first digits are kept; a month exists."""
    assert FORMS[form].fact(keys, len(keys)) == fact


def test_a_password_is_known_by_its_length_only() -> None:
    """The keys are in the vault; the form sees a handle and a number."""
    assert FORMS["password"].fact("secret-1", 6) == Fact("secret", "secret-1")
    assert FORMS["password"].fact("secret-1", 5) is None


def test_E4_no_sign_but_digits_becomes_a_fact() -> None:
    """All strings of up to four of the 16 keys, in every form that shows its keys."""
    for form in (FORMS["phone"], FORMS["month"], FORMS["digits"], FORMS["code"]):
        for length in range(5):
            for signs in itertools.product("0123456789*#ABCD", repeat=length):
                keys = "".join(signs)
                fact = form.fact(keys, length)
                assert fact is None or (keys.isdigit() and form.shortest <= length <= form.longest)


def test_facts_are_shown_as_people_write_them() -> None:
    """Money with its point, the rest as it is, nothing of a secret."""
    assert shown(Fact("money", -5)) == "-0.05"
    assert shown(Fact("money", 123456)) == "1234.56"
    assert shown(Fact("count", 3)) == "3"
    assert shown(Fact("secret", "secret-1")) == ""
    assert shown(Fact("sayings", ())) == ""
