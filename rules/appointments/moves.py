"""A booking's states, and the row that each change leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.errors import Refused
from models.appointments import Booking, BookingMove, BookingState

MOVES: dict[BookingState | None, frozenset[BookingState]] = {
    None: frozenset({BookingState.BOOKED}),
    BookingState.BOOKED: frozenset({BookingState.CANCELLED, BookingState.ATTENDED, BookingState.NO_SHOW}),
    BookingState.ATTENDED: frozenset({BookingState.NO_SHOW}),
    BookingState.NO_SHOW: frozenset({BookingState.ATTENDED}),
    BookingState.CANCELLED: frozenset(),
}


def move(db: Session, booking: Booking, state: BookingState, *, now: datetime, **about: Any) -> None:
    """Bring a booking to a state. Raises Refused("booking_changed") where it cannot go, or another was first.

    `about` goes into the row that is left: staff_id, reason, is_late. What a cancelled one was about is forgotten.
    """
    before = BookingState(booking.state)
    if state not in MOVES[before]:
        raise Refused("booking_changed")
    values: dict[str, Any] = {"state": state, "sequence": Booking.sequence + 1}
    if state == BookingState.CANCELLED:
        values["reason"] = None
    moved: Any = db.execute(
        update(Booking)
        .where(Booking.id == booking.id, Booking.state == before)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    db.refresh(booking)
    if not moved.rowcount:
        raise Refused("booking_changed")
    note(db, booking, before, now=now, **about)


def note(db: Session, booking: Booking, before: BookingState | None, *, now: datetime, **about: Any) -> None:
    """Leave the row of a change."""
    db.add(
        BookingMove(
            booking_id=booking.id,
            at=now,
            before=before,
            after=booking.state,
            starts_at=booking.starts_at,
            **about,
        )
    )
