"""The queue file: what it gives, and what is told about its mistakes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr_server.floor.queue_file import BUSINESSES, SHIPPED, Queue, QueueFile, read_queue_file
from ivr_server.hours import Hours
from marked_yaml import Mistakes

TITLE = "title: {zh-CN: 甲, en-US: A}"


def read(folder: Path, text: str) -> QueueFile:
    """A queue file of this text."""
    path = folder / "queues.yaml"
    path.write_text(text)
    return read_queue_file(path)


def wrong(folder: Path, text: str) -> list[str]:
    """Everything that is told about it, without the file's name."""
    with pytest.raises(Mistakes) as caught:
        read(folder, text)
    return [str(problem).split("queues.yaml:", 1)[1] for problem in caught.value.problems]


def test_the_shipped_file_names_every_business_of_the_flows() -> None:
    """Fees and arrears to billing, everything else to service; four reasons in both languages."""
    file = read_queue_file(SHIPPED)
    where = {business: file.for_business(business).name for business in BUSINESSES}
    assert {business for business, queue in where.items() if queue == "billing"} == {"fees", "arrears"}
    assert sorted(one for queue in file.queues for one in queue.businesses) == sorted(BUSINESSES)
    assert [reason.name for reason in file.busy_reasons] == ["break", "meal", "training", "paperwork"]


def test_a_business_that_no_queue_names_goes_to_the_first(tmp_path: Path) -> None:
    """And the language chooses between queues that name it."""
    file = read(
        tmp_path,
        f"""queues:
  - {{name: all, {TITLE}}}
  - {{name: chinese, {TITLE}, businesses: [fees], languages: [zh-CN]}}
  - {{name: english, {TITLE}, businesses: [fees], languages: [en-US]}}
""",
    )
    found = [file.for_business(*one).name for one in (("fees", "en-US"), ("fees", "zh-CN"), ("fees", ""), ("odd", "x"))]
    assert found == ["english", "chinese", "chinese", "all"]


def test_who_may_take_calls_of_which_queue(tmp_path: Path) -> None:
    """By skill and language, the best level first; somebody who is not named has every skill."""
    file = read(
        tmp_path,
        f"""queues:
  - {{name: service, {TITLE}, languages: [zh-CN, en-US]}}
  - {{name: billing, {TITLE}, languages: [zh-CN], skill: money}}
agents:
  - {{name: li.wei, skills: {{service: 1, money: 3}}}}
  - {{name: wang, skills: {{service: 2, money: 2}}, languages: [zh-CN]}}
""",
    )
    assert file.memberships("li.wei") == {"service": 0, "billing": 2}
    assert file.memberships("wang") == {"billing": 1}  # an English caller of service would not be understood
    assert file.memberships("somebody") == {"service": 0, "billing": 0}


def test_hours_of_a_queue() -> None:
    """Always, the operator's, or its own, in the operator's zone."""
    operator = Hours(ZoneInfo("Asia/Shanghai"), {})
    title = {"zh-CN": "甲", "en-US": "A"}
    at = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # Wednesday, 10:00 in Shanghai
    own = {"wed": ("09:00-11:00",)}
    states = [Queue(name="q", title=title, hours=one).opening(operator).at(at) for one in ("operator", "always", own)]
    assert states == ["closed", "open", "open"]


def test_every_mistake_at_once_with_its_place(tmp_path: Path) -> None:
    """Each where it stands, in a sentence."""
    told = wrong(
        tmp_path,
        f"""queues:
  - {{name: a, {TITLE}, businesses: [fees, Fees!]}}
  - {{name: a, title: {{zh-CN: 甲}}, ring_s: 1}}
  - {{name: b, {TITLE}, businesses: [fees], hours: {{mun: ["9-10"]}}}}
agents:
  - {{name: x, skills: {{c: 1, b: 10}}}}
busy_reasons:
  - {{name: "a b", {TITLE}}}
""",
    )
    assert told == [
        '2:63: "Fees!" is no business; use small letters, digits and _; did you mean "fees"?',
        '3:12: "a" stands there twice',
        "3:22: the title in en-US is missing",
        "3:42: ring_s must lie between 5 and 120, not 1",
        '4:57: "fees" goes to the queue "a" already, in the same language',
        '4:77: "mun" is no day of the week; use mon, tue, wed, thu, fri, sat, sun',
        '4:79: "9-10" is no span of hours; write it as 08:00-18:30',
        '6:27: no queue asks for the skill "c"',
        "6:33: a level lies between 1 (best) and 9, not 10",
        '8:13: "a b" is no name of a reason; use letters, digits, - and _',
    ]


@pytest.mark.parametrize("queue", ["a&b", "a,b", "SIP/0044900", "../x", "a b", "", "a\nb", "x" * 80, "客服"])
def test_G10_a_queue_is_a_plain_name(tmp_path: Path, queue: str) -> None:
    """What would mean a second destination, an option or a channel in the dialplan is refused at the start."""
    quoted = queue.replace("\n", "\\n")
    assert "is no name of a queue" in wrong(tmp_path, f'queues:\n  - {{name: "{quoted}", {TITLE}}}\n')[0]


def test_there_is_a_queue(tmp_path: Path) -> None:
    """Without one, nobody could be put through; a key that does not exist is told with the one that was meant."""
    assert wrong(tmp_path, "queues: []\n") == ["1:9: there is no queue; callers after a fault need one"]
    assert wrong(tmp_path, f"queues:\n  - {{name: a, {TITLE}, ring: 3}}\n") == [
        '2:44: unknown key "ring"; did you mean "ring_s"?'
    ]
    with pytest.raises(Mistakes, match="cannot be read"):
        read_queue_file(tmp_path / "nowhere.yaml")
