"""A professional's own day: who comes, who came, and when they are away."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.clock import SHANGHAI
from core.db import hold
from core.errors import Refused
from models.appointments import Booking, BookingState, HoursException, Professional, Tick
from models.people import Staff
from rules.appointments import moves, slots, ticks
from rules.appointments.terms import Terms
from rules.notices import tell

MOST_DAYS = 62
"""An absence holds a row for each ten minutes; longer ones are entered in parts."""


def of_worker(db: Session, worker_id: int) -> Professional | None:
    """The professional who writes from this phone."""
    return db.scalar(
        select(Professional).join(Staff).where(Staff.worker_id == worker_id, Staff.disabled_at.is_(None))
    )


def need(db: Session, worker_id: int) -> Professional:
    """The same. Raises Refused("no_professional")."""
    professional = of_worker(db, worker_id)
    if professional is None:
        raise Refused("no_professional")
    return professional


def day(db: Session, professional: Professional, on: date) -> list[Booking]:
    """The bookings of a day that were not cancelled."""
    start = datetime.combine(on, time(), SHANGHAI)
    return [
        booking
        for booking in _between(db, professional, start, start + timedelta(days=1))
        if booking.state != BookingState.CANCELLED
    ]


def visit(db: Session, worker_id: int, booking_id: int) -> Booking:
    """A booking with its reason, for its professional alone. Raises Refused("booking_gone") for anybody else."""
    professional = need(db, worker_id)
    booking = db.get(Booking, booking_id)
    if booking is None or booking.professional_id != professional.id:
        raise Refused("booking_gone")
    return booking


def mark(db: Session, worker_id: int, booking_id: int, *, came: bool, now: datetime) -> Booking:
    """The professional says whether the worker came. May be put right. Raises Refused: booking_gone, not_yet."""
    booking = visit(db, worker_id, booking_id)
    if booking.starts_at > now:
        raise Refused("not_yet")
    state = BookingState.ATTENDED if came else BookingState.NO_SHOW
    if booking.state != state:
        moves.move(db, booking, state, now=now, staff_id=booking.professional.staff_id)
    return booking


def hit_by(
    db: Session, professional: Professional, starts_at: datetime, ends_at: datetime, *, now: datetime
) -> list[Booking]:
    """The bookings that an absence would hit; what has begun is not called off any more."""
    return [
        booking
        for booking in _between(db, professional, starts_at, ends_at)
        if booking.state == BookingState.BOOKED and booking.starts_at > now
    ]


def check_absence(starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    """Raises Refused: absence_over, absence_long."""
    if ends_at <= max(now, starts_at):
        raise Refused("absence_over")
    if ends_at - starts_at > timedelta(days=MOST_DAYS):
        raise Refused("absence_long", days=MOST_DAYS)


def be_away(
    db: Session,
    professional: Professional,
    starts_at: datetime,
    ends_at: datetime,
    *,
    seen: frozenset[int],
    now: datetime,
    terms: Terms,
) -> HoursException:
    """Block this time, cancel the bookings in it and tell those people. The same absence twice is once.

    `seen` are the ids of the bookings that the professional was warned of: when others are hit, Refused
    ("absence_changed"), and the caller must roll back and warn again. From then on nobody can book into it.
    """
    check_absence(starts_at, ends_at, now=now)
    _lock(db, professional)
    same = db.scalar(
        select(HoursException).where(
            HoursException.professional_id == professional.id,
            HoursException.starts_at == starts_at,
            HoursException.ends_at == ends_at,
            HoursException.is_there.is_(False),
        )
    )
    if same is not None:
        return same
    hit = hit_by(db, professional, starts_at, ends_at, now=now)
    if {booking.id for booking in hit} != seen:
        raise Refused("absence_changed")
    absence = HoursException(
        professional_id=professional.id, starts_at=starts_at, ends_at=ends_at, is_there=False, made_at=now
    )
    db.add(absence)
    db.flush()
    for booking in hit:
        moves.move(db, booking, BookingState.CANCELLED, now=now, staff_id=professional.staff_id)
        ticks.free_booking(db, booking.id)
    if not _block(db, absence) or hit_by(db, professional, starts_at, ends_at, now=now):
        raise Refused("absence_changed")
    for booking in hit:  # only now the slots near them are those without this absence
        near = slots.instead_of(db, booking, now=now, terms=terms)
        tell(db, booking.worker_id, "booking_called_off", now=now, booking=booking.id, near=near)
    return absence


def come_back(db: Session, worker_id: int, absence_id: int) -> HoursException:
    """Take an absence back; what was cancelled stays so, and what another one blocks too.

    Raises Refused: absence_gone; absence_changed, and the caller must roll back.
    """
    professional = need(db, worker_id)
    _lock(db, professional)
    absence = db.get(HoursException, absence_id, populate_existing=True)
    if absence is None or absence.professional_id != professional.id or absence.is_there:
        raise Refused("absence_gone")
    db.execute(delete(Tick).where(Tick.exception_id == absence.id))
    db.delete(absence)
    db.flush()
    others = select(HoursException).where(
        HoursException.professional_id == professional.id,
        HoursException.is_there.is_(False),
        HoursException.starts_at < absence.ends_at,
        HoursException.ends_at > absence.starts_at,
    )
    for other in db.scalars(others.order_by(HoursException.id)):
        if not _block(db, other):
            raise Refused("absence_changed")
    return absence


def _lock(db: Session, professional: Professional) -> None:
    """Absences of one professional come and go one at a time; on PostgreSQL whoever books waits too (rush.py)."""
    hold(db, Professional.name, Professional.id == professional.id)


def _block(db: Session, absence: HoursException) -> bool:
    """Take what nothing else holds: not another absence, nor the rest behind a booking. False: lost it meanwhile."""
    keys = ticks.of_absence(absence.professional_id, absence.starts_at, absence.ends_at)
    held = {(one.kind, one.owner_id, one.at) for one in ticks.taken(db, keys)}
    return ticks.take(db, [key for key in keys if key not in held], exception_id=absence.id)


def _between(
    db: Session, professional: Professional, starts_at: datetime, ends_at: datetime
) -> list[Booking]:
    return list(
        db.scalars(
            select(Booking)
            .where(
                Booking.professional_id == professional.id,
                Booking.starts_at < ends_at,
                Booking.ends_at > starts_at,
            )
            .order_by(Booking.starts_at)
            .execution_options(populate_existing=True)
        )
    )
