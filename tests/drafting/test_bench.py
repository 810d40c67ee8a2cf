"""The child that works on people's text: bounded in time and memory, and another one when it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults

from ivr_server.drafting import naming, work
from ivr_server.drafting.bench import Bench, BenchFault
from ivr_server.drafting.proving import Prover
from ivr_server.library import HOUSE
from ivr_server.publishing.judging import Ground, judge
from tests.publishing.small import DIALOGUE, MAIN, files

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
    one = Prover(reactor, Ground())
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
    result = work.prove(small(MAIN.replace("say: [shop_hours]", "say: [you_owe]")), Ground(), lambda shape: None)
    assert result["findings"] and not [one for one in result["problems"] if not one["warning"]]
    for finding in result["findings"]:
        assert finding["tale"]
        for step in finding["tale"]:
            assert step["node"] and step["happens"]
            assert set(step["words"]) in (set(), {"zh-CN", "en-US"})


def small(main: str = MAIN, **more: str) -> dict[str, str]:
    """The small flows with another first one, and more files: dialogues by their names."""
    return {**files(), "flows/main.yaml": main, **{f"flows/dialogues/{name}.yaml": text for name, text in more.items()}}


HANDS: Final = {
    "a mistake": small(MAIN.replace("to: goodbye", "to: nowhere")),
    "key 0 that leads to a menu": small(MAIN.replace("human: to_human,", "human: menu,")),
    "a finding": small(MAIN.replace("say: [shop_hours]", "say: [you_owe]")),
    "a dialogue that goes another way": small(shop=DIALOGUE.replace("shop_hours", "welcome")),
    "a dialogue that cannot be read": small(shop="dialogue: x\nflow: [\n"),
    "a secret in a dialogue": small(shop=DIALOGUE + "# password: hunter2-hunter2\n# -----BEGIN RSA PRIVATE KEY-----\n"),
    "words that cannot be read": {**small(), "prompts/en-US.yaml": "language: en-US\nprompts: [\n"},
    "a name that is none": {**small(), "prompts/xx-XX.yaml": "language: xx-XX\nprompts: {}\n"},
}


@pytest.mark.parametrize("what", HANDS)
def test_the_draft_is_told_everything_that_publishing_refuses(what: str) -> None:
    """The page and publishing ask one prover: neither finds a thing that the other does not."""
    judged = judge(HANDS[what], Ground())
    shown = work.prove(HANDS[what], Ground(), lambda shape: None)
    assert not judged.passed, what
    refused = [one["text"] for one in shown["problems"] if not one["warning"]]
    assert refused == [one.text for one in judged.problems]
    assert [one["text"] for one in shown["findings"]] == [one.problem.text for one in judged.findings]
    assert [one["title"] for one in shown["dialogues"]["failed"]] == [one.title for one in judged.failures]
    if judged.problems:
        assert {one["text"] for one in work.check(HANDS[what], Ground())["problems"]} >= set(refused)


def test_a_number_that_leads_nowhere_is_shown_while_editing() -> None:
    """The settings lead a dialled number to a flow that the draft does away with."""
    ground = Ground(numbers={"10086": "gone"})
    [problem] = [one for one in work.check(small(), ground)["problems"] if not one["warning"]]
    assert problem["file"] == "settings" and '"gone"' in problem["text"]


def test_what_the_studio_proved_is_not_walked_again_at_publishing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Publishing remembers; the page has its figures anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shown = work.prove(small(), Ground(), lambda shape: None)
    walked: list[str] = []
    judged = judge(small(), Ground(), lambda root, done, ahead: walked.append(root))
    assert judged.passed and set(walked) == {""}
    assert {root: one.states for root, one in judged.figures.items()} == {
        one["root"]: one["states"] for one in shown["roots"]
    }
    assert work.prove(small(), Ground(), lambda shape: None)["flows"] == shown["flows"]
