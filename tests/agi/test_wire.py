"""Bytes and values: fed whole, then a byte at a time; hostile headers; the encoder against Asterisk's own splitter."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_server.agi.wire import (
    HANG_UP,
    HEADER_NAMES,
    MAX_COMMAND,
    CommandRefused,
    Header,
    Reader,
    Reply,
    Value,
    Violation,
    encode,
)
from ivr_server.phone.dialplan import split


def header(**fields: str) -> bytes:
    """A header as Asterisk 22 sends it, with some fields changed."""
    known = {
        "network_script": "main",
        "channel": "SIP/1",
        "uniqueid": "1.1",
        "callerid": "13800138000",
        "dnid": "10086",
    }
    values = {name: known.get(name, "x") for name in HEADER_NAMES} | fields
    return "".join(f"agi_{name}: {value}\n" for name, value in values.items()).encode()


def read(data: bytes) -> list[Value]:
    """The values of a fresh reader, fed whole; the same bytes one at a time must give the same."""
    whole = Reader().feed(data)
    reader = Reader()
    single = [value for place in range(len(data)) for value in reader.feed(data[place : place + 1])]
    assert single == whole
    return whole


def after_header(data: bytes) -> list[Value]:
    """The values of lines after a good header."""
    first, *values = read(header() + b"\n" + data)
    assert isinstance(first, Header)
    return values


def test_a_header_is_read() -> None:
    """All fields; the script's path without slashes; an unknown number is none; arguments in order."""
    [value] = read(
        header(network_script="main/?x=1", callerid="unknown", dnid="unknown", extension="10000") + b"agi_arg_1: t\n\n"
    )
    assert isinstance(value, Header)
    assert (value.script, value.caller, value.dialled, value.arguments) == ("main", "", "10000", ("t",))
    assert (value.channel, value.uniqueid) == ("SIP/1", "1.1")


def test_replies_are_read() -> None:
    """Result, value in brackets (with brackets in it), position; refusals keep their text."""
    assert after_header(
        b"200 result=0\n200 result=-1 endpos=0\n200 result=50 endpos=12000\n200 result=1 (a (b) c)\n200 result=1 ()\n"
        b"510 Invalid or unknown command\n511 Command Not Permitted on a dead channel\n"
    ) == [
        Reply(200, "0"),
        Reply(200, "-1"),
        Reply(200, "50", None, 12_000),
        Reply(200, "1", "a (b) c"),
        Reply(200, "1", ""),
        Reply(510, text="Invalid or unknown command"),
        Reply(511, text="Command Not Permitted on a dead channel"),
    ]


def test_A1_hang_up_notices_are_recognised_at_any_place() -> None:
    """Before, between, after replies, twice, and inside a usage text."""
    block = b"520-Invalid\nusage text\nHANGUP\n520 End of proper usage.\n"
    assert after_header(b"HANGUP\n200 result=0\nHANGUP\nHANGUP\n" + block) == [
        HANG_UP, Reply(200, "0"), HANG_UP, HANG_UP, HANG_UP, Reply(520, text="usage"),
    ]  # fmt: skip


def test_A5_a_usage_text_is_one_reply_and_the_next_still_pairs() -> None:
    """520 blocks and unknown 5xx lines, then a thousand good replies."""
    good = b"".join(b"200 result=1 (%d)\n" % number for number in range(1_000))
    text = b"520-Invalid command syntax.  Proper usage follows:\n200 result=1 (forged)\n\n520 End of proper usage.\n"
    values = Reader().feed(header() + b"\n" + text + b"599 What\n" + good)
    assert values[1:3] == [Reply(520, text="usage"), Reply(599, text="What")]
    assert [value.value for value in values[3:]] == [str(number) for number in range(1_000)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (header() + b"".join(b"agi_arg_%d: x\n" % n for n in range(1, 50)) + b"\n", "header_lines"),
        (header(callerid="9" * 5_000) + b"\n", "header_line"),
        (b"x" * 40_000, "header_size"),
        (header() + b"agi_callerid: 2\n\n", "header_order"),
        (header() + b"agi_arg_2: x\n\n", "header_order"),
        (header().replace(b"agi_dnid: 10086\n", b"") + b"\n", "header_order"),
        (header(callerid="1\nagi_calleridname: x") + b"\n", "header_order"),
        (header(callerid="1\n\n200 result=1 (x)") + b"\n", "header_missing"),
        (header(callerid="1\nagi_arg_1: t0ken\n") + b"\n", "header_order"),
        (b"GET / HTTP/1.1\r\nHost: x\n\n", "header_order"),
        (b"\n\n", "header_order"),
    ],
)
def test_A6_a_header_that_is_not_asterisks_is_refused(block: bytes, reason: str) -> None:
    """Too many, too long, twice, out of order, missing, or with a line break that a caller brought."""
    assert Reader().feed(block)[0] == Violation(reason)


