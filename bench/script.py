"""The caller's script: 14 commands that a server sends in one fee query, and what Asterisk answers to each.

The commands are those of bench/flows/main.yaml on our service; the peers send them as fixed texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STOPS: Final = "0123456789*#"
HEADER: Final = (
    "network: yes|network_script: main|request: agi://127.0.0.1/main|channel: PJSIP/trunk-{id}|language: en|"
    "type: PJSIP|uniqueid: 1795406400.{id}|version: 22.10.1|callerid: {caller}|calleridname: unknown|callingpres: 0|"
    "callingani2: 0|callington: 0|callingtns: 0|dnid: 10086|rdnis: unknown|context: ivr|extension: 10086|priority: 3|"
    "enhanced: 0.0|accountcode: |threadid: 140109"
)
TOKEN: Final = "bench"


@dataclass(frozen=True, slots=True)
class Step:
    """One command: how it begins, what Asterisk answers ("" for the echo), and what a peer without a flow sends."""

    begins: bytes
    answer: bytes
    peer: str = ""


def _sound(name: str) -> str:
    return f'STREAM FILE "/var/lib/ivr/sounds/pieces/ab/{name}" "{STOPS}"'


_NONCE: Final = 'GET FULL VARIABLE "0123456789abcdef ${URIENCODE(a b)} ${URIENCODE(${CALLERID(num)})} ${IVR_KEYS}"'
_KEYS: Final = "GET VARIABLE IVR_KEYS"
_PLAYED: Final = b"200 result=0 endpos=16000\n"

STEPS: Final = (
    Step(b"GET FULL VARIABLE", b"", _NONCE),
    Step(b"EXEC StoreDTMF", b"200 result=0\n", 'EXEC StoreDTMF "RX,IVR_KEYS,500"'),
    Step(b"STREAM FILE", _PLAYED, _sound("0fa2c1d83b5e4f6a7b8c9d01")),  # welcome
    Step(b"GET VARIABLE", b"200 result=0\n", _KEYS),
    Step(b"STREAM FILE", _PLAYED, _sound("1fa2c1d83b5e4f6a7b8c9d01")),  # the main menu
    Step(b"WAIT FOR DIGIT", b"200 result=49\n", "WAIT FOR DIGIT 1000"),
    Step(b"GET VARIABLE", b"200 result=1 (1)\n", _KEYS),
    Step(b"GET VARIABLE", b"200 result=1 (1)\n", _KEYS),  # after the look-ups
    Step(b"STREAM FILE", b"200 result=49 endpos=8000\n", _sound("2fa2c1d83b5e4f6a7b8c9d01")),  # which month
    Step(b"GET VARIABLE", b"200 result=1 (11)\n", _KEYS),
    Step(b"STREAM FILE", _PLAYED, _sound("3fa2c1d83b5e4f6a7b8c9d01")),  # the bill
    Step(b"STREAM FILE", _PLAYED, _sound("4fa2c1d83b5e4f6a7b8c9d01")),  # goodbye
    Step(b"SET VARIABLE", b"200 result=1\n", "SET VARIABLE IVR_TRAIL_ID 1795406400.1"),
    Step(b"SET VARIABLE", b"200 result=1\n", "SET VARIABLE IVR_RESULT done"),
)
WAITING_AT: Final = 4  # commands answered when a caller is left listening to the menu: a sound may be long


def header(number: int, caller: str) -> bytes:
    """The environment of one call, as Asterisk sends it."""
    lines = HEADER.format(id=number, caller=caller).split("|")
    return "".join(f"agi_{line}\n" for line in (*lines, f"arg_1: {TOKEN}")).encode() + b"\n"


def echo(command: bytes, caller: str) -> bytes:
    """The answer to the first command: its nonce, the sample, the caller's number, no keys yet."""
    nonce = command.split(b'"', 1)[1].split(b" ", 1)[0]
    return b"200 result=1 (" + nonce + b" a%20b " + caller.encode() + b" )\n"
