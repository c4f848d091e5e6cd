"""Booking, moving and cancelling. The ticks referee every race (docs/decisions/0012-ticks.md)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import local
from core.db import insert_new
from core.errors import Refused
from models.appointments import Booking, BookingState, Offer, Service, Tick, TickKind
from models.people import Staff
from rules import access, audit
from rules.access import Permission
from rules.appointments import moves, rush, slots, ticks
from rules.appointments.terms import Terms
from rules.notices import tell


def book(
    db: Session,
    worker_id: int,
    service: Service,
    professional_id: int,
    starts_at: datetime,
    *,
    reason: str | None,
    draft_id: str,
    now: datetime,
    terms: Terms,
) -> Booking:
    """Give this time to the worker; nobody else has it, and the worker has nothing else then.

    The same draft twice is one booking. A refusal leaves no trace. Raises Refused: slot_taken, booked_then (this
    worker has another booking at that time), slot_closed (no such time, or too late), too_many_bookings.
    """
    earlier = rush.turn_away(db, worker_id, service, professional_id, starts_at, draft_id)
    earlier = earlier or _of_draft(db, worker_id, draft_id)
    if earlier is not None:
        return earlier
    try:
        offer = _offer(db, service, professional_id)
        keys = ticks.of_booking(service, professional_id, offer.place, worker_id, starts_at)
        _need_free(db, [key for key in keys if key.kind == TickKind.PLACE])
        _need_slot(db, service, offer, starts_at, now=now, terms=terms)
        if len(upcoming(db, worker_id, now=now)) >= terms.limits.open_bookings:
            raise Refused("too_many_bookings", limit=terms.limits.open_bookings)
    except Refused:
        earlier = _of_draft(db, worker_id, draft_id)  # the same draft may be what took the time, a moment ago
        if earlier is None:
            raise
        return earlier
    is_new = insert_new(
        db,
        Booking,
        service_id=service.id,
        professional_id=professional_id,
        place_id=offer.place_id,
        worker_id=worker_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.minutes),
        state=BookingState.BOOKED,
        reason=reason,
        made_at=now,
        timed_at=now,
        sequence=0,
        token=secrets.token_urlsafe(24),
        draft_id=draft_id,
    )
    booking = _of_draft(db, worker_id, draft_id)
    if booking is None:
        raise Refused("booking_gone")
    if not is_new:
        return booking
    if not ticks.take(db, keys, booking_id=booking.id):
        db.delete(booking)
        db.flush()
        _need_free(db, keys)
        raise Refused("slot_taken")
    moves.note(db, booking, None, now=now)
    _tell_professional(db, booking, "booking_made", now=now)
    return booking


def move(
    db: Session,
    booking: Booking,
    professional_id: int,
    starts_at: datetime,
    *,
    now: datetime,
    terms: Terms,
    staff: Staff | None = None,
    reason: str | None = None,
) -> Booking:
    """Bring a booking to another time, in one transaction: never both times, never neither. Twice is once.

    Staff may do it later than the worker may, with a reason that is kept. A refusal leaves all as it was. Raises
    Refused: booking_changed, move_late, slot_taken, booked_then, slot_closed, reason_needed, not_found.
    """
    before = booking.starts_at
    old = _as_it_is(booking)
    _need_reach(booking, staff)
    if booking.state != BookingState.BOOKED:
        raise Refused("booking_changed")
    if before == starts_at and booking.professional_id == professional_id:
        return booking
    is_late = now > last_move(booking)
    _need_right(booking, staff, reason, is_late, "move_late", until=last_move(booking), now=now)
    offer = _offer(db, booking.service, professional_id)
    keys = ticks.of_booking(booking.service, professional_id, offer.place, booking.worker_id, starts_at)
    held = {ticks.Key(one.kind, one.owner_id, one.at) for one in _ticks_of(db, booking)}
    fresh = [key for key in keys if key not in held]
    _need_free(db, fresh)
    _need_slot(db, booking.service, offer, starts_at, now=now, terms=terms)
    if not ticks.take(db, fresh, booking_id=booking.id):
        _need_free(db, fresh)
        raise Refused("slot_taken")
    moved: Any = db.execute(
        update(Booking)
        .where(Booking.id == booking.id, Booking.state == BookingState.BOOKED, Booking.starts_at == before)
        .where(Booking.sequence == booking.sequence)
        .values(
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=booking.service.minutes),
            professional_id=professional_id,
            place_id=offer.place_id,
            timed_at=now,
            confirmed_at=None,
            sequence=Booking.sequence + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:
        ticks.free(db, fresh)
        db.refresh(booking)
        raise Refused("booking_changed")
    ticks.free(db, held - set(keys))
    if booking.professional_id != professional_id:
        _tell_professional(db, booking, "booking_off", now=now)
    db.refresh(booking)
    about = {"is_late": is_late, "staff_id": staff.id if staff else None, "reason": reason}
    moves.note(db, booking, BookingState.BOOKED, now=now, **about)
    _tell_professional(db, booking, "booking_moved", now=now)
    if staff is not None:
        tell(db, booking.worker_id, "booking_moved_for_you", now=now, booking=booking.id)
        new = _as_it_is(booking)
        audit.note(
            db, staff, "booking_move", f"booking:{booking.id}", now=now, reason=reason, before=old, after=new
        )
    return booking


def cancel(
    db: Session,
    booking: Booking,
    *,
    now: datetime,
    terms: Terms,
    staff: Staff | None = None,
    reason: str | None = None,
    may_be_late: bool = False,
) -> None:
    """Give the time back. Twice is once.

    The worker may until the service's limit; whoever answers a reminder (`may_be_late`) may until it starts: a
    seat that is freed late is better than one that stays empty. Staff may with a reason. Raises Refused:
    booking_changed, cancel_late, reason_needed, not_found.
    """
    _need_reach(booking, staff)
    if booking.state == BookingState.CANCELLED:
        return
    old = _as_it_is(booking)
    is_late = now > last_cancel(booking)
    if not (may_be_late and now < booking.starts_at):
        _need_right(booking, staff, reason, is_late, "cancel_late", until=last_cancel(booking), now=now)
    moves.move(
        db,
        booking,
        BookingState.CANCELLED,
        now=now,
        is_late=is_late,
        staff_id=staff.id if staff else None,
        reason=reason,
    )
    ticks.free_booking(db, booking.id)
    _tell_professional(db, booking, "booking_off", now=now)
    if staff is not None:
        near = slots.instead_of(db, booking, now=now, terms=terms)
        tell(db, booking.worker_id, "booking_called_off", now=now, booking=booking.id, near=near)
        new = _as_it_is(booking)
        audit.note(
            db,
            staff,
            "booking_cancel",
            f"booking:{booking.id}",
            now=now,
            reason=reason,
            before=old,
            after=new,
        )


def confirm(db: Session, booking: Booking, *, now: datetime) -> None:
    """The worker says: I shall come. Raises Refused("booking_changed") when it is off."""
    if booking.state != BookingState.BOOKED or booking.starts_at <= now:
        raise Refused("booking_changed")
    if booking.confirmed_at is None:
        booking.confirmed_at = now


def last_cancel(booking: Booking) -> datetime:
    """The last moment to cancel freely."""
    return booking.starts_at - timedelta(minutes=booking.service.cancel_minutes)


def last_move(booking: Booking) -> datetime:
    """The last moment to move freely."""
    return booking.starts_at - timedelta(minutes=booking.service.move_minutes)


def upcoming(db: Session, worker_id: int, *, now: datetime) -> list[Booking]:
    """A worker's bookings to come, in order of time."""
    return list(
        db.scalars(
            select(Booking)
            .where(
                Booking.worker_id == worker_id, Booking.starts_at > now, Booking.state == BookingState.BOOKED
            )
            .order_by(Booking.starts_at)
        )
    )


