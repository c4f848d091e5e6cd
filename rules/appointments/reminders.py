"""A reminder a day before and one two hours before, each once; and what a bare 1 or 2 answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.db import insert_new
from models.appointments import Booking, BookingState, Reminder
from rules.notices import tell


def remind_due(db: Session, now: datetime, *, hours: tuple[int, ...], limit: int = 500) -> int:
    """Remind everybody whose booking comes near. How many were reminded.

    Each distance once for each time a booking was given: one that was moved is reminded of its new time only. After
    a stop only the nearest distance is told, and a time chosen nearer than a distance needs no reminder of it.
    """
    told = 0
    nearer = 0
    for distance in sorted(hours):
        length = timedelta(hours=distance)
        due = db.scalars(
            select(Booking)
            .where(
                Booking.state == BookingState.BOOKED,
                Booking.starts_at <= now + length,
                Booking.starts_at > now + timedelta(hours=nearer),
                ~exists().where(
                    Reminder.booking_id == Booking.id,
                    Reminder.hours == distance,
                    Reminder.starts_at == Booking.starts_at,
                ),
            )
            .order_by(Booking.starts_at)
            .limit(limit)
        ).all()
        nearer = distance
        for booking in due:
            is_mine = insert_new(
                db,
                Reminder,
                booking_id=booking.id,
                hours=distance,
                starts_at=booking.starts_at,
                told_at=now,
            )
            if is_mine and booking.timed_at <= booking.starts_at - length:
                told += 1
                starts = booking.starts_at.isoformat()
                tell(db, booking.worker_id, "booking_soon", now=now, booking=booking.id, starts=starts)
    return told


def reminded(db: Session, worker_id: int, *, now: datetime) -> Booking | None:
    """The booking that this worker was reminded of last, while it is still to come."""
    return db.scalar(
        select(Booking)
        .join(Reminder, Reminder.booking_id == Booking.id)
        .where(
            Booking.worker_id == worker_id,
            Booking.state == BookingState.BOOKED,
            Booking.starts_at > now,
            Reminder.starts_at == Booking.starts_at,
        )
        .order_by(Reminder.told_at.desc(), Booking.starts_at)
        .limit(1)
    )
