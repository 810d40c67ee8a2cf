"""From YAML to a library: what is accepted, and what the author of a mistake is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest

from flows.flow import Library, World
from flows.inspecting import inspect
from flows.kinds import KINDS
from flows.nodes.menu import Menu
from flows.reading import json_schema, read_flow, read_folder
from marked_yaml import Mistakes


def mistakes(texts: Mapping[str, str], world: World) -> list[str]:
    """What the author is told."""
    with pytest.raises(Mistakes) as caught:
        read_folder(texts, world)
    return [str(problem) for problem in caught.value.problems]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with replacements, each of which must fit."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_a_library_is_read(small: Library) -> None:
    """Both flows, every node of its kind, texts as written, and no problem left."""
    assert set(small.flows) == {"main", "fees"}
    menu = small.flows["main"].nodes["menu"]
    assert isinstance(menu, Menu) and list(menu.options) == ["1", "2", "12"]
    assert small.flows["fees"].exits == ("done", "back")
    assert inspect(small) == []
    assert len(small.version) == 16


def test_the_version_is_of_the_text(texts: dict[str, str], world: World, small: Library) -> None:
    """The same texts give the same version, any other text another."""
    assert read_folder(texts, world).version == small.version
    assert read_folder({**texts, "main.yaml": texts["main.yaml"] + "# new\n"}, world).version != small.version


def test_scalars_stay_as_written() -> None:
    """No octal phone numbers, no booleans called no, no 12:30 as 750."""
    text = (
        "flow: f\nstart: a\nexits: [no]\nnodes:\n"
        "  a: {kind: ask, form: digits, into: x, to: b, choices: {01: y, 12:30: z}}\n  b: {kind: return, exit: no}\n"
    )
    flow = read_flow(text, "f.yaml")
    assert flow.exits == ("no",)
    assert flow.nodes["a"].choices == {"01": "y", "12:30": "z"}  # type: ignore[attr-defined]


def test_G2_every_mistake_of_all_files_is_told_at_once(texts: dict[str, str], world: World) -> None:
    """File, line and column, what is wrong, and what was probably meant."""
    main = changed(
        texts["main.yaml"],
        ("kind: menu", "kind: menuu"),
        ("queue: {kind: enqueue, queue: service}", "queue: {kind: enqueue, queue: servic}"),
        ("to: bye}\n  silent", "to: by}\n  silent"),
        ("  bye: {kind: end, disposition: failed}", "  bye: {kind: end, disposition: faild}"),
    )
    fees = changed(
        texts["fees.yaml"],
        ("form: phone", "fom: phone"),
        ("into: month, choices", "longest: six, into: month, choices"),
        ("exit: done}", "exit: don}"),
    )
    assert mistakes({"main.yaml": main, "fees.yaml": fees}, world) == [
        'fees.yaml:7:3: "form" is missing',
        'fees.yaml:10:5: unknown key "fom"; did you mean "form"?',
        'fees.yaml:35:60: "longest" must be a whole number',
        'fees.yaml:36:30: unknown exit "don"; did you mean "done"?',
        'main.yaml:8:11: unknown kind "menuu"; did you mean "menu"?',
        'main.yaml:23:33: unknown queue "servic"; did you mean "service"?',
        'main.yaml:24:60: node "sorry" goes to "by", which does not exist; did you mean "bye"?',
        'main.yaml:27:33: "disposition" cannot be "faild"; use served, goodbye, call_back, silent, failed, '
        'fax_machine; did you mean "failed"?',
    ]


BAD = {
    "unknown prompt": (
        "main.yaml",
        ("say: main_menu", "say: mainmenu"),
        'main.yaml:9:10: unknown prompt "mainmenu"; did you mean "main_menu"?',
    ),
    "unknown look-up": (
        "main.yaml",
        ("look_up: staffed", "look_up: stafed"),
        'main.yaml:19:14: unknown look-up "stafed"; did you mean "staffed"?',
    ),
    "an outcome that leads nowhere": (
        "fees.yaml",
        ("{found: tell, none: done}", "{found: tell}"),
        'fees.yaml:25:15: the outcome "none" of "bill" leads nowhere',
    ),
    "an outcome that does not exist": (
        "fees.yaml",
        ("{found: tell, none: done}", "{found: tell, none: done, nun: done}"),
        'fees.yaml:25:41: "bill" has no outcome "nun"',
    ),
    "G10 a queue that is not ours": (
        "main.yaml",
        ("enqueue, queue: service", "enqueue, queue: 00442071838750"),
        'main.yaml:23:33: unknown queue "00442071838750"',
    ),
    "G10 a queue with a dial string in it": (
        "main.yaml",
        ("enqueue, queue: service", "enqueue, queue: service&SIP/x"),
        'main.yaml:23:33: unknown queue "service&SIP/x"; did you mean "service"?',
    ),
    "a given queue that is not ours": (
        "main.yaml",
        ("{queue: service}", "{queue: servise}"),
        'main.yaml:20:20: unknown queue "servise"; did you mean "service"?',
    ),
    "an argument that does not exist": (
        "fees.yaml",
        ("look_up: find\n", "look_up: find\n    with: {fone: phone}\n"),
        'fees.yaml:17:18: unknown argument "fone"; did you mean "phone"?',
    ),
    "an argument that nothing brings": (
        "fees.yaml",
        ("into: phone", "into: fone"),
        'fees.yaml:13:36: slot "phone" needs the fact "phone", which no way to "read_back" brings; '
        'did you mean "fone"?',
    ),
    "a fact of another kind": (
        "fees.yaml",
        ("prompt: list", "prompt: list, slots: {parts: sum}"),
        'fees.yaml:27:63: slot "parts" is sayings, but the fact "sum" is money',
    ),
    "P10 a secret that is spoken": (
        "fees.yaml",
        ("say: [tell, {prompt: list}]", "say: [{prompt: confirm_phone, slots: {phone: password}}]"),
        'fees.yaml:27:66: slot "phone" is digits, but the fact "password" is secret',
    ),
    "a slot that does not exist": (
        "fees.yaml",
        ("prompt: list", "prompt: list, slots: {part: parts}"),
        'fees.yaml:27:62: unknown slot "part"; did you mean "parts"?',
    ),
    "an option whose prompt has slots": (
        "main.yaml",
        ("say: option_fees", "say: tell"),
        'main.yaml:11:18: the prompt "tell" has slots; write "slots:" beside it, and say {key:digits} in it',
    ),
    "an option that does not say its key": (
        "fees.yaml",
        ("say: press_month, slots: {month: this_month}", "say: tell, slots: {sum: sum}"),
        'fees.yaml:31:18: the prompt "tell" must say its key, as in {key:digits}',
    ),
    "a fact that nothing writes": (
        "fees.yaml",
        ("fact: customer", "fact: custommer"),
        'fees.yaml:6:30: nothing brings the fact "custommer"; did you mean "customer"?',
    ),
    "an unreached node": (
        "main.yaml",
        ("  bye: {", "  lonely: {kind: say, say: bye, to: bye}\n  bye: {"),
        'main.yaml:27:11: no way leads to the node "lonely"',
    ),
    "a dead start": (
        "main.yaml",
        ("start: welcome", "start: wellcome"),
        'main.yaml:3:8: "start" goes to "wellcome", which does not exist; did you mean "welcome"?',
    ),
    "a dead always": (
        "main.yaml",
        ("tired: human", "tired: humans"),
        'main.yaml:4:59: "always.tired" goes to "humans", which does not exist; did you mean "human"?',
    ),
    "an always that is missing": (
        "main.yaml",
        ("tired: human, ", ""),
        'main.yaml:4:1: "tired" is missing',
    ),
    "an exit that leads nowhere": (
        "main.yaml",
        ("exits: {done: menu, back: menu}", "exits: {done: menu}"),
        'main.yaml:15:45: the exit "back" of "fees" leads nowhere',
    ),
    "an exit that the flow does not have": (
        "main.yaml",
        ("exits: {done: menu, back: menu}", "exits: {done: menu, back: menu, dome: menu}"),
        'main.yaml:15:76: unknown exit "dome"; did you mean "done"?',
    ),
    "a flow that does not exist": (
        "main.yaml",
        ("flow: fees, exits", "flow: feees, exits"),
        'main.yaml:15:32: unknown flow "feees"; did you mean "fees"?',
    ),
    "a name unlike the file's": (
        "fees.yaml",
        ("flow: fees", "flow: fee"),
        'fees.yaml:1:7: the flow is called "fee", its file "fees"; they must be the same',
    ),
    "a language nobody speaks": (
        "main.yaml",
        ("language: en-US", "language: en-GB"),
        'main.yaml:16:39: unknown language "en-GB"; did you mean "en-US"?',
    ),
    "a circle without the caller": (
        "main.yaml",
        ("silent: {kind: say, say: bye, to: silence}", "silent: {kind: say, say: bye, to: silent}"),
        'main.yaml:25:11: "silent" leads back to itself without waiting for the caller',
    ),
    "a flow through itself": (
        "fees.yaml",
        (
            "forget: {kind: forget, facts: [password], to: password}",
            "forget: {kind: sub_flow, flow: fees, exits: {done: done, back: done}}",
        ),
        'fees.yaml:21:34: "fees" leads back into "fees"; flows cannot go through themselves',
    ),
    "eight options": (
        "main.yaml",
        (
            '      "12": {say: option_human, to: human}\n',
            "".join(f'      "{n}": {{say: option_human, to: human}}\n' for n in range(12, 18)),
        ),
        "main.yaml:11:7: 8 options; nobody remembers more than 7",
    ),
    "a key that is none": (
        "main.yaml",
        ('"12": {', '"#": {'),
        'main.yaml:13:8: "#" is no key for a choice; use one or two digits (# always ends or repeats)',
    ),
    "G3 a key given twice": (
        "main.yaml",
        ("  queue: {kind", "  human: {kind"),
        'main.yaml:23:3: "human" is given twice (first at line 17)',
    ),
    "G3 a tag": (
        "main.yaml",
        ("start: welcome", "start: !!python/object/apply:os.system [ls]"),
        "main.yaml:3:8: this is not YAML we take: tags are not allowed",
    ),
    "G3 an anchor": (
        "main.yaml",
        ("start: welcome", "start: &a welcome"),
        "main.yaml:3:8: this is not YAML we take: anchors and aliases are not allowed",
    ),
    "G3 a merge key": (
        "main.yaml",
        ("title: {", "title: {<<: {a: b}, "),
        "main.yaml:2:9: merge keys (<<) are not allowed; write it out",
    ),
    "a tab": (
        "main.yaml",
        ("start: welcome", "start:\n\t- welcome"),
        "main.yaml:4:1: this is not YAML we take: found character that cannot start any token",
    ),
    "G4 a prompt that is a path": (
        "main.yaml",
        ("say: main_menu", 'say: "../../etc/passwd"'),
        'main.yaml:9:11: "../../etc/passwd" is no name; use small letters a-z, digits and _, beginning with a letter',
    ),
    "G4 a prompt of look-alike letters": (
        "main.yaml",
        ("say: main_menu", "say: m\u0430in_menu"),
        'main.yaml:9:10: "m\\u0430in_menu" is no name; use small letters a-z, digits and _, beginning with a letter',
    ),
    "G7 code where a name should be": (
        "main.yaml",
        ("say: main_menu", "say: __import__('os').system('ls')"),
        "main.yaml:9:10: \"__import__('os').system('ls')\" is no name; use small letters a-z, digits and _, "
        "beginning with a letter",
    ),
    "timings no caller can keep": (
        "fees.yaml",
        ("into: phone", "first_ms: 0\n    into: phone"),
        "fees.yaml:11:15: first_ms is 0; callers fare well with 5000 to 10000",
    ),
    "a list where a mapping should be": (
        "fees.yaml",
        ("nodes:\n", "nodes:\n  broken: [1]\n"),
        'fees.yaml:6:11: "broken" must be a mapping (key: value)',
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_G2_bad_flows_are_refused_with_line_and_column(what: str, texts: dict[str, str], world: World) -> None:
    """Each mistake by itself gives its message at its place."""
    file, change, message = BAD[what]
    told = mistakes({**texts, file: changed(texts[file], change)}, world)
    assert message in told
    assert len(told) <= 6, told


def test_a_word_that_is_missing_in_one_language(texts: dict[str, str], world: World) -> None:
    """A prompt must have words in every language; so must those the core speaks by itself."""
    spoken = {**world.spoken, "en-US": world.spoken["en-US"] - {"main_menu", "wrong_key"}}
    assert mistakes(texts, replace(world, spoken=spoken)) == [
        'main.yaml:1:1: the prompt "wrong_key" has no words in "en-US"',
        'main.yaml:9:10: the prompt "main_menu" has no words in "en-US"',
    ]


WARNINGS = {
    "six options": (
        (
            '      "12": {say: option_human, to: human}\n',
            "".join(f'      "{n}": {{say: option_human, to: human}}\n' for n in range(12, 16)),
        ),
        "main.yaml:11:7: warning: 6 options; 5 are enough",
    ),
    "a human key with another meaning": (
        ('"12": {', '"0": {'),
        "main.yaml:13:8: warning: the key 0 means a human everywhere else; callers will be surprised",
    ),
    "hurried callers": (
        ("    say: main_menu\n", "    say: main_menu\n    between_ms: 1000\n"),
        "main.yaml:10:17: warning: between_ms is 1000; callers fare well with 2000 to 6000",
    ),
    "a title in one language": (
        ("{zh-CN: 主, en-US: Main}", "{zh-CN: 主}"),
        'main.yaml:2:8: warning: the title is missing in "en-US"',
    ),
}


@pytest.mark.parametrize("what", WARNINGS)
def test_bad_manners_are_warned_of(what: str, texts: dict[str, str], world: World) -> None:
    """A warning does not refuse the library."""
    change, message = WARNINGS[what]
    library = read_folder({**texts, "main.yaml": changed(texts["main.yaml"], change)}, world)
    assert message in [str(problem) for problem in inspect(library)]


def test_menus_four_deep_are_warned_of(texts: dict[str, str], world: World) -> None:
    """Three menus below each other are enough."""
    chain = "".join(
        f'  m{a}: {{kind: menu, say: main_menu, options: {{"1": {{say: option_fees, to: m{b}}}}}}}\n'
        for a, b in pairwise(range(1, 5))
    )
    chain += '  m4: {kind: menu, say: main_menu, options: {"1": {say: option_fees, to: bye}}}\n'
    main = changed(
        texts["main.yaml"],
        ("nodes:\n", "nodes:\n" + chain),
        ('"12": {say: option_human, to: human}', '"12": {say: option_human, to: m1}'),
    )
    told = [str(problem) for problem in inspect(read_folder({**texts, "main.yaml": main}, world))]
    assert [line for line in told if "deep" in line] == [
        'main.yaml:8:7: warning: the menu "m3" is 4 menus deep; 3 are enough',
        'main.yaml:9:7: warning: the menu "m4" is 5 menus deep; 3 are enough',
    ]


def test_the_schema_knows_every_kind() -> None:
    """One definition per kind, its word as a constant, keys as they are written, unknown ones refused."""
    schema = json_schema()
    found = {}
    for definition in schema["$defs"].values():
        kind = definition.get("properties", {}).get("kind", {})
        if "const" in kind:
            found[kind["const"]] = definition
    assert set(found) == set(KINDS)
    assert "with" in found["look_up"]["properties"] and "with_" not in json.dumps(schema)
    assert found["menu"]["additionalProperties"] is False
    assert {"type": "string"} in found["menu"]["properties"]["say"]["items"]["anyOf"]
    assert set(found["say"]["required"]) == {"kind", "say", "to"}
