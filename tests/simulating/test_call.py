"""A simulated call on the shipped flows: keys, time, faults, answers by hand, a step back, a dialogue made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred

from flows.dialogues import perform, read_usual
from flows.dialogues import read as read_dialogues
from ivr_server.drafting import naming
from ivr_server.library import HOUSE
from ivr_server.publishing.judging import Ground, reading
from ivr_server.simulating import child
from ivr_server.simulating.recording import FILE
from ivr_server.simulating.setup import ACCOUNTS, MOST_MOVES, Misfit, read_moves, read_setup
from ivr_server.simulating.simulator import Simulator
from ivr_server.simulating.speaking import BYTES_A_MS, MOST_PIECES, Mute, Speaker
from prompts import audio, recordings
from prompts.audio import read_wav

SHIPPED = naming.in_folders(HOUSE / "flows" / "library", HOUSE / "prompts" / "library")
SETUP = {"flow": "main", "at": "2026-11-25T10:00", "caller": "13800138000"}
HOURS = {"zone": "Asia/Shanghai", "weekly": {"wed": ["08:00-18:00"]}, "dated": {"2026-11-26": []}}
NOTHING: Any = None
Shape = dict[str, Any]


def asked(do: str, moves: list[Shape], files: dict[str, str] | None = None, **setup: Any) -> Shape:
    """A job for the child."""
    around = {"ground": Ground().plain(), "hours": HOURS, "title": "as it was tried"}
    return {"do": do, "files": files or SHIPPED, "setup": {**SETUP, **setup}, "moves": moves, **around}


def tried(moves: list[Shape], **setup: Any) -> Shape:
    """The call after these moves."""
    told: Shape = child.answer(asked("simulate", moves, **setup), NOTHING)["call"]
    return told


def keys(text: str) -> list[Shape]:
    """A move for each key."""
    return [{"do": "key", "key": key} for key in text]


def heard(call: Shape, language: str = "en-US") -> str:
    """All that was spoken."""
    return " ".join(line["words"].get(language, "") for line in call["lines"])


def answers(call: Shape) -> dict[str, str]:
    """Look-up -> what was answered last."""
    lines = [line["text"].split(" ") for line in call["lines"] if line["what"] in ("answered", "failed")]
    return dict(lines)


def test_keys_lead_to_the_bill_and_the_way_is_told() -> None:
    """What is heard, known, and passed through; the clock has gone on by what was spoken."""
    call = tried(keys("111"))
    assert "The bill for November twenty twenty-six is one hundred twenty-eight yuan" in heard(call)
    assert {"flow": "fees", "node": "bill"} in call["path"]
    assert ["sum", "money", "128.50"] in call["facts"]
    assert call["state"] == "asks" and call["moves"] == 3
    assert "2026-11-25 10:00:10" < call["clock"] < "2026-11-25 10:05:00"


def test_one_move_less_is_the_step_back() -> None:
    """The same moves are the same call, to the last line; a call that is over takes no more of them."""
    assert tried(keys("111")) == tried(keys("111"))
    assert tried(keys("11"))["lines"] == tried(keys("111"))["lines"][: len(tried(keys("11"))["lines"])]
    over = tried([{"do": "hang_up"}, *keys("1")])
    assert (over["state"], over["ended"], over["moves"]) == ("over", "hung_up", 1)


def test_silence_leads_to_a_goodbye_within_a_minute_that_passes_at_once() -> None:
    """Each window of silence is heard; the call ends as a real one."""
    call = tried([{"do": "wait", "seconds": 60}])
    assert call["ended"] == "silent"
    assert [line["text"] for line in call["lines"] if line["what"] == "silent"].count("10") == 6


def test_short_waits_add_up() -> None:
    """Two times 5 s are the first window of silence."""
    assert not any(line["what"] == "silent" for line in tried([{"do": "wait", "seconds": 5}])["lines"])
    assert any(line["what"] == "silent" for line in tried([{"do": "wait", "seconds": 5}] * 2)["lines"])


@pytest.mark.parametrize(
    ("setup", "look_up", "answer"),
    [
        ({}, "hours", "open"),
        ({"at": "2026-11-25T20:00"}, "hours", "closed"),
        ({"at": "2026-11-26T10:00"}, "hours", "holiday"),
        ({"holiday": True}, "hours", "holiday"),
        ({"faults": ["nobody"]}, "queue_staffed", "empty"),
    ],
)
def test_the_clock_and_the_switches_answer(setup: Shape, look_up: str, answer: str) -> None:
    """Whoever asks for people meets the hour, the holiday, and who is there."""
    assert answers(tried(keys("0"), **setup))[look_up] == answer


@pytest.mark.parametrize(("fault", "answer"), [("billing_empty", "none"), ("billing_failing", "unavailable")])
def test_billing_by_switch(fault: str, answer: str) -> None:
    """Empty, or failing."""
    assert answers(tried(keys("11"), faults=[fault]))["recent_months"] == answer


def test_slow_billing_is_waited_for_with_words() -> None:
    """The same answer, later; the caller is told to wait."""
    slow, quick = tried(keys("11"), faults=["billing_slow"]), tried(keys("11"))
    assert answers(slow) == answers(quick)
    assert any(line["what"] == "meanwhile" for line in slow["lines"])
    assert slow["elapsed_s"] > quick["elapsed_s"] + 7


def test_answers_by_hand() -> None:
    """Each declared outcome is there with facts to begin from; what is written into them is spoken."""
    call = tried([], by_hand=True)
    assert call["look_up"]["name"] == "caller_language"
    moves: list[Shape] = [{"do": "answer", "outcome": "en_us", "facts": {}}]
    for outcome in ("none", "none"):
        moves.append({"do": "answer", "outcome": outcome, "facts": {}})
    moves += keys("1")
    call = tried(moves, by_hand=True)
    assert call["look_up"]["name"] == "offered_number"
    facts = {one["outcome"]: one["facts"] for one in call["look_up"]["outcomes"]}
    assert facts["offered"] == [{"name": "phone", "kind": "digits", "value": "13800138000"}]
    call = tried([*moves, {"do": "answer", "outcome": "offered", "facts": {"phone": "13800138999"}}], by_hand=True)
    assert ["phone", "digits", "13800138999"] in call["facts"]
    refused = tried([*moves, {"do": "answer", "outcome": "nonsense", "facts": {}}], by_hand=True)
    assert refused["moves"] == len(moves)
    late = tried([*moves, {"do": "wait", "seconds": 60}], by_hand=True)
    assert answers(late)["offered_number"] == "deadline"


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_account_can_be_walked(account: str) -> None:
    """No look-up on the usual ways is left without an answer."""
    for ways in ("11111", "21", "111*", "0", "31"):
        call = tried(keys(ways), account=account)
        assert call["state"] != "looks_up", call["look_up"]


def test_a_password_is_dots_everywhere() -> None:
    """Typed keys of a secret are nowhere in what is told or kept."""
    moves = keys("11294817")
    call = tried(moves, account="password")
    assert answers(call)["check_password"] == "right"
    assert "294817" not in str(call)
    assert "294817" not in child.answer(asked("record", moves, account="password"), NOTHING)["text"]


@pytest.mark.parametrize(
    ("moves", "setup"),
    [
        (keys("1111"), {}),
        (keys("11294817"), {"account": "password"}),
        (keys("11294817#1#"), {"account": "wrong_password"}),
        ([*keys("1"), {"do": "wait", "seconds": 60}], {}),
        (keys("0"), {"faults": ["nobody"]}),
        (keys("0"), {}),
        (keys("77"), {"caller": ""}),
        (keys("11"), {"faults": ["billing_failing"]}),
        ([*keys("21"), {"do": "hang_up"}], {"account": "owing"}),
        (keys("1"), {"account": "stranger"}),
    ],
)
def test_a_call_is_kept_as_a_dialogue_that_passes(moves: list[Shape], setup: Shape) -> None:
    """Appended behind what is there, and performed as publishing does."""
    first = child.answer(asked("record", moves, **setup), NOTHING)["text"]
    again = child.answer(asked("record", moves, {**SHIPPED, FILE: first}, **setup), NOTHING)["text"]
    dialogues = read_dialogues(again, FILE)
    assert [one.title for one in dialogues] == ["as it was tried"] * 2
    library = reading(SHIPPED, Ground()).library
    assert library is not None
    usual = read_usual(SHIPPED[child.USUAL], child.USUAL)
    for one in dialogues:
        assert perform(library, replace(one, answers={**usual, **one.answers})).problems == ()


def test_what_no_dialogue_can_say_is_not_kept() -> None:
    """Hanging up while a look-up is asked; a file of another shape."""
    refused = child.answer(asked("record", [{"do": "hang_up"}], by_hand=True), NOTHING)
    assert refused == {"refused": "untold"}
    odd = child.answer(asked("record", keys("1"), {**SHIPPED, FILE: "dialogue: one alone\n"}), NOTHING)
    assert odd == {"refused": "shape"}


def test_a_draft_with_problems_takes_no_call() -> None:
    """Nor does a flow that no call comes to."""
    assert child.answer(asked("simulate", [], {**SHIPPED, "flows/main.yaml": "flow: ["}), NOTHING) == {
        "refused": "problems"
    }
    assert child.answer(asked("simulate", [], flow="fees"), NOTHING) == {"refused": "no_call"}


@pytest.mark.parametrize(
    "moves",
    [
        None,
        [{}],
        [1],
        [{"do": "key", "key": "12"}],
        [{"do": "key", "key": ["1"]}],
        [{"do": "wait", "seconds": 10**9}],
        [{"do": "wait", "seconds": "10"}],
        [{"do": "answer", "outcome": "x", "facts": {"a": 1}}],
        [{"do": "answer", "outcome": "x\n", "facts": {}}],
        [{"do": "key", "key": "1"}] * (MOST_MOVES + 1),
    ],
)
def test_what_is_no_move_is_refused(moves: Any) -> None:
    """Whatever a page may send."""
    with pytest.raises(Misfit):
        read_moves(moves)


@pytest.mark.parametrize(
    "setup", [None, [], {"at": "tomorrow"}, {**SETUP, "account": "x"}, {**SETUP, "caller": "1;2"}, {**SETUP, "flow": 1}]
)
def test_what_is_no_setup_is_refused(setup: Any) -> None:
    """Alike."""
    with pytest.raises(Misfit):
        read_setup(setup)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """One with its child."""
    one = Simulator(reactor, Ground(), lambda: HOURS)
    yield one
    pytest_twisted.blockon(ensureDeferred(one.stop()))


@pytest_twisted.ensureDeferred
async def test_the_child_answers_as_the_code_does(simulator: Simulator) -> None:
    """Over its wire; misfits come back as a refusal."""
    told = await simulator.call(SHIPPED, SETUP, keys("11"))
    assert told["call"] == json.loads(json.dumps(tried(keys("11"))))
    assert await simulator.call(SHIPPED, SETUP, "nonsense") == {"refused": "misfit"}
    assert "dialogues:" in (await simulator.record(SHIPPED, "a", SETUP, keys("1")))["text"]


@pytest_twisted.ensureDeferred
async def test_a_line_is_said_in_the_voices_of_the_telephone() -> None:
    """Of the length that its pieces have; the second time from memory alike; a line that is not spoken is refused."""
    one = Simulator(reactor, Ground(), lambda: HOURS, Speaker({}))
    try:
        spoken = [n for n, line in enumerate(tried([])["lines"]) if line["what"] == "hears"]
        said = await one.sound(SHIPPED, spoken[0], SETUP, [])
        assert read_wav(said["wav"]).ms > 500
        assert await one.sound(SHIPPED, spoken[0], SETUP, []) == said
        said = await one.say(SHIPPED, "welcome", "en-US")
        assert read_wav(said["wav"]).ms > 500
        assert await one.say(SHIPPED, "bill_sum", "zh-CN") != said
        assert await one.say(SHIPPED, "no_such_prompt", "en-US") == {"refused": "misfit"}
        for line in (0, 999, "1", None):
            assert await one.sound(SHIPPED, line, SETUP, []) == {"refused": "misfit"}
    finally:
        await one.stop()


def test_what_cannot_be_said_is_mute() -> None:
    """No voice of that name; nothing, and too much."""
    with pytest.raises(Mute):
        Speaker({"en-US": "nobody"}).wav([("en-US", "hello", 0, "")])
    for pieces in ([], [("en-US", "a", 0, "")] * (MOST_PIECES + 1)):
        with pytest.raises(Mute):
            Speaker({}).wav(pieces)


def test_a_recording_is_heard_instead_of_the_voice(tmp_path: Path) -> None:
    """As long as it is, levelled; where the file is lost the voice says the words."""
    content = audio.wav(audio.tone(900).samples)
    path = recordings.name("a-en", content)
    (tmp_path / path.removeprefix(recordings.FOLDER)).write_bytes(content)
    speaker = Speaker({}, [str(tmp_path)])
    recorded = speaker.wav([("en-US", "Hello.", 100, path)])
    assert len(recorded) == 44 + len(audio.finished(audio.tone(900)).samples) + BYTES_A_MS * 100
    (tmp_path / path.removeprefix(recordings.FOLDER)).unlink()
    assert speaker.wav([("en-US", "Hello.", 100, path)]) == speaker.wav([("en-US", "Hello.", 100, "")]) != recorded


def test_a_call_is_tried_where_the_draft_is_whole() -> None:
    """A mistake where no call of this flow comes, or in a dialogue, is in nobody's way; one on the way is."""
    elsewhere = {**SHIPPED, "flows/fax_machine.yaml": "flow: fax_machine\nstart: [\n", FILE: "dialogues: [\n"}
    assert "call" in child.answer(asked("simulate", keys("1"), elsewhere), NOTHING)
    assert child.answer(asked("simulate", [], elsewhere, flow="fax_machine"), NOTHING) == {"refused": "problems"}
    on_the_way = {**SHIPPED, "flows/fees.yaml": SHIPPED["flows/fees.yaml"].replace("kind: menu", "kind: nemu", 1)}
    assert on_the_way["flows/fees.yaml"] != SHIPPED["flows/fees.yaml"]
    assert child.answer(asked("simulate", keys("1"), on_the_way), NOTHING) == {"refused": "problems"}
