"""Catalogues: what an author may write, and what is said about each mistake, with its line and column."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from marked_yaml import Mistakes
from prompts import catalogue, linting, recordings
from prompts.catalogue import Slot

HEAD = "language: zh-CN\nprompts:\n"


def problems(text: str) -> list[str]:
    """Every problem of one file."""
    with pytest.raises(Mistakes) as raised:
        catalogue.read(text, "zh-CN.yaml")
    return [str(problem) for problem in raised.value.problems]


def test_a_prompt_is_text_with_slots() -> None:
    """Slots keep their order and kinds, constants melt into the sentence, doubled braces are braces."""
    read = catalogue.read(
        'language: zh-CN\nwords: {operator: 通达}\nprompts:\n  a: "您好{operator}，{sum:money}和{n:count 个/个}{{}}"\n',
        "f",
    )
    assert read.prompts["a"].parts == ("您好通达，", Slot("sum", "money"), "和", Slot("n", "count", ("个", "个")), "{}")
    assert read.signature("a") == {"sum": "money", "n": "count"}


def test_a_phone_is_spoken_from_digits() -> None:
    """A flow's fact of kind digits fits a slot of kind phone."""
    assert catalogue.read(HEAD + '  a: "{n:phone}"\n', "f").signature("a") == {"n": "digits"}


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    """Eight mistakes in one file give eight lines, each at its column, with what was probably meant."""
    text = """\
language: zh-CN
wrods: {a: b}
words: {operator: 通达}
prompts:
  one: "您好{operater}"
  two: "付{sum:mony}元"
  Three: "x"
  four: "}"
  five: {text: "嗨", fiel: x}
  five: "again"
  six: ""
  seven: "{n:money 元}"
"""
    assert problems(text) == [
        'zh-CN.yaml:2:1: unknown key "wrods"; did you mean "words"?',
        'zh-CN.yaml:5:11: unknown word "{operater}"; did you mean "operator"?',
        'zh-CN.yaml:6:10: unknown kind "mony"; did you mean "money"?',
        'zh-CN.yaml:7:3: "Three" is not a prompt\'s name: small letters, digits and _ only',
        'zh-CN.yaml:8:10: a lonely "}"; write it twice to say a brace',
        'zh-CN.yaml:9:21: unknown key "fiel"; did you mean "file"?',
        'zh-CN.yaml:10:3: "five" is given twice (first at line 9)',
        'zh-CN.yaml:11:9: the prompt "six" must be a text',
        'zh-CN.yaml:12:11: only a count carries a thing counted, not "money"',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: the file is empty"),
        ("- a\n", "must be a mapping"),
        ("language: fr-FR\nprompts: {}\n", "no language we speak"),
        ("prompts: {a: b}\n", '"language" is missing'),
        ("language: zh-CN\n", '"prompts" is missing'),
        (HEAD + "  a: {file: recordings/x.wav}\n", '"text" is missing'),
        (HEAD + '  a: {text: "{n:count}", file: recordings/x.wav}\n', "cannot replace it"),
        (HEAD + "  a: {text: x, says: x}\n", '"file" is missing'),
        (HEAD + '  a: "{n:count}{n:money}"\n', "both count and money"),
        (HEAD + "fallback: [nothing]\n  a: b\n", "not YAML"),
        ("language: zh-CN\nfallback: [abology]\nprompts: {apology: 抱歉}\n", 'did you mean "apology"?'),
        ('language: zh-CN\nfallback: [a]\nprompts: {a: "{n:count}"}\n', "has slots"),
        (HEAD + "  a: &x 您好\n  b: *x\n", "anchors and aliases are not allowed"),
        (HEAD + "  a: !!python/object:os.system 您好\n", "tags are not allowed"),
        (HEAD + "\t a: x\n", "not YAML"),
        (HEAD + "  a: " + "[" * 40 + "]" * 40 + "\n", "32 levels"),
        (HEAD + "  a: x\n" + "#" * 1_100_000, "at most 1048576"),
    ],
)
def test_G3_bad_files_are_refused_with_a_sentence(text: str, said: str) -> None:
    """Bombs, tags, anchors, wrong shapes: a line for a person, never a traceback."""
    assert any(said in problem for problem in problems(text)), problems(text)


