"""Query passwords and service codes: counted before comparing, everywhere, and never shown."""

from __future__ import annotations

import json
import logging
import pickle
import random
import statistics
import time
import traceback

import pytest
from sqlalchemy import text
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList

from crm_bridge.answers import LookUpFault
from crm_bridge.asking import LookUps
from crm_bridge.database import Database
from crm_bridge.desks import OwnDesk
from crm_bridge.hashing import QUEUE, Hashing
from crm_bridge.judging import judge
from crm_bridge.room import Rules
from crm_bridge.secret import Secret
from crm_bridge.tries import TryRule
from tests.doubles.bridges import QUICK, Bridge, Wall, fact, own_bridge

PHONE = "13800138000"
RIGHT, WRONG = Secret("294817"), Secret("730152")


async def check(bridge: Bridge, password: Secret, call: str, phone: str = PHONE) -> str:
    """The outcome of one try."""
    return (await bridge.ask("check_password", call, phone=phone, password=password)).outcome


@fact
async def test_P1_three_tries_in_a_call(bridge: Bridge) -> None:
    """Two wrong ones with what is left, the third the last; then not even the right one is compared."""
    bridge.customer(PHONE, password="294817")
    first = await bridge.ask("check_password", phone=PHONE, password=WRONG)
    assert (first.outcome, first.facts["tries_left"]) == ("wrong", ("count", 2))
    assert (await bridge.ask("check_password", phone=PHONE, password=WRONG)).facts["tries_left"] == ("count", 1)
    assert await check(bridge, WRONG, "call-1") == "last_wrong"
    assert await check(bridge, RIGHT, "call-1") == "last_wrong"
    answer = await bridge.ask("check_password", "call-2", phone=PHONE, password=RIGHT)
    assert (answer.outcome, answer.facts) == ("right", {"customer": ("text", "7")})


@fact
async def test_P1_the_call_counts_over_all_numbers(bridge: Bridge) -> None:
    """Three numbers, one wrong password each, are the call's three tries."""
    outcomes = [await check(bridge, WRONG, "c", f"1380013800{n}") for n in range(4)]
    assert outcomes == ["wrong", "wrong", "last_wrong", "last_wrong"]


@fact
async def test_P2_five_in_an_hour_then_a_rising_delay_then_locked(bridge: Bridge) -> None:
    """Whatever call or number they come from; the owner's success between does not clear the count."""
    bridge.customer(PHONE, password="294817")
    outcomes = [await check(bridge, WRONG, f"c{n}") for n in range(5)]
    assert outcomes == ["wrong"] * 4 + ["wait"]
    refused = await bridge.ask("check_password", "c5", phone=PHONE, password=RIGHT)
    assert (refused.outcome, refused.facts["minutes"]) == ("wait", ("count", 60))
    waits = []
    for n in range(6, 10):
        bridge.wall.now += 3600
        assert await check(bridge, RIGHT, f"own{n}") == "right"
        waits.append(await check(bridge, WRONG, f"c{n}"))
    assert waits == ["wait", "wait", "wait", "wait"]
    bridge.wall.now += 3601
    assert await check(bridge, WRONG, "c10") == "locked"
    bridge.wall.now += 24 * 3600
    assert await check(bridge, RIGHT, "owner") == "locked"


@fact
async def test_P2_proving_identity_opens_the_lock(bridge: Bridge) -> None:
    """The service code on the bill lifts it; the password is as it was."""
    bridge.customer(PHONE, password="294817")
    for n in range(10):
        bridge.wall.now += 3700
        await check(bridge, WRONG, f"c{n}")
    assert await check(bridge, RIGHT, "owner") == "locked"
    proved = await bridge.ask("prove_identity", "owner", phone=PHONE, code="40917352")
    assert (proved.outcome, proved.facts) == ("proved", {"customer": ("text", "7")})
    assert await check(bridge, RIGHT, "owner") == "right"


@fact
async def test_service_codes_have_counters_of_their_own(bridge: Bridge) -> None:
    """Wrong, wrong, last; a wrong code says nothing of the password's tries, nor the other way."""
    bridge.customer(PHONE, password="294817")
    codes = [(await bridge.ask("prove_identity", phone=PHONE, code="00000000")).outcome for _ in range(4)]
    assert codes == ["wrong", "wrong", "last_wrong", "last_wrong"]
    assert await check(bridge, RIGHT, "call-1") == "right"
    assert (await bridge.ask("prove_identity", phone="13999999999", code="")).outcome in ("wrong", "last_wrong")


@fact
async def test_P3_spraying_over_many_accounts_meets_one_budget(bridge: Bridge) -> None:
    """One try each on many accounts: at the budget everyone is sent to a human."""
    bridge.look_ups._own._rules = Rules(tries=TryRule(budget=40))
    outcomes = [await check(bridge, WRONG, f"c{n}", f"139{n:08d}") for n in range(50)]
    assert outcomes == ["wrong"] * 40 + ["locked"] * 10
    bridge.wall.now += 601
    assert await check(bridge, WRONG, "later", "13912345678") == "wrong"


