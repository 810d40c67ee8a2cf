"""The fax bench sends what it says, and tells it as a table. The sending itself is shown in tests/live."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench.fax_bills import measure, middle
from bench.fax_sessions import MIX, Sessions, orders
from bench.faxes import page, session_rows
from tests.live.fax_exchange import BEHAVIOURS


@pytest.mark.parametrize("jobs", [20, 200])
def test_every_kind_is_there_and_mixed(jobs: int) -> None:
    """Each number once, in the wished shares; no kind waits for the end."""
    asked = orders(jobs)
    assert len({called for called, _ in asked}) == len(asked)
    kinds = Counter(called[3:5] for called, _ in asked)
    assert kinds.keys() == {BEHAVIOURS[behaviour] for behaviour, _, _ in MIX}
    if jobs == 200:
        assert len(asked) == 200
        assert {called[3:5] for called, _ in asked[:100]} == kinds.keys()


def test_bills_are_measured_beside_the_bare_page(tmp_path: Path) -> None:
    """Both are made, in turns."""
    found = measure(2, tmp_path, rounds=2)
    assert found.count == 2 and found.total_s > 0 and found.beside_bare.least > 0
    assert {"bare.tiff", "bill", "long"} <= {path.name for path in tmp_path.iterdir()}


def test_the_page_tells_what_was_found() -> None:
    """A row a figure; nothing measured is no crash."""
    found = Sessions(jobs=2, matching=1, wrong=["job 1"], one_page_s=[30.0, 10.0, 20.0], bare_s=[10.0])
    found.states["sent"] = 2
    text = page(2, session_rows(found))
    assert "| Jobs whose end is what the receiver has | **1 of 2** |" in text
    assert "| The same beside a bare call | 2.00 × |" in text
    assert "none arrived" in str(session_rows(Sessions()))
    assert middle([]) == 0.0
