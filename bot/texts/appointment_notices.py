"""The words of notices about appointments, found when they are sent. None: it is not true any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.replies import Say
from bot.texts import appointments as texts
from bot.texts import crisis
from models.appointments import Booking, BookingState
from models.messages import Notice
from rules.appointments.slots import Slot


def _soon(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    booking = _booked(db, facts)
    if booking is None or booking.starts_at <= now or booking.worker_id != notice.worker_id:
        return None
    return texts.soon(booking, now)


def _called_off(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    booking = db.get_one(Booking, facts["booking"])
    if booking.starts_at <= now or booking.worker_id != notice.worker_id:
        return None
    near = [Slot.from_facts(one) for one in facts["near"]]
    return texts.called_off(booking, [slot for slot in near if slot.starts_at > now], now)


def _moved_for_you(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    booking = db.get_one(Booking, facts["booking"])
    return texts.moved_for_you(booking, now) if booking.state == BookingState.BOOKED else None


def _made(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    booking = _booked(db, facts)
    return texts.new_visit(booking, now) if booking else None


def _moved(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    booking = _booked(db, facts)
    return texts.visit_moved(booking, now) if booking else None


def _off(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    starts_at = datetime.fromisoformat(facts["starts"])
    if starts_at <= now:
        return None
    return texts.visit_off(db.get_one(Booking, facts["booking"]).code, starts_at, now)


def _booked(db: Session, facts: dict[str, Any]) -> Booking | None:
    """The booking, when it still is at the time that the notice tells of."""
    booking = db.get_one(Booking, facts["booking"])
    is_there = booking.state == BookingState.BOOKED
    return booking if is_there and booking.starts_at == datetime.fromisoformat(facts["starts"]) else None


def _year_missing(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    return texts.year_missing(facts["year"])


def _crisis(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    return crisis.alarm(facts["about"], facts["phone"])


KINDS: Mapping[str, Callable[[Session, Notice, dict[str, Any], datetime], Say | None]] = {
    "booking_soon": _soon,
    "booking_called_off": _called_off,
    "booking_moved_for_you": _moved_for_you,
    "booking_made": _made,
    "booking_moved": _moved,
    "booking_off": _off,
    "year_missing": _year_missing,
    "crisis": _crisis,
}
