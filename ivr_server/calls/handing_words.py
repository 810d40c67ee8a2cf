"""The words in which a call is handed over, in both languages, and what of a call is worth a word there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# look-ups that only steer the call: no agent needs to know how they were answered
STEERING: Final = frozenset(
    {"caller_language", "remember_language_zh", "remember_language_en", "notice", "hours", "queue_staffed", "queue_for"}
    | {"recording", "entry_place", "queue_place", "expected_wait", "call_back_state", "call_back_heard", "fax_service"}
    | {"fax_state", "fax_heard", "earlier_outcome", "outcome_heard", "offered_number", "recent_months"}
    | {"password_state", "offered_fax_number", "check_fax_number", "notice_state", "next_notice"}
)
# prompts that tell what was asked for: how much of them was heard is worth knowing
CONTENT: Final[Mapping[str, str]] = {
    **{"bill_sum": "told_bill", "bill_due": "told_bill", "bill_parts": "told_parts", "no_bill_that_month": "told_bill"},
    **{"bill_higher": "told_why", "bill_lower": "told_why", "bill_same": "told_why", "why_unknown": "told_why"},
    **{"total_owed": "told_total", "total_nothing": "told_total", "total_credit": "told_total"},
    **{"arrears_none": "told_arrears", "arrears_count": "told_arrears", "password_is_set": "told_password"},
    **{"fax_accepted": "told_fax", "fax_sent": "told_fax", "fax_failed": "told_fax", "notice_now": "told_notice"},
    **{"place_next": "told_place", "place_in_line": "told_place", "wait_range": "told_wait", "wait_about": "told_wait"},
}

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "identity_": "未核实身份",
        "identity_open": "按号码识别，未设查询密码",
        "identity_password": "已用查询密码核实",
        "identity_code": "已用账单服务代码核实",
        "fees": "话费",
        "arrears": "欠费",
        "password": "查询密码",
        "fax": "传真账单",
        "fault": "故障报修",
        "complaint": "投诉",
        "suggestion": "建议",
        "consultation": "业务咨询",
        "call_back": "预约回电",
        "": "未选择业务",
        "ended_served": "已办理",
        "ended_goodbye": "道别",
        "ended_enqueued": "转人工",
        "ended_call_back": "已登记回电",
        "ended_silent": "长时间无按键",
        "ended_hung_up": "来电者挂机",
        "ended_failed": "系统故障",
        "ended_refused": "未接听",
        "ended_fax_machine": "传真机来电",
        "ended_": "未结束",
        "earlier": "{business}，{ended}",
        "to_the_end": "{what}（听完）",
        "in_part": "{what}（听到 {share}%）",
        "to_human": "要求人工",
        "fault_of": "{what}：{fault}",
        "told_bill": "账单金额",
        "told_parts": "费用明细",
        "told_why": "与上月比较",
        "told_total": "应缴总额",
        "told_arrears": "欠费情况",
        "told_password": "密码已设置",
        "told_fax": "传真情况",
        "told_notice": "公告",
        "told_place": "排队位置",
        "told_wait": "预计等待",
        "fax_job": "任务 {job}：{month} 账单传真到 {number}，{state}",
    },
    "en": {
        "identity_": "identity not checked",
        "identity_open": "known by number; no query password is set",
        "identity_password": "checked by query password",
        "identity_code": "checked by the code on the bill",
        "fees": "Bills",
        "arrears": "Overdue bills",
        "password": "Query password",
        "fax": "Bill by fax",
        "fault": "Fault report",
        "complaint": "Complaint",
        "suggestion": "Suggestion",
        "consultation": "Consultation",
        "call_back": "Call-back",
        "": "No business chosen",
        "ended_served": "served",
        "ended_goodbye": "said goodbye",
        "ended_enqueued": "put through",
        "ended_call_back": "call-back noted",
        "ended_silent": "no key for a long time",
        "ended_hung_up": "the caller hung up",
        "ended_failed": "ended by a fault",
        "ended_refused": "not answered",
        "ended_fax_machine": "a fax machine called",
        "ended_": "not finished",
        "earlier": "{business}: {ended}",
        "to_the_end": "{what}, heard to the end",
        "in_part": "{what}, {share}% heard",
        "to_human": "asked for a person",
        "fault_of": "{what}: {fault}",
        "told_bill": "the bill's sum",
        "told_parts": "the bill's details",
        "told_why": "comparison with the month before",
        "told_total": "total owed",
        "told_arrears": "overdue bills",
        "told_password": "password is set",
        "told_fax": "state of the fax",
        "told_notice": "the notice",
        "told_place": "place in line",
        "told_wait": "expected wait",
        "fax_job": "Job {job}: bill of {month} by fax to {number}, {state}",
    },
}
