"""Live events for the pages: a ring of recent ones, so that a reconnect loses nothing."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import Any

Event = tuple[int, str, Any]


class Hub:
    """Publishes numbered events to any number of listeners."""

    def __init__(self, keep: int = 5000) -> None:
        self.boot = secrets.token_hex(4)
        self.number = 0
        self.recent: deque[Event] = deque(maxlen=keep)
        self.listeners: set[asyncio.Event] = set()
        self.closed = False

    def publish(self, name: str, data: Any) -> None:
        self.number += 1
        self.recent.append((self.number, name, data))
        for listener in self.listeners:
            listener.set()

    def close(self) -> None:
        """Let every listener end, for the end of the process."""
        self.closed = True
        for listener in self.listeners:
            listener.set()

    def mark(self) -> str:
        """The id of the newest event, as a client hands it back in Last-Event-ID."""
        return f"{self.boot}-{self.number}"

    def place(self, last_id: str | None) -> int | None:
        """The number after which to go on, or None when events since then are gone."""
        if not last_id:
            return self.number
        boot, _, number = last_id.partition("-")
        if boot != self.boot or not number.isdigit() or int(number) > self.number:
            return None
        oldest = self.recent[0][0] if self.recent else self.number + 1
        return int(number) if int(number) >= oldest - 1 else None

    def after(self, number: int) -> list[Event]:
        missed = self.number - number
        if missed <= 0:
            return []
        size = len(self.recent)
        return [self.recent[index] for index in range(max(0, size - missed), size)]
