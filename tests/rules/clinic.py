"""Two counsellors who share a room, a lawyer, and what they offer: for tests of rules and of conversations."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import workdays
from core.clock import SHANGHAI
from core.config import Appointments, Crisis
from models.appointments import (
    Booking,
    BookingMove,
    BookingState,
    HoursException,
    Professional,
    Service,
    Tick,
)
from models.people import Organisation, Staff, Worker
from rules import staff
from rules.access import Role
from rules.appointments import bookings, planning, professionals, slots
from rules.appointments.terms import Terms

CALENDAR = {
    2026: {"holidays": ["10-01..10-07"], "workdays": {"11-28": 3}},
    2027: {"holidays": ["01-01"]},
}
"""28 November 2026, a Saturday, is worked as a Wednesday."""
LIMITS = Appointments(
    calendar="calendar.yaml",  # type: ignore[arg-type]
    days_ahead=14,
    open_bookings=3,
    reminder_hours=(24, 2),
    year_warning_days=60,
)
CRISIS = Crisis(words=(), hotlines=("12356",), on_duty=(), again_minutes=10)
TERMS = Terms(LIMITS, workdays.parse(CALENDAR))
_numbers = itertools.count(1)


@dataclass
class Clinic:
    """The services of one union."""

    db: Session
    union: Organisation
    counselling: Service
    law: Service
    chen: Professional
    lin: Professional
    gao: Professional
    now: datetime

    def book(self, worker: Worker, at: datetime, who: Professional | None = None, **more: Any) -> Booking:
        """A booking of counselling with 陈老师, unless said otherwise."""
        facts: dict[str, Any] = {
            "reason": None,
            "draft_id": f"draft-{next(_numbers)}",
            "now": self.now,
            "terms": TERMS,
        }
        service = more.pop("service", self.law if who is self.gao else self.counselling)
        return bookings.book(self.db, worker.id, service, (who or self.chen).id, at, **(facts | more))

    def free(self, service: Service | None = None, **more: Any) -> list[slots.Slot]:
        """What is free now."""
        facts: dict[str, Any] = {"now": self.now, "terms": TERMS}
        return slots.free(self.db, service or self.counselling, **(facts | more))


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    """A moment in Shanghai."""
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def open_clinic(db: Session, union: Organisation, *, now: datetime, phones: dict[str, Worker]) -> Clinic:
    """Monday to Friday 9 to 12 and 14 to 17; 林老师 only Wednesdays; the lawyer Tuesdays 9 to 12."""

    def professional(login: str, name: str, role: Role) -> tuple[Staff, Professional]:
        person = staff.add(
            db, login, name=name, role=role, organisation=union, now=now, worker=phones.get(name)
        )
        return person, planning.professional_of(db, person)

    counselling = planning.add_service(
        db,
        union,
        "心理咨询",
        asks="想聊哪方面？",
        words="心理 咨询师",
        minutes=50,
        buffer_minutes=10,
        notice_minutes=120,
        cancel_minutes=240,
        move_minutes=120,
    )
    law = planning.add_service(
        db,
        union,
        "法律咨询",
        asks="遇到什么事？",
        words="律师 法律",
        minutes=30,
        buffer_minutes=0,
        notice_minutes=60,
        cancel_minutes=120,
        move_minutes=120,
    )
    room = planning.place_named(db, union, "洪和镇工会二楼谈心室")
    office = planning.place_named(db, union, "临湖市职工服务中心", is_shared=True)
    number = next(_numbers)
    _, chen = professional(f"chen{number}", "陈老师", Role.PROFESSIONAL)
    _, lin = professional(f"lin{number}", "林老师", Role.PROFESSIONAL)
    _, gao = professional(f"gao{number}", "高律师", Role.PROFESSIONAL)
    planning.offer(db, chen, counselling, room)
    planning.offer(db, lin, counselling, room)
    planning.offer(db, gao, law, office)
    for weekday in range(5):
        planning.set_hours(db, chen, weekday, [(9 * 60, 12 * 60), (14 * 60, 17 * 60)])
    planning.set_hours(db, lin, 2, [(9 * 60, 12 * 60), (14 * 60, 17 * 60)])
    planning.set_hours(db, gao, 1, [(9 * 60, 12 * 60)])
    return Clinic(db, union, counselling, law, chen, lin, gao, now + timedelta(0))


def faults(db: Session) -> list[str]:
    """What of the bookings and their ticks does not fit together; nothing, always."""
    db.expire_all()
    every = db.scalars(select(Booking)).all()
    there = [one for one in every if one.state != BookingState.CANCELLED]
    found = []
    for key in ("professional_id", "worker_id", "place_id"):
        spans = sorted(
            (getattr(one, key), one.starts_at, one.ends_at, one.code)
            for one in there
            if not (key == "place_id" and one.place.is_shared)
        )
        for first, second in pairwise(spans):
            if first[0] == second[0] and first[2] > second[1]:
                found.append(f"{first[3]} and {second[3]} overlap by {key}")
    held = Counter(one.booking_id for one in db.scalars(select(Tick)) if one.booking_id)
    for one in every:
        wanted = (2 if one.place.is_shared else 3) * one.service.minutes // 10
        wanted += one.service.buffer_minutes // 10
        ticks = held.pop(one.id, 0)
        if ticks != (wanted if one in there else 0):
            found.append(f"{one.code} is {one.state} and holds {ticks} ticks")
    found += [f"ticks of no booking: {number}" for number in held]
    absences = db.scalars(select(HoursException).where(HoursException.is_there.is_(False))).all()
    for absence in absences:
        who = db.get_one(Professional, absence.professional_id)
        hit = professionals.hit_by(db, who, absence.starts_at, absence.ends_at, now=absence.made_at)
        found += [f"{one.code} is booked into an absence" for one in hit]
    kept = set(db.scalars(select(Tick.exception_id).where(Tick.exception_id.is_not(None))))
    found += [f"ticks of no absence: {number}" for number in kept - {one.id for one in absences}]
    moves: dict[int, list[tuple[str | None, str]]] = {}
    for move in db.scalars(select(BookingMove).order_by(BookingMove.id)):
        moves.setdefault(move.booking_id, []).append((move.before, move.after))
    for one in every:
        steps = moves.get(one.id, [])
        chain = [None, *(after for _, after in steps)]
        if chain != [*(before for before, _ in steps), one.state]:
            found.append(f"{one.code} is {one.state} after {steps}")
    return found
