"""One number to dial: the keypad phone's, that of the Asterisk beside us, and that of lines which send none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_server.console.parts import PhoneParts
from ivr_server.pbx.plan import from_settings
from ivr_server.settings import Operator, Settings


@pytest.mark.parametrize(
    ("settings", "number"),
    [
        (Settings(), "10000"),
        (Settings(operator=Operator(phone="400-820 8800")), "4008208800"),
        (Settings(operator=Operator(phone="the desk")), "10000"),
        (Settings(numbers={"10010": "main", "10011": "main"}), "10010"),
    ],
)
def test_all_say_the_same_number(settings: Settings, number: str, tmp_path: Path) -> None:
    """The first that the settings route, else the operator's own service number in digits."""
    from dataclasses import replace

    settings = replace(settings, state=str(tmp_path / "state"))
    assert settings.number == from_settings(settings, tmp_path).number == number


def test_the_keypad_phone_alone_says_it_as_well() -> None:
    """What the page shows when nobody told it another one."""
    assert PhoneParts().dialled == Settings().number
