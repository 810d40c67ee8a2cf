"""What another queue file means for others: which queues go and come, what Asterisk and the sounds must be told."""

from __future__ import annotations

import pytest

from ivr_server.floor.queue_changes import QueueChange, compared
from ivr_server.floor.queue_file import SHIPPED, QueueFile, parsed

TEXT = SHIPPED.read_text("utf-8")
OLD = parsed(TEXT, "queues")


def changed(*pairs: tuple[str, str]) -> QueueFile:
    """The shipped file with other words."""
    text = TEXT
    for one, other in pairs:
        assert one in text
        text = text.replace(one, other, 1)
    return parsed(text, "queues")


@pytest.mark.parametrize(
    ("new", "wanted"),
    [
        (changed(), QueueChange()),
        (changed(("wrap_up_s: 20 ", "wrap_up_s: 90 ")), QueueChange()),
        (changed(("hours: operator ", "hours: always ")), QueueChange()),
        (changed(("ring_s: 20 ", "ring_s: 30 ")), QueueChange(dialled=("service",))),
        (changed(("wait_s: 1800 ", "wait_s: 600 ")), QueueChange(dialled=("service",))),
        (changed(("most_waiting: 200\n", "most_waiting: 9\n")), QueueChange(dialled=("service",))),
        (changed(("en-US: Billing", "en-US: Bills")), QueueChange(spoken=("billing",))),
        (
            changed(("name: billing", "name: bills")),
            QueueChange(gone=("billing",), new=("bills",), dialled=("bills",), spoken=("bills",)),
        ),
    ],
)
def test_what_is_another_now(new: QueueFile, wanted: QueueChange) -> None:
    """And nothing else."""
    found = compared(OLD, new)
    assert found == wanted
    assert found.for_asterisk == bool(wanted.dialled or wanted.gone)


def test_another_first_queue_is_told_to_asterisk() -> None:
    """It takes callers after a fault, in the dialplan."""
    turned = QueueFile(queues=OLD.queues[::-1], agents=OLD.agents, busy_reasons=OLD.busy_reasons)
    assert compared(OLD, turned) == QueueChange(first=True)
    assert compared(OLD, turned).for_asterisk
