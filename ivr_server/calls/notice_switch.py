"""The look-ups with which the notice is switched by telephone; who answers them: ``ivr_server.notice_switching``.

Only who gave the password has the fact ``switcher``, and only with it is anything told or switched.
"""

from __future__ import annotations

from typing import Final

from flows.flow import LookUpSignature

_END: Final = {"date": "date", "time": "time"}
_WHO: Final = {"switcher": "text"}
SIGNATURES: Final = (
    LookUpSignature(
        "notice_password",
        {"password": "secret"},
        {
            "right": _WHO,
            "wrong": {"tries_left": "count"},
            "last_wrong": {},
            "locked": {},
            "wait": {"minutes": "count"},
            "off": {},
        },
        effect=True,
    ),
    LookUpSignature("notice_state", _WHO, {"none": {}, "set": {"notice": "prompt", **_END}}, 2_000),
    LookUpSignature("next_notice", {**_WHO, "notice": "prompt?"}, {"offered": {"notice": "prompt"}, "none": {}}, 1_000),
    LookUpSignature(
        "switch_notice_on",
        {**_WHO, "notice": "prompt", "caller": "digits?"},
        {"done": {"notice": "prompt", **_END}, "refused": {}},
        effect=True,
    ),
    LookUpSignature("switch_notice_off", {**_WHO, "caller": "digits?"}, {"done": {}}, effect=True),
)
NAMES: Final = frozenset(one.name for one in SIGNATURES)
