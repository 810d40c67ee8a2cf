"""A fixed share of the mutation run; the whole of it is ``make mutations``."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from flows.flow import Library
from flows.reading import read_flow, read_folder
from ivr_server.publishing.naming import FLOWS, under
from tests.mutations.running import Escaped, Run, hold, world
from tests.publishing.small import MAIN, files


def test_G2_of_400_changed_flows_none_bad_passes() -> None:
    """Each is refused by reading or by walking, or holds under random callers; each of these happens."""
    run = Run(world())
    for seed in range(400):
        run.one(seed)
    assert run.counts.total() == 400 and all(run.counts[end] for end in ("read", "walked", "holds")), run.counts


def test_the_callers_would_notice() -> None:
    """Flows that the gate refuses, given to the callers all the same: they find what is wrong."""
    bad = {
        "nobody": MAIN.replace("human: to_human,", "human: goodbye,"),
        "the menu instead of a person": MAIN.replace("human: to_human,", "human: menu,"),
        "another key before a person": MAIN.replace("human: to_human,", "human: asked,").replace(
            "  silent:", '  asked: {kind: menu, say: [menu], options: {"1": {say: human_key, to: to_human}}}\n  silent:'
        ),
        "a fact that is missing": MAIN.replace("say: [shop_hours]", "say: [you_owe]"),
    }
    for what, main in bad.items():
        whole = {**files(), "flows/main.yaml": main}
        library = _unchecked(whole)
        with pytest.raises(Escaped):
            for seed in range(50):
                hold(library, "main", random.Random(seed))
        assert what


def _unchecked(whole: dict[str, str]) -> Library:
    """Read, and looked at by nobody."""
    flows = {flow.name: flow for flow in (read_flow(text, name) for name, text in under(whole, FLOWS).items())}
    return replace(read_folder(under(files(), FLOWS), world()), flows=flows)
