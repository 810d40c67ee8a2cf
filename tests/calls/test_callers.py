"""What callers do to a call, and what a call does to others: keys too early, all keys, two calls at once, redials."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail

from crm_bridge.answers import Answer, LookUpFault
from crm_bridge.hashing import Hashing
from crm_bridge.journal import JournalFault
from crm_bridge.twin import Twin, twin
from ivr_server.calls.look_ups import LookUps
from ivr_server.phone.phone import Dialling, Phone
from tests.calls.test_calls import ANSWERS, TO_BILL
from tests.doubles.stage import NOW, Ear, Stage

SIXTEEN = "0123456789*#ABCD"
WITH_PASSWORD = {"find_customer": "password_needed", "password_state": "has_password"}
TO_PASSWORD = ["wait:3", "1", "wait:1", "1", "wait:1"]  # fees, the offered number


@pytest.fixture
def stages() -> Iterator[list[Stage]]:
    """Calls that are hung up at the end, and leave nothing behind."""
    made: list[Stage] = []
    yield made
    for call in made:
        call.phone.hang_up()
        call.pass_s(6)
        assert not call.calls.current


def rung(stages: list[Stage], folder: Path, answers: dict[str, Any] | None = None, **more: Any) -> Stage:
    """A call with the usual answers, some of them others."""
    stages.append(Stage(folder, {**ANSWERS, **(answers or {})}, **more).call())
    return stages[-1]


def second(stage: Stage, **dialling: Any) -> tuple[Phone, Ear]:
    """Another call to the same service."""
    ear = Ear()
    phone = Phone(stage.clock, ear, Dialling(**{"token": "word", "caller": "13800138000", **dialling}))
    server = stage.factory.buildProtocol(None)
    assert server is not None
    phone.plug(server)
    return phone, ear


def test_E3_keys_typed_before_a_password_are_not_part_of_it(stages: list[Stage], tmp_path: Path) -> None:
    """Six digits typed while the number is looked up are dropped; those after the prompt began count."""
    state: Deferred[Answer] = Deferred()
    wrong = Answer("wrong", {"tries_left": ("count", 2)})
    call = rung(stages, tmp_path, {**WITH_PASSWORD, "password_state": state, "check_password": wrong})
    call.keys([*TO_PASSWORD, *"445566"])
    state.callback(Answer("has_password"))
    call.pass_s(2)
    assert "check_password" not in [name for name, _ in call.bridge.asked]
    call.keys("738291")
    [given] = [arguments["password"] for name, arguments in call.bridge.asked if name == "check_password"]
    assert given.reveal() == "738291"


def test_E3_keys_typed_before_an_effect_do_not_confirm_it(stages: list[Stage], tmp_path: Path) -> None:
    """A caller who hammers 0 and 1 while billing is slow gets to the offer of a call-back, and has not accepted it."""
    bill: Deferred[Answer] = Deferred()
    call = rung(stages, tmp_path, {"bill": bill}, hours="closed")
    call.keys([*TO_BILL[:-1], *"0111"])
    bill.callback(ANSWERS["bill"])
    call.pass_s(6)
    assert "call you back" in call.heard
    assert "record_call_back" not in [name for name, _ in call.bridge.asked]


PLACES = {
    "menu of languages": (
        ["wait:1"],
        {"caller_language": "unknown", "remember_language_zh": "done", "remember_language_en": "done"},
    ),
    "main menu": (["wait:3"], {}),
    "confirm": (["wait:3", "1", "wait:1"], {}),
    "number": (["wait:3", "1", "wait:1", "2", "wait:1"], {}),
    "password": (TO_PASSWORD, WITH_PASSWORD),
    "month": (["wait:3", "1", "wait:1", "1", "wait:1", "4", "wait:1"], {}),
    "code": (["wait:3", "3", "wait:1", "1", "wait:1", "1", "wait:3"], {}),
}


@pytest.mark.parametrize("place", PLACES)
def test_E4_all_sixteen_keys_at_every_kind_of_question(stages: list[Stage], tmp_path: Path, place: str) -> None:
    """Whatever is pressed, the call goes on: nothing crashes, nothing is asked with a sign that is no digit."""
    keys, answers = PLACES[place]
    for key in SIXTEEN:
        call = Stage(tmp_path, {**ANSWERS, **answers}, staffed=("service", "billing")).call()
        call.keys(keys)
        before = len(call.ear.heard)
        call.phone.press(key)
        call.pass_s(6)
        over = call.ear.variables is not None
        assert over or len(call.ear.heard) >= before
        assert not over or call.ear.variables["IVR_RESULT"] == "queue", key  # type: ignore[index]
        told = [str(value) for _, arguments in call.bridge.asked for value in arguments.values()]
        assert all(sign not in value for value in told for sign in "*#ABCD")
        call.phone.hang_up()
        call.pass_s(1)
        assert call.record.disposition in ("hung_up", "enqueued")


class NoHashing:
    """Passwords compared as they are."""

    async def matches(self, kept: str | None, password: Any) -> bool:
        """Whether they are the same."""
        return kept == password.reveal()

    async def hashed(self, password: Any) -> str:
        """The password itself."""
        return cast("str", password.reveal())


def with_twin(stage: Stage, **changed: Any) -> Twin:
    """Billing in memory behind the stage's calls, the real look-ups over it; ``changed``: other answers, by name."""
    memory = twin(cast("Any", None), NOW.timestamp, hashing=cast("Hashing", NoHashing()))
    real = memory.look_ups.ask

    async def ask(name: str, arguments: Any, call: str) -> Answer:
        answer = await real(name, arguments, call)
        return cast("Answer", await changed[name](answer)) if name in changed else answer

    cast("Any", memory.look_ups).ask = ask
    desk = stage.calls.desk
    look_ups = LookUps(memory.look_ups, replace(stage.line_up, hours=lambda queue: "closed"), lambda: "")
    stage.calls.desk = replace(desk, tools=replace(desk.tools, look_ups=look_ups))
    return memory


