"""The bill by fax through whole calls: one job whatever two callers do, and told to the one who was cut off."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from crm_bridge.answers import Answer, LookUpFault
from crm_bridge.fax_jobs import FaxRow
from crm_bridge.records import Bill, Customer
from crm_bridge.twin import Twin
from tests.calls.test_callers import second, with_twin
from tests.doubles.stage import Stage

PHONE, FAX = "13800138000", "01062345678"
TO_NUMBER = ["wait:3", "2", "wait:3", "4", "wait:1", "1", "wait:1", "1", "wait:1"]  # English, fax, this number, month
TO_YES = [*TO_NUMBER, *FAX, "#", "wait:9", "1"]


def town(folder: Path, **changed: object) -> tuple[Stage, Twin]:
    """A service whose faxes can be sent, one customer with one bill; ``changed``: other answers, by name."""
    stage = Stage(folder, {}, uniqueid="1.1")
    memory = with_twin(stage, **changed)
    tools = stage.calls.desk.tools
    open_ = replace(tools.look_ups, fax_open=lambda: True)
    stage.calls.desk = replace(stage.calls.desk, tools=replace(tools, look_ups=open_))
    records = memory.desk.records
    records.customers[PHONE] = Customer("7", PHONE, "40917352")
    records.held["7"] = {"2026-11": Bill("7", "2026-11", "2026-12-20", (1900, 0, 0, 0, 0), 1900, 0, 0, "CNY")}
    return stage, memory


def jobs(memory: Twin) -> list[FaxRow]:
    """The jobs there are."""
    return list(memory.desk.ledger.jobs.values())


def test_a_caller_asks_for_a_fax_and_hears_its_number(tmp_path: Path) -> None:
    """Keys to job: the number that was typed, in the call's language; the journal tells the job."""
    stage, memory = town(tmp_path)
    stage.call().keys([*TO_YES, "wait:12", "#", "wait:12"])
    [job] = jobs(memory)
    assert (job.number, job.month, job.language, job.customer) == (FAX, "2026-11", "en-US", "7")
    assert stage.heard.count("Your job number is one.") == 2
    stage.phone.hang_up()
    stage.pass_s(1)
    answers = [note for note in stage.record.notes if note["what"] == "answered"]
    [note] = [note for note in answers if note["look_up"] == "request_fax"]
    assert (note["outcome"], note["job"]) == ("accepted", "1")
    assert memory.desk.ledger.newest_effect("fax", "7").heard  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(12))
def test_E5_two_calls_at_once_ask_for_one_fax(tmp_path: Path, seed: int) -> None:
    """The same customer in two calls, their keys interleaved anyhow: one job, and each hears its number."""
    draw = random.Random(seed)
    stage, memory = town(tmp_path)
    lines = [(stage.call().phone, stage.ear), second(stage, uniqueid="1.2")]
    acts = ("2", "4", "1", "1", FAX + "#", "yes")
    steps, plan = [iter(acts), iter(acts)], [0] * len(acts) + [1] * len(acts)
    draw.shuffle(plan)
    for who in plan:
        act = next(steps[who])
        stage.pass_s(10.0 if act == "yes" else draw.choice((3.5, 4.5)))
        for key in "1" if act == "yes" else act:
            lines[who][0].press(key)
            stage.pass_s(0.2)
    stage.pass_s(15)
    assert len(jobs(memory)) == 1
    for _, ear in lines:
        told = "\n".join(ear.heard)
        assert "Your job number is one." in told or "Its job number is one." in told


def test_A3_a_hang_up_before_the_job_number_is_told_in_the_next_call(tmp_path: Path) -> None:
    """The job is there once; the journal says that nobody heard it; the next call tells its number, once."""
    held: Deferred[None] = Deferred()

    async def later(answer: Answer) -> Answer:
        if not held.called:
            await held
        return answer

    stage, memory = town(tmp_path, request_fax=later)
    stage.call().keys(TO_YES)
    stage.phone.hang_up()
    stage.pass_s(0.2)
    held.callback(None)
    stage.pass_s(1)
    assert len(jobs(memory)) == 1
    assert stage.record.notes[-1] | {"outcome": "accepted", "heard": "no", "job": "1"} == stage.record.notes[-1]
    told = []
    for leg in ("1.2", "1.3"):
        phone, ear = second(stage, uniqueid=leg)
        for key in ("", "1", "1", ""):
            stage.pass_s(4)
            if key:
                phone.press(key)
        stage.pass_s(20)
        told.append("Its job number is one." in "\n".join(ear.heard))
        phone.hang_up()
        stage.pass_s(1)
    assert told == [True, False]


def test_E6_a_lost_answer_makes_no_second_job(tmp_path: Path) -> None:
    """The caller was told that nobody knows, and asks again in the next call: the same job."""
    lost = [True]

    async def lose(answer: Answer) -> Answer:
        if lost and lost.pop():
            raise LookUpFault("deadline")
        return answer

    stage, memory = town(tmp_path, request_fax=lose)
    stage.call().keys([*TO_YES, "wait:12"])
    assert "cannot tell right now whether your fax was taken" in stage.heard
    stage.phone.hang_up()
    stage.pass_s(1)
    phone, ear = second(stage, uniqueid="1.2")
    stage.pass_s(4)
    for key in ("4", "1", "", "", "1", *FAX, "#", "", "1"):
        stage.pass_s(1.0 if key.isdigit() else 5.0)
        if key:
            phone.press(key)
    stage.pass_s(12)
    assert len(jobs(memory)) == 1
    assert "That fax is already on its way. Its job number is one." in "\n".join(ear.heard)
