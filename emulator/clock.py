"""The platform's clock: real time plus an offset that tests may move."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
YEAR = 366 * 86400
"""Windows and expiries look ahead, none so far."""


class Clock:
    """All windows, expiries and quotas read this clock; network timeouts do not."""

    def __init__(self) -> None:
        self.offset = 0.0
        self._day_number = -1
        self._day = ""
        self.on_move: list[Callable[[], None]] = []

    def now(self) -> float:
        return time.time() + self.offset

    def day(self) -> str:
        """The calendar day in China, on which daily quotas are counted."""
        number = int(self.now() + 8 * 3600) // 86400
        if number != self._day_number:
            self._day_number = number
            self._day = datetime.fromtimestamp(self.now(), CHINA).strftime("%Y-%m-%d")
        return self._day

    def month(self) -> str:
        return self.day()[:7]

    def advance(self, seconds: float) -> None:
        self._move(self.offset + seconds)

    def set(self, now: float) -> None:
        self._move(now - time.time())

    def real(self) -> None:
        self._move(0.0)

    def _move(self, offset: float) -> None:
        """Raises ValueError or OverflowError for a time of which no calendar knows."""
        datetime.fromtimestamp(time.time() + offset + YEAR, CHINA)
        self.offset = offset
        for hook in self.on_move:
            hook()
