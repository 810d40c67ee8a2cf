"""AMI on the wire: fed whole, a byte at a time, mutated, forged and too large."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_server.ami import wire
from ivr_server.ami.wire import Message, Reader, encode, variable
from tests.ami.recorded import RECORDED
from tests.doubles.asterisk_manager import AsteriskManager, Session


class Everything:
    def __contains__(self, name: object) -> bool:
        return True


def read(data: bytes, size: int = 0, mark: str = "") -> tuple[list[Message], Reader]:
    """What a reader makes of bytes that come in pieces of ``size`` (0: whole)."""
    reader = Reader(Everything(), mark)
    reader.greeting = b"said before"
    pieces = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    return [message for piece in pieces for message in reader.feed(piece)], reader


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 64])
def test_a_recorded_session_reads_the_same_however_it_is_cut(size: int) -> None:
    """Greeting, answers, a list, notices with one empty line too many: ten messages, the same at any cut."""
    reader = Reader(Everything())
    pieces = [RECORDED[at : at + size] for at in range(0, len(RECORDED), size)] if size else [RECORDED]
    messages = [message for piece in pieces for message in reader.feed(piece)]
    assert reader.greeting == b"Asterisk Call Manager/11.0.0"
    assert [(message.kind, message.name) for message in messages] == [
        ("response", "Success"),
        ("notice", "FullyBooted"),
        ("notice", "SuccessfulAuth"),
        ("response", "Success"),
        ("response", "Success"),
        ("notice", "QueueSummary"),
        ("notice", "QueueSummaryComplete"),
        ("response", "Error"),
        ("notice", "RequestBadFormat"),
        ("response", "Goodbye"),
    ]
    assert messages[5].get("LongestHoldTime") == "0" and messages[5].get("ActionID") == "d"


def test_B6_a_bare_line_feed_is_data_and_ends_no_line() -> None:
    """A value with line feeds in it stays one value; no key is made of it."""
    for size in (0, 1):
        (message,), _ = read(b"Event: Newchannel\r\nCallerIDName: a\nEvent: Forged\n\nb\r\nExten: 1\r\n\r\n", size)
        assert message.get("CallerIDName") == "a\nEvent: Forged\n\nb"
        assert message.fields == (("CallerIDName", "a\nEvent: Forged\n\nb"), ("Exten", "1"))


def test_bytes_that_are_no_text_are_replaced_and_the_rest_is_read() -> None:
    """Latin-1, NUL and half a character in a value spoil neither the message nor the next."""
    messages, _ = read(b"Event: A\r\nName: \xe9\x00\xe4\xb8\r\nExten: 7\r\n\r\nEvent: B\r\n\r\n")
    assert [message.name for message in messages] == ["A", "B"]
    assert messages[0].get("Exten") == "7" and "\ufffd" in messages[0].get("Name")


def test_a_key_that_stands_twice_is_kept_in_order_and_shows_a_forgery() -> None:
    """``all`` gives both, ``get`` the first, ``only`` nothing: what was forged into a value adds a second key."""
    (message,), _ = read(b"Event: Hangup\r\nUniqueid: 1\r\nNum: x\r\nUniqueid: 2\r\n\r\n")
    assert message.all("Uniqueid") == ("1", "2")
    assert message.get("Uniqueid") == "1"
    assert message.only("Uniqueid") == ""
    assert message.only("Num") == "x"


def test_B7_an_unwanted_notice_is_dropped_by_its_name_unless_it_answers_us() -> None:
    """Names that are not wanted are counted and never built; the items of our own lists carry our mark and come."""
    reader = Reader({b"Hangup"}, "mark-")
    reader.greeting = b""
    data = b"Event: Newexten\r\nExten: 1\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\n"
    data += b"Event: CoreShowChannel\r\nActionID: mark-7\r\n\r\nEvent: CoreShowChannel\r\nActionID: other\r\n\r\n"
    assert [message.name for message in reader.feed(data)] == ["Hangup", "CoreShowChannel"]
    assert (reader.unwanted, reader.seen) == (2, 4)


def test_what_is_no_message_is_counted_and_does_no_harm() -> None:
    """Empty blocks are nothing; a block that begins with another word is odd."""
    messages, reader = read(b"\r\n\r\n\r\n\r\nNonsense\r\n\r\nEvent\r\n\r\nEvent: A\r\n\r\n")
    assert [message.name for message in messages] == ["A"]
    assert (reader.odd, reader.seen) == (2, 3)


@pytest.mark.parametrize("size", [0, 1_000, 4_096])
def test_a_message_that_is_too_large_is_skipped_and_takes_no_memory(size: int) -> None:
    """The ones before and after it are read; while it lasts the buffer holds three bytes."""
    large = b"Event: Big\r\nX: " + b"y" * 3 * wire.MAX_MESSAGE
    messages, reader = read(b"Event: A\r\n\r\n" + large + b"\r\n\r\nEvent: B\r\n\r\n", size)
    assert [message.name for message in messages] == ["A", "B"]
    assert reader.oversized == 1
    _, reader = read(large, 4_096)
    assert len(reader._buffer) <= wire.MAX_MESSAGE + 4_096
    many = b"Event: Many" + b"\r\nX: y" * (wire.MAX_MESSAGE_LINES + 1) + b"\r\n\r\n"
    assert read(many, size)[0] == []


def test_a_greeting_without_an_end_is_cut() -> None:
    """What answers is no Asterisk: at most 200 bytes of it are kept."""
    reader = Reader()
    reader.feed(b"x" * 5_000)
    assert reader.greeting is not None and len(reader.greeting) == wire.MAX_GREETING


@given(st.binary(max_size=400), st.integers(1, 9))
def test_any_bytes_read_the_same_whole_and_in_pieces(data: bytes, size: int) -> None:
    """No exception, and the cut makes no difference: neither to the messages nor to the counts."""
    whole, one = read(data)
    pieces, other = read(data, size)
    assert whole == pieces
    assert (one.seen, one.odd, one.oversized) == (other.seen, other.odd, other.oversized)


PARTS = st.sampled_from(
    [
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"Event: ",
        b"Response: ",
        b"ActionID: ",
        b"X",
        b": ",
        b"\xff",
        b"EventList: start",
    ]
)


@given(st.lists(PARTS, max_size=60).map(b"".join), st.integers(1, 5))
def test_any_row_of_the_wires_own_pieces_reads_the_same_whole_and_in_pieces(data: bytes, size: int) -> None:
    """The same, with bytes that look like messages."""
    assert read(data)[0] == read(data, size)[0]


def test_fuzz_of_a_recorded_session_raises_nothing_and_holds_little() -> None:
    """20,000 mutations (bits, cuts, repeats) of a real session: no exception, and a bounded buffer."""
    chance = random.Random(20_261_123)
    for _ in range(20_000):
        data = bytearray(RECORDED)
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(1, 40)]
                case _:
                    data[at:at] = data[at : at + chance.randrange(1, 40)]
        reader = Reader(Everything())
        middle = chance.randrange(len(data) + 1)
        for piece in (data[:middle], data[middle:]):
            for message in reader.feed(bytes(piece)):
                assert message.kind in ("response", "notice")
        assert len(reader._buffer) <= wire.MAX_MESSAGE + 3


def taken(data: bytes) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """What Asterisk would make of bytes from us, by the double's own reading of them."""
    manager = AsteriskManager(None, swallow={"Originate", "Setvar"})
    session = Session(manager)
    session.dataReceived(data)
    return [(one.action, one.pairs) for one in manager.asked]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=60)


