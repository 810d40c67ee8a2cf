"""Keys typed while the server is silent: a thousand real key tones against a stopped process, and none is lost."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr_server.pbx import fetch
from ivr_server.settings import token
from tests.live.exchange import exchange
from tests.live.product import installation

pytestmark = [pytest.mark.live, pytest.mark.alone]

CALLERS = 20
KEYS = "51" * 25  # the language menu and back, 25 times: each key has a turn of its own


def test_a_thousand_keys_typed_ahead_are_kept(
    installed: fetch.Installed, figure: Callable[[str, object], None]
) -> None:
    """Twenty callers type fifty keys each while the server is stopped (SIGSTOP); when it goes on, it uses them all."""
    with installation(patience_s=60.0) as product:
        product.start()
        sounds = Path(product.settings.sound_folders().sounds)
        with exchange(installed, sounds, product.settings.agi.port, token(product.settings)) as town:
            calls = [town.dial("10000", [(2.0, "1"), (4.0, KEYS)], stay=40) for _ in range(CALLERS)]
            began = time.monotonic()
            for call in calls:
                call.wait_leg(lambda leg: leg.last("IVR_KEYS") == "1", 15)
            time.sleep(1.0)
            stopped = product.signal(signal.SIGSTOP)
            assert time.monotonic() - began < 6.0, "too slow to stop the server before the keys are typed"
            for call in calls:
                call.wait_leg(lambda leg: leg.last("IVR_KEYS") == "1" + KEYS, 30)
            product.signal(signal.SIGCONT)
            assert stopped == product.pid
            kept = 0
            for call in calls:
                call.wait_leg(lambda leg: leg.unique)
            time.sleep(12.0)  # fifty turns with a write each, for twenty callers
            for call in calls:
                call.hang_up()
            for call in calls:
                record = product.journal(call.wait_over().caller)
                chosen = [note["key"] for note in product.trail(record["call"]) if note["what"] == "chosen"]
                kept += len(chosen) - 1
                assert "".join(chosen) == "1" + KEYS, call.caller
            figure("keys typed ahead and kept", f"{kept} of {CALLERS * len(KEYS)}")
            assert kept == CALLERS * len(KEYS)
