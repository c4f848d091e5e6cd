"""What runs when. One table; one leader of all workers runs it (tasks/leader.py).

A job may be cut short, run late or, when leaders change, run twice: each is written so that this does no harm.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import redis
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine as Database
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.forgetting import forget_phones
from core import log, metrics, workdays
from core.clock import SHANGHAI, utcnow
from core.config import Config
from core.db import LOCK_SECONDS
from core.heard import take, taken
from core.jobs import jobs_key
from core.redis import LOST
from rules import calendar, dialogs, figures, logins, notices, retention, waiting
from rules.appointments import reminders, years
from rules.exams import sign_ups
from rules.matchmaking import photos, requests, searching
from rules.persons import erasing, merging
from tasks import broadcasts, codes
from tasks import photos as fetching
from tasks.engine import Engine
from tasks.leader import Leader

_log = log.get("schedule")

Rule = Callable[[Session, datetime], int]


@dataclass(frozen=True, slots=True)
class Workplace:
    """What jobs work with."""

    config: Config
    engine: Database
    redis: redis.Redis
    tasks: Engine | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """`when`: every so many seconds, or a crontab line in Shanghai's time."""

    name: str
    when: int | str
    run: Callable[[Workplace, datetime], object]


def expire_requests(work: Workplace, now: datetime) -> None:
    """Wishes to meet that nobody answered."""
    _until_done(work, requests.expire_due, now)


def remind_dialogs(work: Workplace, now: datetime) -> None:
    """Forms left half filled."""
    _until_done(work, dialogs.remind_due, now)


def erase_dialogs(work: Workplace, now: datetime) -> None:
    """Forms that nobody came back to."""
    _once(work, dialogs.erase_due, now)


LINES = (sign_ups.LINE,)
"""What can be waited for."""


def pass_on_places(work: Workplace, now: datetime) -> None:
    """Places that were offered to somebody on a waiting list who did not answer in time."""
    for line in LINES:
        _until_done(work, partial(waiting.end_due, line=line, limits=work.config.waiting), now)


def forget(work: Workplace, now: datetime) -> None:
    """Messages that acted, notices that were read, whom nobody needs any more, after the days in the settings."""
    limits = work.config.limits
    _until_done(work, retention.forget_received, now - timedelta(days=limits.received_days))
    _until_done(work, retention.forget_notices, now - timedelta(days=limits.kept_notice_days))
    _until_done(work, retention.forget_said, now - timedelta(days=limits.draft_days))
    console = work.config.console
    _once(work, partial(logins.end_over, limits=console), now)
    _until_done(work, retention.forget_attempts, now - timedelta(days=console.log_days))
    _until_done(work, retention.forget_logins, now - timedelta(days=console.log_days))
    _once(work, retention.forget_imports, now - timedelta(days=1))
    _until_done(work, retention.forget_links, now - timedelta(days=limits.received_days))
    _until_done(work, retention.forget_handovers, now - timedelta(days=limits.handover_days))
    persons = work.config.persons
    years = timedelta(days=round(365.25 * persons.exam_years))
    _until_done(work, retention.forget_candidates, now - years)
    unplaced = timedelta(days=persons.unplaced_days)
    _until_done(work, partial(retention.forget_candidates, unplaced=True), now - unplaced)


def finish_persons(work: Workplace, now: datetime) -> None:
    """Who was erased or merged a moment ago: what was under way then, what Redis still knows, and printed sheets."""
    with Session(work.engine) as db:
        for one in erasing.due(db, now):
            forget_phones(work.redis, work.config, one.openids or [])
            for number in erasing.walls_of(db, one.worker_id):
                for sheet in (work.config.data_dir / "sheets").glob(f"wall-{number}[!0-9]*"):
                    sheet.unlink(missing_ok=True)
            photos.sweep(db, photos.folder(work.config), older_seconds=LOCK_SECONDS)
            erasing.finish(db, one, config=work.config, now=now)
            db.commit()
    _once(work, merging.settle_due, now)


def fetch_photos(work: Workplace, now: datetime) -> None:
    """Photos that were sent in the chat."""
    if fetching.fetch_due(work.config, work.engine, work.redis, now):
        wake(work.redis, work.config)


def sweep_photos(work: Workplace, now: datetime) -> None:
    """Photos given for a form that nobody came back to; files of those taken away, or never in the database."""
    _once(work, lambda db, _now: photos.forget_loose(db), now)
    with Session(work.engine) as db:
        photos.sweep(db, photos.folder(work.config))


def remind_bookings(work: Workplace, now: datetime) -> None:
    """Bookings that come near."""
    hours = work.config.appointments.reminder_hours
    _until_done(work, partial(reminders.remind_due, hours=hours), now)


def warn_of_year(work: Workplace, now: datetime) -> None:
    """A year whose holidays nobody entered yet."""
    base = workdays.load(work.config.calendar_file)
    days = work.config.appointments.year_warning_days

    def warn(db: Session, now: datetime) -> int:
        return years.warn_missing(db, now, workdays=calendar.known(db, base), days=days)

    _once(work, warn, now)


def make_codes(work: Workplace, now: datetime) -> None:
    """Codes of walls that somebody wants to print."""
    codes.make_wanted(work.config, work.engine, work.redis, now)


def write_down_heard(work: Workplace, now: datetime) -> None:
    """Who wrote since the last time."""
    if heard := take(work.redis, work.config):
        with Session(work.engine) as db:
            figures.hear(db, heard, now=now)
            db.commit()
        taken(work.redis, work.config)


