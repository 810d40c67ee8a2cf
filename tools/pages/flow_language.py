"""The flow language: every kind of node with its keys, and the JSON Schema for editors."""

from __future__ import annotations

import inspect
import json
from typing import Any

from flows.facts import KINDS as FACTS
from flows.flow import Always
from flows.forms import FORMS
from flows.kinds import KINDS
from flows.nodes.menu import Option
from flows.nodes.node import Spoken
from flows.reading import FlowFile, json_schema
from tools.pages.shapes import keys_of, sentence, table

ORDER = ("say", "menu", "ask", "confirm", "look_up", "known", "forget", "tries", "speak_in", "sub_flow", "return",
         "enqueue", "end")  # fmt: skip
EXAMPLES = {
    "say": "welcome: {kind: say, say: [welcome], to: main_menu}",
    "menu": "main_menu:\n  kind: menu\n  say: [main_menu]\n  options:\n"
    '    "1": {say: option_fees, to: fees, tag: fees}\n'
    '    "2": {say: option_arrears, to: arrears}',
    "ask": "which_number: {kind: ask, say: [ask_phone], form: phone, into: phone, to: check}",
    "confirm": 'read_back: {kind: confirm, say: [confirm_phone], "yes": check, "no": which_number}',
    "look_up": "check:\n  kind: look_up\n  look_up: hours\n"
    "  outcomes: {open: queue, closed: call_back, holiday: call_back}",
    "known": 'have_number: {kind: known, fact: phone, "yes": check, "no": which_number}',
    "forget": "another: {kind: forget, facts: [phone, customer], to: which_number}",
    "tries": "once_more: {kind: tries, again: which_number, enough: to_human}",
    "speak_in": "in_english: {kind: speak_in, language: en-US, to: welcome}",
    "sub_flow": "fees: {kind: sub_flow, flow: fees, exits: {done: main_menu, back: main_menu, human: to_human}}",
    "return": "done: {kind: return, exit: done}",
    "enqueue": "queue: {kind: enqueue, queue: billing}",
    "end": "good_day: {kind: end, disposition: goodbye}",
}
FACT_WORDS = {
    "money": "an amount, in the smallest unit of the operator's currency",
    "month": "`2026-11`",
    "date": "`2026-11-23`",
    "time": "`18:30`",
    "digits": "spoken one by one: numbers, codes, keys",
    "count": "a number of things",
    "prompt": "the name of a prompt, spoken as that prompt",
    "sayings": "a list that is spoken in order",
    "queue": "the name of a queue, as `queue_for` gives it; never spoken",
    "text": "carried and shown, never spoken: a customer's id",
    "secret": "a handle; the secret itself never enters a flow, a trail or a log",
}
HEAD = """# The flow language

*Made from the code by `make docs`; do not edit.*

A flow is one YAML file in `flows/library`. How to change one: [Edit a flow](../how-to/edit-a-flow.md). An editor that
knows [flow.schema.json](flow.schema.json) completes and checks while you type: [how](#in-an-editor).

## The file

"""
EVERYWHERE = """## What every waiting node does by itself

`menu`, `ask` and `confirm` wait for keys. In each of them, without your writing anything:

| key or event | what happens |
| --- | --- |
| `0` | `always.human` |
| `9` | `always.main` |
| `*` | clears a typed entry; with nothing typed, goes back |
| `#` | ends a typed entry; alone, repeats the text |
| 10 s without a key | the short text, then the help, then the offer of a person, or the `offer` of the node |
| 60 s without a key | `always.silent` |
| a wrong key or entry | says so, then the whole text; the third at a node, the tenth in a call: `always.tired` |

An option, or a digit of an entry, goes before a key that works everywhere.

"""
EDITOR = """## In an editor

Any editor that runs yaml-language-server (VS Code with the YAML extension, Neovim, Emacs, JetBrains) uses the schema.
Write this as the first line of a flow, with the path from the flow's folder:

```yaml
# yaml-language-server: $schema=../../docs/reference/flow.schema.json
```

or, for all flows at once in VS Code, in `.vscode/settings.json`:

```json
{"yaml.schemas": {"docs/reference/flow.schema.json": "flows/library/*.yaml"}}
```

The schema knows one file at a time. `ivr-server check` knows the rest: names of prompts, look-ups and queues, where
exits lead, and every call that is possible.
"""


def page() -> str:
    """The reference page."""
    assert set(ORDER) == set(KINDS) == set(EXAMPLES), "a kind of node has no example in tools/pages/flow_language.py"
    parts = [HEAD, keys_of(FlowFile, "Flow"), "\n`always`:\n\n", keys_of(Always, "Always"), "\n", EVERYWHERE]
    parts.append("## Kinds of nodes\n\n" + ", ".join(f"[{kind}](#{kind})" for kind in ORDER) + "\n\n")
    parts += [_kind(kind) for kind in ORDER]
    parts += ["## Facts\n\nWhat a call learns is kept as a fact of one of these kinds.\n\n"]
    assert set(FACT_WORDS) == FACTS
    parts += [table(("kind", "what it is"), [(f"`{kind}`", FACT_WORDS[kind]) for kind in FACT_WORDS]), "\n", EDITOR]
    return "".join(parts)


def _kind(kind: str) -> str:
    node = KINDS[kind]
    words = (inspect.getdoc(node) or "").replace("``", "`")
    text = f"### {kind}\n\n{words}\n\n```yaml\n{EXAMPLES[kind]}\n```\n\n{keys_of(node, kind, ('kind',))}\n"
    if kind == "say":
        text += (
            "A text is a list; each entry is a prompt's name, or a prompt with more to say of it:\n\n"
            f"{keys_of(Spoken, 'Spoken')}\n"
        )
    if kind == "menu":
        text += f"An option:\n\n{keys_of(Option, 'Option')}\n"
    if kind == "ask":
        rows = [
            (f"`{name}`", f"`{form.kind}`", form.first if form.first != "0123456789" else "any",
             f"{form.shortest} to {form.longest}" if form.shortest != form.longest else str(form.longest))
            for name, form in FORMS.items()
        ]  # fmt: skip
        text += "Forms:\n\n" + table(("form", "kind of fact", "first digit", "digits"), rows) + "\n"
    return text


def schema() -> str:
    """The JSON Schema, each key with the sentence of the reference page."""
    whole = json_schema()
    named = {node.__name__: kind for kind, node in KINDS.items()}
    for name, definition in whole["$defs"].items():
        _explain(definition, named.get(name, name))
    _explain(whole, "Flow")
    whole["properties"]["nodes"]["additionalProperties"] = _by_kind()
    whole["title"] = "A call flow"
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _by_kind() -> dict[str, Any]:
    """A node as its ``kind`` has it: an editor then complains of the one wrong key, not of the whole node."""
    shapes = [
        {
            "if": {"required": ["kind"], "properties": {"kind": {"const": kind}}},
            "then": {"$ref": f"#/$defs/{KINDS[kind].__name__}"},
        }
        for kind in ORDER
    ]
    return {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": list(ORDER)}}, "allOf": shapes}


def _explain(definition: dict[str, Any], named: str) -> None:
    if "description" in definition:
        definition["description"] = definition["description"].replace("``", "`")
    for key, shape in definition.get("properties", {}).items():
        shape["description"] = sentence(named, key)
        shape.pop("title", None)
