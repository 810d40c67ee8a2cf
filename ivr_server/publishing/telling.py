"""Versions, changes and verdicts in words, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from flows.flow import Library
from ivr_server.publishing.differing import Change

Titles = Mapping[str, str]  # prompt -> its words

_EN: Final = {
    "folder": "the folder",
    "studio": "the studio",
    "import": "an import",
    "command": "the command line",
    "publish": "published",
    "roll_back": "rolled back",
    "take_in": "taken in from the folder",
    "not_done": "was not done",
    "flow_added": "the flow is new",
    "flow_removed": "the flow is gone",
    "node_added": "new ({new})",
    "node_removed": "gone",
    "added": "{what} is new: {new}",
    "removed": "{what} is gone (was: {old})",
    "changed": "{what}: {old} → {new}",
    "option": "key {key}",
    "same_state": "The folder holds what is published.",
    "changed_state": "The folder was changed by hand since it was last taken in.",
    "conflict_state": "The folder was changed by hand, and what is published came from elsewhere: merge them.",
    "read_only_state": "The folder holds an older version; it was not written.",
    "unwritten_state": "The folder could not be written.",
    "missing_state": "The folder cannot be read.",
    "same": "go the same way",
    "menu": "meet another menu",
    "ends": "end otherwise",
    "stuck": "get stuck",
    "unreadable": "cannot be compared (the record was cut off)",
    "asks": "asked at {at} what they were never asked",
    "look_up": "{about} is asked, which was not asked then",
    "flow_gone": "the flow {about} is not there any more",
    "crash": "cannot go on at {at}",
    "parts": "another way from {at} on",
    "end_was": "ends with {new}, not {old}",
}
_ZH: Final = {
    "folder": "文件夹",
    "studio": "流程工作室",
    "import": "导入",
    "command": "命令行",
    "publish": "已发布",
    "roll_back": "已回退",
    "take_in": "已从文件夹载入",
    "not_done": "未完成",
    "flow_added": "新增流程",
    "flow_removed": "流程已删除",
    "node_added": "新增（{new}）",
    "node_removed": "已删除",
    "added": "新增{what}：{new}",
    "removed": "删除{what}（原为：{old}）",
    "changed": "{what}：{old} → {new}",
    "option": "按键 {key}",
    "same_state": "文件夹与已发布的版本一致。",
    "changed_state": "文件夹在上次载入之后被手工修改。",
    "conflict_state": "文件夹被手工修改，而已发布的版本来自别处：请合并。",
    "read_only_state": "文件夹中是较早的版本，未被写入。",
    "unwritten_state": "文件夹无法写入。",
    "missing_state": "文件夹无法读取。",
    "same": "走法相同",
    "menu": "遇到不同的菜单",
    "ends": "结束方式不同",
    "stuck": "无法继续",
    "unreadable": "无法比较（记录不完整）",
    "asks": "在 {at} 被问到当时没有问过的内容",
    "look_up": "查询了当时没有查询过的 {about}",
    "flow_gone": "流程 {about} 已不存在",
    "crash": "在 {at} 无法继续",
    "parts": "从 {at} 起走法不同",
    "end_was": "结束于 {new}，而不是 {old}",
}


def words(language: str) -> Callable[..., str]:
    """Key -> sentence, filled."""
    table = _ZH if language.startswith("zh") else _EN

    def tell(name: str, /, **filled: str) -> str:
        return table.get(name, name).format(**filled)

    return tell


def change(one: Change, language: str, titles: Titles) -> str:
    """One change in words; prompts are called by what they say."""
    tell = words(language)
    if not one.node and not one.path:
        return tell(f"flow_{one.how}")
    if not one.path:
        return tell(f"node_{one.how}", new=one.new)
    option = one.path[0] == "options" and len(one.path) > 1
    rest = one.path[2:] if option else one.path
    what = " ".join((tell("option", key=one.path[1]), *rest) if option else rest)
    return tell(one.how, what=what, old=_said(one.old, titles), new=_said(one.new, titles))


def _said(text: str, titles: Titles) -> str:
    """A value; where prompts are named in it, with their words."""
    return ", ".join(_part(part, titles) for part in text.split(", ")) or "–"


def _part(part: str, titles: Titles) -> str:
    key, colon, name = part.rpartition(": ")
    return f"{key}{colon}“{titles[name]}”" if name in titles else part


def place(at: tuple[str, str], language: str, library: Library | None = None) -> str:
    """A node, by its flow's title."""
    flow, node = at
    title = library.flows[flow].title.get(language, flow) if library and flow in library.flows else flow
    return f"{title} › {node}" if node else title
