"""What the page is told of a simulated call: its story, its facts, its way through the flows, and what it waits for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flows.turns import Collect, Enqueue, LookUp
from ivr_server.simulating.call import Call, shown

Shape = dict[str, Any]


def told(call: Call, moves: int) -> Shape:
    """{state: asks|looks_up|over, lines, path, facts, clock, moves, ...}; ``moves``: how many of them fitted."""
    session, command = call.turn.session, call.turn.command
    asks = isinstance(command, Collect)
    return {
        "state": "over" if call.over else "asks" if asks else "looks_up",
        "moves": moves,
        "lines": [asdict(line) for line in call.lines],
        "path": [{"flow": flow, "node": node} for flow, node in call.path],
        "facts": [[name, fact.kind, shown(fact)] for name, fact in session.facts],
        "clock": call.now.isoformat(sep=" ", timespec="seconds"),
        "elapsed_s": round(call.elapsed_s, 1),
        "language": session.language,
        "typed": len(call.raw),
        "secret": isinstance(command, Collect) and command.secret,
        "ended": session.ended,
        "queue": command.queue if isinstance(command, Enqueue) else "",
        "tellable": call.tellable,
        "look_up": _look_up(call, command) if isinstance(command, LookUp) else None,
    }


def _look_up(call: Call, command: LookUp) -> Shape:
    """What may be answered, with facts to begin from."""
    signature = call.stage.library.look_ups[command.name]
    chosen, facts = call.world.suggested(command, call.now)
    outcomes = [
        {
            "outcome": outcome,
            "facts": [{"name": name, "kind": kind, "value": facts[outcome][name]} for name, kind in gives.items()],
        }
        for outcome, gives in signature.outcomes.items()
    ]
    arguments = [[name, shown(fact)] for name, fact in command.arguments]
    return {"name": command.name, "chosen": chosen, "outcomes": outcomes, "arguments": arguments}
