"""The itemised bill as a value: all that stands on its pages, and nothing about how it looks.

Money is a whole number of the currency's smallest unit, dates are ISO text in the operator's local time. The value
crosses into the process that draws it as JSON, so it is checked once more when it is read back.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

LANGUAGES: Final = ("zh-CN", "en-US")
CATEGORIES: Final = ("rental", "local", "long_distance", "data", "value_added")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The operator, as its letters name it; ``how_to_pay`` holds one sentence each, in the bill's language."""

    name: str
    address: str = ""
    phone: str = ""
    how_to_pay: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One call or charge; an amount below zero was given back."""

    at: str  # "YYYY-MM-DD HH:MM:SS"
    category: str
    number: str  # the other party's; "" when there is none
    quantity: int  # seconds of a call, kilobytes of data, else 0
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMonth:
    """A month that is not paid, with what is still open of it."""

    month: str
    amount: int
    due: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDocument:
    """One month's bill of one customer. ``total`` is without ``late_fee``; open is total + late_fee - paid.

    ``job`` is "" for a bill that is not faxed. ``masked`` hides the middle digits of other parties' numbers.
    ``most_pages`` limits the single lines, never the summary or the subtotals; what is left out is said on the page.
    """

    language: str
    issuer: Issuer
    currency: str
    name: str
    number: str
    account: str
    month: str
    issued: str
    job: str
    categories: tuple[tuple[str, int], ...]
    total: int
    late_fee: int = 0
    paid: int = 0
    due: str
    lines: tuple[BillLine, ...] = ()
    arrears: tuple[OpenMonth, ...] = ()
    masked: bool = True
    most_pages: int = 40

    @property
    def open(self) -> int:
        """What is still to be paid of this bill; below zero when too much was paid."""
        return self.total + self.late_fee - self.paid

    def to_json(self) -> str:
        """The document as JSON text; ``from_json`` gives it back unchanged."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> BillDocument:
        """The document that ``to_json`` wrote; ValueError when the text holds something else."""
        try:
            return _document(json.loads(text))
        except (TypeError, KeyError, AttributeError) as wrong:
            raise ValueError(f"no bill document: {wrong}") from wrong


def _document(tree: dict[str, Any]) -> BillDocument:
    if tree["language"] not in LANGUAGES:
        raise ValueError(f"a bill can be in {' or '.join(LANGUAGES)}, not in {tree['language']}")
    issuer = dict(tree["issuer"])
    issuer["how_to_pay"] = tuple(issuer["how_to_pay"])
    return BillDocument(
        **{
            **tree,
            "issuer": Issuer(**issuer),
            "categories": tuple((str(name), int(amount)) for name, amount in tree["categories"]),
            "lines": tuple(BillLine(**line) for line in tree["lines"]),
            "arrears": tuple(OpenMonth(**month) for month in tree["arrears"]),
        }
    )
