"""The child that works on people's text: bounded in time and memory, and another one when it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults

from ivr_server.drafting import naming, work
from ivr_server.drafting.bench import Bench, BenchFault
from ivr_server.drafting.proving import Prover, Surroundings
from ivr_server.library import HOUSE

SHIPPED = naming.in_folders(HOUSE / "flows" / "library", HOUSE / "prompts" / "library")


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A bench, stopped at the end."""
    one = Bench(reactor, waiting=4)
    yield one
    pytest_twisted.blockon(ensureDeferred(one.stop()))


@pytest.fixture
def prover() -> Iterator[Prover]:
    """Both benches."""
    one = Prover(reactor, Surroundings())
    yield one
    pytest_twisted.blockon(ensureDeferred(one.stop()))


def tree(text: str) -> dict[str, Any]:
    """A job."""
    return {"do": "tree", "text": text}


@pytest_twisted.ensureDeferred
async def test_a_job_that_takes_too_long_is_killed_and_the_next_one_is_done(bench: Bench) -> None:
    """By a new child."""
    with pytest.raises(BenchFault) as fault:
        await bench.ask(tree("a: 1"), 0.0)
    assert fault.value.why == "late"
    assert (await bench.ask(tree("a: 1"), 60.0))["tree"] == {"map": [["a", "1"]]}


@pytest_twisted.ensureDeferred
async def test_jobs_wait_in_line_and_no_more_than_a_few(bench: Bench) -> None:
    """In order; the one too many is refused at once."""
    waiting = [ensureDeferred(bench.ask(tree(f"a: {n}"), 60.0)) for n in range(4)]
    with pytest.raises(BenchFault, match="busy"):
        await bench.ask(tree("a: 9"), 60.0)
    found = await gatherResults(waiting)
    assert [one["tree"]["map"][0][1] for one in found] == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
        "[" * 5000,
        "a: !!python/object:os.system x\n",
        "a: 1\na: 2\n",
        "- x\n" * 30_000,
    ],
    ids=["aliases", "deep", "tag", "twice", "many"],
)
@pytest_twisted.ensureDeferred
async def test_G3_bombs_are_problems_with_a_place(bench: Bench, text: str) -> None:
    """Never an exception, never a child that is gone."""
    found = await bench.ask(tree(text), 60.0)
    assert found["problems"][0]["line"] >= 1


@pytest_twisted.ensureDeferred
async def test_the_shipped_flows_are_checked_and_proved(prover: Prover) -> None:
    """No problem, no finding, every dialogue passes; figures for each flow; a second look is remembered."""
    checked = await prover.check(SHIPPED)
    assert not [one for one in checked["problems"] if not one["warning"]]
    assert checked is await prover.check(SHIPPED)
    proof = prover.prove(SHIPPED)
    assert prover.prove(SHIPPED) is proof
    await _done(proof)
    assert proof.state == "done"
    result = proof.result
    assert not result["findings"] and not result["dialogues"]["failed"]
    assert {one["root"] for one in result["roots"]} >= {"main", "after_queue"}
    main = next(one for one in result["flows"] if one["flow"] == "main")
    menu = next(one for one in main["menus"] if one["node"] == "main_menu")
    assert [key for key, _ in menu["seconds"]["zh-CN"]] == [str(n + 1) for n in range(menu["options"])]


@pytest_twisted.ensureDeferred
async def test_a_proof_is_given_up_for_a_newer_draft(prover: Prover) -> None:
    """The old one fails with a word, the new one goes on."""
    old = prover.prove(SHIPPED)
    new = prover.prove({**SHIPPED, "flows/main.yaml": "flow: main\n"})
    await _done(new)
    assert (old.state, old.why, new.state) == ("failed", "gone", "done")
    assert new.result["problems"]


async def _done(proof: Any) -> None:
    from twisted.internet.task import deferLater

    while proof.state == "running":
        await deferLater(reactor, 0.05)


def test_a_finding_comes_with_a_call_in_both_languages() -> None:
    """Each step names its node, what is done and what is heard."""
    flow = "flows/human.yaml"
    broken = {**SHIPPED, flow: SHIPPED[flow].replace("to: call_back}", "to: say_closed}", 1)}
    found = work.check(work.Draft(broken, frozenset({"service", "billing"})))
    assert any(one["file"] == flow and one["node"] for one in found["problems"])
    lost = {**SHIPPED, "flows/main.yaml": SHIPPED["flows/main.yaml"].replace("human: to_human", "human: main_menu")}
    result = work.prove(work.Draft(lost, frozenset({"service", "billing"})), lambda shape: None)
    assert result["findings"] or result["problems"]
    for finding in result["findings"]:
        for step in finding["tale"]:
            assert step["node"] and step["happens"]
            assert set(step["words"]) in (set(), {"zh-CN", "en-US"})
