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
_KEYS_ZH: Final = {
    "say": "播报", "to": "通往", "tag": "标记", "title": "标题", "start": "起点", "kind": "种类", "flow": "流程",
    "queue": "队列", "short": "短句", "help": "帮助", "offer": "第三句", "tail": "选项之后", "language": "语言",
    "yes": "是", "no": "否", "back": "* 键", "repeat": "# 键", "outcomes": "结果", "exits": "出口", "look_up": "查询",
    "unavailable": "无应答时", "human": "0 键", "main": "9 键", "silent": "无按键时", "form": "输入", "into": "记为",
    "disposition": "结束方式", "options": "选项", "always": "始终",
    "menu": "菜单", "ask": "输入", "confirm": "确认", "known": "已知？", "forget": "忘记", "tries": "次数",
    "speak_in": "换语言", "sub_flow": "子流程", "return": "返回", "enqueue": "转人工", "end": "结束",
}  # fmt: skip


def words(language: str) -> Callable[..., str]:
    """Key -> sentence, filled."""
    table = _ZH if language.startswith("zh") else _EN

    def tell(name: str, /, **filled: str) -> str:
        return table.get(name, name).format(**filled)

    return tell


def change(one: Change, language: str, titles: Titles) -> str:
    """One change in words; prompts are called by what they say."""
    tell, chinese = words(language), language.startswith("zh")
    keys: Mapping[str, str] = _KEYS_ZH if chinese else {}
    if not one.node and not one.path:
        return tell(f"flow_{one.how}")
    if not one.path:
        return tell(f"node_{one.how}", new=keys.get(one.new, one.new))
    option = one.path[0] == "options" and len(one.path) > 1
    rest = one.path[2:] if option else one.path
    rest = tuple(keys.get(each, each) for each in rest)
    what = " ".join((tell("option", key=one.path[1]), *rest) if option else rest)
    return tell(one.how, what=what, old=_said(one.old, titles, keys), new=_said(one.new, titles, keys))


def _said(text: str, titles: Titles, keys: Mapping[str, str]) -> str:
    """A value; where prompts are named in it, with their words; keys as ``keys`` names them."""
    return ", ".join(_part(part, titles, keys) for part in text.split(", ")) or "–"


def _part(part: str, titles: Titles, keys: Mapping[str, str]) -> str:
    key, colon, name = part.rpartition(": ")
    return f"{keys.get(key, key)}{colon}" + (f"“{titles[name]}”" if name in titles else name)


def place(at: tuple[str, str], language: str, library: Library | None = None) -> str:
    """A node, by its flow's title."""
    flow, node = at
    title = library.flows[flow].title.get(language, flow) if library and flow in library.flows else flow
    return f"{title} › {node}" if node else title
