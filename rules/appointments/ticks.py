"""Time in ticks of ten minutes. Whoever inserts a tick first has it: no two bookings overlap, whatever races."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from core.db import insert_free
from models.appointments import Place, Service, Tick, TickKind

MINUTES = 10
"""The length of a tick. It is part of what the rows mean: never change it."""
_SECONDS = MINUTES * 60


class Key(NamedTuple):
    """One tick of a professional, a worker or a place."""

    kind: TickKind
    owner_id: int
    at: int


def number(moment: datetime) -> int:
    """The tick that a moment falls into."""
    return int(moment.timestamp()) // _SECONDS


def moment(tick: int) -> datetime:
    """When a tick begins."""
    return datetime.fromtimestamp(tick * _SECONDS, UTC)


def of_booking(
    service: Service, professional_id: int, place: Place, worker_id: int, starts_at: datetime
) -> list[Key]:
    """All that a booking takes: the professional with the rest behind it, the worker, and a place that is a room."""
    first = number(starts_at)
    last = first + service.minutes // MINUTES
    rest = last + service.buffer_minutes // MINUTES
    keys = [Key(TickKind.PROFESSIONAL, professional_id, at) for at in range(first, rest)]
    keys += [Key(TickKind.WORKER, worker_id, at) for at in range(first, last)]
    if not place.is_shared:
        keys += [Key(TickKind.PLACE, place.id, at) for at in range(first, last)]
    return sorted(keys)  # everybody takes in one order, so that nobody waits for each other in a ring


def of_absence(professional_id: int, starts_at: datetime, ends_at: datetime) -> list[Key]:
    """The professional's ticks from one moment to another."""
    until = number(ends_at) + (1 if int(ends_at.timestamp()) % _SECONDS else 0)
    return [Key(TickKind.PROFESSIONAL, professional_id, at) for at in range(number(starts_at), until)]


def taken(db: Session, keys: Iterable[Key]) -> list[Tick]:
    """Which of these are held, and by what."""
    spans: dict[tuple[TickKind, int], list[int]] = {}
    for key in keys:
        spans.setdefault((key.kind, key.owner_id), []).append(key.at)
    if not spans:
        return []
    conditions = [
        and_(Tick.kind == kind, Tick.owner_id == owner, Tick.at.between(min(at), max(at)))
        for (kind, owner), at in spans.items()
    ]
    return list(db.scalars(select(Tick).where(or_(*conditions)).execution_options(populate_existing=True)))


def take(
    db: Session, keys: list[Key], *, booking_id: int | None = None, exception_id: int | None = None
) -> bool:
    """Take all of these, or none and say False."""
    if not keys:
        return True
    rows = [{**key._asdict(), "booking_id": booking_id, "exception_id": exception_id} for key in keys]
    table = Tick.__table__
    mine = db.execute(insert_free(db, Tick).returning(table.c.kind, table.c.owner_id, table.c.at), rows).all()
    if len(mine) == len(keys):
        return True
    free(db, [Key(*row) for row in mine])
    return False


def free(db: Session, keys: Iterable[Key]) -> None:
    """Give these back."""
    for key in keys:
        db.execute(
            delete(Tick).where(Tick.kind == key.kind, Tick.owner_id == key.owner_id, Tick.at == key.at)
        )


def free_booking(db: Session, booking_id: int) -> None:
    """Give back all that a booking holds."""
    db.execute(delete(Tick).where(Tick.booking_id == booking_id))
