"""A small catalogue, a voice that needs no speech library, and a studio's folder made with them."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import pytest

from flows.facts import Fact, Saying
from prompts import catalogue, studio
from prompts.audio import Sound
from prompts.store import Folders, Store, Trouble
from prompts.wording import Wording

ZH = """\
language: zh-CN
words: {operator: 通达电信}
prompts:
  press: "{task:prompt}，请按{key:digits}。"
  welcome: "欢迎致电{operator}。"
  apology: "抱歉，请稍候。"
  this_language: "中文服务"
  option_fees: "查询话费"
  sum_owed: "您{month:month}的话费是{sum:money}。"
  confirm_phone: "您输入的号码是{phone:phone}，对吗？"
  tries: "还可以再试{tries_left:count 次}。"
  parts: "其中，{parts:sayings}"
  part: "{part:prompt}，{sum:money}。"
  greeting: {text: "您好。", file: recordings/greeting.wav}
  bilingual: "中文请按一。For English, press two."
"""
EN = """\
language: en-US
words: {operator: Tongda Telecom}
prompts:
  press: "{task:prompt}, press {key:digits}."
  welcome: "Welcome to {operator}."
  apology: "Sorry, one moment."
  this_language: "For English"
  option_fees: "For your bill"
  sum_owed: "Your bill for {month:month} is {sum:money}."
  confirm_phone: "You entered {phone:phone}. Is that right?"
  tries: "You have {tries_left:count try/tries} left."
  parts: "It is made up of: {parts:sayings}"
  part: "{part:prompt}, {sum:money}."
  greeting: {text: "Hello.", file: recordings/greeting.wav}
  bilingual: "For English, press two. 中文请按一。"
"""


@dataclass
class ToneVoice:
    """Says each text as a note of its own: as long as its characters, counted, and able to fail."""

    name: str = "tone"
    said: list[str] = field(default_factory=list)

    def say(self, words: str) -> Sound:
        """80 ms a character at a pitch made from the words."""
        self.said.append(words)
        pitch = 300 + int(hashlib.sha256(words.encode()).hexdigest(), 16) % 1500
        time = numpy.arange(22_050 * 80 * len(words) // 1000) / 22_050
        return Sound((numpy.sin(2 * numpy.pi * pitch * time) * 9000).astype(numpy.int16).tobytes(), 22_050)


SPOKEN = ("二零二六年，", "二十三元，", "十月，", "十，", "October,", "twenty twenty-six,", "and forty-five fen.")


class FewNumbers(Wording):
    """A wording whose studio renders a handful of numbers only, so that a test builds in a moment."""

    def inventory(self) -> tuple[tuple[str, str], ...]:
        """The short Mandarin ones, and those that the tests speak."""
        return tuple(
            (language, text)
            for language, text in super().inventory()
            if text in SPOKEN or (language == "zh-CN" and _is_small(text))
        )


def _is_small(text: str) -> bool:
    """One digit, alone or with 百, 元, 角 or 分; and 十月."""
    words = text.removesuffix("，")
    return len(words) <= 2 and words[0] in "零一二三四五六七八九两十百元角分" and words[-1] not in "月日年点万千十"


@pytest.fixture(scope="session")
def wording() -> Wording:
    """The small catalogue in fen and yuan."""
    return FewNumbers(catalogue.read_all({"zh-CN.yaml": ZH, "en-US.yaml": EN}), "CNY")


@pytest.fixture
def voice() -> ToneVoice:
    """One voice for both languages."""
    return ToneVoice()


@dataclass
class House:
    """A built folder with its store; ``troubles`` is what the store reported, ``seconds`` its clock."""

    wording: Wording
    folder: Path
    troubles: list[Trouble] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def folders(self) -> Folders:
        """Where the sounds are and where joined ones go."""
        return Folders(str(self.folder / "sounds"), str(self.folder / "spool"))

    def store(self) -> Store:
        """A store that has just been started."""
        return Store(self.wording, self.folders, self.troubles.append, lambda: self.seconds)

    def piece(self, words: str, form: str = "wav") -> Path:
        """The file of a rendered piece, by its words."""
        found = [path for path in (self.folder / "sounds").rglob("*.txt") if path.read_text() == words]
        return found[0].with_suffix(f".{form}")


@pytest.fixture(scope="session")
def built(wording: Wording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything rendered once, to be copied."""
    folder = tmp_path_factory.mktemp("built")
    shop = studio.Workshop(str(folder / "sounds"), [str(folder / "recordings")])
    studio.build(wording, dict.fromkeys(("zh-CN", "en-US"), ToneVoice()), shop)
    return folder


@pytest.fixture
def house(wording: Wording, built: Path, tmp_path: Path) -> House:
    """A rendered folder of the test's own."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return House(wording, tmp_path)


@pytest.fixture
def owed() -> tuple[Saying, ...]:
    """What a caller owes: 123.45 for October 2026."""
    return (Saying("sum_owed", (("month", Fact("month", "2026-10")), ("sum", Fact("money", 12345)))),)
