"""Looks at cards: left in Redis together with the answer, written to the database soon after, many at a time.

A write for each scan costs a fair more than all else a scan does: every connection of every process drops what it
knows of an SQLite file that another one wrote to (docs/decisions/0011-looks.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from core import log
from core.config import Config
from core.db import Desk, busy, commit
from core.redis import LOST, Lane, Script
from rules.matchmaking import looking

_WAITING = Script("return redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])", keys=1)
_WRITTEN = Script("return redis.call('XDEL', KEYS[1], unpack(ARGV))", keys=1)
_log = log.get("looks")
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


def _is_ours(found: dict[str, Any]) -> bool:
    """Whether both databases take it."""
    is_known = all(0 < found[name] < 1 << 31 for name in ("worker_id", "card_id"))
    return is_known and 0 < len(found["key"]) <= 200 and "\0" not in found["key"]


def _rows(waiting: Iterable[bytes]) -> list[dict[str, Any]]:
    """What can be read; anything else in the stream would keep all that comes behind it from being written."""
    rows = []
    for said in waiting:
        row = None
        with suppress(ValueError, OverflowError, OSError):
            row = _row(said.decode())
        if row is not None and _is_ours(row):
            rows.append(row)
        else:
            _log.warning("look left out, nobody can read it", bytes=len(said))
    return rows


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
            self._write(_rows(fields[1] for _, fields in found), patience)
            self._lane.call(_WRITTEN, self._key, *(number for number, _ in found))
            count += len(found)
            if len(found) < MANY:
                break
        return count

    def write(self, looks: Iterable[str], patience: float = 5.0) -> None:
        """Write these. Raises one of `core.db.busy()`."""
        self._write([_row(look) for look in looks], patience)

    def catch_up(self) -> None:
        """Before the newest look is asked for. What can't be written now is only newer than what is known."""
        if not self._lane.is_away:
            with suppress(*LOST, *busy()):
                self.write_down(patience=1.0)

    def _write(self, rows: list[dict[str, Any]], patience: float) -> None:
        if rows:
            with self._desk.session(patience) as db:
                looking.note_all(db, rows)
                commit(db)
