"""Invented customers, calls, forms and colleagues for the desk's stand-in, in both languages."""

from __future__ import annotations

import time
from typing import Any

Shape = dict[str, Any]
ZH = "zh-CN"

TITLES = {
    "service": ("Service", "综合服务"), "billing": ("Bills", "话费"), "faults": ("Faults", "故障"),
    "fees": ("Fees", "话费查询"), "complaint": ("Complaint", "投诉"), "suggestion": ("Suggestion", "建议"),
    "consultation": ("Consultation", "咨询"), "fault": ("Fault", "故障申报"),
    "break": ("Break", "小休"), "meal": ("Meal", "用餐"), "training": ("Training", "培训"), "paperwork": ("Paperwork", "文书"),
}  # fmt: skip


def business(name: str, language: str) -> str:
    """Its title."""
    return TITLES.get(name, (name, name))[language == ZH]


def reason_title(name: str, language: str) -> str:
    """Why somebody is busy."""
    return business(name, language) if name in TITLES else ""


def both(language: str, english: str, chinese: str) -> str:
    """One of the two."""
    return chinese if language == ZH else english


def field(name: str, label: str, kind: str = "text", **more: Any) -> Shape:
    """A field of a form."""
    return {"name": name, "label": label, "kind": kind, "required": False, **more}


def forms(language: str) -> list[Shape]:
    """Three forms with every kind of field."""
    why = [{"name": "roaming", "title": both(language, "Roaming", "漫游")}, {"name": "data", "title": both(language, "Data", "流量")}]
    fees = [
        field("month", both(language, "Which bill", "哪个月的账单")),
        field("what", both(language, "What is it about", "疑问类型"), "choice", choices=why, required=True),
        field("explained", both(language, "Explained to the customer", "已向客户解释"), "yes_no"),
    ]
    fault = [
        field("since", both(language, "Since when", "开始日期"), "date"),
        field("meter", both(language, "Reading", "读数"), "number"),
        field("seen", both(language, "What does the customer see", "故障现象"), "long", required=True),
    ]
    named = (("fees", fees), ("fault", fault), ("complaint", [field("about", both(language, "About", "投诉对象"))]))
    return [{"name": name, "title": business(name, language), "fields": fields} for name, fields in named]


def page_of(language: str) -> Shape:
    """What the page needs once."""
    names = ("fees", "complaint", "suggestion", "consultation", "fault")
    reasons = ("break", "meal", "training", "paperwork")
    return {
        "reasons": [{"name": name, "title": business(name, language)} for name in reasons],
        "telephones": ["2001", "2002"],
        "forms": forms(language),
        "businesses": [{"name": name, "title": business(name, language)} for name in names],
        "dial_out": True,
    }


def call_of(call: str, who: str, language: str, evil: str) -> dict[str, Shape]:
    """A call that rings: ``li`` is known and proved, ``new`` has no card."""
    made = _li(call, language) if who == "li" else _new(call, language)
    return _poisoned(made, evil) if evil else made


def _ringing(call: str, number: str, language: str, name: str) -> Shape:
    return {
        "call": call, "number": number, "queue": "billing", "queue_title": business("billing", language), "business": name,
        "business_words": business(name, language), "language": both(language, "Mandarin", "普通话"), "since": time.time(), "call_back": False,
    }  # fmt: skip


def _li(call: str, language: str) -> dict[str, Shape]:
    def say(english: str, chinese: str) -> str:
        return both(language, english, chinese)

    now = time.time()
    card = {
        "number": "138 0013 8000", "customer": "C-20481", "name": say("Li Wei", "李伟"), "found_by": "verified",
        "address": say("12 Gulou Street, Nanjing", "南京市鼓楼区鼓楼街 12 号"), "package": say("Family 199, 60 GB", "全家享 199 元 60GB"),
        "currency": "CNY", "balance": "¥12.40", "arrears": {"sum": "¥318.60", "count": 2, "oldest_due": "2026-09-25"},
        "contracts": [
            {"number": "K-7714", "name": say("Broadband 500", "宽带 500M"), "began": "2025-03-01", "ends": "2027-02-28"},
            {"number": "K-9020", "name": say("Second line", "副卡"), "began": "2026-01-15", "ends": ""},
        ],
        "last_contacts": [
            {"at": now - 9 * 86_400, "agent": say("Wang Fang", "王芳"), "business": "fault", "business_words": business("fault", language),
             "asked": say("Broadband drops in the evening", "晚上宽带掉线"), "done": say("Port reset, to be called on Friday", "已复位端口，周五回访"), "follow_up": "yes"},
            {"at": now - 24 * 86_400, "agent": say("Zhao Min", "赵敏"), "business": "fees", "business_words": business("fees", language),
             "asked": say("Why is September higher", "九月话费为何偏高"), "done": say("Roaming explained", "已解释漫游费"), "follow_up": ""},
        ],
    }  # fmt: skip
    handed = {
        "line": say("Asked for the bill of October (¥186.20, ¥41 more than before), heard half of why, then chose a person.",
                    "查询了十月账单（186.20 元，比上月多 41 元），原因听了一半，随后按 0 转人工。"),
        "steps": [
            {"at_s": 0, "what": "heard", "words": say("Welcome and main menu", "欢迎语与主菜单"), "heard": 0.45},
            {"at_s": 6, "what": "chosen", "words": say("1: For your bill", "1：查询话费"), "heard": None},
            {"at_s": 9, "what": "entered", "words": say("Number 138 0013 8000, password proved", "号码 138 0013 8000，密码已验证"), "heard": None},
            {"at_s": 24, "what": "heard", "words": say("Bill of October: ¥186.20", "十月账单：186.20 元"), "heard": 1.0},
            {"at_s": 33, "what": "chosen", "words": say("3: Why is it higher?", "3：为什么比上月高"), "heard": None},
            {"at_s": 35, "what": "heard", "words": say("Roaming ¥38.00 more, calls ¥3.00 more", "漫游多 38.00 元，通话多 3.00 元"), "heard": 0.5},
            {"at_s": 41, "what": "chosen", "words": say("0: A person", "0：人工服务"), "heard": None},
        ],
        "tags": ["bill_asked", "disputed"], "tag_words": [say("disputes the bill", "对账单有异议")], "language": say("Mandarin", "普通话"),
        "identity": "password", "identity_words": say("Password proved", "密码已验证"), "minutes": 1,
        "faults": [say("Billing was slow once (2.4 s)", "计费系统慢过一次（2.4 秒）")],
        "look_ups": [{"words": say("Bill of a month", "查询月账单"), "outcome": say("found", "有账单")},
                     {"words": say("Difference", "与上月差异"), "outcome": say("higher", "偏高")}],
        "earlier": [{"call": "c-0", "at": say("Tue 18:04", "周二 18:04"), "words": say("Heard the bill, hung up", "听完账单后挂机")}],
        "faxes": [{"job": 41, "words": say("Bill of September to 025 8888 0000: sent", "九月账单传真至 025 8888 0000：已送达")}],
        "queue": "billing", "business": "fees", "business_words": business("fees", language), "waited_s": 74,
    }  # fmt: skip
    told = _ringing(call, "13800138000", language, "fees")
    return {"ringing": told, "call": told | {"card": card, "handed": handed, "form": forms(language)[0], "notes": []}}


