"""A double of Asterisk's manager interface that floods: run as a program, it prints its port and sends till its end.

Notices a second, of which every tenth is a Hangup and the others are Newexten, in bursts of 10 ms: Asterisk's own size
and order of keys.
"""

from __future__ import annotations

import sys
import time

from twisted.internet import reactor
from twisted.internet.task import LoopingCall

from tests.doubles.asterisk_manager import AsteriskManager

KEYS = ("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum", "Language")
REST = ("AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid", "Cause")


def main(rate: int) -> None:
    """Listen, and flood whoever is signed in."""
    manager = AsteriskManager(reactor, secret="a-secret-nobody-prints")
    fields = "".join(f"{key}: Local/s@tests-{number:08d};1\r\n" for number, key in enumerate((*KEYS, *REST)))
    notices = [f"Event: {name}\r\nPrivilege: call,all\r\n{fields}\r\n".encode() for name in ("Newexten", "Hangup")]
    ten = notices[0] * 9 + notices[1]
    began, sent = time.monotonic(), 0

    def burst() -> None:
        nonlocal sent
        due = int((time.monotonic() - began) * rate / 10) - sent
        sent += due
        manager.raw(ten * due)

    print(manager.listen(reactor).getHost().port, flush=True)
    LoopingCall(burst).start(0.01)
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(int(sys.argv[1]))