def test_G1_a_file_cut_off_at_any_byte_is_read_or_refused() -> None:
    """No truncation gives anything but a catalogue or problems."""
    whole = (HEAD + '  a: "您好{sum:money}。"\n  b: {text: "x", file: recordings/y.wav}\n').encode()
    for length in range(len(whole)):
        try:
            catalogue.read(whole[:length].decode(errors="replace"), "f")
        except Mistakes as mistakes:
            assert mistakes.problems


def test_languages_must_say_the_same_things() -> None:
    """A prompt without words in one language, and slots that differ, are problems of the pair."""
    with pytest.raises(Mistakes) as raised:
        catalogue.read_all(
            {
                "en.yaml": 'language: en-US\nprompts: {a: "{n:count}", c: x}\n',
                "zh.yaml": 'language: zh-CN\nprompts: {a: "{m:count}", b: 嗯}\n',
            }
        )
    said = "\n".join(str(problem) for problem in raised.value.problems)
    assert 'zh.yaml:2:21: "a" has no words' not in said
    assert 'zh.yaml:2:11: "a" has the slots m:count, but n:count in en-US' in said
    assert '"b" has no words in en-US (en.yaml)' in said
    assert '"c" has no words in zh-CN (zh.yaml)' in said


PATHS = [
    *("../secret.wav", "recordings/../x.wav", "/etc/passwd", "recordings//x.wav", "recordings/./x.wav", "x.wav"),
    *("recordings/X.wav", "recordings/x.WAV", "recordings/x.mp3", "recordings/x", "recordings/.x.wav", "recordings/"),
    *("recordings/x\0.wav", "recordings/ｘ.wav", "recordings/а.wav", "recordings\\x.wav", "recordings/x.wav\n"),
    *("recordings/a b.wav", "recordings/x;.wav", "recordings/$(id).wav", "recordings/" + "a" * 300 + ".wav", "~/x.wav"),
    *("recordings/a/b/c/d/e/f.wav", "recordings/x.wav/", "recordings/x..wav", "file:recordings/x.wav", ""),
]


@pytest.mark.parametrize("path", PATHS)
def test_G4_a_path_out_of_the_folder_is_refused(path: str, tmp_path: Path) -> None:
    """Dots, absolute paths, NUL, other case, look-alike letters: refused as written, and refused to be opened."""
    assert recordings.fault(path)
    with pytest.raises(recordings.Refused):
        recordings.read(str(tmp_path), path)


def test_G4_links_are_not_followed(tmp_path: Path) -> None:
    """A link in the folder, to a file or as a folder, is refused, and so is what is no file."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.wav").write_bytes(b"secret")
    root = tmp_path / "recordings"
    root.mkdir()
    (root / "x.wav").symlink_to(outside / "x.wav")
    (root / "deep").symlink_to(outside)
    os.mkfifo(root / "pipe.wav")
    (root / "folder.wav").mkdir()
    for path in ("x.wav", "deep/x.wav", "pipe.wav", "folder.wav", "absent.wav"):
        with pytest.raises(recordings.Refused):
            recordings.read(str(root), f"recordings/{path}")
    (root / "real.wav").write_bytes(b"sound")
    assert recordings.read(str(root), "recordings/real.wav") == b"sound"


def test_figures_and_signs_are_warned_of() -> None:
    """eSpeak reads 10086 as a number and ¥ as nothing: the author is told to write them out."""
    read = catalogue.read(HEAD + '  a: "请拨10086"\n  b: "¥五元"\n  c: "好"\n', "f")
    assert [str(problem).split(": ", 2)[2] for problem in linting.lint(read)] == [
        '"a": write "10086" out in words, or make it a slot: a voice may read it as another number',
        '"b": write "¥" out in words: a voice reads it in its own way',
    ]


def test_a_recording_knows_when_it_says_something_else() -> None:
    """Words that were changed since, also a word of all prompts; nothing is said where nobody noted the words."""
    head = "language: en-US\nwords: {operator: Tongda}\nprompts:\n  a: {text: 'At {operator}.', file: recordings/a.wav"
    for says, stale in (("", False), (", says: At Tongda.", False), (", says: At Unicom.", True)):
        found = catalogue.read(f"{head}{says}}}\n", "en-US.yaml").prompts["a"]
        assert found.stale is stale
        one = catalogue.read(f"{head}{says}}}\n", "en-US.yaml")
        told = [str(problem) for problem in linting.outdated([one])]
        wanted = 'en-US.yaml:4:3: warning: the recording of "a" says other words by now: "At Unicom."'
        assert told == [wanted] * stale and set(told) <= set(map(str, linting.lint(one)))