def _new(call: str, language: str) -> dict[str, Shape]:
    handed = {
        "line": both(language, "Pressed 0 at once; nothing else is known.", "直接按 0 转人工，没有其他信息。"), "steps": [], "tags": [],
        "identity": "none", "identity_words": both(language, "Nobody proved", "未验证身份"), "language": "", "minutes": 0, "faults": [],
        "look_ups": [], "earlier": [], "faxes": [], "queue": "service", "business": "consultation",
        "business_words": business("consultation", language), "waited_s": 0,
    }  # fmt: skip
    told = _ringing(call, "02155550123", language, "consultation")
    return {"ringing": told, "call": told | {"card": None, "handed": handed, "form": forms(language)[2], "notes": []}}


def _poisoned(value: Any, evil: str) -> Any:
    """The same shape with the text in every string that a page shows; ids, kinds and figures stay."""
    kept = {"call", "business", "queue", "what", "identity", "kind", "found_by", "form"}
    if isinstance(value, dict):
        return {key: one if key in kept and isinstance(one, str) else _poisoned(one, evil) for key, one in value.items()}
    if isinstance(value, list):
        return [_poisoned(one, evil) for one in value]
    return evil if isinstance(value, str) else value


def fees_of(number: str, month: str, language: str) -> Shape:
    """A bill."""
    names = (("Family 199", "全家享 199 元", "¥145.00"), ("Roaming", "漫游", "¥38.00"), ("Calls", "通话", "¥3.20"))
    return {
        "number": number, "name": both(language, "Li Wei", "李伟"), "months": ["2026-10", "2026-09", "2026-08"], "month": month or "2026-10",
        "lines": [{"label": both(language, one, other), "amount": sum} for one, other, sum in names],
        "total": "¥186.20", "paid": both(language, "not paid", "未付"), "balance": "¥12.40",
        "arrears": {"sum": "¥318.60", "count": 2, "oldest_due": "2026-09-25"},
    }  # fmt: skip


def latest(language: str, evil: str) -> Shape:
    """Two receptions, and two calls that were not answered."""
    now = time.time()
    found = {
        "receptions": [
            {"id": "r-9", "at": now - 900, "agent": both(language, "Zhang Qiang", "张强"), "number": "13900139000", "name": both(language, "Chen Jing", "陈静"),
             "business_words": business("complaint", language), "asked": both(language, "Charged twice", "重复扣费"), "done": both(language, "Refund begun", "已发起退款"),
             "follow_up": "yes", "follow_up_on": "2026-12-01", "call": "c-9", "length_s": 183, "recording": "rec-9"},
            {"id": "r-8", "at": now - 4000, "agent": both(language, "Zhang Qiang", "张强"), "number": "13700137000", "name": "",
             "business_words": business("consultation", language), "asked": both(language, "Which package for a student", "学生套餐"), "done": "",
             "follow_up": "", "follow_up_on": "", "call": "c-8", "length_s": 95, "recording": ""},
        ],
        "missed": [
            {"call": "c-7", "number": "13600136000", "name": both(language, "Sun Li", "孙丽"), "at": now - 1500, "business_words": business("fault", language), "why": "missed"},
            {"call": "c-6", "number": "02155550123", "name": "", "at": now - 5200, "business_words": "", "why": "dropped"},
        ],
    }  # fmt: skip
    return _poisoned(found, evil) if evil else found


def places_of(language: str, evil: str) -> list[Shape]:
    """Colleagues and queues."""
    found = [
        {"to": "1002", "kind": "agent", "name": both(language, "Wang Fang", "王芳"), "state": "ready", "note": business("faults", language)},
        {"to": "1005", "kind": "agent", "name": both(language, "Zhao Min", "赵敏"), "state": "talking", "note": ""},
        {"to": "2001", "kind": "telephone", "name": both(language, "Back office", "后台"), "state": "ready", "note": ""},
        {"to": "service", "kind": "queue", "name": business("service", language), "state": "", "note": "", "waiting": 3},
        {"to": "faults", "kind": "queue", "name": business("faults", language), "state": "", "note": "", "waiting": 0},
    ]
    return [one | {"name": evil, "note": evil} for one in found] if evil else found
