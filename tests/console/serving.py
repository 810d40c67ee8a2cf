"""The console in a process of its own, for tests over real sockets: staff in SQLite, a scripted call behind the phone.

Run as a module with one folder; prints its port. All that a test wants to change while it runs is in the database.
"""

from __future__ import annotations

import math
import struct
import sys
import wave
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, Counter
from twisted.internet import reactor

from crm_bridge.database import Database, Limits
from crm_bridge.factors import FactorBook
from crm_bridge.hashing import Hashing
from crm_bridge.numbering import Numbering
from crm_bridge.staff import StaffBook
from crm_bridge.versions import prepare
from crm_bridge.wishes import CallersWish
from ivr_server.calls.trails import DatabaseShelf, Trails
from ivr_server.console.api import Api
from ivr_server.console.fax_book import FaxBook
from ivr_server.console.feed import Feed
from ivr_server.console.parts import DemoCustomer, Health, HealthPart, Parts, PhoneParts
from ivr_server.console.site import make_site
from ivr_server.faxing.mailing import Mailer, Smtp
from ivr_server.keys import sealing
from tests.doubles.agents import served_room

API_TOKEN = "a-token-that-nobody-guesses"
EVIL = '<script>document.title="taken"</script>'
CUSTOMERS = (
    DemoCustomer("13800138000", {"zh-CN": "上月话费比平时高", "en-US": "last bill higher than usual"}, "246813"),
    DemoCustomer("13900139000", {"zh-CN": "欠费三个月", "en-US": "three months in arrears"}, "135724"),
    DemoCustomer("13700137000", {"zh-CN": "尚未设置查询密码", "en-US": "no query password yet"}, code="88431"),
    DemoCustomer("02160001234", {"zh-CN": "一切已付清", "en-US": "everything is paid"}),
)
SCRIPT = {
    "": (
        "Welcome to Tongda Telecom. For your bill, press 1. If you owe something, press 2. For a person, press 0.",
        "main_menu",
    ),
    "1": ("Your bill for November 2026 is eighty-six yuan and forty fen, due on the fifth of December.", "say_bill"),
    "2": ("You owe nothing. Thank you.", "say_arrears"),
}


@dataclass
class Record:
    """A call as the journal has it."""

    call: str
    started: datetime
    ended: datetime | None
    caller: str
    disposition: str
    business: str
    notes: tuple[dict[str, Any], ...] = ()
    dialled: str = "10010"
    language: str = "zh-CN"
    queue: str = ""
    fault: str = ""


NOTES = (
    {"step": 1, "flow": "main", "node": "which_language", "what": "asked", "look_up": "caller_language"},
    {
        "step": 2,
        "flow": "main",
        "node": "which_language",
        "what": "answered",
        "look_up": "caller_language",
        "outcome": "zh_cn",
    },
    {"step": 3, "flow": "main", "node": "main_menu", "what": "heard", "prompts": "main_menu", "share": "80"},
    {"step": 3, "flow": "main", "node": "main_menu", "what": "chosen", "key": "1", "prompt": "option_fees"},
    {"step": 4, "flow": "fees", "node": "ask_phone", "what": "entered", "fact": "phone", "value": "13800138000"},
    {"step": 5, "flow": "fees", "node": "say_bill", "what": "tagged", "tag": EVIL},
    {"step": 6, "flow": "fees", "node": "say_bill", "what": "went", "to": "human"},
)


