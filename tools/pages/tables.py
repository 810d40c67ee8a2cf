"""Look-ups, settings, commands, metrics and the formats of files, as reference pages."""

from __future__ import annotations

import re
from copy import copy

import click
from prometheus_client.metrics import MetricWrapperBase

from crm_bridge import mapping_file
from crm_bridge.signatures import SIGNATURES
from flows.rehearsing import script
from flows.turns import DISPOSITIONS
from ivr_server import settings
from ivr_server.calls.look_ups import LOCAL, from_bridge
from ivr_server.command_line import Commands
from ivr_server.floor import queue_file
from ivr_server.floor.picture import Picture
from ivr_server.floor_metrics import FloorMetrics
from ivr_server.metrics import Metrics
from prompts import catalogue, speaking
from tools.pages.shapes import keys_of, table
from tools.pages.words import DIALOGUE, STEPS

MADE = "*Made from the code by `make docs`; do not edit.*\n\n"
LOOK_UPS = """# Look-ups

{made}A look-up is one named question to the world: to billing, to the clock, to the queues. Each has a closed set of
outcomes. A flow forks on the outcome; the facts that come with it are only spoken and carried. An outcome is said
outright: that there is nothing to pay is an outcome of its own, never an amount of zero. Besides these outcomes, any
look-up may be `unavailable` (no answer in time, the database away, an answer that makes no sense).

An argument with a `?` may be missing. The argument `language` is the one the call is spoken in, unless the flow binds
it. *Effect*: it changes something; one that began is finished even if the caller hangs up.

"""
SETTINGS = """# Settings

{made}One YAML file, given with `--settings FILE` or in the environment variable `IVR_SETTINGS`. Every key may be left
out. A mistake is told with its line and column, and all mistakes at once.

```yaml
state: /var/lib/ivr-server
operator:
  zone: Asia/Shanghai
  hours:
    mon: ["09:00-12:00", "13:00-18:30"]
    tue: ["09:00-18:30"]
    wed: ["09:00-18:30"]
    thu: ["09:00-18:30"]
    fri: ["09:00-18:30"]
  holidays: {{2026-10-01: [], 2026-10-08: ["10:00-16:00"]}}
agi: {{port: 4573}}
web: {{port: 8080}}
floor: {{seats: 12, dial_out: "PJSIP/{{number}}@company"}}
```

Secrets are not in this file:

| what | where it is |
| --- | --- |
| the word that Asterisk shows when it calls in | `agi-token` in the state folder, made at the first start, mode 0600 |
| passwords of the generated telephones and of the manager user | `asterisk-passwords.json` there, mode 0600 |
| the key that seals second factors | `factor-key` there, mode 0600, or the environment variable `IVR_FACTOR_KEY` |
| a database URL with a password | environment variable `IVR_DATABASE_URL` |
| the passwords of your billing databases | environment variables that the mapping file names |

"""
CATALOGUE = """# The words: prompts

{made}One file for each language in `prompts/library`. The text is the source; a recording may replace the voice.

```yaml
language: en-US
words: {{operator: Tongda Telecom}}       # constants for {{operator}}
fallback: [apology, nobody_answered]    # also kept for a dialplan whose server is gone
prompts:
  welcome: "Welcome to {{operator}}."
  bill_sum: "The bill for {{month:month}} is {{sum:money}}."
  password_wrong: "You have {{tries_left:count more try/more tries}}."
  sorry: {{text: "We are sorry.", file: recordings/sorry.wav}}
```

| in a text | what it becomes |
| --- | --- |
| `{{name}}` | a constant of `words:` |
| `{{name:kind}}` | a slot: the fact of that name, spoken as that kind |
| `{{name:count one/many}}` | a number with the thing counted |
| `{{{{` and `}}}}` | braces |

Kinds: {kinds}. Names and kinds must be the same in every language; their order may differ. Currencies: {currencies}.

A prompt's name is made of small letters, digits and `_`. A recording is a PCM WAV file under `prompts/recordings`; its
prompt may have no slots. `says:` beside `file:` keeps the words that were recorded, so that a later change of the text
is noticed; the studio writes both.
"""
DIALOGUES = """# Dialogue tests

{made}A dialogue is a call on paper. They lie in `flows/library/dialogues`: one at the top of a file, or several
in a list under `dialogues:`. The file `usual.yaml` there holds what look-ups answer in every dialogue that says nothing
of them, under `usual:`. `ivr-server test` plays them, with the session stored and loaded between every two turns.

```yaml
dialogue: hears what is owed
flow: main
caller: "13800138000"
answers:
  caller_language: en_us
  notice: none
  arrears: {{some: {{sum: 204.05}}}}          # an outcome with facts; facts that are not written are samples
talk:
  - presses: "2"
  - hears: [confirm_offered]
  - hangs_up
ends: hung_up
```

"""


