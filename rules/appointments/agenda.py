"""Who comes when, as staff see it: at the services of their unions, and to themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import Refused
from models.appointments import Booking, Professional
from models.people import Staff
from rules import access
from rules.access import Permission


def has_one(db: Session, staff: Staff) -> bool:
    """Whether this member sees any bookings: by permission, or as a professional their own."""
    return access.may(staff, Permission.APPOINTMENTS_PLAN) or _own(db, staff) is not None


def of(db: Session, staff: Staff, *, now: datetime) -> Select[Booking]:
    """The bookings of today and later in this member's reach, and those that come to themselves, in no order.

    Raises Refused("not_found") for whoever has neither.
    """
    if not has_one(db, staff):
        raise Refused("not_found")
    return select(Booking).where(
        Booking.starts_at >= today(now)[0],
        or_(access.in_scope(db, staff, Booking, now=now), Booking.professional_id == _own(db, staff)),
    )


def _own(db: Session, staff: Staff) -> int | None:
    return db.scalar(select(Professional.id).where(Professional.staff_id == staff.id))
