"""The store of fax jobs on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from crm_bridge import fax_jobs
from crm_bridge.database import Limits, engine_for
from crm_bridge.fax_jobs import Capacity, Claim, FaxRow, NewFax
from crm_bridge.versions import prepare

HERE = Path(__file__).resolve().parent
NOW = 1_795_406_400.25
WIDE = Capacity(at_once=100)


@dataclass
class Store:
    """Transactions on one database."""

    url: str

    def __post_init__(self) -> None:
        self.engine = engine_for(self.url, Limits(threads=8, wait_ms=20_000)).execution_options(write=True)
        self(prepare)

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """One transaction."""
        with self.engine.begin() as connection:
            return function(connection, *arguments)

    def put(self, key: str, number: str = "01012345678", **more: Any) -> int:
        """A job that is due."""
        told = {"account": "a-1", "customer": "1", "month": "2026-10", "language": "zh-CN", "call": "c-1"}
        new = NewFax(key=key, number=number, **({**told, "created": NOW} | more))
        return int(self(fax_jobs.put, new))

    def lease(self, worker: str = "w", now: float = NOW, capacity: Capacity = WIDE) -> list[FaxRow]:
        """Leases of 30 s."""
        return list(self(fax_jobs.lease, Claim(worker, now, 30.0), capacity))

    def job(self, id: int) -> FaxRow:
        """As it is kept."""
        row = self(fax_jobs.job, id)
        assert row is not None
        return row  # type: ignore[no-any-return]

    def save(self, row: FaxRow, **changes: Any) -> bool:
        """Under the row's own fence."""
        return bool(self(fax_jobs.save, replace(row, **changes), row.fence))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty one."""
    made = Store(url)
    yield made
    made.engine.dispose()
