"""The keypad phone: its page, its sounds, and its socket."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivr_server.console.drawing import draw
from ivr_server.console.gate import same_origin
from ivr_server.console.parts import DemoCustomer
from ivr_server.console.phone_line import Exchange, LineSocket
from ivr_server.console.visit import Refused, Reply, Visit
from ivr_server.console.words import Words

LETTERS: Final = {
    "2": "ABC",
    "3": "DEF",
    "4": "GHI",
    "5": "JKL",
    "6": "MNO",
    "7": "PQRS",
    "8": "TUV",
    "9": "WXYZ",
    "0": "+",
}


@dataclass(frozen=True, slots=True)
class PhonePages:
    """The three routes, around one exchange of sockets."""

    exchange: Exchange

    async def page(self, visit: Visit) -> Reply:
        """The telephone; where it is not open, a page that says where it is."""
        if not visit.may_phone:
            return draw(visit, "trouble.html", 403, title="phone_off_title", text="phone_off", number="")
        phone = visit.parts.phone
        customers: Sequence[DemoCustomer] = await phone.customers() if phone.customers is not None else ()
        return draw(
            visit,
            "phone.html",
            keys=_keys(visit.words),
            customers=customers,
            caller=phone.caller or (customers[0].number if customers else ""),
            dialled=phone.dialled,
            page_words=json.dumps(visit.words.starting("phone_"), ensure_ascii=False),
        )

    async def sound(self, visit: Visit) -> Reply:
        """A wav that a phone was told to play."""
        name = visit.path["name"]
        found = (
            self.exchange.shelf.read(name.removesuffix(".wav")) if visit.may_phone and name.endswith(".wav") else None
        )
        if found is None:
            raise Refused(404)
        return Reply(found, kind="audio/wav", headers=(("Cache-Control", "private, max-age=600"),))

    async def line(self, visit: Visit) -> Reply:
        """The socket; another site's page is refused by its Origin (FAULTS I12)."""
        if not visit.may_phone or not visit.request.getHeader("origin") or not same_origin(visit.request):
            raise Refused(403)
        if not self.exchange.has_room():
            raise Refused(503)
        return Reply(resource=LineSocket(self.exchange, visit))


def _keys(words: Words) -> list[tuple[str, str, str]]:
    spoken = {"*": words("key_star"), "#": words("key_pound")}
    return [(key, LETTERS.get(key, ""), spoken.get(key, key)) for key in "123456789*0#"]
