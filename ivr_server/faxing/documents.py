"""From the facts of a bill to the document that the press draws, and the line on a fax that is gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from crm_bridge.schema import PARTS
from fax.bill import BillDocument, BillLine, Issuer, OpenMonth
from fax.words import WORDS
from ivr_server.settings import Operator, Settings

T = TypeVar("T")


class Billing(Protocol):
    """What is asked of the bridge's look-ups."""

    async def faxable(self, customer: str, month: str, call: str) -> Any:
        """A ``Faxable``, or None when there is no such bill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whose bill of which month, in which language. ``asked``: seconds since 1970; ``job`` 0: no fax job."""

    customer: str
    month: str
    language: str
    asked: float
    job: int = 0
    call: str = ""


async def collect(billing: Billing, settings: Settings, wish: Wish) -> BillDocument | None:
    """The bill as a document; None when there is no such bill. Raises LookUpFault when billing is away."""
    found = await billing.faxable(wish.customer, wish.month, wish.call or f"fax-{wish.job}")
    return None if found is None else _document(found, settings, wish)


def _document(found: Any, settings: Settings, wish: Wish) -> BillDocument:
    bill, operator = found.bill, settings.operator
    return BillDocument(
        language=wish.language,
        issuer=issuer(operator, wish.language),
        currency=operator.currency,
        name=found.name,
        number=found.phone,
        account=found.account,
        month=bill.month,
        issued=datetime.fromtimestamp(wish.asked, ZoneInfo(operator.zone)).date().isoformat(),
        job=str(wish.job) if wish.job else "",
        categories=tuple(zip(PARTS, bill.parts, strict=True)),
        total=bill.total,
        late_fee=bill.late_fee,
        paid=bill.paid,
        due=bill.due,
        lines=tuple(BillLine(at=c.at, category=c.part, number=c.number, quantity=c.quantity, amount=c.amount)
                    for c in found.charges),
        arrears=tuple(OpenMonth(month=one.month, amount=one.open, due=one.due) for one in found.unpaid),
        masked=settings.fax.masked,
        most_pages=settings.fax.most_pages,
    )  # fmt: skip


def issuer(operator: Operator, language: str) -> Issuer:
    """The operator as its bills name it, in a language or, where it has no words in it, in another."""
    return Issuer(
        name=_said(operator.name, language, ""),
        address=_said(operator.address, language, ""),
        phone=operator.phone,
        how_to_pay=_said(operator.how_to_pay, language, ()),
    )


def _said(words: dict[str, T], language: str, nothing: T) -> T:
    return words.get(language, next(iter(words.values()), nothing))


def note(language: str, first: int, repeated: int | None) -> str:
    """The line on the first page of a fax that is gone on with; "" when it begins with page 1 and repeats nothing."""
    words = WORDS[language]
    told = [words.resumed(first)] if first > 1 else []
    if repeated is not None:
        told.append(words.repeat(repeated))
    return "  ".join(told)
