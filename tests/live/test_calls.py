"""Real calls: SIP into a real Asterisk, real key tones, bills from a real database, the amount in the recorded audio.

All calls of this file are made at the same time (``day``); each test then looks at one side of what happened.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from crm_bridge.demo import SHOWN, has_password, password_of, phone_of
from prompts import speaking
from tests.live.calls import Call
from tests.live.exchange import Exchange
from tests.live.hearing import heard, longest_silence, names
from tests.live.product import Product

pytestmark = [pytest.mark.live, pytest.mark.alone]

ASKERS = range(5, 25)  # customers who ask for this month's bill; every other one in English
HANGERS = 25
Figure = Callable[[str, object], None]
KEYS_TO_FEES = 1.5  # seconds after the answer; the keys are typed ahead of every prompt


@dataclass(slots=True)
class Day:
    """What was dialled."""

    bills: dict[int, Call] = field(default_factory=dict)
    hung_up: list[Call] = field(default_factory=list)
    human: Call | None = None
    silent: Call | None = None
    parts: Call | None = None
    flood: Call | None = None


@pytest.fixture(scope="module")
def day(product: Product, town: Exchange) -> Iterator[Day]:
    """Some fifty calls at once, ended."""
    town.agent_signs_in("2001", talks_s=4.0)
    calls = Day()
    calls.silent = town.dial("10000", stay=100)
    calls.flood = town.dial("10000", [(1.5, "1"), (0.5, "78" * 150)], stay=60, tone_ms=40, gap_ms=10)
    calls.human = town.dial("10000", [(1.5, "1"), (1.5, "0")], stay=40)
    calls.parts = town.dial("10000", [*_fees_keys("1", SHOWN[0].password), (14.0, "1")], caller=SHOWN[0].phone, stay=22)
    for number in ASKERS:
        password = password_of(number, 1) if has_password(number) else ""
        keys = _fees_keys("1" if number % 2 else "2", password)
        calls.bills[number] = town.dial("10000", keys, caller=phone_of(number), stay=16)
        time.sleep(0.8)
    draw = random.Random(7)
    for _ in range(HANGERS):
        keys = [(draw.uniform(0.1, 2.0), draw.choice("1234#*"))]
        calls.hung_up.append(town.dial("10000", keys, stay=round(draw.uniform(0.0, 6.0), 2)))
        time.sleep(0.1)
    for call in (*calls.bills.values(), *calls.hung_up, calls.human, calls.parts, calls.silent, calls.flood):
        call.wait_over(150)
    town.agent_signs_out("2001")
    yield calls


def _fees_keys(language: str, password: str) -> list[tuple[float, str]]:
    """Language, fees, the calling number, the password when its prompt has begun, this month."""
    entered = [(4.0, password)] if password else []
    return [(KEYS_TO_FEES, f"{language}11"), *entered, (4.0, "1")]


def amount(product: Product, number: int, language: str) -> str:
    """This month's bill of a customer, in words."""
    ((sum_,),) = product.rows("select total from bills where customer = ? order by month desc limit 1", number + 1)
    return speaking.spelled(speaking.speak("money", sum_, language), language)


def test_every_amount_is_recognised_in_the_recorded_audio(product: Product, day: Day, figure: Figure) -> None:
    """Twenty customers, two languages: of all sums spoken that day, the recording holds this customer's, whole."""
    owed = {number: amount(product, number, "zh-CN" if number % 2 else "en-US") for number in day.bills}
    sums = {words: path for words, path in product.sounds().items() if any(one in words for one in owed.values())}
    assert len(sums) >= len(ASKERS)
    missed = []
    for number, call in day.bills.items():
        hits = names(heard(call.recording, sums))
        if not any(owed[number] in words for words in hits):
            missed.append((number, owed[number], hits))
    figure("amounts recognised in recorded audio", f"{len(owed) - len(missed)} of {len(owed)}")
    assert missed == []


def test_the_callers_of_bills_are_in_the_journal(product: Product, day: Day) -> None:
    """Customer, language, and that the caller hung up; the password's digits are in no note, only how many."""
    for number in day.bills:
        record = product.journal(phone_of(number))
        assert record["customer"] == str(number + 1)
        assert record["language"] == ("zh-CN" if number % 2 else "en-US")
        assert record["disposition"] == "hung_up"


