"""The list of node kinds: the word in YAML -> the class. A new kind is one file in ``nodes/`` and one line here."""

from __future__ import annotations

from typing import Final

from flows.nodes.ask import Ask
from flows.nodes.confirm import Confirm
from flows.nodes.end import EndNode
from flows.nodes.enqueue import EnqueueNode
from flows.nodes.forget import Forget
from flows.nodes.known import KnownNode
from flows.nodes.look_up import LookUpNode
from flows.nodes.menu import Menu
from flows.nodes.node import Node
from flows.nodes.return_node import Return
from flows.nodes.say import Say
from flows.nodes.speak_in import SpeakIn
from flows.nodes.sub_flow import SubFlow
from flows.nodes.tries import Tries

KINDS: Final[dict[str, type[Node]]] = {
    "say": Say,
    "menu": Menu,
    "ask": Ask,
    "confirm": Confirm,
    "look_up": LookUpNode,
    "known": KnownNode,
    "forget": Forget,
    "tries": Tries,
    "speak_in": SpeakIn,
    "sub_flow": SubFlow,
    "return": Return,
    "enqueue": EnqueueNode,
    "end": EndNode,
}
