"""C1: one slot, one room, one worker, whoever races for them in how many processes; on both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from core import crypto
from core.config import ROOT, Config
from core.db import make_engine
from models.appointments import Booking, BookingState
from tests.rules.cast import NOW, Town, build
from tests.rules.clinic import CALENDAR, TERMS, Clinic, at, faults, open_clinic
from tests.wechat import environment

pytestmark = pytest.mark.timeout(180)
PROCESSES = 4

Task = tuple[int, int, int, str, str]


class Office:
    """The database, and processes that book in it."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self.config, self.engine = config, engine
        with Session(engine, expire_on_commit=False) as db:
            self.town: Town = build(engine, db)
            self.clinic: Clinic = open_clinic(db, self.town.north, now=NOW, phones={})
            self.workers = [self.town.worker(self.town.north).id for _ in range(200)]
            self.counselling, self.law = self.clinic.counselling.id, self.clinic.law.id
            self.chen, self.lin, self.gao = (
                one.id for one in (self.clinic.chen, self.clinic.lin, self.clinic.gao)
            )
            db.commit()

    def task(self, worker: int, moment: datetime, who: int = 0, service: int = 0, draft: str = "") -> Task:
        """One try."""
        name = draft or f"race-{worker}-{moment:%d%H%M}-{who}-{service}"
        return (worker, service or self.counselling, who or self.chen, moment.isoformat(), name)

    def race(self, tasks: Sequence[Task]) -> list[str]:
        """All of them at once, in several processes."""
        parts = [tasks[number::PROCESSES] for number in range(PROCESSES)]
        started = [self._start(part) for part in parts]
        try:
            for process in started:
                assert process.stdout
                assert process.stdout.readline() == "ready\n"
            for process in started:
                _say(process, "go")
            return [one for process in started for one in json.loads(_heard(process))]
        finally:
            for process in started:
                process.kill()
                process.communicate()

    def _start(self, tasks: Sequence[Task]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.races.booker"],
            cwd=ROOT,
            env=environment(self.config),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        job: dict[str, Any] = {"now": NOW.isoformat(), "tasks": tasks, "threads": 8}
        _say(process, json.dumps(job | {"calendar": CALENDAR}))
        return process

    def booked(self) -> list[Booking]:
        """What was booked."""
        with Session(self.engine, expire_on_commit=False) as db:
            return list(db.scalars(select(Booking).where(Booking.state == BookingState.BOOKED)))

    def check(self) -> None:
        """Nobody and no room is in two bookings at a time; each booking holds its ticks, and nothing else any."""
        with Session(self.engine) as db:
            assert faults(db) == []


def _say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(line + "\n")
    process.stdin.flush()


def _heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


@pytest.fixture
def office(config: Config) -> Iterator[Office]:
    crypto.use(config)
    engine = make_engine(config)
    yield Office(config, engine)
    engine.dispose()


def test_C1_two_hundred_at_once_for_one_slot_give_one_booking(office: Office) -> None:
    said = Counter(office.race([office.task(worker, at(24, 15)) for worker in office.workers]))
    assert said.pop("slot_taken") == 199, said
    assert len(office.booked()) == 1
    office.check()
    with Session(office.engine) as db:
        from rules.appointments import slots

        service = office.booked()[0].service_id
        found = slots.free(
            db,
            db.get_one(type(office.clinic.counselling), service),
            now=NOW,
            terms=TERMS,
            worker_id=office.workers[0],
        )
        near = slots.nearest(found, at(24, 15))
        assert [f"{one.starts_at:%d %H:%M}" for one in near] == ["24 11:00", "24 14:00", "24 16:00"]


@pytest.mark.slow
def test_C1_one_room_and_two_counsellors(office: Office) -> None:
    tasks = [
        office.task(worker, at(25, 9), office.chen if worker % 2 else office.lin) for worker in office.workers
    ]
    assert Counter(office.race(tasks))["slot_taken"] == 199
    office.check()


@pytest.mark.slow
def test_C1_one_worker_at_many_counters(office: Office) -> None:
    """Counselling and a lawyer at overlapping times, and the neighbours of both: never two at once."""
    worker = office.workers[0]
    tasks = [office.task(worker, at(24, 9, minute), office.gao, office.law) for minute in (0, 30)]
    tasks += [office.task(worker, at(24, hour)) for hour in (9, 10, 11)]
    office.race(tasks * 8)
    assert office.booked()
    office.check()


def test_B8_one_draft_from_many_devices_is_one_booking(office: Office) -> None:
    said = office.race([office.task(office.workers[0], at(24, 15), draft="one")] * 40)
    assert len(set(said) - {"booked_then"}) == 1, Counter(said)
    assert len(office.booked()) == 1
    office.check()


@pytest.mark.slow
def test_C1_a_whole_week_is_sold_out_and_nothing_twice(office: Office) -> None:
    hours = [at(day, hour) for day in (24, 25, 26, 27) for hour in (9, 10, 11, 14, 15, 16)]
    tasks = [office.task(worker, hours[number % len(hours)]) for number, worker in enumerate(office.workers)]
    said = Counter(office.race(tasks))
    assert said["slot_taken"] == 200 - len(hours), said
    assert len(office.booked()) == len(hours)
    office.check()