class Calls:
    """A few calls, one of them with hostile fields."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        ago = [now - timedelta(seconds=seconds) for seconds in (120, 600, 900, 3000)]
        self.records = [
            Record("1700000001.1", ago[0], now, "13800138000", "enqueued", "fees", NOTES, queue="billing"),
            Record("1700000002.1", ago[1], ago[0], EVIL, "served", "arrears", NOTES),
            Record("1700000003.1", ago[2], ago[1], "", "silent", "", NOTES),
            Record("1700000004.1", ago[3], None, "13900139000\u202e\x1b[2J", "", "", NOTES),
        ]

    async def recent(self, limit: int) -> list[Record]:
        """Newest first."""
        return self.records[:limit]

    async def find(self, call: str) -> Record | None:
        """By its id."""
        return next((record for record in self.records if record.call == call), None)

    async def wishes(self, limit: int) -> list[CallersWish]:
        """A call-back, a fax for a number, a fax for a customer that has none here, and a hostile one."""
        began = self.records[0].started
        return [
            CallersWish(began, "call_back", "13800138000", queue="billing", call="1700000001.1"),
            CallersWish(began, "fax_bill", "13900139000", "12", month="2026-10", call="1700000003.1"),
            CallersWish(began, "fax_bill", customer="C-77", month="2026-09"),
            CallersWish(began, "call_back", EVIL, queue="a\u202eb", call="../x"),
        ][:limit]


@dataclass
class Scripted:
    """A call out of a table: every key plays what SCRIPT says, 0 goes to the queue."""

    folder: Path
    feed: Feed
    ends: Any
    ear: Any
    heard: list[str] = field(default_factory=list)
    step: int = 0

    def note(self, node: str, what: str, **detail: str) -> None:
        """One note of the trail."""
        self.step += 1
        self.feed.publish(
            self.ends.call, {"step": self.step, "flow": "main", "node": node, "what": what, "detail": detail}
        )

    def speak(self, key: str) -> None:
        """Play what the table says."""
        words, node = SCRIPT[key]
        self.ear.playing(str(self.folder / f"sound{key}"), 4_000, words)
        self.note(node, "heard", prompts="main_menu", share="100")
        self.feed.publish(self.ends.call, {"what": "at", "flow": "main", "node": node})

    def press(self, key: str) -> None:
        """A key cuts what plays."""
        self.ear.silent()
        self.note("main_menu", "chosen", key=key, prompt="option_fees")
        if key == "0":
            trail = "pressed 1: For your bill | went to: human" + " | queue staffed: staffed" * self.ends.staffed
            queue = {"IVR_QUEUE": "billing", "IVR_BUSINESS": "fees", "IVR_LANGUAGE": "en_US"}
            self.note("to_human", "ended", disposition="enqueued", queue="billing", business="fees")
            self.ear.ended({"IVR_TRAIL": trail, **queue, "IVR_RESULT": "queue", "IVR_TYPED": "10"})
        elif key == "9":  # a browser that does not read: far more than any buffer holds
            for _ in range(400):
                self.ear.playing(str(self.folder / "sound"), 1, "x" * 20_000)
        else:
            self.speak(key if key in SCRIPT else "")

    @property
    def hushed(self) -> bool:
        """This script asks for no secret."""
        return False

    def hang_up(self) -> None:
        """The caller goes."""
        self.ear.silent()
        self.ear.ended({"IVR_RESULT": "done"})


def tone(path: Path) -> None:
    """Four seconds of a soft tone, 8 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", int(3000 * math.sin(i * 0.35))) for i in range(32_000)))


def mailer(port: str) -> Mailer:
    """To the mail server of a test, on this machine."""
    return Mailer(reactor, Smtp(host="127.0.0.1", port=int(port), sender="bills@telecom.example", tls="no"))


def build(folder: Path, allowed: str = "loopback", mail: str = "") -> Any:
    """The site and what must be started with it."""
    database = Database(f"sqlite:///{folder / 'ivr.db'}", reactor, Limits())
    hashing = Hashing(reactor)
    for key in SCRIPT:
        tone(folder / f"sound{key}.wav")
    feed, registry = Feed(), CollectorRegistry()
    Counter("ivr_calls", "Calls", registry=registry).inc()

    async def dial(ends: Any, ear: Any) -> Scripted:
        if ends.dialled == "000":
            raise ConnectionRefusedError
        call = Scripted(folder, feed, ends, ear)
        reactor.callLater(0.02, call.speak, "")
        return call

    async def customers() -> tuple[DemoCustomer, ...]:
        return CUSTOMERS

    async def health() -> Health:
        parts = (HealthPart("flows", "ok", "3f9a2c"), HealthPart("database", "ok"), HealthPart("prompts", "ok", "412"))
        return Health(True, False, (*parts, HealthPart("asterisk", "unknown", "not seen", "没见到")))

    staff = StaffBook(database, hashing)
    trails = Trails(DatabaseShelf(database), lambda _: {}, ZoneInfo("Asia/Shanghai"), lambda: datetime.now(UTC))
    parts = Parts(
        reactor=reactor,
        staff=staff,
        factors=FactorBook(database, hashing, sealing(folder)),
        factor_required=(folder / "factor-required").exists(),
        calls=Calls(),
        feed=feed,
        faxes=FaxBook(
            database=database,
            folder=lambda job: folder / "faxes" / str(job),
            reactor=reactor,
            mailer=mailer(mail) if mail else None,
        ),
        health=health,
        registry=registry,
        agents=served_room(reactor, database, staff.note, folder),
        phone=PhoneParts(allowed=allowed, sounds=(folder,), customers=customers),
        hosts=("desk.example",),
        metrics_token="let-me-count",
        titles=lambda _language: {"main_menu": "What can we do for you?", "option_fees": "For your bill of {month}"},
        zone="Asia/Shanghai",
        api=Api(trails, API_TOKEN, reactor.seconds, Numbering().national),
    )
    return make_site(parts, dial), database, hashing


def main() -> None:
    """Serve until killed."""
    folder = Path(sys.argv[1])
    site, database, hashing = build(folder, *sys.argv[2:4])
    with database.engine.execution_options(write=True).begin() as connection:
        prepare(connection)
    database.start()
    hashing.start()
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.addSystemEventTrigger("before", "shutdown", hashing.stop)
    reactor.addSystemEventTrigger("before", "shutdown", database._pool.stop)
    reactor.run()


if __name__ == "__main__":
    main()
