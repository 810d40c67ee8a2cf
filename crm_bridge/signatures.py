"""The look-ups this room answers: what each needs, what it may answer, and by when.

Kinds are the flows' words; "?" after a kind: the argument may be absent. ``effect``: a started one is finished even
when the caller hangs up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Kinds = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Signature:
    """One look-up's contract; ``deadline_ms`` is the outermost limit, the database's own are shorter."""

    name: str
    needs: Kinds
    outcomes: Mapping[str, Kinds]
    deadline_ms: int = 15_000
    effect: bool = False


_PHONE: Final = {"phone": "digits"}
_CUSTOMER: Final = {"customer": "text"}
_CUSTOMER_MONTH: Final = {"customer": "text", "month": "month"}
_CALLER: Final = {"caller": "digits?"}
_JOB: Final = {"job": "digits"}
_FAX_WISH: Final = {"month": "month", "fax_number": "digits"}
_DIFFERENCE: Final = {"difference": "money", "reasons": "sayings"}

_ALL: Final = (
    Signature("caller_language", _CALLER, {"zh_cn": {}, "en_us": {}, "unknown": {}}),
    # a kindness for the next call: nobody waits long for it, and it is finished without them
    Signature("remember_language_zh", _CALLER, {"done": {}}, 1_500, effect=True),
    Signature("remember_language_en", _CALLER, {"done": {}}, 1_500, effect=True),
    Signature("offered_number", _CALLER, {"offered": _PHONE, "none": {}}),
    Signature("find_customer", _PHONE, {"malformed": {}, "no_password": _CUSTOMER, "password_needed": {}}),
    Signature(
        "check_password",
        {"phone": "digits", "password": "secret"},
        {
            "right": _CUSTOMER,
            "wrong": {"tries_left": "count"},
            "last_wrong": {},
            "locked": {},
            "wait": {"minutes": "count"},
        },
        effect=True,
    ),
    Signature(
        "recent_months",
        _CUSTOMER,
        {
            "some": {"this_month": "month", "last_month": "month", "month_before": "month", "first_month": "month"},
            "none": {},
        },
    ),
    Signature(
        "bill",
        _CUSTOMER_MONTH,
        {
            "found": {"sum": "money", "due": "date", "parts": "sayings", "paid": "prompt"},
            "empty_month": {},
            "outside": {"first_month": "month", "this_month": "month"},
        },
    ),
    Signature(
        "total_owed",
        _CUSTOMER,
        {"owed": {"sum": "money", "due": "date"}, "nothing": {}, "credit": {"sum": "money"}},
    ),
    Signature(
        "difference",
        _CUSTOMER_MONTH,
        {"higher": _DIFFERENCE, "lower": _DIFFERENCE, "same": {}, "no_earlier": {}},
    ),
    Signature(
        "arrears",
        _CUSTOMER,
        {
            "none": {},
            "some": {"count": "count", "months": "sayings", "late_fee": "money", "sum": "money", "due": "date"},
        },
    ),
    Signature("password_state", _PHONE, {"has_password": {}, "no_password": {}, "malformed": {}}),
    Signature(
        "prove_identity",
        {"phone": "digits", "code": "digits"},
        {"proved": _CUSTOMER, "wrong": {}, "last_wrong": {}, "locked": {}},
        effect=True,
    ),
    Signature(
        "judge_password",
        {"phone": "digits", "new_password": "secret"},
        {
            outcome: {}
            for outcome in ("fine", "repeated", "sequence", "part_of_number", "year", "too_common", "wrong_length")
        },
    ),
    Signature(
        "set_password",
        {"customer": "text", "phone": "digits", "new_password": "secret", "again": "secret"},
        {"set": {}, "mismatched": {}, "refused": {}},
        effect=True,
    ),
    Signature(
        "record_call_back",
        {"caller": "digits?", "phone": "digits?", "queue": "queue?"},
        {"recorded": {"call_back_number": "digits"}, "already": {}, "no_number": {}},
        effect=True,
    ),
    Signature("record_fax_wish", _CUSTOMER_MONTH, {"recorded": {}, "already": {}}, effect=True),
    Signature(
        "check_fax_number",
        {"fax_number": "digits"},
        {"allowed": {"fax_number": "digits"}, "not_allowed": {}, "malformed": {}},
    ),
    Signature("offered_fax_number", _CALLER, {"offered": {"fax_number": "digits"}, "none": {}}),
    Signature(
        "request_fax",
        {**_CUSTOMER_MONTH, "fax_number": "digits", "language": "text"},
        {
            "accepted": {**_JOB, "tries": "count"},
            "under_way": _JOB,
            "too_many": {"count": "count"},
            "no_bill": {},
            "not_allowed": {},
        },
        effect=True,
    ),
    Signature(
        "fax_state",
        _CUSTOMER,
        {
            "none": {},
            "waiting": _JOB,
            "dialling": _JOB,
            "sending": {**_JOB, "arrived": "count", "pages": "count"},
            "retrying": {**_JOB, "reason": "prompt", "minutes": "count"},
            "unknown": _JOB,
            "sent": {**_JOB, "pages": "count", "date": "date"},
            "failed": {**_JOB, "reason": "prompt", **_FAX_WISH},
            "once_more": {**_JOB, **_FAX_WISH},
        },
    ),
    Signature("fax_heard", {**_CUSTOMER, **_JOB, "state": "text"}, {"done": {}}, effect=True),
    Signature(
        "earlier_outcome",
        {**_PHONE, "customer": "text?"},
        {
            "none": {},
            "password_set": {"date": "date"},
            "fax_asked": {**_JOB, "month": "month"},
            "fax_sent": {**_JOB, "pages": "count", "date": "date"},
            "fax_failed": {**_JOB, "reason": "prompt"},
        },
    ),
    Signature("outcome_heard", _PHONE, {"done": {}}, effect=True),
)

SIGNATURES: Final[Mapping[str, Signature]] = {signature.name: signature for signature in _ALL}