def count_week(work: Workplace, now: datetime) -> None:
    """What the weeks that are over came to, and roughly the present one."""
    _until_done(work, lambda db, now: figures.catch_up(db, now=now), now)


def learn_names(work: Workplace, now: datetime) -> None:
    """Profiles from before there was a search by initials."""
    _until_done(work, lambda db, _now: searching.learn(db), now)


def learn_shape(work: Workplace, _now: datetime) -> None:
    """How large and how different the tables are: SQLite chooses its indexes by it. PostgreSQL does so by itself."""
    if work.engine.dialect.name == "sqlite":
        with work.engine.begin() as db:
            db.execute(text("PRAGMA analysis_limit = 1000"))
            db.execute(text("ANALYZE"))


def look_at_broadcasts(work: Workplace, now: datetime) -> None:
    """What goes out, is to go on, or hangs: tasks for whichever worker is free."""
    with Session(work.engine) as db:
        at_work = broadcasts.sweep(db, now)
        has_news = db.info.get(notices.NEW_NOTICES, False)
        db.commit()
    if has_news:
        wake(work.redis, work.config)
    if work.tasks is not None:
        work.tasks.send(at_work)


JOBS: tuple[Job, ...] = (
    Job("expire requests", 20, expire_requests),
    Job("remind dialogs", 30, remind_dialogs),
    Job("erase dialogs", 300, erase_dialogs),
    Job("pass on places", 15, pass_on_places),
    Job("finish persons", 15, finish_persons),
    Job("forget", "20 4 * * *", forget),
    Job("fetch photos", 2, fetch_photos),
    Job("sweep photos", 300, sweep_photos),
    Job("remind bookings", 30, remind_bookings),
    Job("warn of year", "10 9 * * *", warn_of_year),
    Job("make codes", 3, make_codes),
    Job("heard", 60, write_down_heard),
    Job("figures", 3600, count_week),
    Job("learn names", "40 3 * * *", learn_names),
    Job("learn shape", "50 4 * * *", learn_shape),
    Job("broadcasts", 1, look_at_broadcasts),
)


def _once(work: Workplace, rule: Rule, now: datetime) -> int:
    with Session(work.engine) as db:
        count = rule(db, now)
        has_news = db.info.get(notices.NEW_NOTICES, False)
        db.commit()
    if has_news:
        wake(work.redis, work.config)
    return count


def _until_done(work: Workplace, rule: Rule, now: datetime) -> None:
    """Rules with a limit do a part at a time, so that others can write in between."""
    while _once(work, rule, now):
        pass


def wake(db: redis.Redis, config: Config) -> None:
    """Tell the workers that there is something to send. They would look by themselves within a second."""
    key = f"{config.redis.prefix}wake"
    try:
        pipe = db.pipeline(transaction=False)
        pipe.lpush(key, 1)
        pipe.ltrim(key, 0, 9)
        pipe.execute()
    except LOST:
        _log.warning("Redis away, workers will look by themselves")


class Schedule:
    """The table in action: stands for election, and runs the jobs while this worker leads."""

    def __init__(
        self, work: Workplace, jobs: tuple[Job, ...] = JOBS, *, clock: Callable[[], datetime] = utcnow
    ) -> None:
        self._work = work
        self._jobs = jobs
        self._clock = clock
        self._prefix = work.config.redis.prefix
        self._scheduler: Any = None  # APScheduler has no types
        self.leader = Leader(work.redis, f"{self._prefix}leader", won=self._begin, lost=self._end)

    def start(self) -> None:
        """Take part until `stop`."""
        self.leader.start()

    def stop(self) -> None:
        """Finish the job that is running and let another worker lead."""
        self.leader.stop()

    def _begin(self) -> None:
        self._scheduler = BackgroundScheduler(timezone=SHANGHAI, executors={"default": ThreadPoolExecutor(3)})
        now = self._clock()
        for job in self._jobs:
            trigger = _trigger(job.when)
            self._scheduler.add_job(
                partial(self._run, job),
                trigger,
                id=job.name,
                name=job.name,
                next_run_time=self._first(job, trigger, now),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def _end(self) -> None:
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown(wait=True)

    def _first(self, job: Job, trigger: Any, now: datetime) -> datetime:
        """When it would have run next after its last run, so that a change of leaders skips nothing."""
        last = self._work.redis.get(f"{self._prefix}ran:{job.name}")
        after = datetime.fromtimestamp(float(last), UTC) if last else now
        due: datetime = trigger.get_next_fire_time(after if last else None, after)
        return max(due, now)

    def _run(self, job: Job) -> None:
        if not self.leader.is_leading():
            return
        now = self._clock()
        began = time.monotonic()
        is_good = False
        try:
            self._work.redis.set(f"{self._prefix}ran:{job.name}", str(now.timestamp()))
            job.run(self._work, now)
            is_good = True
        except LOST as error:
            _log.warning("Redis away, job left out", job=job.name, error=type(error).__name__)
        except Exception:
            metrics.bugs.labels("schedule").inc()
            _log.exception("job failed", job=job.name)
        said = {
            "began": now.timestamp(),
            "seconds": round(time.monotonic() - began, 3),
            "is_good": is_good,
            "when": job.when,
        }
        with suppress(*LOST):
            self._work.redis.hset(jobs_key(self._work.config), job.name, json.dumps(said))


def _trigger(when: int | str) -> Any:
    if isinstance(when, int):
        return IntervalTrigger(seconds=when, timezone=SHANGHAI)
    return CronTrigger.from_crontab(when, timezone=SHANGHAI)  # it does not take the scheduler's zone
