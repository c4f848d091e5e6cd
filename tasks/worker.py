"""The worker's process: threads that send notices and broadcasts, one that takes part in leading the schedule."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from sqlalchemy.exc import OperationalError

from bot.client import Client
from bot.offers import pushed
from bot.templates import Templates
from bot.texts.notices import words
from core import crypto, log, metrics
from core.clock import utcnow
from core.config import Config
from core.db import busy, make_engine
from core.redis import connect
from tasks import broadcasts
from tasks.broadcasts import Post
from tasks.engine import Engine
from tasks.outbox import Outbox, deliver_due
from tasks.schedule import JOBS, Job, Schedule, Workplace

SWEEP = 1
"""Seconds after which a worker looks for due notices even if nobody woke it."""

_log = log.get("worker")


class Worker:
    """Everything one worker process runs."""

    def __init__(self, config: Config, jobs: tuple[Job, ...] = JOBS) -> None:
        crypto.use(config)
        self.config = config
        self.stopping = threading.Event()
        self.engine = make_engine(config)
        self.redis = connect(
            config, retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2), socket_connect_timeout=2
        )
        self.client = Client(config, self.redis)
        self.outbox = Outbox(
            self.engine,
            self.client,
            words,
            Templates(self.client.templates),
            config.wechat.templates,
            self.stopping,
            self._told,
        )
        self.post = Post(self.engine, self.client, config.broadcasts, self.stopping)
        self.tasks = Engine(config, self._broadcast, threads=config.worker.threads)
        self.schedule = Schedule(Workplace(config, self.engine, self.redis, self.tasks), jobs)
        self._bell = threading.Condition()
        self._rings = 0

    def run(self) -> None:
        """Work until `stopping` is set, then finish what is being sent."""
        senders = [
            threading.Thread(target=self._send, name=f"outbox-{n + 1}")
            for n in range(self.config.worker.threads)
        ]
        for thread in senders:
            thread.start()
        self.tasks.start()
        self.schedule.start()
        _log.info("worker started", threads=len(senders))
        while not self.stopping.is_set():
            self._wait_for_bell()
            self._ring()
        self._ring()
        self.schedule.stop()
        self.tasks.stop()
        self.post.desk.close()
        for thread in senders:
            thread.join()
        self.client.close()
        self.redis.close()
        self.engine.dispose()
        _log.info("worker stopped")

    def _wait_for_bell(self) -> None:
        key = f"{self.config.redis.prefix}wake"
        try:
            if self.redis.blpop([key], timeout=SWEEP):  # well below the client's own timeout of 5 s
                self.redis.delete(key)  # one look finds all that is due
        except redis.RedisError as error:
            _log.warning("Redis away, looking every second", error=type(error).__name__)
            self.stopping.wait(SWEEP)

    def _told(self, openid: str, text: str) -> None:
        """What was sent can be answered by typing what stands on its taps."""
        try:
            pushed(self.redis, self.config, openid, text)
        except redis.RedisError as error:
            _log.warning("Redis away, its taps cannot be typed", error=type(error).__name__)

    def _ring(self) -> None:
        with self._bell:
            self._rings += 1
            self._bell.notify_all()

    def _broadcast(self, broadcast_id: int) -> None:
        """One task of the engine. What goes wrong is done again by the next one."""
        try:
            broadcasts.work(self.post, broadcast_id)
        except busy() as error:
            _log.warning("database away, broadcast waits", error=type(error).__name__)
        except Exception:
            metrics.bugs.labels("broadcasts").inc()
            _log.exception("broadcast stumbled, trying again", broadcast=broadcast_id)

    def _send(self) -> None:
        heard = 0
        while not self.stopping.is_set():
            with self._bell:
                self._bell.wait_for(lambda: self._rings > heard)  # noqa: B023 - called before heard changes
                heard = self._rings
            try:
                while not self.stopping.is_set() and deliver_due(self.outbox, utcnow()):
                    pass
            except OperationalError as error:
                _log.warning("database away, trying again", error=str(error.orig))
            except Exception:
                metrics.bugs.labels("outbox").inc()
                _log.exception("outbox stumbled, trying again")


def main(config: Config, more_jobs: tuple[Job, ...] = ()) -> None:
    """Run a worker until SIGTERM or SIGINT; returns when what it was sending is sent.

    `more_jobs` are those that need what tasks may not import, the handlers for instance.
    """
    log.setup(config)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # else three lines for every run of every job
    worker = Worker(config, (*JOBS, *more_jobs))

    def stop(_signal: int, _frame: FrameType | None) -> None:
        worker.stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    worker.run()