@pytest.mark.parametrize("seed", range(12))
def test_E5_two_calls_at_once_book_one_call_back(tmp_path: Path, seed: int) -> None:
    """The same number twice at the same time, their keys interleaved anyhow: one call-back, and both are told."""
    draw = random.Random(seed)
    stage = Stage(tmp_path, {}, uniqueid="1.1")
    memory = with_twin(stage)
    phones = [(stage.call().phone, stage.ear), second(stage, uniqueid="1.2")]
    plan = [(0, key) for key in "2011"] + [(1, key) for key in "2011"]
    draw.shuffle(plan)
    steps = {who: iter("2011") for who in (0, 1)}
    for who, _ in plan:
        stage.pass_s(draw.choice((1.1, 2.0, 3.5)))
        phones[who][0].press(next(steps[who]))
    stage.pass_s(12)
    assert len(memory.desk.ledger.outbox) == 1
    heard = ["\n".join(ear.heard) for _, ear in phones]
    assert sum("noted already" in words or "already" in words for words in heard) <= 1
    assert {record.disposition for record in stage.journal.records} == {"call_back"}, heard


def test_E6_a_redial_after_a_failure_finds_what_was_done(tmp_path: Path) -> None:
    """The answer to a write was lost after it was done: the caller hears so, calls again, and is booked once."""
    stage = Stage(tmp_path, {}, uniqueid="1.1")
    lost = [True]

    async def lose(answer: Answer) -> Answer:
        if lost and lost.pop():
            raise LookUpFault("deadline")
        return answer

    memory = with_twin(stage, record_call_back=lose)
    stage.call().keys(["wait:1", "2", "wait:1", "0", "wait:4", "1", "wait:12"])
    assert stage.record.disposition == "goodbye"
    again, ear = second(stage, uniqueid="1.2")
    for key in "01":
        stage.pass_s(4)
        again.press(key)
    stage.pass_s(12)
    assert "already" in "\n".join(ear.heard)
    assert len(memory.desk.ledger.outbox) == 1


def test_P4_a_lock_shuts_the_password_and_not_the_way_to_a_human(stages: list[Stage], tmp_path: Path) -> None:
    """Somebody else's guesses locked the account: its owner is told so and put through."""
    call = rung(stages, tmp_path, {**WITH_PASSWORD, "check_password": "locked"}, staffed=("service", "billing"))
    call.keys([*TO_PASSWORD, *"738291", "wait:12"])
    assert call.record.disposition == "enqueued"
    assert "locked" in call.heard


def test_D5_without_room_for_its_record_a_call_goes_on(stages: list[Stage], tmp_path: Path) -> None:
    """The disk is full and the database refuses: the bill is spoken all the same, and the loss is counted."""
    call = Stage(tmp_path, ANSWERS)
    stages.append(call)
    call.journal.begin = lambda *_: fail(JournalFault("no space left"))  # type: ignore[method-assign]
    call.journal.finish = lambda _: fail(JournalFault("no space left"))  # type: ignore[method-assign,assignment]
    call.call().keys(TO_BILL)
    assert "one hundred twenty-eight yuan" in call.heard
    call.phone.hang_up()
    call.pass_s(1)
    assert call.metrics.registry.get_sample_value("ivr_faults_total", {"fault": "journal"}) == 2
    assert call.metrics.registry.get_sample_value("ivr_faults_total", {"fault": "crash"}) is None


