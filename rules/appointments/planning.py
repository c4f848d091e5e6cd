"""What staff set up: services, places, who offers what where, weekly hours and single days."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from core.clock import SHANGHAI, local
from core.errors import Refused
from core.visible import tidy
from models.appointments import Hours, HoursException, Offer, Place, Professional, Service
from models.people import Organisation, Staff
from rules.appointments.ticks import MINUTES

LONGEST = 8 * 60
"""Minutes of one booking, and of the rest behind it."""
FURTHEST = 60 * 24 * 60
"""Minutes before it, of any limit."""


def add_service(db: Session, organisation: Organisation, name: str, *, asks: str, **facts: Any) -> Service:
    """A new service; `facts` are its lengths and limits. Raises Refused: bad_service, name_taken, odd_minutes."""
    name, asks, words = tidy(name), tidy(asks), tidy(facts.pop("words", ""))
    if not 0 < len(name) <= 40 or not 0 < len(asks) <= 100 or len(words) > 200:
        raise Refused("bad_service")
    if db.scalar(select(Service.id).where(Service.name == name)):
        raise Refused("name_taken")
    service = Service(organisation_id=organisation.id, name=name, asks=asks, words=words, **facts)
    if not MINUTES <= service.minutes <= LONGEST or service.minutes % MINUTES:
        raise Refused("odd_minutes")
    if not 0 <= service.buffer_minutes <= LONGEST or service.buffer_minutes % MINUTES:
        raise Refused("odd_minutes")
    before = (service.notice_minutes, service.cancel_minutes, service.move_minutes)
    if not all(0 <= minutes <= FURTHEST for minutes in before):
        raise Refused("odd_minutes")
    db.add(service)
    db.flush()
    return service


def service_named(db: Session, name: str) -> Service:
    """The service. Raises Refused("no_such_service")."""
    service = db.scalar(select(Service).where(Service.name == name))
    if service is None:
        raise Refused("no_such_service")
    return service


def place_named(db: Session, organisation: Organisation, name: str, *, is_shared: bool = False) -> Place:
    """The place with this name, made when there is none."""
    place = db.scalar(select(Place).where(Place.name == name))
    if place is None:
        place = Place(organisation_id=organisation.id, name=name, is_shared=is_shared)
        db.add(place)
        db.flush()
    return place


def professional_of(db: Session, staff: Staff, *, name: str = "") -> Professional:
    """The professional that a member of staff is, made when there is none."""
    professional = db.scalar(select(Professional).where(Professional.staff_id == staff.id))
    if professional is None:
        professional = Professional(staff_id=staff.id, name=name or staff.name)
        db.add(professional)
        db.flush()
    elif name:
        professional.name = name
    return professional


def offer(db: Session, professional: Professional, service: Service, place: Place) -> Offer:
    """Let a professional offer a service at a place; bookings made before stay where they are."""
    found = db.get(Offer, (professional.id, service.id))
    if found is None:
        found = Offer(professional_id=professional.id, service_id=service.id, place_id=place.id)
        db.add(found)
    else:
        found.place_id = place.id
    db.flush()
    return found


def set_hours(
    db: Session, professional: Professional, weekday: int, spans: list[tuple[int, int]]
) -> list[Hours]:
    """The hours of one weekday (Monday is 0), in minutes after midnight; none clears it.

    Bookings made before stay. Raises Refused: odd_hours.
    """
    if not 0 <= weekday <= 6:
        raise Refused("odd_hours")
    ordered = _in_order(spans)
    db.execute(delete(Hours).where(Hours.professional_id == professional.id, Hours.weekday == weekday))
    rows = [
        Hours(professional_id=professional.id, weekday=weekday, starts=start, ends=end)
        for start, end in ordered
    ]
    db.add_all(rows)
    db.flush()
    return rows


def set_extra(
    db: Session, staff: Staff, day: date, spans: list[tuple[int, int]], *, now: datetime
) -> list[HoursException]:
    """The hours of one day beside the weekly ones, in minutes after midnight, on a holiday too; none clears them.

    Bookings made before stay. Raises Refused: odd_hours, nothing_offered, day_over, absent_then (an absence holds that
    time, so nobody could book).
    """
    ordered = _in_order(spans)
    if day < local(now).date():
        raise Refused("day_over")
    professional = offering(db, staff)
    midnight = datetime.combine(day, time(), SHANGHAI)
    moments = [
        (midnight + timedelta(minutes=first), midnight + timedelta(minutes=last)) for first, last in ordered
    ]
    theirs = HoursException.professional_id == professional.id
    for starts_at, ends_at in moments:
        during = (HoursException.starts_at < ends_at) & (HoursException.ends_at > starts_at)
        if ends_at <= now:
            raise Refused("day_over")
        if db.scalar(select(HoursException.id).where(theirs, ~HoursException.is_there, during)):
            raise Refused("absent_then")
    on_day = HoursException.starts_at.between(midnight, midnight + timedelta(days=1, microseconds=-1))
    db.execute(delete(HoursException).where(theirs, HoursException.is_there, on_day))
    return [open_extra(db, professional, *moment, now=now) for moment in moments]


def extra_hours(db: Session, staff: Staff, *, now: datetime) -> list[HoursException]:
    """Somebody's hours beside the weekly ones that are still to come. Raises Refused("nothing_offered")."""
    query = select(HoursException).where(
        HoursException.professional_id == offering(db, staff).id,
        HoursException.is_there,
        HoursException.ends_at > now,
    )
    return list(db.scalars(query.order_by(HoursException.starts_at)))


def offering(db: Session, staff: Staff) -> Professional:
    """The professional that a member of staff is, if there is anything to book. Raises Refused("nothing_offered")."""
    found = db.scalar(
        select(Professional).where(
            Professional.staff_id == staff.id, exists().where(Offer.professional_id == Professional.id)
        )
    )
    if found is None:
        raise Refused("nothing_offered")
    return found


def _in_order(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of a day, none of which overlap. Raises Refused("odd_hours")."""
    ordered = sorted(spans)
    is_odd = any(
        not 0 <= start < end <= 24 * 60 or start % MINUTES or end % MINUTES for start, end in ordered
    )
    if is_odd or any(first[1] > second[0] for first, second in pairwise(ordered)):
        raise Refused("odd_hours")
    return ordered


def open_extra(
    db: Session, professional: Professional, starts_at: datetime, ends_at: datetime, *, now: datetime
) -> HoursException:
    """Hours on one day beside the weekly ones, on a holiday too. Raises Refused: odd_hours."""
    seconds = MINUTES * 60
    if ends_at <= starts_at or starts_at.timestamp() % seconds or ends_at.timestamp() % seconds:
        raise Refused("odd_hours")
    extra = HoursException(
        professional_id=professional.id, starts_at=starts_at, ends_at=ends_at, is_there=True, made_at=now
    )
    db.add(extra)
    db.flush()
    return extra