@fact
async def test_D7_a_clock_that_jumps_neither_frees_nor_locks_for_ever(bridge: Bridge) -> None:
    """Tries of a future that was none count from now on, and end."""
    bridge.customer(PHONE, password="294817")
    bridge.wall.now += 40 * 24 * 3600
    for n in range(5):
        await check(bridge, WRONG, f"c{n}")
    bridge.wall.now -= 40 * 24 * 3600
    assert await check(bridge, RIGHT, "back") == "wait"
    bridge.wall.now += 3601
    assert await check(bridge, RIGHT, "then") == "right"


@fact
async def test_P6_a_password_is_set_and_changed(bridge: Bridge) -> None:
    """Mismatched, refused when trivial, set; the old one is no longer right."""
    bridge.customer(PHONE)
    about = {"customer": "7", "phone": PHONE}
    for new, again, outcome in (
        ("730152", "730153", "mismatched"),
        ("123456", "123456", "refused"),
        ("294817", "294817", "set"),
        ("294817", "294817", "set"),
        ("730152", "730152", "set"),
    ):
        answer = await bridge.ask("set_password", **about, new_password=Secret(new), again=Secret(again))
        assert answer.outcome == outcome, new
    assert (await bridge.ask("find_customer", phone=PHONE)).outcome == "password_needed"
    assert await check(bridge, Secret("730152"), "c2") == "right"
    assert await check(bridge, RIGHT, "c3") == "wrong"


@fact
async def test_C11_a_password_is_not_set_for_another_customer(bridge: Bridge) -> None:
    """The number must be this customer's."""
    bridge.customer(PHONE)
    bridge.customer("13800138001", 8)
    with pytest.raises(LookUpFault) as raised:
        await bridge.ask("set_password", customer="8", phone=PHONE, new_password=RIGHT, again=RIGHT)
    assert raised.value.reason == "garbage"


@fact
async def test_A3_an_outcome_nobody_heard_is_told_next_time(bridge: Bridge) -> None:
    """Set and hung up before the confirmation: the next call is told, once."""
    bridge.customer(PHONE)
    assert (await bridge.ask("earlier_outcome", phone=PHONE)).outcome == "none"
    await bridge.ask("set_password", customer="7", phone=PHONE, new_password=RIGHT, again=RIGHT)
    told = await bridge.ask("earlier_outcome", "call-2", phone=PHONE)
    assert (told.outcome, told.facts) == ("password_set", {"date": ("date", "2026-11-23")})
    assert (await bridge.ask("outcome_heard", "call-2", phone=PHONE)).outcome == "done"
    assert (await bridge.ask("earlier_outcome", "call-3", phone=PHONE)).outcome == "none"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("888888", "repeated"),
        ("121212", "repeated"),
        ("717171", "repeated"),
        ("246246", "repeated"),
        ("123456", "sequence"),
        ("987654", "sequence"),
        ("246802", "sequence"),
        ("147258", "sequence"),
        ("741852", "sequence"),
        ("123789", "sequence"),
        ("138000", "part_of_number"),
        ("000831", "part_of_number"),
        ("199210", "year"),
        ("192004", "year"),
        ("850714", "year"),
        ("19850714", "year"),
        ("520521", "year"),
        ("159951", "too_common"),
        ("12345", "wrong_length"),
        ("123456789", "wrong_length"),
        ("12a456", "wrong_length"),
        ("１２３４５６", "wrong_length"),
        ("294817", "fine"),
        ("730152", "fine"),
        ("618394", "fine"),
    ],
)
def test_P6_the_judge_names_the_reason(password: str, reason: str) -> None:
    """Repeats, sequences, keypad lines, parts of the number, years, and what everybody takes."""
    assert judge(password, PHONE) == reason


def test_P6_the_judge_leaves_most_passwords() -> None:
    """Of a million six-digit passwords, at least 85 in 100 remain: guessing stays hard."""
    drawn = random.Random(7)
    fine = sum(judge(f"{drawn.randrange(10**6):06d}", PHONE) == "fine" for _ in range(4_000))
    assert fine > 3_400


