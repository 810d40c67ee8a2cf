"""The trail in words: what the caller heard, chose, entered, and was answered; for the agent who takes over.

A trail is bounded twice: by steps and by bytes. What does not fit is left out of the middle, never of the end, and
never in the middle of a character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from flows.turns import Note

STEPS: Final = 200
BYTES: Final = 8 << 10
LINE_BYTES: Final = 800
Titles = Mapping[str, str]
STOPS: Final = " .,。，、"
_KEY: Final = re.compile(r"[,，]?\s*(press|请按)[\s…]*$")

_ZH: Final = {
    "heard": "听到：{prompts}（{share}%）",
    "chosen": "按 {key}：{prompt}",
    "yes": "按 {key}：是",
    "no": "按 {key}：否",
    "empty": "只按了 {key}",
    "entered": "输入{fact}：{value}",
    "entered_secret": "输入{fact}（{length} 位，保密）",
    "wrong": "按错：{keys}",
    "wrong_secret": "输入有误",
    "silent": "无按键，第 {times} 次",
    "asked": "查询：{look_up}",
    "answered": "{look_up}：{outcome}{told}",
    "unheard": "来电者未听到",
    "went": "转到：{to}",
    "failed": "故障：{fault}",
    "hung_up": "来电者挂机",
    "tagged": "标记：{tag}",
    "ended": "结束：{disposition}",
    "enqueued": "转入队列 {queue}：{business}",
    "left_out": "……（略去 {count} 步）",
}
_EN: Final = {
    "heard": "heard: {prompts} ({share}%)",
    "chosen": "pressed {key}: {prompt}",
    "yes": "pressed {key}: yes",
    "no": "pressed {key}: no",
    "empty": "pressed {key} alone",
    "entered": "entered {fact}: {value}",
    "entered_secret": "entered {fact} ({length} digits, secret)",
    "wrong": "wrong: {keys}",
    "wrong_secret": "wrong entry",
    "silent": "no key, time {times}",
    "asked": "asked: {look_up}",
    "answered": "{look_up}: {outcome}{told}",
    "unheard": "the caller did not hear it",
    "went": "went to: {to}",
    "failed": "fault: {fault}",
    "hung_up": "the caller hung up",
    "tagged": "tag: {tag}",
    "ended": "ended: {disposition}",
    "enqueued": "to the queue {queue}: {business}",
    "left_out": "… ({count} steps left out)",
}
# look-ups, outcomes, facts and places that every operator has; others are told by their names
_WORDS_ZH: Final = {
    "human": "人工",
    "main": "主菜单",
    "back": "返回",
    "repeat": "重听",
    "silent": "长时间无按键",
    "tired": "多次按错",
    "too_long": "通话过长",
    "failed": "故障",
    "hung_up": "挂机",
    "served": "已办理",
    "goodbye": "道别",
    "call_back": "已登记回电",
    "phone": "电话号码",
    "month": "月份",
    "password": "查询密码",
    "new_password": "新密码",
    "again": "新密码确认",
    "code": "服务代码",
    "sum": "金额",
    "due": "到期日",
    "difference": "差额",
    "late_fee": "违约金",
    "this_month": "最近月份",
    "last_month": "上月",
    "month_before": "再上月",
    "first_month": "最早月份",
    "date": "日期",
    "call_back_number": "回电号码",
    "call_back_to": "回电号码",
    "count": "数量",
    "tries_left": "剩余次数",
    "minutes": "分钟",
    "caller_language": "来电语言",
    "notice": "通知",
    "hours": "服务时间",
    "queue_staffed": "坐席",
    "queue_for": "该去的队列",
    "queue": "队列",
    "recording": "通话录音",
    "recorded": "已记录",
    "not_recorded": "不录音",
    "entry_place": "进入队列时的位置",
    "queue_place": "队列中的位置",
    "free": "有坐席空闲",
    "next": "排在第一位",
    "place": "正在排队",
    "ahead": "前面人数",
    "expected_wait": "预计等候",
    "range": "一个范围",
    "about": "大约",
    "longer": "比报过的更长",
    "low": "最少分钟数",
    "high": "最多分钟数",
    "keep_place": "保留位置并回电",
    "kept": "已保留",
    "call_back_state": "回电状态",
    "call_back_heard": "告知回电状态",
    "missed": "未接通",
    "parts": "费用明细",
    "paid": "已缴",
    "reasons": "原因",
    "reason": "原因",
    "months": "月份",
    "fault": "故障报修",
    "complaint": "投诉",
    "consultation": "咨询",
    "suggestion": "建议",
    "offered_number": "来电号码",
    "find_customer": "查找客户",
    "check_password": "核对密码",
    "recent_months": "近几个月",
    "bill": "账单",
    "total_owed": "欠费总额",
    "arrears": "欠费",
    "password_state": "密码状态",
    "prove_identity": "核实身份",
    "judge_password": "检查新密码",
    "set_password": "设置密码",
    "record_call_back": "登记回电",
    "record_fax_wish": "登记传真",
    "fax_service": "传真服务",
    "fax_state": "传真状态",
    "fax_heard": "告知传真结果",
    "check_fax_number": "检查传真号码",
    "offered_fax_number": "来电号码能否收传真",
    "request_fax": "发送传真",
    "fax_number": "传真号码",
    "job": "任务号",
    "tries": "最多次数",
    "pages": "页数",
    "arrived": "已送达页数",
    "fax_machine": "传真机来电",
    "ready": "可用",
    "away": "不可用",
    "allowed": "可以发送",
    "not_allowed": "不能发送",
    "accepted": "已受理",
    "under_way": "已在发送",
    "once_more": "可以再发",
    "too_many": "超过每日次数",
    "no_bill": "没有账单",
    "waiting": "等待中",
    "dialling": "正在拨号",
    "sending": "正在发送",
    "sent": "已送达",
    "retrying": "等待重试",
    "fax_asked": "传真已受理",
    "fax_sent": "传真已送达",
    "fax_failed": "传真没有送达",
    "found": "查到",
    "none": "无",
    "some": "有",
    "right": "正确",
    "wrong": "错误",
    "last_wrong": "错误，已无次数",
    "locked": "已锁定",
    "wait": "需等待",
    "open": "服务中",
    "closed": "已下班",
    "holiday": "节假日",
    "staffed": "有人在线",
    "empty": "无人在线",
    "owed": "有欠费",
    "nothing": "无欠费",
    "credit": "有余额",
    "higher": "高于上月",
    "lower": "低于上月",
    "same": "与上月相同",
    "set": "已设置",
    "done": "完成",
    "unknown": "未知",
    "deadline": "超时",
    "unavailable": "不可用",
    "fees": "话费",
    "fax": "传真",
}


def words(notes: Sequence[Note], language: str, titles: Titles | None = None) -> list[str]:
    """One sentence a note, at most 200 and 8 KiB. ``titles``: prompt, look-up, fact .. -> its words in the language."""
    return [sentence for _, sentence in told(notes, language, titles)]


def told(notes: Sequence[Note], language: str, titles: Titles | None = None) -> list[tuple[int, str]]:
    """The same, each sentence with the place of its note; -1 beside the one that says how many were left out."""
    tell = _teller(language, titles or {})
    gap = _sentences(language)["left_out"]
    return _bounded([tell(note) for note in notes], (STEPS, BYTES), lambda count: gap.format(count=count))


def named(name: str, language: str, titles: Titles | None = None) -> str:
    """What a look-up, an outcome, a tag or a fault is called."""
    return _one_line(_word(language, titles or {})(name))


def line(notes: Sequence[Note], language: str, limit_bytes: int = LINE_BYTES, titles: Titles | None = None) -> str:
    """The trail in one line of at most so many bytes of UTF-8; the newest is kept, the oldest left out."""
    tell = _teller(language, titles or {})
    parts: list[str] = []
    left = limit_bytes
    for note in reversed(_weighty(notes)):
        said = _one_line(tell(note))
        cost = len(said.encode()) + (3 if parts else 0)
        if cost > left:
            if not parts:
                parts.append(cut(said, limit_bytes))
            break
        parts.append(said)
        left -= cost
    return " | ".join(reversed(parts))


def cut(text: str, limit_bytes: int) -> str:
    """The beginning of the text in at most so many bytes of UTF-8, ending at a whole character."""
    return text.encode()[: max(0, limit_bytes)].decode("utf-8", "ignore")


def _weighty(notes: Iterable[Note]) -> list[Note]:
    """What an agent reads first: not every prompt, and a question only by its answer."""
    return [note for note in notes if note.what not in ("heard", "asked")]


def _one_line(text: str) -> str:
    """Without line breaks and other signs that no line may hold."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def _bounded(said: list[str], limits: tuple[int, int], gap: Callable[[int], str]) -> list[tuple[int, str]]:
    """The first tenth and the last steps, within the limits of steps and bytes; in between, how many are missing."""
    most, size = limits
    numbered = list(enumerate(cut(_one_line(sentence), size // 8) for sentence in said))
    if len(numbered) <= most and _size(numbered) <= size:
        return numbered
    head = numbered[: most // 10]
    while _size(head) > size // 4:
        head.pop()
    left = size - _size(head) - len(gap(len(said)).encode()) - 1
    tail: list[tuple[int, str]] = []
    for number, sentence in reversed(numbered[len(head) :]):
        left -= len(sentence.encode()) + 1
        if left < 0 or len(head) + len(tail) + 1 >= most:
            break
        tail.append((number, sentence))
    return [*head, (-1, gap(len(said) - len(head) - len(tail))), *reversed(tail)]


def _size(said: Iterable[tuple[int, str]]) -> int:
    return sum(len(sentence.encode()) + 1 for _, sentence in said)


def _sentences(language: str) -> Mapping[str, str]:
    return _ZH if language.startswith("zh") else _EN


def _teller(language: str, titles: Titles) -> Callable[[Note], str]:
    """How one note is told in a language."""
    chinese = language.startswith("zh")
    sentences, word = _sentences(language), _word(language, titles)

    def tell(note: Note) -> str:
        detail = dict(note.detail)
        known: dict[str, str] = {
            key: word(detail[key])
            for key in ("fact", "look_up", "outcome", "to", "tag", "disposition", "fault")
            if key in detail
        }
        known |= {key: word(detail[key]) for key in ("prompt", "business", "queue") if detail.get(key)}
        if note.what == "heard":
            joined = (", " if not chinese else "、").join(map(word, detail.get("prompts", "").split()))
            known["prompts"] = joined.replace("？、", "？").replace("?, ", "? ")
        if note.what == "chosen" and "value" in detail:
            known["prompt"] = _filled(known.get("prompt", ""), detail["value"])
        if note.what == "answered":
            told = [
                f"{word(name)} {value}" for name, value in note.detail if name not in ("look_up", "outcome", "heard")
            ]
            if detail.get("heard") == "no":  # a write that was finished after they had left
                told.append(sentences["unheard"])
            known["told"] = (f"，{'，'.join(told)}" if chinese else f", {', '.join(told)}") if told else ""
        filled = {"business": "", "prompt": "", **detail, **known}
        return sentences[_form(note.what, detail)].format(**filled).rstrip(" :：")

    return tell


def names(language: str) -> Mapping[str, str]:
    """What look-ups, outcomes, facts and places are called that every operator has; {} where their names say it."""
    return _WORDS_ZH if language.startswith("zh") else {}


def _word(language: str, titles: Titles) -> Callable[[str], str]:
    """How a name is called in a language."""
    chinese, own = language.startswith("zh"), names(language)

    def word(name: str) -> str:
        return _bare(titles.get(name, "")) or own.get(name) or (name if chinese else name.replace("_", " "))

    return word


def _bare(title: str) -> str:
    """A prompt's words as part of another sentence: without its full stop, and without which key it was on."""
    return _KEY.sub("", title.rstrip(STOPS)).rstrip(STOPS)


def _filled(title: str, value: str) -> str:
    """A title with the value in its gap, or after it where it has none."""
    return title.replace("…", value, 1) if "…" in title else f"{title} {value}".strip()


def _form(what: str, detail: Mapping[str, str]) -> str:
    """Which sentence tells the note."""
    if what == "chosen":
        return detail.get("answer") or ("chosen" if "prompt" in detail else "empty")
    if what == "entered":
        return "entered_secret" if "length" in detail else "entered"
    if what == "wrong":
        return "wrong" if detail.get("keys") else "wrong_secret"
    return "enqueued" if what == "ended" and "queue" in detail else what