def mine(db: Session, worker_id: int, booking_id: int) -> Booking:
    """A booking, for its worker alone. Raises Refused("booking_gone") for anybody else."""
    booking = db.get(Booking, booking_id)
    if booking is None or booking.worker_id != worker_id:
        raise Refused("booking_gone")
    return booking


def by_token(db: Session, token: str) -> Booking | None:
    """The booking that a link names."""
    return db.scalar(select(Booking).where(Booking.token == token))


def _of_draft(db: Session, worker_id: int, draft_id: str) -> Booking | None:
    return db.scalar(select(Booking).where(Booking.draft_id == draft_id, Booking.worker_id == worker_id))


def _offer(db: Session, service: Service, professional_id: int) -> Offer:
    if service.is_open:
        for offer in slots.offers(db, service.id):
            if offer.professional_id == professional_id:
                return offer
    raise Refused("slot_closed")


def _ticks_of(db: Session, booking: Booking) -> Sequence[Tick]:
    return db.scalars(
        select(Tick).where(Tick.booking_id == booking.id).execution_options(populate_existing=True)
    ).all()


def _need_free(db: Session, keys: list[ticks.Key]) -> None:
    held = ticks.taken(db, keys)
    own = next((one for one in held if one.kind == TickKind.WORKER), None)
    if own is not None and own.booking_id is not None:
        raise Refused("booked_then", number=db.get_one(Booking, own.booking_id).code)
    if held:
        raise Refused("slot_taken")


def _need_slot(
    db: Session, service: Service, offer: Offer, starts_at: datetime, *, now: datetime, terms: Terms
) -> None:
    """Only what follows from hours and calendar can be had, and not at the last minute."""
    day, today = local(starts_at).date(), local(now).date()
    is_in_time = starts_at >= now + timedelta(minutes=service.notice_minutes)
    if is_in_time and (day - today).days <= terms.limits.days_ahead:
        planned = slots.by_rule(db, service, [offer], day, day, terms=terms)
        if any(slot.starts_at == starts_at for slot in planned):
            return
    raise Refused("slot_closed")


def _as_it_is(booking: Booking) -> dict[str, Any]:
    """What staff may change of a booking, for the audit."""
    return {
        "state": str(booking.state),
        "starts_at": booking.starts_at.isoformat(),
        "professional": booking.professional_id,
    }


def _need_reach(booking: Booking, staff: Staff | None) -> None:
    """First of all: whoever may not touch a booking learns neither its time nor whether it is on."""
    if staff is not None:
        access.need(staff, Permission.APPOINTMENTS_PLAN)
        access.need_within(staff, booking.service.organisation)


def _need_right(
    booking: Booking,
    staff: Staff | None,
    reason: str | None,
    is_late: bool,
    code: str,
    *,
    until: datetime,
    now: datetime,
) -> None:
    if staff is None:
        if is_late:
            raise Refused(code, until=until)
        return
    if not (reason or "").strip():
        raise Refused("reason_needed")
    if booking.starts_at <= now:
        raise Refused("booking_changed")


def _tell_professional(db: Session, booking: Booking, kind: str, *, now: datetime) -> None:
    staff = booking.professional.staff
    if staff.worker_id is not None:
        tell(db, staff.worker_id, kind, now=now, booking=booking.id, starts=booking.starts_at.isoformat())