@fact
async def test_P7_P8_changes_and_tries_at_once_are_serialised(own: Bridge) -> None:
    """Interleaved changes and wrong tries: one of the passwords holds, and no try goes uncounted."""
    bridge = own
    bridge.customer(PHONE, password="294817")
    news = ["730152", "618394", "503927"]
    work = []
    for n in range(30):
        new = Secret(news[n % 3])
        asked = bridge.ask("set_password", f"s{n}", customer="7", phone=PHONE, new_password=new, again=new)
        work.append(Deferred.fromCoroutine(asked))
        work.append(Deferred.fromCoroutine(check(bridge, Secret("111999"), f"w{n}")))
    done = await DeferredList(work, consumeErrors=True)
    words = [getattr(result, "outcome", result) for _, result in done]
    assert words.count("set") >= 5  # the rest was told busy
    assert sum(word in ("wrong", "wait") for word in words) >= 5
    compared = bridge.store.engine.connect().execute(text("SELECT count(*) FROM tries")).scalar()
    assert compared == 5  # five are admitted in an hour, however many come at once
    outcomes = []
    for new in news:
        bridge.wall.now += 3601
        outcomes.append(await check(bridge, Secret(new), f"r{new}"))
    assert outcomes.count("right") == 1


@fact
async def test_P2_tries_are_shared_by_processes_and_survive_restarts(own: Bridge) -> None:
    """Two services on one database, and a third that starts later: one count."""
    first, wall, url = own, Wall(), own.url
    first.customer(PHONE, password="294817")
    services = []
    for _ in range(2):
        database, hashing = Database(url, reactor), Hashing(reactor, QUICK)
        database.start()
        hashing.start()
        services.append((LookUps(OwnDesk(database, Rules(), wall), hashing, Rules()), database, hashing))
    outcomes = []
    for n in range(8):
        look_ups = services[n % 2][0]
        asked = await look_ups.ask("check_password", {"phone": PHONE, "password": WRONG}, f"c{n}")
        outcomes.append(asked.outcome)
    assert outcomes == ["wrong"] * 4 + ["wait"] * 4
    for _, database, hashing in services:
        hashing.stop()
        await database.stop()
    assert await check(first, RIGHT, "after") == "wait"


@fact
async def test_P5_an_unknown_number_takes_as_long_as_a_wrong_password(own: Bridge) -> None:
    """The medians of 25 tries each differ by less than 50 ms."""
    bridge = own
    bridge.look_ups._hashing.stop()
    bridge.look_ups._hashing = Hashing(reactor)
    bridge.look_ups._hashing.start()
    bridge.stops[0] = bridge.look_ups._hashing.stop
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for n in range(25):
        bridge.store.put_customer(_customer(n), 0)
    for n in range(25):
        for which, phone in (("known", f"138{n:08d}"), ("unknown", f"139{n:08d}")):
            start = time.perf_counter()
            assert await check(bridge, WRONG, f"{which}{n}", phone) == "wrong"
            times[which].append(time.perf_counter() - start)
    apart = abs(statistics.median(times["known"]) - statistics.median(times["unknown"]))
    assert apart < 0.05, apart


def _customer(number: int):
    from crm_bridge.hashing import HASHER
    from crm_bridge.records import Customer

    hashed = _HASHED.setdefault("one", HASHER.hash("294817"))
    return Customer(str(100 + number), f"138{number:08d}", "40917352", hashed)


_HASHED: dict[str, str] = {}


@fact
async def test_P9_a_flood_of_tries_is_refused_not_served_late(own: Bridge) -> None:
    """More than the queue at once: some are told busy at once, all others are answered."""
    bridge = own
    tries = [Deferred.fromCoroutine(check(bridge, WRONG, f"c{n}", f"139{n:08d}")) for n in range(150)]
    done = await DeferredList(tries, consumeErrors=True)
    busy = [result for well, result in done if not well]
    assert all(failure.value.reason == "busy" for failure in busy)
    assert sum(well for well, _ in done) >= QUEUE


def test_P10_a_secret_is_masked_everywhere() -> None:
    """str, repr, format, %, JSON, pickle, logging and a traceback with its locals never show it."""
    canary = Secret("918273")
    shown = [
        str(canary),
        repr(canary),
        f"{canary}",
        f"{canary!r:>20}",
        "%s %r" % (canary, canary),  # noqa: UP031
        str([canary]),
    ]
    for refused in (lambda: json.dumps(canary), lambda: pickle.dumps(canary)):
        with pytest.raises(TypeError):
            refused()
    try:
        raise ValueError(canary)
    except ValueError as error:
        captured = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown += [
            "".join(captured.format()),
            repr(error),
            logging.Formatter().formatException((ValueError, error, None)),
        ]
    assert not any("918273" in one for one in shown)
    assert canary == Secret("918273") and canary != "918273" and len(canary) == 6
    assert not hasattr(canary, "__dict__")


@fact
async def test_P10_no_password_in_any_byte_of_the_database(tmp_path) -> None:
    """A canary set, checked and missed is in no file."""
    bridge = own_bridge(f"sqlite:///{tmp_path / 'own.db'}")
    bridge.customer(PHONE)
    canary = Secret("918274")
    await bridge.ask("set_password", customer="7", phone=PHONE, new_password=canary, again=canary)
    assert await check(bridge, canary, "c") == "right"
    assert await check(bridge, Secret("918275"), "c") == "wrong"
    await bridge.stop()
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert b"918274" not in content and b"918275" not in content
