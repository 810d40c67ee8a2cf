"""Dialogue tests: what a caller does, what the world answers, what must be heard, how the call must end.

``read`` takes a YAML file apart (the format is told in ``rehearsing.script``), ``perform`` runs one dialogue against a
library without any line, clock or database: look-ups answer what the dialogue says.
"""

from __future__ import annotations

from flows.rehearsing.performing import Result, Words, perform, prompts_of
from flows.rehearsing.script import Answer, Dialogue, read_usual
from flows.rehearsing.script import read_dialogues as read

__all__ = ["Answer", "Dialogue", "Result", "Words", "perform", "prompts_of", "read", "read_usual"]
