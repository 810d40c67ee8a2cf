"""The phone's way to the service: the FastAGI port that Asterisk calls, over a socket, with Asterisk's token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectError

from ivr_server.console.phone_line import Dial, Ear, Ends, Handset
from ivr_server.phone.phone import TELEPHONE_MS, Dialling
from ivr_server.phone.queueing import QueueingPhone, Waits

if TYPE_CHECKING:
    from ivr_server.console.parts import Parts

PATIENCE_S: Final = 3
EVERY_S: Final = 12.0  # until the next of those ahead is served: long enough to be heard, short enough to be waited for


def dialler(parts: Parts) -> Dial:
    """Calls from this phone; OSError when nobody answers at the port."""
    phone_parts = parts.phone

    async def dial(ends: Ends, ear: Ear) -> Handset:
        dialling = Dialling(
            caller=ends.caller,
            dialled=ends.dialled,
            token=phone_parts.token,
            uniqueid=ends.call,
            language=ends.language.partition("-")[0],
            channel=f"Phone/{ends.call}",
            staffed=phone_parts.queues if ends.staffed else (),
            key_ms=TELEPHONE_MS,
        )
        endpoint = TCP4ClientEndpoint(parts.reactor, phone_parts.host, phone_parts.port(), PATIENCE_S)
        waits = Waits(dialling, ends.ahead, EVERY_S)
        phone = QueueingPhone(parts.reactor, ear, waits, lambda leg: leg.connect(endpoint))
        phone.listening = ear.listening
        try:
            await phone.call()
        except ConnectError as fault:
            raise OSError(str(fault)) from fault
        return phone

    return dial
