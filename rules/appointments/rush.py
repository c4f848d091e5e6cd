"""When places open, many want the same time: who is too late is turned away by one query that writes nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, bindparam, literal_column, or_, select
from sqlalchemy.orm import Session

from core.db import link_of
from core.errors import Refused
from core.prepared import Prepared
from models.appointments import Booking, Professional, Service, Tick, TickKind
from rules.appointments import ticks

_NEXT = Prepared(
    select(Professional.id)
    .where(Professional.id == bindparam("professional"))
    .with_for_update(key_share=True)  # does not stand in the way of rows that refer to the professional
)
_HELD = Prepared(
    select(
        Tick.kind,
        Tick.booking_id,
        select(Booking.id)
        .where(Booking.draft_id == bindparam("draft"), Booking.worker_id == bindparam("worker"))
        .scalar_subquery(),
    ).where(
        or_(
            and_(
                Tick.kind == literal_column("'p'"),
                Tick.owner_id == bindparam("professional"),
                Tick.at.between(bindparam("first"), bindparam("rest")),
            ),
            and_(
                Tick.kind == literal_column("'w'"),
                Tick.owner_id == bindparam("worker"),
                Tick.at.between(bindparam("first"), bindparam("last")),
            ),
        )
    )
)
"""What holds the time of a professional or of a worker, and the booking of the same draft."""


def turn_away(
    db: Session, worker_id: int, service: Service, professional_id: int, starts_at: datetime, draft_id: str
) -> Booking | None:
    """None: the time looks free, so it is worth the costly questions; only the ticks know for sure.

    The booking of the same draft, if the time is held. Raises Refused: slot_taken, booked_then.
    """
    wanted = (worker_id, service, professional_id, starts_at, draft_id)
    earlier = _at_a_glance(db, *wanted)
    if earlier is None and not link_of(db).is_sqlite:
        # PostgreSQL lets all of them go on at once: those who wait here for the first one lose for less
        _NEXT.rows(db, professional=professional_id)
        earlier = _at_a_glance(db, *wanted)
    return earlier


def _at_a_glance(
    db: Session, worker_id: int, service: Service, professional_id: int, starts_at: datetime, draft_id: str
) -> Booking | None:
    first = ticks.number(starts_at)
    length = service.minutes // ticks.MINUTES
    held = _HELD.rows(
        db,
        professional=professional_id,
        worker=worker_id,
        first=first,
        rest=first + length + service.buffer_minutes // ticks.MINUTES - 1,
        last=first + length - 1,
        draft=draft_id,
    )
    if held and held[0][2] is not None:
        return db.get(Booking, held[0][2])
    own = next((row[1] for row in held if row[0] == TickKind.WORKER and row[1] is not None), None)
    if own is not None:
        raise Refused("booked_then", number=db.get_one(Booking, own).code)
    if held:
        raise Refused("slot_taken")
    return None
