"""Random histories of booking, moving, cancelling and absences; what must hold holds after every step.

The seed is printed, and NIANGJIA_TEST_SEED=… plays the same history again.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from core.errors import Refused
from models.appointments import Booking, BookingState, HoursException, Reminder
from models.messages import Notice
from models.people import Worker
from rules.appointments import bookings, professionals, reminders, slots
from tests.conftest import DATABASE
from tests.rules.cast import Town
from tests.rules.clinic import TERMS, Clinic, at, faults, open_clinic

STEPS = 60
EXPECTED = {
    "slot_taken",
    "slot_closed",
    "booked_then",
    "too_many_bookings",
    "booking_changed",
    "cancel_late",
    "move_late",
    "absence_over",
    "absence_changed",
    "not_yet",
}


class History:
    """One random history."""

    def __init__(self, town: Town, rng: random.Random) -> None:
        self.town, self.rng = town, rng
        phones = {name: town.worker(town.north) for name in ("陈老师", "林老师", "高律师")}
        self.clinic: Clinic = open_clinic(town.db, town.north, now=town.now, phones=phones)
        self.db = town.db
        self.workers: list[Worker] = [town.worker() for _ in range(5)]
        self.people = [self.clinic.chen, self.clinic.lin, self.clinic.gao]
        self.refused: Counter[str] = Counter()

    @property
    def now(self) -> datetime:
        return self.clinic.now

    def step(self) -> None:
        acts: list[Callable[[], object]] = [
            *[self.books] * 5,
            *[self.moves] * 3,
            *[self.cancels] * 2,
            self.is_away,
            self.comes_back,
            self.marks,
            self.passes,
        ]
        savepoint = self.db.begin_nested()
        try:
            self.rng.choice(acts)()
            self.db.flush()
            savepoint.commit()
        except Refused as refused:
            if refused.code not in EXPECTED:
                raise
            self.refused[refused.code] += 1
            if refused.code == "absence_changed":
                savepoint.rollback()  # as the entrance does
            else:
                savepoint.commit()  # whatever else refuses must leave no trace by itself
        self.check()

    def some_time(self) -> datetime:
        if self.rng.random() < 0.3:
            day = self.rng.choice([24, 25, 26, 27, 28, 29])
            return at(day, self.rng.randrange(8, 18), self.rng.choice([0, 10, 30]))
        service = self.rng.choice([self.clinic.counselling, self.clinic.law])
        planned = slots.free(self.db, service, now=self.town.now, terms=TERMS)
        return self.rng.choice(planned[:40]).starts_at if planned else at(24, 9)

    def books(self) -> None:
        self.clinic.book(self.rng.choice(self.workers), self.some_time(), self.rng.choice(self.people))

    def moves(self) -> None:
        if booking := self.some_booking():
            who = booking.professional_id
            if booking.service_id == self.clinic.counselling.id:
                who = self.rng.choice([self.clinic.chen.id, self.clinic.lin.id])
            bookings.move(self.db, booking, who, self.some_time(), now=self.now, terms=TERMS)

    def cancels(self) -> None:
        if booking := self.some_booking():
            is_late = self.rng.random() < 0.3
            bookings.cancel(self.db, booking, now=self.now, terms=TERMS, may_be_late=is_late)

    def is_away(self) -> None:
        who = self.rng.choice(self.people)
        starts = at(self.rng.choice([24, 25, 26, 27]), self.rng.choice([8, 9, 12, 14]))
        ends = starts + timedelta(minutes=self.rng.choice([25, 60, 240, 2000]))
        hit = frozenset(one.id for one in professionals.hit_by(self.db, who, starts, ends, now=self.now))
        seen = hit if self.rng.random() < 0.8 else hit | {-1}
        professionals.be_away(self.db, who, starts, ends, seen=seen, now=self.now, terms=TERMS)

    def comes_back(self) -> None:
        absences = self.db.scalars(select(HoursException)).all()
        if absences:
            absence = self.rng.choice(absences)
            who = next(one for one in self.people if one.id == absence.professional_id)
            assert who.staff.worker_id
            professionals.come_back(self.db, who.staff.worker_id, absence.id)

    def marks(self) -> None:
        if booking := self.some_booking():
            phone = booking.professional.staff.worker_id
            assert phone
            came = self.rng.random() < 0.5
            professionals.mark(self.db, phone, booking.id, came=came, now=self.now)

    def passes(self) -> None:
        self.clinic.now += timedelta(minutes=self.rng.choice([10, 60, 300]))
        reminders.remind_due(self.db, self.now, hours=(24, 2))

    def some_booking(self) -> Booking | None:
        found = self.db.scalars(select(Booking).where(Booking.state == BookingState.BOOKED)).all()
        return self.rng.choice(found) if found else None

    def check(self) -> None:
        assert faults(self.db) == []
        there = self.db.scalars(select(Booking).where(Booking.state != BookingState.CANCELLED)).all()
        away = self.db.execute(
            select(HoursException.professional_id, HoursException.starts_at, HoursException.ends_at)
        ).all()
        for slot in self.clinic.free(now=self.now)[:10]:
            for who_id, starts, ends in away:
                is_apart = slot.ends_at <= starts or ends <= slot.starts_at
                assert who_id != slot.professional_id or is_apart, "offered in an absence"
            for one in there:
                if one.professional_id == slot.professional_id:
                    assert slot.ends_at <= one.starts_at or one.ends_at <= slot.starts_at, "offered twice"

    def ends(self) -> None:
        told = self.db.scalars(select(Notice).where(Notice.kind == "booking_soon")).all()
        assert len({(n.facts["booking"], n.facts["starts"], n.made_at) for n in told}) == len(told)
        assert len(told) <= len(self.db.scalars(select(Reminder)).all())


def play(town: Town, seed: int) -> Counter[str]:
    print(f"NIANGJIA_TEST_SEED={seed}")  # noqa: T201
    history = History(town, random.Random(seed))
    for _ in range(STEPS):
        history.step()
    history.ends()
    return history.refused


def test_C1_C6_no_history_overlaps_or_loses_a_time(town: Town) -> None:
    given = os.environ.get("NIANGJIA_TEST_SEED")
    play(town, int(given) if given else random.SystemRandom().randrange(10**9))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(40 if DATABASE == "sqlite" else 20))
def test_C1_C6_no_history_of_many(town: Town, number: int) -> None:
    play(town, random.SystemRandom().randrange(10**9))
