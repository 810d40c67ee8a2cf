"""After so many failures in a while, refuse at once; then let a single probe through and believe it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """``failures`` within ``within_s`` open it for ``open_s``."""

    failures: int = 5
    within_s: float = 10.0
    open_s: float = 5.0


class Breaker:
    """Closed, open, or half-open (one probe under way). ``seconds`` is a monotonic clock."""

    def __init__(self, rule: BreakerRule, seconds: Callable[[], float]) -> None:
        self._rule = rule
        self._seconds = seconds
        self._failed: deque[float] = deque(maxlen=rule.failures)
        self._closed_until_probe: float | None = None  # when the next probe may go; None while closed

    @property
    def open(self) -> bool:
        """Whether callers are being refused (probes aside)."""
        return self._closed_until_probe is not None

    def admits(self) -> bool:
        """Whether this one may try; admitting a probe puts off the next one."""
        if self._closed_until_probe is None:
            return True
        if self._seconds() < self._closed_until_probe:
            return False
        self._closed_until_probe = self._seconds() + self._rule.open_s
        return True

    def succeeded(self) -> None:
        """An answer came: callers may go again."""
        if self._failed or self._closed_until_probe is not None:
            self._failed.clear()
            self._closed_until_probe = None

    def failed(self) -> None:
        """No answer came, or not in time."""
        now = self._seconds()
        self._failed.append(now)
        full = len(self._failed) == self._rule.failures and now - self._failed[0] <= self._rule.within_s
        if full or self._closed_until_probe is not None:
            self._closed_until_probe = now + self._rule.open_s