def look_ups() -> str:
    """Every look-up, its arguments and outcomes."""
    parts = [LOOK_UPS.format(made=MADE)]
    every = {**from_bridge(SIGNATURES), **LOCAL}
    rows = []
    for name, one in sorted(every.items()):
        needs = ", ".join(f"{need}: {kind}" for need, kind in one.needs.items())
        outcomes = "<br>".join(
            f"`{outcome}`" + (f" with {', '.join(f'{fact}: {kind}' for fact, kind in facts.items())}" if facts else "")
            for outcome, facts in one.outcomes.items()
        )
        rows.append((f"`{name}`", needs, outcomes, f"{one.deadline_ms / 1000:g} s", "effect" if one.effect else ""))
    parts.append(table(("look-up", "asks for", "outcomes", "at most", ""), rows))
    return "".join(parts)


def settings_page() -> str:
    """Every setting, with its default."""
    shapes = [("Settings", settings.Settings), ("Operator", settings.Operator), ("Agi", settings.Agi),
              ("Web", settings.Web), ("Speech", settings.Speech), ("Ami", settings.Ami), ("Fax", settings.Fax),
              ("Smtp", settings.Smtp), ("Floor", settings.Floor),
              ("Hooks", settings.Hooks), ("Keep", settings.Keep)]  # fmt: skip
    parts = [SETTINGS.format(made=MADE)]
    titles = {"Settings": "The whole", "Smtp": "`smtp` in `fax`"}
    for name, shape in shapes:
        title = titles.get(name, f"`{name.lower()}`")
        parts.append(f"## {title}\n\n{keys_of(shape, name)}\n")
    return "".join(parts).rstrip("\n") + "\n"


def queues_page() -> str:
    """Every key of the queue file."""
    parts = [
        f"# The queue file\n\n{MADE}Which business waits where, who may answer it, and why an agent may be away. The "
        "shipped one: [queues.yaml](../../ivr_server/floor/queues.yaml). Name your own in the settings, as "
        "`queues: /etc/ivr-server/queues.yaml`; `ivr-server check` says what is wrong in it, with line and column. "
        "A change is taken within seconds: in the file, or on its page (`/studio/queues`, "
        "[how](../how-to/queues-and-forms.md)). An Asterisk that `ivr-server pbx` runs takes it as well; for your own, "
        "write its configuration again (`ivr-server asterisk-config`).\n\n"
    ]
    for name, title in (("QueueFile", "The whole"), ("Queue", "A queue"), ("Agent", "An agent"),
                        ("BusyReason", "A reason to be busy")):  # fmt: skip
        parts.append(f"## {title}\n\n{keys_of(getattr(queue_file, name), name)}\n")
    return "".join(parts).rstrip("\n") + "\n"