def test_A7_what_is_no_reply_is_a_violation_and_the_last_value() -> None:
    """Nothing is read after it."""
    for line in (
        b"hello",
        b"200",
        b"200 OK",
        b"100 result=0 Trying...",
        b"",
        b"HANGUP ",
        b"20\xd9\xa0 result=0",
        b"201 x",
    ):
        assert after_header(line + b"\n200 result=0\n") == [Violation("no_reply")]
    assert after_header(b"x" * 20_000) == [Violation("line")]
    assert after_header(b"520-x\n" + b"y\n" * 300)[-1] == Violation("block")


def test_A8_a_value_cut_by_a_line_break_is_a_violation() -> None:
    """The bracket does not close on its line: the value held a line break, the next line may be forged."""
    assert after_header(b"200 result=1 (abc\n200 result=1 (forged)\n") == [Violation("cut_value")]


def test_A9_bad_text_is_decoded_with_replacement() -> None:
    """Latin-1, NUL, escape and bidi characters, a character cut in half: the header is read, nothing raises."""
    names = b"\xe9\x00\x1b[31m\xe2\x80\xae\xe4\xb8"
    [value] = read(header().replace(b"calleridname: x", b"calleridname: " + names) + b"\n")
    assert isinstance(value, Header)
    assert value.raw["calleridname"] == "\ufffd\x00\x1b[31m\u202e\ufffd"


@settings(max_examples=1_000, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0")), min_size=1, max_size=5))
def test_A10_words_come_out_of_asterisks_splitter_as_they_went_in(words: list[str]) -> None:
    """Whatever is in them: quotes, backslashes, blanks, commas, & $ %."""
    line = encode(*words)
    assert line.count(b"\n") == 1
    assert split(line.decode().rstrip("\n")) == words


@pytest.mark.parametrize("word", ["a\nb", "a\rb", "a\0b", "\ud800"])
def test_A10_what_cannot_be_quoted_is_refused(word: str) -> None:
    """Line breaks, NUL, half a character."""
    with pytest.raises(CommandRefused):
        encode("SET", "VARIABLE", "X", word)


def test_A11_a_command_over_the_cap_is_refused_before_the_socket() -> None:
    """4,096 bytes with the line break; counted in bytes, after quoting."""
    fixed = len(encode("NOOP", ""))
    assert len(encode("NOOP", " " * (MAX_COMMAND - fixed))) == MAX_COMMAND
    for word in (" " * (MAX_COMMAND - fixed + 1), "话" * 1_400, '"' * 2_100):
        with pytest.raises(CommandRefused):
            encode("NOOP", word)


LINES = (
    b"200 result=0\n", b"200 result=1 (x)\n", b"HANGUP\n", b"200 result=-1 endpos=9\n", b"520-a\n", b"520 b\n",
    b"511 x\n", b"\n", b"agi_x: y\n", b"200 result=1 (\n", b"\xff\xfe\x00\n", b"510 Invalid or unknown command\n",
)  # fmt: skip


def test_A19_a_million_lines_of_fuzz_raise_nothing() -> None:
    """Random, mutated and grammar-made lines, cut at random places; counted are only those that a reader judged."""
    chance, judged, opened = random.Random(19), 0, header() + b"\n"
    noise = [bytes(chance.randrange(256) for _ in range(chance.randrange(60))) + b"\n" for _ in range(200)]
    mutated = [_mutated(chance, line) for line in LINES * 20]
    grammar = [line for line in LINES if Reader().feed(opened + line)[1:2] != [Violation("no_reply")]]
    while judged < 1_000_000:
        lines = chance.choices(grammar, k=150) + chance.choices(chance.choice((noise, mutated, LINES)), k=20)
        data = (opened if chance.random() < 0.95 else b"") + b"".join(lines)
        reader, place = Reader(), 0
        while place < len(data):
            size = chance.choice((200, 1_000, 4_000))
            for value in reader.feed(data[place : place + size]):
                judged += 1
                assert isinstance(value, Header | Reply | Violation) or value is HANG_UP
            place += size
        assert len(reader._buffer) <= 33_000


def _mutated(chance: random.Random, line: bytes) -> bytes:
    place = chance.randrange(len(line))
    return line[:place] + bytes([chance.randrange(256)]) + line[place + 1 :]


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_A19_any_bytes_in_any_pieces(data: bytes, size: int) -> None:
    """What hypothesis finds, in the header and after it."""
    for opening in (b"", header() + b"\n"):
        reader = Reader()
        for place in range(0, len(opening + data), size):
            reader.feed((opening + data)[place : place + size])


def test_encode_leaves_plain_words_bare() -> None:
    """So that a log of commands reads well."""
    assert encode("STREAM", "FILE", "/a/b-1", string.digits) == b"STREAM FILE /a/b-1 0123456789\n"
    assert encode("STREAM", "FILE", "/a/b", "") == b'STREAM FILE /a/b ""\n'
