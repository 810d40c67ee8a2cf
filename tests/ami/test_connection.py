"""One connection and what can become of an action: answered, refused, late, lost, never sent."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from ivr_server.ami.faults import AmiFault
from ivr_server.ami.protocol import MAX_OUTSTANDING, Connection, Pace
from tests.ami.recorded import RECORDED
from tests.ami.stage import SECRET, Stage


def test_an_action_is_answered_and_answers_may_come_in_any_order() -> None:
    """Each answer goes to its own action, by the ActionID."""
    stage = Stage()
    ami = stage.live()
    stage.manager.delays["Setvar"] = 2.0
    slow = stage.begin(ami.action("Setvar", Variable="A", Value="1"))
    quick = stage.begin(ami.action("Ping"))
    assert quick.value.get("Ping") == "Pong" and not slow.done
    stage.go(2.1)
    assert slow.value.get("Message") == "Variable Set"


def test_a_refusal_says_asterisks_words() -> None:
    """Reason "refused", with the message that came."""
    stage = Stage()
    fault = stage.fault(stage.live().action("Hangup", Channel="PJSIP/none-1"))
    assert (fault.reason, fault.unknown) == ("refused", False)
    assert fault.text == "Hangup: No such channel"
    assert fault.answer is not None and fault.answer.get("Message") == "No such channel"


def test_a_list_comes_whole_and_an_announced_notice_as_a_list_of_one() -> None:
    """CoreShowChannels and FAXSessions end with Complete; FAXSession announces one notice without calling it a list."""
    stage = Stage()
    ami = stage.live()
    stage.manager.channels = [{"Channel": f"PJSIP/line-{number}"} for number in range(3)]
    stage.manager.fax_sessions = [{"SessionNumber": "4", "State": "Active", "PageNumber": "2", "Files": "x.tiff"}]
    channels = stage.begin(ami.listed("CoreShowChannels"))
    assert [one.get("Channel") for one in channels.value] == ["PJSIP/line-0", "PJSIP/line-1", "PJSIP/line-2"]
    assert [one.get("Files") for one in stage.begin(ami.listed("FAXSessions")).value] == ["x.tiff"]
    assert stage.begin(ami.followed("FAXSession", SessionNumber="4")).value.get("PageNumber") == "2"
    assert stage.fault(ami.followed("FAXSession", SessionNumber="5")).text == "FAXSession: Session not found"
    assert stage.fault(ami.followed("Ping")).reason == "refused"


def test_B12_an_action_that_is_never_answered_ends_after_five_seconds() -> None:
    """Outcome unknown; the connection stays, and the answer that comes later is counted and believed by nobody."""
    stage = Stage()
    ami = stage.live()
    stage.manager.delays["Originate"] = 7.0
    dial = stage.begin(ami.action("Originate", Channel="PJSIP/1@line"))
    stage.go(4.9)
    assert not dial.done
    stage.go(0.2)
    assert (dial.fault.reason, dial.fault.unknown) == ("deadline", True)
    stage.go(3)
    assert ami.connected and ami.counts["late"] == 1 and ami.counts["deadline"] == 1


def test_B12_the_table_of_actions_is_bounded() -> None:
    """200 without an answer: the next is refused before it is sent."""
    stage = Stage()
    ami = stage.live()
    stage.manager.swallow.add("Setvar")
    waiting = [stage.begin(ami.action("Setvar", Variable="A", Value="1")) for _ in range(MAX_OUTSTANDING)]
    sent = len(stage.manager.asked)
    assert stage.fault(ami.action("Setvar", Variable="A", Value="1")).reason == "away"
    assert len(stage.manager.asked) == sent
    stage.go(5.1)
    assert {one.fault.reason for one in waiting} == {"deadline"}
    assert stage.begin(ami.action("Ping")).value is not None


def test_B12_a_list_without_an_end_ends_after_five_seconds_without_an_item() -> None:
    """Each item gives it five more seconds; the items that came are not taken for the list."""
    stage = Stage()
    ami = stage.live()
    stage.manager.answers["CoreShowChannels"] = lambda asked: (("Response", "Success"), ("EventList", "start"))
    channels = stage.begin(ami.listed("CoreShowChannels"))
    (session,) = stage.manager.sessions
    stage.go(3)
    session.item(stage.manager.asked[-1], "CoreShowChannel", ("Channel", "a"))
    stage.go(4)
    assert not channels.done
    stage.go(1.1)
    assert channels.fault.reason == "deadline"
    channels = stage.begin(ami.listed("CoreShowChannels"))
    session.item(stage.manager.asked[-1], "CoreShowChannelsComplete", ("EventList", "Cancelled"))
    stage.go()
    assert channels.fault.text == "CoreShowChannels: the list was broken off"


def test_B3_cut_after_it_was_sent_is_lost_and_before_it_is_away() -> None:
    """Sent, no answer: the outcome is unknown. Asked while there is no connection: it was never sent."""
    stage = Stage()
    ami = stage.live()
    stage.manager.cut_at.add("Originate")
    fault = stage.fault(ami.action("Originate", Channel="PJSIP/1@line"))
    assert (fault.reason, fault.unknown) == ("lost", True)
    assert len(stage.manager.of("Originate")) == 2  # the rights' call, and this one: it arrived
    fault = stage.fault(ami.action("Originate", Channel="PJSIP/1@line"))
    assert (fault.reason, fault.unknown) == ("away", False)
    assert len(stage.manager.of("Originate")) == 2


def test_B3_the_word_queued_is_not_the_end_and_the_response_can_be_told_by_its_id() -> None:
    """OriginateResponse comes as a notice with the ActionID of the answer to Originate."""
    stage = Stage()
    ami = stage.live()
    heard: list[str] = []
    ami.listen("OriginateResponse", lambda notice: heard.append(notice.get("ActionID")))
    queued = stage.begin(ami.action("Originate", Channel="PJSIP/1@line", Async="true")).value
    stage.manager.notice("OriginateResponse", (("ActionID", queued.get("ActionID")), ("Response", "Failure")))
    stage.go()
    assert heard == [queued.get("ActionID")]


def test_B2_a_peer_that_falls_silent_is_dead_after_ten_seconds() -> None:
    """Pings every five seconds; ten seconds without a byte end the connection, and what waited is lost."""
    stage = Stage()
    ami = stage.live()
    stage.go(21)
    assert len(stage.manager.of("Ping")) == 4
    stage.manager.mute = True
    assert ami.round_trip_s == 0.0 < ami.seen
    waiting = stage.begin(ami.listed("CoreShowChannels"))
    stage.go(4)
    assert ami.connected
    stage.go(7.1)
    assert not ami.connected and ami.condition().trouble == "silent"
    assert waiting.fault.unknown
    stage.manager.mute = False
    stage.go(15)  # the connection that was tried meanwhile got no greeting, and is given up as well
    assert ami.connected


def test_B2_notices_are_signs_of_life_while_pongs_are_late() -> None:
    """A flood before the pong: bytes come, so the peer lives."""
    stage = Stage()
    ami = stage.live()
    stage.manager.swallow.add("Ping")
    for _ in range(30):
        stage.manager.notice("Newexten", (("Extension", "1"),))
        stage.go(1)
    assert ami.connected


@pytest.mark.parametrize("blocked_s", [0.2, 3.0, 60.0])
def test_B8_a_reactor_that_was_blocked_loses_no_connection(blocked_s: float) -> None:
    """Beats are counted, not seconds: after a block the socket is read before anything is judged."""
    stage = Stage()
    ami = stage.live()
    for _ in range(20):
        stage.clock.advance(blocked_s)  # one turn of the reactor, so late
        stage.go()
    assert ami.connected and ami.counts["connects"] == 1
    assert ami.longest_block_s >= blocked_s - 1.0


def test_a_forged_answer_pairs_with_nothing() -> None:
    """A caller who writes whole messages cannot answer for Asterisk: our ActionIDs cannot be guessed."""
    stage = Stage()
    ami = stage.live()
    stage.manager.swallow.add("Originate")
    dial = stage.begin(ami.action("Originate", Channel="PJSIP/1@line"))
    number = stage.manager.asked[-1].get("ActionID")
    mark, _, count = number.partition("-")
    assert len(mark) == 16
    for guess in (count, f"-{count}", f"{'0' * 16}-{count}", ""):
        stage.manager.raw(f"Response: Success\r\nActionID: {guess}\r\nMessage: done\r\n\r\n".encode())
    stage.go()
    assert not dial.done and ami.counts["late"] == 4
    other = Stage()
    other.live()
    assert other.manager.asked[-1].get("ActionID").partition("-")[0] != mark


def test_a_value_that_must_not_go_out_is_the_authors_fault_and_sends_nothing() -> None:
    """ValueError, before anything is on the wire; the connection stays."""
    stage = Stage()
    ami = stage.live()
    sent = len(stage.manager.asked)
    outcome = stage.begin(ami.action("Originate", Channel="PJSIP/1\r\nAction: Hangup"))
    assert isinstance(outcome.fault, ValueError) and "Hangup" not in str(outcome.fault)
    assert len(stage.manager.asked) == sent and ami.connected


def test_the_secret_is_on_no_wire_and_in_no_text() -> None:
    """A challenge is answered; neither settings nor faults nor the trouble show the word."""
    stage = Stage()
    ami = stage.live()
    sent = repr([one.pairs for one in stage.manager.asked])
    stage.manager.secret = "another"
    stage.manager.cut()
    stage.go(5)
    assert ami.state == "refused"
    shown = sent + repr(ami.settings) + repr(ami.condition()) + repr(vars(ami)) + str(AmiFault("away", "x"))
    assert SECRET not in shown


def test_fuzz_of_what_asterisk_says_raises_nothing_and_leaves_nothing_waiting() -> None:
    """400 sessions whose bytes are mutated while actions wait: no exception, and every action ends."""
    chance = random.Random(5_038)
    for _ in range(400):
        clock = Clock()
        connection = Connection(clock, Pace(), Counter())
        connection.makeConnection(StringTransport())
        ended = [_quietly(Deferred.fromCoroutine(_opened(connection)))]
        connection.dataReceived(b"Asterisk Call Manager/11.0.0\r\n")
        for action in ("QueueSummary", "FAXSession", "Ping"):
            ended.append(_quietly(Deferred.fromCoroutine(connection.listed(action))))
        mark = re.findall(rb"ActionID: (\w+-)1\r", connection.transport.value())[0]  # type: ignore[union-attr]
        data = bytearray(RECORDED.split(b"\r\n", 1)[1].replace(b"ActionID: d", b"ActionID: " + mark + b"1"))
        for _ in range(chance.randrange(6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        connection.dataReceived(bytes(data))
        clock.pump([1.0] * 12)
        assert all(one.called for one in ended)


async def _opened(connection: Connection) -> None:
    await connection.opened


def _quietly(deferred: Deferred[Any]) -> Deferred[Any]:
    return deferred.addErrback(lambda failure: failure.trap(AmiFault))
