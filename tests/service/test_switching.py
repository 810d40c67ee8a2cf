"""A version that goes live holds nobody up: what a desk needs besides it was read when the service began."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

from twisted.internet.task import Clock

from ivr_server import service as wired
from ivr_server.settings import Settings


def test_nothing_is_read_while_a_version_is_switched() -> None:
    """The words of the console are there already; the new desk tells with them and with the version's own."""
    service: Any = wired.IvrService(Settings(), Clock())
    for name in ("flows", "line", "look_ups", "calls", "journal", "trails", "numbering"):
        setattr(service, name, mock.MagicMock())
    live: Any = SimpleNamespace(
        library=mock.MagicMock(),
        words=SimpleNamespace(roots=frozenset({"main"})),
        store=mock.MagicMock(),
        titles=lambda language: {"welcome": "Welcome"},
    )
    with mock.patch.object(wired, "read_words", side_effect=AssertionError), mock.patch("builtins.open") as opened:
        service.take(live)
        titles = service.calls.desk.titles("zh-CN")
    opened.assert_not_called()
    assert service.flows.live is live
    assert titles["welcome"] == "Welcome" and titles["zh_cn"] == "中文"