def mapping_page() -> str:
    """Every key of a mapping file."""
    parts = [
        f"# The mapping file\n\n{MADE}How to write one: [Map your billing](../how-to/map-your-billing.md). "
        "A whole one: [northstar.yaml](../../crm_bridge/mappings/northstar.yaml).\n\n"
    ]
    for name, title in (("ForeignMapping", "The whole"), ("Readings", "`readings`"), ("Reading", "A reading"),
                        ("Forms", "`forms`"), ("Money", "`money`")):  # fmt: skip
        parts.append(f"## {title}\n\n{keys_of(getattr(mapping_file, name), name)}\n")
    return "".join(parts).rstrip("\n") + "\n"


def commands() -> str:
    """The help of every command."""
    top = Commands("ivr-server")
    parts = [f"# Commands\n\n{MADE}`make run` puts `ivr-server` into `.venv/bin`.\n\n"]
    context = click.Context(top, info_name="ivr-server")
    for name in top.list_commands(context):
        command = top.get_command(context, name)
        assert command is not None
        parts += [f"## {name}\n\n", _help(command, f"ivr-server {name}", context)]
    return "".join(parts).rstrip("\n") + "\n"


def _help(command: click.Command, path: str, above: click.Context) -> str:
    command = copy(command)
    command._help_option = None  # click keeps the one of the first context that it was asked in
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=above, terminal_width=100)
    text = f"```\n{re.sub(r'[ ]+$', '', command.get_help(context), flags=re.MULTILINE)}\n```\n\n"
    if isinstance(command, click.Group):
        for name, one in sorted(command.commands.items()):
            text += f"### {path.removeprefix('ivr-server ')} {name}\n\n" + _help(one, f"{path} {name}", context)
    return text


def metrics() -> str:
    """Every metric that /metrics shows."""
    rows, counted = [], Metrics()
    floor = FloorMetrics(counted.registry, Picture, lambda: 0.0)
    for one in (*vars(counted).values(), *vars(floor).values()):
        if isinstance(one, MetricWrapperBase):
            labels = ", ".join(f"`{label}`" for label in one._labelnames)
            end = "_total" if one._type == "counter" else ""
            rows.append((f"`{one._name}{end}`", one._type, labels, one._documentation))
    for family in floor.collect():
        labels = ", ".join(f"`{label}`" for label in family._labelnames)  # type: ignore[attr-defined]
        rows.append((f"`{family.name}`", family.type, labels, family.documentation))
    words = ", ".join(f"`{word}`" for word in DISPOSITIONS)
    return (
        f"# Metrics\n\n{MADE}For Prometheus, at `/metrics` of the console. What to watch: "
        "[Run it](../how-to/run-it.md#metrics-and-alerts).\n\n"
        + table(("metric", "type", "labels", "what it counts"), rows)
        + f"\nDispositions: {words}.\n"
    )


def prompts() -> str:
    """The format of the catalogues."""
    kinds = ", ".join(f"`{kind}`" for kind in sorted(speaking.KINDS))
    currencies = ", ".join(f"`{one}`" for one in speaking.CURRENCIES)
    assert catalogue.FALLBACK
    return CATALOGUE.format(made=MADE, kinds=kinds, currencies=currencies)


def dialogues() -> str:
    """The format of the dialogue tests."""
    assert set(DIALOGUE) == set(script._HEAD) and set(STEPS) == set(script._STEPS), "see tools/pages/words.py"
    needed = {"dialogue", "flow", "talk", "ends"}
    head = [(f"`{key}`", words, "needed" if key in needed else "") for key, words in DIALOGUE.items()]
    steps = [(f"`{key}`", words) for key, words in STEPS.items()]
    return (
        DIALOGUES.format(made=MADE)
        + table(("key", "what it says", ""), head)
        + "\nA step of `talk` is one of\n\n"
        + table(("step", "what it says"), steps)
        + "\nA look-up's answer is an outcome, an outcome with facts (`{outcome: {fact: value}}`), `fails`, or "
        "`{fails: deadline}`.\nMoney may be written as 128.50.\n"
    )