@given(st.lists(TEXT, max_size=6))
def test_B10_any_value_goes_through_as_one_value(values: list[str]) -> None:
    """Whatever text without a line break: the far end reads one action with these values (it skips leading spaces)."""
    fields = [(f"Key{number}", value) for number, value in enumerate(values)]
    ((action, pairs),) = taken(encode("Setvar", fields))
    assert action == "Setvar"
    assert pairs[1:] == tuple((key, value.lstrip(" ")) for key, value in fields)


@given(TEXT, st.sampled_from(["\r", "\n", "\0", "\r\n", "\n\nAction: Command\n"]), TEXT)
def test_B10_a_line_break_or_a_nul_anywhere_is_refused_without_showing_the_value(a: str, broken: str, b: str) -> None:
    """The error names the field; what stood in it may be a secret."""
    with pytest.raises(ValueError, match="Secret: a value may hold no line break") as caught:
        encode("Login", (("Secret", f"hidden{a}{broken}{b}"),))
    assert "hidden" not in str(caught.value)
    with pytest.raises(ValueError, match="name"):
        encode("Login", ((f"Key{broken}", "x"),))
    with pytest.raises(ValueError, match="Action"):
        encode(f"Login{broken}")


def test_lines_and_messages_stay_below_what_asterisk_takes() -> None:
    """1,000 bytes a line (it takes 1,022), 120 lines (it takes 128), no half character."""
    assert encode("Setvar", (("Value", "x" * 991),)).count(b"x") == 991
    with pytest.raises(ValueError, match="Value: a line of 1001 bytes"):
        encode("Setvar", (("Value", "x" * 992),))
    with pytest.raises(ValueError, match="Setvar: 121 lines"):
        encode("Setvar", [("Variable", "x")] * 120)
    with pytest.raises(ValueError, match="half a character"):
        encode("Setvar", (("Value", "\ud800"),))


@given(TEXT)
def test_a_variables_value_makes_no_second_variable(value: str) -> None:
    """Asterisk splits the field at commas: taken apart as it does, there is this one variable with this value."""
    key, field = variable("__FAX_NUMBER", value)
    manager = AsteriskManager(None, swallow={"Originate"})
    Session(manager).dataReceived(encode("Originate", ((key, field),)))
    (asked,) = manager.asked
    assert asked.variables() == {"__FAX_NUMBER": value}
    with pytest.raises(ValueError, match="no name"):
        variable("A=1,B", value)
