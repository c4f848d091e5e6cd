"""The one waiting list (候补): what a table has whose rows wait for a place and are offered one."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigKey


class Turn(enum.StrEnum):
    """Where somebody stands who wants a place; rules/waiting.py has the table of moves.

    `OFFERED`: a place is held. `LAPSED`: the offer was refused or not answered.
    """

    PLACED = "placed"
    WAITING = "waiting"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class InLine:
    """A row that is its own place in line.

    The id is the order: it is drawn while the subject is locked, so whoever the server took first has the lower one.
    `offered_at` is set once, with the one offer that somebody gets; until `offer_until` its place is nobody else's.
    """

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    state: Mapped[Turn] = mapped_column(String(10))
    offered_at: Mapped[datetime | None]
    offer_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


def is_waiting(table: str) -> Any:
    """The condition for who is in line now.

    In just these words: SQLite uses a partial index only where a query repeats its condition literally.
    """
    return text(f"{table}.state = 'waiting'")


def is_offered(table: str) -> Any:
    """The condition for who is offered a place now; in just these words, too."""
    return text(f"{table}.state = 'offered'")


def line_indexes(table: str, subject: str) -> tuple[Index, Index]:
    """By which the first in line, and offers that are over, are found however long the list has grown."""
    waits, is_held = text("state = 'waiting'"), text("state = 'offered'")
    return (
        Index(f"ix_{table}_line", subject, "id", sqlite_where=waits, postgresql_where=waits),
        Index(f"ix_{table}_offer", "offer_until", sqlite_where=is_held, postgresql_where=is_held),
    )
