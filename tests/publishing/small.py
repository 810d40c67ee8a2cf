"""A service line of two things that is proved in a moment, with its words: what the tests of versions publish."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ivr_server.publishing.judging import Ground

GROUND: Final = Ground(frozenset({"service", "billing"}))
MAIN: Final = """# what callers meet first
flow: main
title: {zh-CN: 热线, en-US: Line}
start: welcome
always: {human: to_human, main: menu, silent: silent, tired: to_human, too_long: to_human, failed: to_human}
nodes:
  welcome: {kind: say, say: [welcome], to: menu}
  menu:
    kind: menu
    say: [menu]  # the lead-in
    options:
      "1": {say: option_bill, to: bill, tag: fees}
      "2": {say: option_shop, to: shop}
    tail: [human_key]
  bill: {kind: sub_flow, flow: bill, exits: {done: menu, back: menu}}
  shop: {kind: say, say: [shop_hours], to: goodbye}
  to_human: {kind: enqueue, queue: service}
  silent: {kind: end, disposition: silent}
  goodbye: {kind: end, disposition: goodbye}
"""
BILL: Final = """flow: bill
title: {zh-CN: 话费, en-US: Bill}
start: number
exits: [done, back]
nodes:
  number: {kind: ask, say: [ask_number], form: phone, into: phone, to: who}
  who:
    kind: look_up
    look_up: find_customer
    outcomes: {malformed: number, no_password: owed, password_needed: secret}
  secret: {kind: ask, say: [ask_secret], form: password, into: password, to: check}
  check:
    kind: look_up
    look_up: check_password
    outcomes: {right: owed, wrong: again, last_wrong: out, locked: out, wait: out}
  again: {kind: tries, most: 3, again: secret, enough: out}
  owed:
    kind: look_up
    look_up: total_owed
    outcomes: {owed: say_sum, nothing: out, credit: say_sum}
  say_sum: {kind: say, say: [you_owe], to: right}
  right: {kind: confirm, say: [is_that_right], yes: out, no: number}
  out: {kind: return, exit: done}
"""
DIALOGUE: Final = """dialogue: the hours of the shop
flow: main
talk:
  - hears: [welcome, menu]
  - presses: "2"
  - hears: shop_hours
ends: goodbye
"""
_WORDS: Final = {
    "press": ("{task:prompt}，请按{key:digits}。", "{task:prompt}, press {key:digits}."),
    "no_input": ("没有听到按键。", "No key was pressed."),
    "operator_offer": ("转人工请按零。", "For a person, press zero."),
    "wrong_key": ("按键有误。", "That key is not an option."),
    "wrong_entry": ("输入有误。", "That is not right."),
    "yes_no": ("正确请按一，重输请按二。", "If so, press one; if not, press two."),
    "comfort": ("请稍候。", "One moment."),
    "one_moment": ("请再稍候。", "One more moment."),
    "apology": ("抱歉。", "Sorry."),
    "welcome": ("欢迎。", "Welcome."),
    "menu": ("请选择。", "Please choose."),
    "option_bill": ("查话费", "For your bill"),
    "option_shop": ("营业时间", "For our hours"),
    "human_key": ("人工请按零。", "For a person, press zero."),
    "shop_hours": ("九点到五点。", "Nine to five."),
    "ask_number": ("请输入号码。", "Please enter the number."),
    "ask_secret": ("请输入密码。", "Please enter the password."),
    "you_owe": ("欠费{sum:money}。", "You owe {sum:money}."),
    "is_that_right": ("对吗？", "Is that right?"),
}


def prompts(language: str, **other: str) -> str:
    """The words of one language; ``other``: prompts that are other or new."""
    place = 0 if language == "zh-CN" else 1
    texts = {name: words[place] for name, words in _WORDS.items()} | other
    return f"language: {language}\nprompts:\n" + "".join(f'  {name}: "{text}"\n' for name, text in texts.items())


def files(**other: str) -> dict[str, str]:
    """All files; ``other``: English prompts that are other or new."""
    return {
        "flows/main.yaml": MAIN,
        "flows/bill.yaml": BILL,
        "flows/dialogues/shop.yaml": DIALOGUE,
        "prompts/zh-CN.yaml": prompts("zh-CN", **dict.fromkeys(set(other) - set(_WORDS), "新的话")),
        "prompts/en-US.yaml": prompts("en-US", **other),
    }


def laid(place: Path, held: dict[str, str]) -> tuple[Path, Path]:
    """The same as a folder of flows and one of prompts."""
    for name, text in held.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return place / "flows", place / "prompts"
