"""What a look-up may use: the records, the ledger, the operator's rules, and the moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from crm_bridge.ledger import Ledger
from crm_bridge.numbering import FIXED, Numbering
from crm_bridge.records import Bill, Customer, Holder, Records, believed, believed_customer, believed_holder
from crm_bridge.tries import TryRule


@dataclass(frozen=True, slots=True)
class FaxRules:
    """Where faxes may go, how many an account may ask for within a day, and how often each is tried."""

    numbers: Numbering = field(default_factory=lambda: Numbering(FIXED))
    daily: int = 5
    tries: int = 3


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator decides. ``same_s``: within it, the same wish is the same wish."""

    numbering: Numbering = field(default_factory=Numbering)
    currency: str = "CNY"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    tries: TryRule = field(default_factory=TryRule)
    same_s: float = 12 * 3_600.0
    fax: FaxRules = field(default_factory=FaxRules)


@dataclass(frozen=True, slots=True)
class Room:
    """One look-up's surroundings; ``now`` is seconds since 1970 UTC."""

    records: Records
    ledger: Ledger
    rules: Rules
    call: str
    now: float

    @property
    def today(self) -> str:
        """The operator's date."""
        return self.day(self.now)

    def day(self, at: float) -> str:
        """The operator's date at that instant."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.rules.zone).date().isoformat()

    def customer(self, phone: str) -> Customer | None:
        """Whose number this is; garbage when another customer came back."""
        return believed_customer(self.records.customer(phone), phone)

    def holder(self, customer: str) -> Holder:
        """Who this customer is; garbage when nobody, or another one, came back."""
        return believed_holder(self.records.holder(customer), customer)

    def believed(self, bills: list[Bill], customer: str) -> list[Bill]:
        """The bills, newest first, every one checked."""
        checked = [believed(bill, customer, self.rules.currency) for bill in bills]
        return sorted(checked, key=lambda bill: bill.month, reverse=True)
