"""The bench measures what it says: every server sends exactly the script's 14 commands, and the shares are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import page
from bench.asterisk import OffScript
from bench.measuring import AT_ONCE, Bench, Plan, share
from bench.script import STEPS, echo, header
from bench.servers import started
from ivr_server.agi.wire import Header, read_header


def test_the_environment_is_one_that_our_reader_takes() -> None:
    """22 lines and the token, in Asterisk's order."""
    read = read_header(header(7, "13900000001")[:-2])
    assert isinstance(read, Header)
    assert (read.caller, read.dialled, read.script, read.arguments) == ("13900000001", "10086", "main", ("bench",))


def test_the_echo_brings_the_nonce_back() -> None:
    """Whatever word was asked for."""
    assert echo(b'GET FULL VARIABLE "cafe ${URIENCODE(a b)} x"\n', "139") == b"200 result=1 (cafe a%20b 139 )\n"


def test_shares_are_taken_within_a_round() -> None:
    """The median of the ratios, not the ratio of the medians."""
    assert str(share([1, 4, 9], [1, 2, 3])) == "2.00 × (1.00–3.00)"


@pytest.mark.parametrize("peer", ["bare", "threads"])
def test_the_peers_say_the_script(peer: str) -> None:
    """Fourteen commands each, or the stand-in raises OffScript; with the environment whole and in pieces."""
    assert len(STEPS) == 14
    with started(peer) as server:
        for pieces in (False, True):
            asterisk = server.asterisk(pieces)
            asterisk.many(20, 5)
            assert asterisk.finished == 20
        assert server.memory_mb() > 5


def test_our_service_says_the_script_and_closes_whoever_hangs_up(tmp_path: Path) -> None:
    """The flow of the bench takes 14 commands on the twin; fifty listeners hang up at once and all are closed."""
    bench = Bench(Plan(rounds=1, calls=20, waiting=50), tmp_path, lambda words: None)
    found = bench.waiting(durable=False)
    assert 0 < found["seconds"] < 20
    with bench._ours(10_000) as server:
        asterisk = server.asterisk(pieces=True)
        asterisk.many(20, AT_ONCE)
        assert asterisk.finished == 20


def test_another_command_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that leaves a command out is not measured."""
    monkeypatch.setattr("bench.asterisk.STEPS", STEPS[1:])
    with started("bare") as server, pytest.raises(OffScript, match="command 1 is"):
        server.asterisk().many(1, 1)


def test_the_page_is_a_table() -> None:
    """A row a figure."""
    text = page(Plan(), [("CPU", "0.50 × (0.40–0.60)", "≤ 0.5 ×")])
    assert text.endswith("| CPU | 0.50 × (0.40–0.60) | ≤ 0.5 × |\n")
