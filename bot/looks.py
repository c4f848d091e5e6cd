"""Looks at cards: left in Redis together with the answer, written to the database soon after, many at a time.

A write for each scan costs a fair more than all else a scan does: every connection of every process drops what it
knows of an SQLite file that another one wrote to (docs/decisions/0011-looks.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from core.config import Config
from core.db import Desk, busy, commit
from core.redis import LOST, Lane, Script
from rules.matchmaking import looking

_WAITING = Script("return redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])", keys=1)
_WRITTEN = Script("return redis.call('XDEL', KEYS[1], unpack(ARGV))", keys=1)
MANY = 500
"""So many are written in one transaction."""


def waiting_key(config: Config) -> str:
    """The stream that holds them."""
    return f"{config.redis.prefix}looks"


def packed(worker_id: int, card_id: int, key: str, at: datetime) -> str:
    """One look as Redis keeps it."""
    return f"{worker_id} {card_id} {at.timestamp():.6f} {key}"


def _row(said: str) -> dict[str, Any]:
    worker_id, card_id, at, key = said.split(" ", 3)
    return {
        "worker_id": int(worker_id),
        "card_id": int(card_id),
        "key": key,
        "at": datetime.fromtimestamp(float(at), UTC),
    }


class Looks:
    """What waits to be written down."""

    def __init__(self, config: Config, lane: Lane, desk: Desk) -> None:
        self._key = waiting_key(config)
        self._lane = lane
        self._desk = desk

    def write_down(self, patience: float = 5.0) -> int:
        """Write all that waits; how many. Any process may, several at a time: a look is one row however often.

        Raises redis's ConnectionError, or one of `core.db.busy()` when SQLite's write lock is not to be had.
        """
        count = 0
        while found := self._lane.call(_WAITING, self._key, str(MANY)):
            self.write([fields[1].decode() for _, fields in found], patience)
            self._lane.call(_WRITTEN, self._key, *(number for number, _ in found))
            count += len(found)
            if len(found) < MANY:
                break
        return count

    def write(self, looks: Iterable[str], patience: float = 5.0) -> None:
        """Write these. Raises one of `core.db.busy()`."""
        with self._desk.session(patience) as db:
            looking.note_all(db, [_row(look) for look in looks])
            commit(db)

    def catch_up(self) -> None:
        """Before the newest look is asked for. What can't be written now is only newer than what is known."""
        if not self._lane.is_away:
            with suppress(*LOST, *busy()):
                self.write_down(patience=1.0)
