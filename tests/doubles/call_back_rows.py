"""The rows of kept places in a SQLite file of the test's own, at once and without threads; faults on wish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from crm_bridge import call_backs
from crm_bridge.answers import LookUpFault
from crm_bridge.call_backs import CallBackRow, NewCallBack
from crm_bridge.database import Limits, engine_for
from crm_bridge.versions import prepare
from crm_bridge.wishes import CallersWish, newest_wishes
from ivr_server.line_wiring import CHANGES


class Rows:
    """``ivr_server.floor.call_backs.Store`` on the real functions. ``fault``: what everything raises from now on."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self.engine = engine_for(f"sqlite:///{folder / 'rows.db'}", Limits()).execution_options(write=True)
        self.now = now
        self.fault: LookUpFault | None = None
        self._do(prepare)

    async def put(self, new: NewCallBack) -> CallBackRow:
        return self._do(call_backs.put, new)  # type: ignore[no-any-return]

    async def open_ones(self) -> Sequence[CallBackRow]:
        return self._do(call_backs.open_ones)  # type: ignore[no-any-return]

    async def change(self, what: str, row: CallBackRow) -> bool:
        return bool(self._do(CHANGES[what], row, self.now()))

    async def state_of(self, number: str) -> tuple[str, str]:
        return self._do(call_backs.state_of, number, self.now())  # type: ignore[no-any-return]

    async def heard(self, number: str) -> None:
        self._do(call_backs.heard, number)

    def wishes(self) -> list[CallersWish]:
        """What people are asked to do."""
        return self._do(newest_wishes, 10)  # type: ignore[no-any-return]

    def _do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self.fault:
            raise self.fault
        with self.engine.begin() as connection:
            return function(connection, *arguments)
