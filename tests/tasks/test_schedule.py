"""What the clock asks for is done once, by whoever leads."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import crypto
from core.clock import utcnow
from core.config import Config
from core.db import make_engine
from core.redis import connect
from models.logins import Login, LoginAttempt, Outcome, Way
from models.messages import Handover, Notice, NoticeAttempt, NoticeState, Received, Said
from models.people import Worker
from rules import logins, organisations
from rules import staff as members
from rules.access import Role
from tasks import schedule
from tasks.leader import LEASE, Leader
from tasks.schedule import JOBS, Job, Schedule, Workplace

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def work(config: Config) -> Iterator[Workplace]:
    crypto.use(config)
    engine, db = make_engine(config), connect(config)
    yield Workplace(config, engine, db)
    db.close()
    engine.dispose()


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_job_runs_on_an_empty_database(work: Workplace) -> None:
    for job in JOBS:
        job.run(work, NOW)


@pytest.mark.slow
def test_a_job_runs_once_however_many_workers_there_are(work: Workplace) -> None:
    runs: list[float] = []
    job = Job("tick", 1, lambda *_: runs.append(time.monotonic()))
    parts = [Schedule(work, (job,)) for _ in range(3)]
    for part in parts:
        part.start()
    until(lambda: len(runs) >= 3)
    assert sum(part.leader.is_leading() for part in parts) == 1
    for part in parts:
        part.stop()
    gaps = [after - before for before, after in itertools.pairwise(runs)]
    assert min(gaps) > 0.5


@pytest.mark.slow
def test_a_leader_that_resigns_is_replaced_at_once_and_one_that_dies_within_seconds(work: Workplace) -> None:
    key = f"{work.config.redis.prefix}leader"
    runs: list[str] = []
    one, two = (Schedule(work, (Job("tick", 1, lambda *_, name=name: runs.append(name)),)) for name in "ab")
    one.start()
    until(lambda: runs == ["a"])
    two.start()
    one.stop()
    until(lambda: "b" in runs)
    two.stop()
    work.redis.set(key, "a worker that was killed", px=int(LEASE * 1000))
    three = Schedule(work, (Job("tick", 1, lambda *_: runs.append("c")),))
    three.start()
    until(lambda: "c" in runs, LEASE + 5)
    three.stop()


@pytest.mark.slow
def test_a_leader_without_redis_stops_leading_when_its_lease_ends(config: Config) -> None:
    db = connect(config)
    lost = threading.Event()
    won = threading.Event()
    leader = Leader(db, "leader", won=won.set, lost=lost.set)
    leader.start()
    assert won.wait(10)
    db.connection_pool.disconnect()
    db.connection_pool = redis.ConnectionPool.from_url(f"{config.redis_url}.gone")
    assert lost.wait(LEASE + 10)
    assert not leader.is_leading()
    leader.stop()


def test_a_change_of_leaders_skips_no_run(work: Workplace) -> None:
    runs: list[datetime] = []
    job = Job("nightly", "20 4 * * *", lambda _, now: runs.append(now))
    key = f"{work.config.redis.prefix}ran:nightly"
    night = datetime(2026, 11, 22, 20, 20, tzinfo=UTC)  # 04:20 in Shanghai
    part = Schedule(work, (job,), clock=lambda: night + timedelta(seconds=5))
    trigger = schedule._trigger(job.when)
    assert part._first(job, trigger, night - timedelta(hours=1)) == night  # never ran: the ordinary time
    work.redis.set(key, str((night - timedelta(days=1)).timestamp()))
    assert part._first(job, trigger, night + timedelta(seconds=5)) == night + timedelta(seconds=5)
    work.redis.set(key, str(night.timestamp()))
    assert part._first(job, trigger, night + timedelta(seconds=5)) == night + timedelta(days=1)


def test_a_failing_job_does_not_stop_the_others(work: Workplace) -> None:
    runs: list[int] = []

    def fail(*_: object) -> None:
        runs.append(0)
        raise RuntimeError("a bug")

    part = Schedule(work, (Job("bad", 1, fail), Job("good", 1, lambda *_: runs.append(1))))
    part.start()
    until(lambda: runs.count(0) >= 2 and runs.count(1) >= 2)
    part.stop()


def test_old_messages_and_read_notices_are_forgotten(work: Workplace) -> None:
    limits = work.config.limits
    old = NOW - timedelta(days=limits.kept_notice_days, seconds=1)
    with Session(work.engine) as db:
        person = Worker(openid="oTEST", created_at=old, followed_at=old)
        db.add(person)
        db.flush()
        for settled in (old, NOW):
            for state in NoticeState:
                done = state not in (NoticeState.PENDING, NoticeState.SENDING)
                notice = Notice(
                    worker_id=person.id,
                    kind="late_answer",
                    facts={},
                    state=state,
                    made_at=old,
                    due_at=old,
                    settled_at=settled if done else None,
                )
                db.add(notice)
                db.flush()
                db.add(NoticeAttempt(notice_id=notice.id, at=old, channel="customer", errcode=0))
        long_ago = NOW - timedelta(days=limits.handover_days, seconds=1)
        for number, (at, closed_at) in enumerate(
            ((long_ago, long_ago), (long_ago, None), (long_ago, NOW), (NOW, None))
        ):
            one = Handover(
                worker_id=person.id, at=at, about="chat", closed_at=closed_at, message_key=f"h{number}"
            )
            db.add(one)
            db.flush()
            db.add(Said(handover_id=one.id, at=NOW, is_theirs=True, words="在吗"))
        received = NOW - timedelta(days=limits.received_days, seconds=1)
        db.add(Received(key="old", at=received))
        db.add(Received(key="late", at=received, is_late=True))
        db.add(Received(key="new", at=NOW))
        db.commit()
    schedule.forget(work, NOW)
    with Session(work.engine) as db:
        assert set(db.scalars(select(Received.key))) == {"late", "new"}
        assert set(db.scalars(select(Handover.message_key))) == {"h2", "h3"}
        assert db.scalar(select(func.count(Said.id))) == 2
        left = db.scalars(select(Notice.state).where(Notice.settled_at == old)).all()
        assert set(left) == {"kept", "unknown"}
        assert db.scalar(select(func.count(Notice.id))) == 2 * len(NoticeState) - 3
        assert db.scalar(select(func.count(NoticeAttempt.id))) == 2 * len(NoticeState) - 3


def test_old_logins_and_refused_tries_are_forgotten_in_many_steps(work: Workplace) -> None:
    old = NOW - timedelta(days=work.config.console.log_days, seconds=1)
    with Session(work.engine) as db:
        for at in (old, NOW):
            db.add_all(
                LoginAttempt(at=at, ip="203.0.113.7", browser="", way=Way.PASSWORD, outcome=Outcome.UNKNOWN)
                for _ in range(501)
            )
        union = organisations.add(db, "临湖市总工会")
        staff = members.add(db, "lin", name="林", role=Role.CLERK, organisation=union, now=old)
        where = logins.Where("203.0.113.7", "")
        for at in (old, old, NOW):
            logins.open_login(db, staff, where, Way.SCAN, now=at)
        first = db.scalars(select(Login.id)).first()
        assert first
        logins.end(db, staff, first, logins.Ended.LEFT, now=old)
        db.commit()
    schedule.forget(work, NOW)
    with Session(work.engine) as db:
        assert db.scalar(select(func.count()).select_from(LoginAttempt)) == 501
        ended = db.scalars(select(Login.ended_why).order_by(Login.id)).all()
        assert ended == ["idle", None], "one whose end was noted only now is kept from now on"


def test_a_job_that_tells_somebody_wakes_the_outbox(work: Workplace) -> None:
    with Session(work.engine) as db:
        db.add(Worker(id=1, openid="oTEST", created_at=NOW, followed_at=NOW))
        db.commit()

    def rule(db: Session, now: datetime) -> int:
        from rules.notices import tell

        tell(db, 1, "late_answer", now=now, text="x")
        return 0

    schedule._until_done(work, rule, utcnow())
    assert work.redis.llen(f"{work.config.redis.prefix}wake") == 1
