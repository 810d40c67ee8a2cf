"""Problems in the visitor's language: what flows can get wrong is said in Chinese, names and suggestions kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr_server.console.studio_told import check, in_chinese, judged, proof


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ('"a" goes to "b", which does not exist; did you mean "bb"?', "“a”通往“b”，但没有这个节点；是不是“bb”？"),
        ("6 options; 5 are enough", "有 6 个选项；5 个以内为好"),
        ('unknown prompt "x"', "没有这个播报内容：“x”"),
        ("a human is more than 2 keys away from here", "从这里到人工要按 2 次以上"),
        ("'month' is not known here on every way", "并不是每条路到这里都知道“month”"),
        ('the prompt "x" must say its key, as in {key:digits}', "“x”必须说出自己的按键：{key:digits}"),
        (
            'key 0 leads to "a", from where no queue is reached without another key; let "always.human" begin with x',
            "按 0 走到“a”，从那里不按键就到不了队列",
        ),
        (
            'the recording of "welcome" says other words by now: "Welcome to Tongda."',
            "“welcome”的录音说的已是旧文字：“Welcome to Tongda.”",
        ),
        ("something that nobody has put into the table", "something that nobody has put into the table"),
    ],
)
def test_a_sentence_in_chinese(english: str, chinese: str) -> None:
    """With what it names; one that is unknown stays."""
    assert in_chinese(english) == chinese


def test_most_sentences_of_the_inspector_are_known() -> None:
    """Nine of ten of those that the inspector can say; the others are shown in English."""
    text = Path("flows/inspecting.py").read_text("utf-8") + Path("flows/ways.py").read_text("utf-8")
    said = re.findall(r"""f'([^'\n]*\{[^'\n]*)'|f"([^"\n]*\{[^"\n]*)\"""", text)
    bare = [re.sub(r"\{meant\([^}]*\}", "", one or other) for one, other in said]
    samples = [re.sub(r"\{[^{}]*\}", "7", one).replace("{{", "{").replace("}}", "}") for one in bare]
    sentences = [one for one in samples if " " in one and len(one) > 20]
    unknown = [one for one in sentences if in_chinese(one) == one]
    assert len(unknown) <= len(sentences) * 0.1, unknown


def test_checks_and_proofs_are_worded_once_for_each_reader() -> None:
    """The English text stays beside the words, since reasons are given for it."""
    one = {"file": "flows/a.yaml", "line": 1, "text": "there are no nodes"}
    assert check({"problems": [one]}, "zh-CN")["problems"][0] == {**one, "words": "没有节点"}
    assert check({"problems": [one]}, "en-US")["problems"][0]["words"] == "there are no nodes"
    failed = [{"title": "", "problems": [one]}]
    result = {"problems": [], "findings": [one], "dialogues": {"passed": 1, "failed": failed}}
    told = proof(result, "zh-CN")
    assert told["findings"][0]["words"] == told["dialogues"]["failed"][0]["problems"][0]["words"] == "没有节点"
    assert proof({}, "zh-CN") == {}


def test_what_publishing_refuses_is_worded_for_its_reader() -> None:
    """Problems, findings, and the first thing that is wrong with a dialogue; the rest as it is."""
    one = {"file": "flows/a.yaml", "line": 1, "text": "there are no nodes"}
    told = judged(
        {"passed": False, "problems": [one], "findings": [one], "failures": [{"title": "x", "problems": [one]}]},
        "zh-CN",
    )
    found = (told["problems"][0], told["findings"][0], told["failures"][0]["problems"][0])
    assert {each["words"] for each in found} == {"没有节点"} and told["passed"] is False
