"""What is wrong with a sheet, in the visitor's language; the readers say it in English, for files and terminals."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from ivr_server.console import studio_told

Shape = dict[str, Any]
Q: Final = r'"(.*?)"'
KINDS: Final = {
    "queue": "队列", "reason": "原因", "form": "受理单", "field": "字段", "title": "名称", "label": "字段名",
}  # fmt: skip
TABLE: Final = (
    (r"there is no queue; .*", "没有队列；出错后的来电需要一个"),
    (r"there is no form; .*", "没有受理单；第一张受理单接收别处没有的业务"),
    (rf"{Q} stands there twice", "“{0}”写了两次"),
    (rf"{Q} is no business(?:; use .*)?", "“{0}”不是业务名；请用小写字母、数字和 _"),
    (rf"{Q} has another form already", "“{0}”已经有另一张受理单"),
    (r"(\w+) must lie between (\d+) and (\d+), not (-?\d+)", "应在 {1} 到 {2} 之间，而不是 {3}"),
    (rf"{Q} is no name of a (queue|reason|form|field); .*", "“{0}”不能作{1}标识；请用字母、数字和 _"),
    (r"the (title|label) in zh-CN is missing", "缺少中文{0}"),
    (r"the (title|label) in en-US is missing", "缺少英文{0}"),
    (r"the (title|label) in (\S+) is missing", "缺少 {1} 的{0}"),
    (rf"{Q} is no day of the week; .*", "“{0}”不是星期几；请用 mon 到 sun"),
    (rf"{Q} is no span of hours; .*", "“{0}”不是时间段；请写作 08:00-18:30"),
    (rf"{Q} begins before the span before it has ended", "“{0}”的开始早于前一段的结束"),
    (rf"{Q} is no date; .*", "“{0}”不是日期；请写作 2026-10-01"),
    (rf"{Q} lies before {Q}", "“{0}”早于“{1}”"),
    (r"one entry has (\d+) days at most", "一项最多 {0} 天"),
    (r"there are (\d+) entries of holidays at most", "节假日最多 {0} 项"),
    (rf"(\S+) stands in the entry of {Q} already", "{0} 已在“{1}”一项中"),
    (rf"{Q} ends before it begins; .*", "“{0}”的结束早于开始；跨过午夜请写成两段"),
    (rf"{Q} goes to the queue {Q} already, in the same language", "同一语言下，“{0}”已经进入队列“{1}”"),
    (rf"no queue asks for the skill {Q}", "没有队列要求技能“{0}”"),
    (r"a level lies between 1 \(best\) and (\d+), not (-?\d+)", "等级应在 1（最高）到 {0} 之间，而不是 {1}"),
    (r"a form has (\d+) fields at most", "一张受理单最多 {0} 个字段"),
    (r"a field has (\d+) choices at most", "一个字段最多 {0} 个选项"),
    (rf"{Q} belongs to every reception; .*", "“{0}”每张受理单都有；请给字段另起标识"),
    (r"a field of kind choice needs choices", "单选字段需要选项"),
    (r"only kind choice has choices", "只有单选字段才有选项"),
    (r"(.+?): input should be a valid integer.*", "应是整数"),
    (r"(.+?): input should be a valid boolean.*", "应是 true 或 false"),
    (r"(.+?): input should be a valid (?:tuple|list|dictionary).*", "写法不对：应是列表或“键: 值”"),
    (r"(.+?): input should be a valid string.*", "应是文字"),
    (r"(.+?): input should be (.*)", "不能这样写；可用：{1}"),
    (r"more than (\d+) levels or (\d+) values", "超过 {0} 层或 {1} 个值"),
)  # fmt: skip
MEANT: Final = re.compile(r'(?s)(.*); did you mean "(.+?)"\?')


@cache
def in_chinese(text: str) -> str:
    """The sentence in Chinese; as the studio says it, or as it is, where this table has none."""
    meant = MEANT.fullmatch(text)
    bare = meant[1] if meant else text
    for pattern, chinese in TABLE:
        if found := re.fullmatch(pattern, bare):
            said = chinese.format(*(KINDS.get(word, word) for word in found.groups()))
            return said + (f"；是不是“{meant[2]}”？" if meant else "")
    return studio_told.in_chinese(text)


def worded(problems: list[Shape], language: str) -> list[Shape]:
    """Each with ``words`` in this language beside ``text``."""
    chinese = language.startswith("zh")
    return [{**one, "words": in_chinese(one["text"]) if chinese else one["text"]} for one in problems]
