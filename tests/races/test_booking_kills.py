"""C1, C6, A1: bookings, moves, cancels and absences in chat while web and worker are killed -9 at random moments.

The platform repeats what is not answered, loses answers and repeats what was answered. In the end nothing overlaps,
whoever was told 约好了 has the booking or was told that it is off, and nothing was done or told twice. The seed is
printed, and NIANGJIA_TEST_SEED=… draws the same acts and moments.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from bot.client import Client
from bot.templates import Templates
from bot.texts.notices import words
from core import crypto
from core.clock import local, utcnow
from core.config import Config
from core.db import make_engine
from core.redis import connect
from emulator.testing import Running
from models.appointments import Booking, BookingMove, BookingState
from models.messages import IS_LATE, Notice, NoticeState, Received
from models.people import Worker as Follower
from rules import organisations
from rules.appointments import planning
from tasks.outbox import Outbox, deliver_due
from tests import wechat
from tests.chat.waiting import until
from tests.races.callers import Caller, Professional, Worker
from tests.races.crew import Crew, at_work, seeded
from tests.rules.clinic import faults, open_clinic

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = {"web": 10, "worker": 6}
ENOUGH = 5
THREADS = 3
QUICK = {"NIANGJIA_LIMITS__LEASE_SECONDS": "1.0"}


class Town:
    """A clinic that is open every day, its professionals and nine people, on a platform of their own."""

    def __init__(self, config: Config, folder: Path, rng: random.Random) -> None:
        crypto.use(config)
        self.engine: Engine = make_engine(config)
        self.platform: Running = wechat.run(config, check_windows=False, check_quotas=False)
        self.config = wechat.pointed_at(config, self.platform.url)
        today = local(utcnow()).date()
        calendar = folder / "calendar.yaml"
        calendar.write_text("".join(f"{today.year + n}: {{holidays: []}}\n" for n in (0, 1)))
        self.env = QUICK | {"NIANGJIA_APPOINTMENTS__CALENDAR": str(calendar)}
        days = [today + timedelta(days=n) for n in (2, 3, 4)]
        self.professionals = self._clinic(rng, days)
        self.workers = [
            Worker(self.platform.phone(following=True), random.Random(rng.random()), days) for _ in range(9)
        ]

    def _clinic(self, rng: random.Random, days: Sequence[date]) -> list[Professional]:
        names = ("陈老师", "林老师", "高律师")
        phones = [self.platform.phone(following=True) for _ in names]
        now = utcnow()
        with Session(self.engine) as db:
            rows = [Follower(openid=phone.openid, created_at=now, followed_at=now) for phone in phones]
            db.add_all(rows)
            union = organisations.add(db, "临湖市总工会")
            clinic = open_clinic(db, union, now=now, phones=dict(zip(names, rows, strict=True)))
            for who in (clinic.chen, clinic.lin, clinic.gao):
                for weekday in range(7):
                    planning.set_hours(db, who, weekday, [(9 * 60, 12 * 60), (14 * 60, 17 * 60)])
            db.commit()
        return [Professional(phone, random.Random(rng.random()), days) for phone in phones]

    def live(self, crew: Crew) -> None:
        """Everybody acts, a third of them on each thread, until enough was killed."""
        self.platform.do(setattr, self.platform.world.settings, "callback_url", crew.callback_url)
        assert self.platform.verify()
        self.platform.fault("callback", percent=8, reset_after=True)
        self.platform.fault("callback", percent=8, duplicate=1)
        is_over = threading.Event()

        def act(number: int) -> None:
            everybody: list[Caller] = [*self.workers[number::THREADS], *self.professionals[number::THREADS]]
            luck = random.Random(everybody[0].rng.random())
            while not is_over.is_set():
                luck.choice(everybody).act()
                time.sleep(luck.uniform(0, 0.3))  # so that what was killed finds the time to start again

        with ThreadPoolExecutor(THREADS) as pool:
            acting = [pool.submit(act, number) for number in range(THREADS)]
            try:
                crew.strike(KILLS, (0.05, 1.5))
                until(lambda: self.booked() >= ENOUGH, 300)  # a slow machine gets little done between kills
            finally:
                is_over.set()
            for one in acting:
                one.result()
        self.platform.do(self.platform.world.faults.clear)

    def deliver_the_rest(self) -> int:
        """As a worker would ten minutes later: whose sender died is settled, the others are sent."""
        with closing(connect(self.config)) as redis, closing(Client(self.config, redis)) as client:
            outbox = Outbox(self.engine, client, words, Templates(client.templates))
            count = 0
            while done := deliver_due(outbox, utcnow() + timedelta(minutes=10)):
                count += done
            return count

    def booked(self) -> int:
        """How many bookings were made, whatever became of them."""
        with Session(self.engine) as db:
            return db.scalar(select(func.count()).select_from(Booking)) or 0

    def late(self) -> int:
        """Messages that were acknowledged and are not done yet."""
        with Session(self.engine) as db:
            return db.scalar(select(func.count()).select_from(Received).where(IS_LATE)) or 0

    def close(self) -> None:
        self.platform.stop()
        self.engine.dispose()


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    return seeded(request.node.callspec.params["history"])


@pytest.fixture
def town(config: Config, tmp_path: Path, rng: random.Random) -> Iterator[Town]:
    town = Town(config, tmp_path, rng)
    yield town
    town.close()


@pytest.mark.parametrize("history", range(2))
def test_C1_C6_bookings_survive_kills_of_web_and_worker(town: Town, rng: random.Random, history: int) -> None:
    with at_work(town.config, rng, town.env) as crew:
        everybody = (*town.workers, *town.professionals)
        town.live(crew)
        until(lambda: not town.late(), 120)
        until(
            lambda: any(one.pushed for one in everybody), 120
        )  # on a slow machine no worker lived long enough
    assert not [one for one in everybody for said in one.phone.heard if "没弄成" in said.text], "a bug"
    town.deliver_the_rest()
    with Session(town.engine) as db:
        assert faults(db) == []
        done = Counter[str]()
        for worker in town.workers:
            done += has_what_they_were_told(db, worker)
        done += was_told_once(db, town, crew)
    print(f"killed {dict(crew.killed)}: {dict(done)}")  # noqa: T201
    assert done["booked"] >= ENOUGH, done
    assert done["repeated"], done


def has_what_they_were_told(db: Session, worker: Worker) -> Counter[str]:
    """Each form made one booking at most, and each booking that was told of is there, or off for a reason."""
    openid = worker.phone.openid
    mine = {
        one.code: one for one in db.scalars(select(Booking).join(Follower).where(Follower.openid == openid))
    }
    told: list[str] = []
    for form in worker.bookings:
        assert len(form.told) <= 1, f"one form was told {form.told}"
        told += form.told
    assert len(set(told)) == len(told), f"two forms were told the same number: {told}"
    said = "\n".join(one.text for one in worker.phone.heard)
    told += set(re.findall(r"约好了，编号 (A\d+)", said)) - set(told)
    assert set(told) <= set(mine), f"told {told}, has {sorted(mine)}"
    assert len({one.draft_id for one in mine.values()}) == len(mine)
    untold = len(mine) - len(told)
    assert untold <= sum(not form.told for form in worker.bookings), f"{sorted(mine)}, and told only {told}"
    moved = 0
    for booking in mine.values():
        moves = db.scalars(
            select(BookingMove).where(BookingMove.booking_id == booking.id).order_by(BookingMove.id)
        ).all()
        moved += sum(one.before == one.after == BookingState.BOOKED for one in moves)
        if booking.state == BookingState.CANCELLED and moves[-1].staff_id is None:
            assert booking.id in worker.gave_up, f"{booking.code} is off, and nobody wanted that"
        if booking.state != BookingState.CANCELLED:
            assert booking.id not in worker.was_told_off, f"{booking.code} was said to be off"
    heard = set(re.findall(r"改好了，(A\d+ 换到：\n\S+ \S+)", said))
    assert len(heard) <= moved <= len(worker.moves), (
        f"{heard} were told, {moved} moved by {len(worker.moves)}"
    )
    return Counter(booked=len(mine), moved=moved, given_up=len(worker.was_told_off))


def was_told_once(db: Session, town: Town, crew: Crew) -> Counter[str]:
    """Of each booking that an absence hit its person has one notice, which came once; nobody else has one."""
    hit = set(
        db.scalars(
            select(BookingMove.booking_id)
            .join(Booking)
            .where(BookingMove.after == BookingState.CANCELLED, BookingMove.staff_id.is_not(None))
        )
    )
    notices = db.scalars(select(Notice)).all()
    off = [one for one in notices if one.kind == "booking_called_off"]
    assert Counter(one.facts["booking"] for one in off) == Counter(hit)
    heard = {one.phone.openid: "\n".join(one.pushed) for one in town.workers}
    for notice in off:
        booking = db.get_one(Booking, notice.facts["booking"])
        assert booking.worker_id == notice.worker_id
        times = heard[notice.worker.openid].count(f"{booking.code} 只好取消了")
        if notice.state == NoticeState.UNKNOWN:
            assert times <= 1, f"{booking.code} was called off {times} times"
        else:
            assert (notice.state, times) == (NoticeState.SENT, 1), booking.code
    states = Counter(NoticeState(one.state) for one in notices)
    assert not {NoticeState.PENDING, NoticeState.SENDING} & set(states), states
    assert states[NoticeState.UNKNOWN] <= crew.killed["worker"] * town.config.worker.threads
    every = Counter(one.facts["booking"] for one in notices if one.kind == "booking_made")
    assert every == Counter(db.scalars(select(Booking.id))), "a professional was told of each once"
    moved = [one for one in db.scalars(select(BookingMove)) if one.before == one.after]
    times_moved = Counter(one.facts["booking"] for one in notices if one.kind == "booking_moved")
    assert times_moved == Counter(one.booking_id for one in moved)
    posts = [
        row
        for row in town.platform.do(lambda: list(town.platform.world.wire.entries))
        if row["dir"] == "callback"
    ]
    repeated = sum(row.get("attempt", 1) > 1 for row in posts)
    return Counter(called_off=len(off), unknown=states[NoticeState.UNKNOWN], repeated=repeated)
