"""When somebody can come: from weekly hours, exceptions, holidays and what is taken. Nothing of it is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from core.clock import SHANGHAI, local
from models.appointments import (
    Booking,
    Hours,
    HoursException,
    Offer,
    Place,
    Professional,
    Service,
    Tick,
    TickKind,
)
from rules.appointments import ticks
from rules.appointments.terms import Terms

NEAREST = 3


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a professional could see somebody."""

    professional_id: int
    professional: str
    place_id: int
    starts_at: datetime
    ends_at: datetime

    @property
    def day(self) -> date:
        """Its date here."""
        return local(self.starts_at).date()

    def facts(self) -> dict[str, Any]:
        """As JSON, for a notice that offers it."""
        return {
            "professional_id": self.professional_id,
            "professional": self.professional,
            "place_id": self.place_id,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
        }

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> Slot:
        """The slot that `facts` described."""
        moments = {key: datetime.fromisoformat(facts[key]) for key in ("starts_at", "ends_at")}
        return cls(**{**facts, **moments})


def open_services(db: Session) -> list[Service]:
    """What can be booked."""
    return list(db.scalars(select(Service).where(Service.is_open).order_by(Service.id)))


def offers(db: Session, service_id: int) -> list[Offer]:
    """Who offers a service, and where."""
    return list(
        db.scalars(
            select(Offer)
            .join(Professional)
            .where(Offer.service_id == service_id, Professional.is_active)
            .options(joinedload(Offer.professional), joinedload(Offer.place))
            .order_by(Offer.professional_id)
        )
    )


def by_rule(
    db: Session, service: Service, given: Sequence[Offer], first: date, last: date, *, terms: Terms
) -> list[Slot]:
    """All slots of these professionals from one day to another, taken or not, in order of time."""
    ids = [offer.professional_id for offer in given]
    weekly = db.scalars(select(Hours).where(Hours.professional_id.in_(ids))).all()
    start, end = _midnight(first), _midnight(last + timedelta(days=1))
    extra = db.scalars(
        select(HoursException).where(
            HoursException.professional_id.in_(ids),
            HoursException.is_there,
            HoursException.starts_at < end,
            HoursException.ends_at > start,
        )
    ).all()
    found: dict[tuple[int, datetime], Slot] = {}
    for offer in given:
        spans = list(_weekly(weekly, offer.professional_id, first, last, terms))
        spans += [
            (local(one.starts_at), local(one.ends_at))
            for one in extra
            if one.professional_id == offer.professional_id
        ]
        for starts_at in (moment for span in spans for moment in _starts(service, *span)):
            if start <= starts_at < end:
                found[offer.professional_id, starts_at] = Slot(
                    offer.professional_id,
                    offer.professional.name,
                    offer.place_id,
                    starts_at,
                    starts_at + timedelta(minutes=service.minutes),
                )
    return sorted(found.values(), key=lambda slot: (slot.starts_at, slot.professional_id))


def free(
    db: Session,
    service: Service,
    *,
    now: datetime,
    terms: Terms,
    professional_id: int | None = None,
    worker_id: int | None = None,
) -> list[Slot]:
    """What can be booked now, by this worker, in order of time. Of several professionals at one time, all."""
    given = [one for one in offers(db, service.id) if professional_id in (None, one.professional_id)]
    today = local(now).date()
    last = today + timedelta(days=terms.limits.days_ahead)
    earliest = now + timedelta(minutes=service.notice_minutes)
    planned = by_rule(db, service, given, today, last, terms=terms)
    slots = [slot for slot in planned if slot.starts_at >= earliest]
    if not slots:
        return []
    held = _held(db, slots, worker_id)
    places = {offer.professional_id: offer.place for offer in given}
    return [slot for slot in slots if _is_free(service, slot, places[slot.professional_id], worker_id, held)]


def one_each(slots: Iterable[Slot]) -> list[Slot]:
    """One slot for each time: of those who are free then, the one with most free time on that day."""
    slots = list(slots)
    load = Counter((slot.professional_id, slot.day) for slot in slots)
    best: dict[datetime, Slot] = {}
    for slot in slots:
        other = best.get(slot.starts_at)
        if other is None or load[slot.professional_id, slot.day] > load[other.professional_id, other.day]:
            best[slot.starts_at] = slot
    return list(best.values())


def nearest(
    slots: Iterable[Slot], wanted: datetime, *, professional_id: int | None = None, count: int = NEAREST
) -> list[Slot]:
    """The free slots nearest to a moment, in order of time; those of the professional asked for come first."""
    theirs: list[Slot] = []
    others: list[Slot] = []
    for slot in slots:
        (theirs if professional_id in (None, slot.professional_id) else others).append(slot)
    chosen: list[Slot] = []
    for group in (one_each(theirs), one_each(others)):
        group.sort(key=lambda slot: (abs(slot.starts_at - wanted), slot.starts_at))
        chosen += group[: count - len(chosen)]
    return sorted(chosen, key=lambda slot: (slot.starts_at, slot.professional_id))


def instead_of(db: Session, booking: Booking, *, now: datetime, terms: Terms) -> list[dict[str, Any]]:
    """The facts of the free slots nearest to a booking that is off."""
    slots = free(db, booking.service, now=now, terms=terms, worker_id=booking.worker_id)
    near = nearest(slots, booking.starts_at, professional_id=booking.professional_id)
    return [slot.facts() for slot in near]


def _held(db: Session, slots: Sequence[Slot], worker_id: int | None) -> set[tuple[str, int, int]]:
    low, high = ticks.number(slots[0].starts_at), ticks.number(slots[-1].ends_at) + 24
    owners = [
        and_(Tick.kind == TickKind.PROFESSIONAL, Tick.owner_id.in_({s.professional_id for s in slots})),
        and_(Tick.kind == TickKind.PLACE, Tick.owner_id.in_({s.place_id for s in slots})),
    ]
    if worker_id is not None:
        owners.append(and_(Tick.kind == TickKind.WORKER, Tick.owner_id == worker_id))
    query = select(Tick.kind, Tick.owner_id, Tick.at).where(or_(*owners), Tick.at.between(low, high))
    return {(kind, owner, at) for kind, owner, at in db.execute(query)}


def _is_free(
    service: Service, slot: Slot, place: Place, worker_id: int | None, held: set[tuple[str, int, int]]
) -> bool:
    keys = ticks.of_booking(service, slot.professional_id, place, worker_id or 0, slot.starts_at)
    return not any(key in held for key in keys)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _weekly(
    hours: Iterable[Hours], professional_id: int, first: date, last: date, terms: Terms
) -> Iterator[tuple[datetime, datetime]]:
    mine = [one for one in hours if one.professional_id == professional_id]
    day = first
    while day <= last:
        weekday = terms.workdays.weekday(day)
        for one in mine:
            if one.weekday == weekday:
                midnight = _midnight(day)
                yield midnight + timedelta(minutes=one.starts), midnight + timedelta(minutes=one.ends)
        day += timedelta(days=1)


def _starts(service: Service, start: datetime, end: datetime) -> Iterator[datetime]:
    length = timedelta(minutes=service.minutes)
    while start + length <= end:
        yield start
        start += length + timedelta(minutes=service.buffer_minutes)