def test_the_parts_of_a_bill_are_spoken(product: Product, day: Day) -> None:
    """Key 1 after the amount: each part that is not zero, with its sum."""
    assert day.parts is not None
    columns = "rental, local, long_distance, data, value_added"
    parts = product.rows(f"select {columns} from bills where customer = 1 order by month desc limit 1")[0]
    hits = " ".join(names(heard(day.parts.recording, product.sounds("月租费"))))
    for part in filter(None, parts):
        assert speaking.spelled(speaking.speak("money", part, "zh-CN"), "zh-CN") in hits


def test_silence_is_short_where_the_caller_waits_for_us(product: Product, day: Day, figure: Figure) -> None:
    """From the answer to the first sound, and from the last key to the amount: never 3 s without sound."""
    longest = 0.0
    for number, call in day.bills.items():
        last_key = KEYS_TO_FEES + 3 * 0.14 + 4.0 + (4.0 + 6 * 0.14 if has_password(number) else 0.0) + 0.14
        for start, end in ((0.0, KEYS_TO_FEES), (last_key, last_key + 9.0)):
            longest = max(longest, longest_silence(call.recording, start, end)[1])
    figure("longest silence outside input windows", f"{longest:.2f} s")
    assert longest < 3.0


def test_a_human_at_key_0_with_the_trail(product: Product, town: Exchange, day: Day) -> None:
    """The agent of the queue answers; the call's id, its words and its language are on the channel."""
    assert day.human is not None
    leg = day.human.leg
    assert leg.events("AgentConnect")[0][1]["Queue"] == "service"
    assert leg.last("IVR_RESULT") == "queue"
    assert leg.last("IVR_TRAIL_ID") == leg.unique
    assert leg.last("IVR_LANGUAGE") == "zh_CN"
    assert leg.last("IVR_TRAIL"), "no words for the agent"
    assert len((leg.last("IVR_TRAIL") or "").encode()) <= 800


def test_e1_a_silent_caller_is_let_go_after_a_minute(product: Product, day: Day) -> None:
    """60 s without a key: re-prompts on the way, a goodbye that is heard, and the reason in the journal."""
    assert day.silent is not None
    assert day.silent.leg.last("IVR_RESULT") == "done"
    assert 60 < day.silent.seconds < 90
    assert product.journal(day.silent.caller)["disposition"] == "silent"
    assert longest_silence(day.silent.recording, 0, 55)[1] < 11.0
    hits = heard(day.silent.recording, product.piece("很久没有收到") | product.sounds("感谢您的来电"))
    assert hits and hits[-1].at > 55


def test_e2_three_hundred_keys_without_a_pause(product: Product, day: Day) -> None:
    """Twenty keys a second, all of them wrong: the call ends with an agent, as wrong keys do; nothing breaks."""
    assert day.flood is not None
    leg = day.flood.leg
    assert leg.last("IVR_RESULT") == "queue"
    assert leg.events("AgentConnect")
    record = product.journal(day.flood.caller)
    wrong = [note for note in product.trail(record["call"]) if note["what"] == "wrong"]
    assert 3 <= len(wrong) <= 10


def test_a1_a2_hang_ups_at_any_moment_close_their_record(product: Product, town: Exchange, day: Day) -> None:
    """Twenty-five callers leave within eight seconds: no channel is left, each record is closed within 1 s."""
    town.wait_no_channels()
    for call in day.hung_up:
        record = product.journal(call.caller)
        assert record["disposition"] == "hung_up", record
        assert record["ended"] - record["started"] < call.seconds + 1.5


def test_no_fault_was_logged(product: Product, day: Day) -> None:
    """A day of ordinary calls leaves no error in the log."""
    errors = [line for line in product.log().splitlines() if re.search(r'"level": "(error|critical)"', line)]
    assert errors == []


def test_p10_no_password_is_written_anywhere(product: Product, town: Exchange, day: Day) -> None:
    """The passwords typed that day are in no file of ours or of Asterisk's, and in no channel variable."""
    typed = {SHOWN[0].password} | {password_of(number, 1) for number in day.bills if has_password(number)}
    files = [path for folder in (product.folder, town.folder) for path in folder.rglob("*") if path.is_file()]
    texts = {path: path.read_bytes() for path in files if path.suffix not in (".wav", ".ulaw", ".alaw")}
    for password in typed:
        found = [
            str(path) for path, text in texts.items() if re.search(rb"(?<![\d.])%b(?!\d)" % password.encode(), text)
        ]
        assert found == []
    values = [value for call in town.calls.values() for seen in call.leg.variables.values() for value in seen]
    assert not [value for value in values for password in typed if password in value]
