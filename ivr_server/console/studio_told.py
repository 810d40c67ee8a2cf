"""Problems and findings in the visitor's language. They are written in English, for files and terminals; here the same
sentences stand in Chinese. One that is not in the table is shown as it is: nothing is kept from anybody.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

Shape = dict[str, Any]
NAMES: Final = {
    "prompt": "播报内容", "flow": "流程", "exit": "出口", "language": "语言", "queue": "队列", "look-up": "查询",
    "slot": "填空", "argument": "参数", "kind": "种类", "key": "键",
}  # fmt: skip
Q: Final = r'"(.+?)"'
TABLE: Final = (
    (rf"node {Q} goes to {Q}, which does not exist", "节点“{0}”通往“{1}”，但没有这个节点"),
    (rf"{Q} goes to {Q}, which does not exist", "“{0}”通往“{1}”，但没有这个节点"),
    (rf"unknown key {Q}", "不认识的键“{0}”"),
    (rf"unknown kind {Q}", "没有“{0}”这种节点"),
    (rf"unknown ([a-z-]+) {Q}", "没有这个{0}：“{1}”"),
    (rf"the recording of {Q} says other words by now: {Q}", "“{0}”的录音说的已是旧文字：“{1}”"),
    (rf"{Q} is missing", "缺少“{0}”"),
    (rf"{Q} is given twice \(first at line (\d+)\)", "“{0}”写了两次（第一次在第 {1} 行）"),
    (rf"the flow {Q} is given twice", "流程“{0}”写了两次"),
    (rf"the flow is called {Q}, its file {Q}; they must be the same", "流程叫“{0}”，文件却叫“{1}”；两者必须一致"),
    (rf"the title is missing in {Q}", "缺少“{0}”的标题"),
    (r"there are no nodes", "没有节点"),
    (rf"no node returns by the exit {Q}", "没有节点从出口“{0}”返回"),
    (rf"no flow goes through {Q}", "没有流程经过“{0}”"),
    (rf"no way leads to the node {Q}", "没有路通往节点“{0}”"),
    (rf"the menu {Q} is (\d+) menus deep; (\d+) are enough", "菜单“{0}”在第 {1} 层；最多 {2} 层为好"),
    (rf"key 0 leads to {Q}, from where no queue is reached.*", "按 0 走到“{0}”，从那里不按键就到不了队列"),
    (rf"the menu {Q} may be a caller's third before.*", "走到菜单“{0}”时可能还没听到“按 0 转人工”"),
    (r"(\d+) options; (\d+) are enough", "有 {0} 个选项；{1} 个以内为好"),
    (r"(\d+) options; nobody remembers more than (\d+)", "有 {0} 个选项；超过 {1} 个没人记得住"),
    (r"there are no options.*", "没有选项（按键要写在引号里：\"1\"）"),
    (r"the key (.) means .+ everywhere else; callers will be surprised", "按键 {0} 在别处另有含义，来电者会困惑"),
    (rf"{Q} is no key for a choice; use one or two digits.*", "“{0}”不能作选项按键；请用一位或两位数字"),
    (rf"{Q} is no name; use small letters.*", "“{0}”不能作名称；请用小写字母、数字和 _，以字母开头"),
    (rf"the prompt {Q} has no words in {Q}", "“{0}”没有“{1}”的播报内容"),
    (rf"{Q} has no words in (\S+) .*", "“{0}”没有 {1} 的播报内容"),
    (rf"the prompt {Q} has slots; .*", "“{0}”带有填空；请在选项旁写明填什么，并在句中说出按键"),
    (rf"the prompt {Q} must say its key.*", "“{0}”必须说出自己的按键：{{key:digits}}"),
    (rf'slot "(.+?)" needs the fact {Q}, which no way to {Q} brings', "填空“{0}”需要“{1}”，但没有路把它带到“{2}”"),
    (rf'argument "(.+?)" needs the fact {Q}, which no way to {Q} brings', "参数“{0}”需要“{1}”，但没有路带来"),
    (rf"(.+) needs the fact {Q}, which no way to {Q} brings", "这里需要“{1}”，但通往“{2}”的路都没有带来它"),
    (rf"(.+) is (.+), but the fact {Q} is (.+)", "这里要的是 {1}，但“{2}”是 {3}"),
    (rf"(.+) cannot be the secret {Q}", "这里不能用机密“{1}”"),
    (r"lengths of (\d+) to (\d+) digits make no sense", "位数 {0} 到 {1} 不合理"),
    (rf'the argument {Q} is (.+); only text can be given', "参数“{0}”是 {1}；只能写固定的文字"),
    (rf"the prompt {Q}, which every call may need, does not exist", "缺少“{0}”这句播报，每通电话都可能用到"),
    (rf"the prompt {Q} must have (.+)", "“{0}”必须带有：{1}"),
    (rf"nothing brings the fact {Q}", "没有哪里会带来“{0}”"),
    (rf"the outcome {Q} of {Q} leads nowhere", "查询“{1}”的结果“{0}”没有去处"),
    (rf"{Q} has no outcome {Q}", "查询“{0}”没有“{1}”这个结果"),
    (rf"the exit {Q} of {Q} leads nowhere", "“{1}”的出口“{0}”没有去处"),
    (rf"{Q} is a root flow; .*", "“{0}”是来电开始的流程，不能作子流程"),
    (rf"{Q} leads back into {Q}; flows cannot go through themselves", "“{0}”又通回“{1}”；流程不能经过自己"),
    (rf"{Q} leads back to itself without waiting for the caller", "“{0}”不等来电者就绕回自己"),
    (r"(\S+) is (\d+); callers fare well with (\d+) to (\d+)", "{0} 是 {1}；{2} 到 {3} 对来电者合适"),
    (r"(\d+) rounds; callers fare well with 3", "{0} 轮；3 轮对来电者合适"),
    (r'write "queue:" with a queue.*', "请只写队列名称或队列取自的内容，二者选一"),
    (rf'{Q} cannot be "(.*?)"; use (.+)', "“{0}”不能是“{1}”；可用：{2}"),
    (rf"{Q} must be text", "“{0}”必须是文字"),
    (rf"{Q} must be a whole number", "“{0}”必须是整数"),
    (rf"{Q} must be a mapping.*", "“{0}”必须是“键: 值”的形式"),
    (rf"{Q} must be true or false", "“{0}”必须是 true 或 false"),
    (rf"{Q} must be a list", "“{0}”必须是列表"),
    (r"this is not YAML we take: .*", "这一行的 YAML 写法有误"),
    (r"the file is empty", "文件是空的"),
    (r"this looks like .*; secrets do not belong into a flow", "这里像是密钥或口令；流程里不能写机密"),
    (r"a human is more than (\d+) keys away from here", "从这里到人工要按 {0} 次以上"),
    (r"no human can be reached from here", "从这里转不到人工"),
    (r"a caller may wait (\d+) s without a key", "来电者可能不按键等上 {0} 秒"),
    (r"'(.+?)' is not known here on every way", "并不是每条路到这里都知道“{0}”"),
    (r"prompt '(.+?)' does not exist", "没有“{0}”这句播报"),
    (r"prompt '(.+?)' has no words in (\S+)", "“{0}”没有 {1} 的播报内容"),
    (r"prompt '(.+?)' speaks '(.+?)', which is not known here", "“{0}”要说“{1}”，但这里还不知道"),
    (r"prompt '(.+?)' would speak the secret in '(.+?)'", "“{0}”会说出机密“{1}”"),
    (r"the call goes round here for ever.*", "通话在这里无休止地绕圈"),
    (r"the flow fails by itself here.*", "流程在这里自己出错"),
)  # fmt: skip
MEANT: Final = re.compile(r'(?s)(.*); did you mean "(.+?)"\?')


@cache
def in_chinese(text: str) -> str:
    """The sentence in Chinese, or as it is."""
    meant = MEANT.fullmatch(text)
    bare = meant[1] if meant else text
    for pattern, chinese in TABLE:
        found = re.fullmatch(pattern, bare)
        if found:
            words = [NAMES.get(word, word) if n == 0 else word for n, word in enumerate(found.groups())]
            return chinese.format(*words) + (f"；是不是“{meant[2]}”？" if meant else "")
    return text


def worded(problems: list[Shape], language: str) -> list[Shape]:
    """Each with ``words`` in this language beside ``text``."""
    chinese = language.startswith("zh")
    return [{**one, "words": in_chinese(one["text"]) if chinese else one["text"]} for one in problems]


def check(found: Shape, language: str) -> Shape:
    """The answer of a check, worded."""
    return {**found, "problems": worded(found["problems"], language)}


def judged(found: Shape, language: str) -> Shape:
    """What publishing found, worded: {problems, findings, failures, ...}."""
    failures = [{**one, "problems": worded(one["problems"], language)} for one in found.get("failures", ())]
    told = {name: worded(found.get(name, []), language) for name in ("problems", "findings")}
    return {**found, **told, "failures": failures}


def proof(result: Shape, language: str) -> Shape:
    """The answer of a proof, worded."""
    if not result:
        return result
    failed = [{**one, "problems": worded(one["problems"], language)} for one in result["dialogues"]["failed"]]
    told = {name: worded(result[name], language) for name in ("problems", "findings")}
    return {**result, **told, "dialogues": {**result["dialogues"], "failed": failed}}