def test_a_write_that_dies_after_the_hang_up_costs_no_record(stages: list[Stage], tmp_path: Path) -> None:
    """Our own mistake in a write nobody waits for is logged; the call's record says that its outcome is unknown."""
    answer: Deferred[Answer] = Deferred()
    call = rung(stages, tmp_path, {"record_call_back": answer}, hours="closed")
    call.keys(["wait:3", "0", "wait:6", "1", "wait:6", "1"])
    call.phone.hang_up()
    call.pass_s(0.1)
    answer.errback(KeyError("a mistake of ours"))
    call.pass_s(0.2)
    assert call.record.notes[-1]["outcome"] == "unknown"


def test_the_leg_after_a_queue_is_a_record_of_its_own(stages: list[Stage], tmp_path: Path) -> None:
    """Asterisk gives both legs of a call one id; in the journal the second does not take the place of the first."""
    call = rung(stages, tmp_path, script="after-queue", uniqueid="7.1")
    call.pass_s(2)
    phone, _ = second(call, uniqueid="7.1")
    call.pass_s(1)
    assert call.journal.begun == ["7.1.after_queue", "7.1"]
    phone.hang_up()
    call.phone.hang_up()
    call.pass_s(1)
    assert {record.call for record in call.journal.records} == {"7.1.after_queue", "7.1"}


def test_G5_a_call_keeps_the_flows_it_began_with(tmp_path: Path) -> None:
    """Flows are published every 100 ms while twelve calls begin and talk: each keeps the version of its start."""
    stage = Stage(tmp_path, {})
    version = ["v0"]
    desk = stage.calls.desk
    first = desk.library()
    stage.calls.desk = replace(desk, library=lambda: replace(first, version=version[0]))
    with_twin(stage)
    draw = random.Random(5)
    began: dict[str, str] = {}
    phones: list[Phone] = []
    for step, _ in product(range(12), range(6)):
        call = f"1.{step}"
        if call not in began:
            began[call] = version[0]
            phones.append(second(stage, uniqueid=call)[0])
        stage.pass_s(0.1)
        version[0] = f"v{int(version[0][1:]) + 1}"
        for phone in phones:
            phone.press(draw.choice("123*#"))
    for phone in phones:
        phone.hang_up()
    stage.pass_s(6)
    assert {record.call: record.version for record in stage.journal.records} == began
    assert not stage.calls.current


RIGHT = {**WITH_PASSWORD, "check_password": Answer("right", {"customer": ("text", "9")})}
WRONG = {**WITH_PASSWORD, "check_password": Answer("wrong", {"tries_left": ("count", 2)})}
KNOWN: dict[str, tuple[dict[str, Any], list[str], tuple[str, str, str]]] = {
    "an open number": ({}, TO_BILL, ("open", "1", "")),
    "a password": (RIGHT, [*TO_PASSWORD, *"738291"], ("password", "9", "")),
    "nobody": (WRONG, [*TO_PASSWORD, *"738291"], ("", "", "")),
    "billing away": ({"bill": LookUpFault("unavailable")}, TO_BILL, ("open", "1", "unavailable")),
}


@pytest.mark.parametrize("case", KNOWN)
def test_the_record_says_who_called_and_what_failed(stages: list[Stage], tmp_path: Path, case: str) -> None:
    """For whoever reads the journal: a customer by an open number, by password, or nobody; and the last fault."""
    answers, keys, known = KNOWN[case]
    call = rung(stages, tmp_path, answers)
    call.keys([*keys, "wait:1"])
    call.phone.hang_up()
    call.pass_s(1)
    assert (call.record.identity, call.record.customer, call.record.fault) == known


def test_A8_before_an_effect_the_line_proves_that_replies_still_pair(stages: list[Stage], tmp_path: Path) -> None:
    """A reply was forged on the way: its word does not come back, nothing is booked, and the dialplan takes over."""
    call = rung(stages, tmp_path, hours="closed")
    call.keys(["wait:3", "0", "wait:6"])
    side = call.phone.side
    say = side._say

    def forged(line: str) -> None:
        shifted = side.commands[-1].startswith("GET FULL VARIABLE") and line.startswith("200")
        say("200 result=1 (of the command before)" if shifted else line)

    side._say = forged  # type: ignore[method-assign]
    call.keys(["1", "wait:2"])
    assert "record_call_back" not in [name for name, _ in call.bridge.asked]
    assert call.factory.counts["nonce"] == 1
    assert call.ear.variables is not None and "IVR_RESULT" not in call.ear.variables


def test_a_read_is_cancelled_when_the_caller_leaves(stages: list[Stage], tmp_path: Path) -> None:
    """Nobody waits for the bill any more: the question is taken back, and the record is written at once."""
    cancelled: list[object] = []
    bill: Deferred[Answer] = Deferred(cancelled.append)
    call = rung(stages, tmp_path, {"bill": bill})
    call.keys(TO_BILL[:-1])
    call.phone.hang_up()
    call.pass_s(0.1)
    assert cancelled == [bill]
    assert call.record.disposition == "hung_up"
