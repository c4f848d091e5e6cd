"""One of all workers leads: it alone does what the clock asks for. Redis referees, by a lease."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

import redis

from core import log, metrics
from core.redis import LOST

LEASE = 6.0
PAUSE = 1.5
"""Seconds between renewals, and between a follower's looks: a lost leader is replaced in LEASE + PAUSE."""

_log = log.get("leader")

_HOLD = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0
"""
_RESIGN = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Leader:
    """This worker's part in the election. `won` and `lost` are called from its thread, in turn."""

    def __init__(
        self, db: redis.Redis, key: str, *, won: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        self._redis = db
        self._key = key
        self._owner = secrets.token_hex(8)
        self._won = won
        self._lost = lost
        self._until = 0.0
        self._is_in_office = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leader")

    def start(self) -> None:
        """Stand for election until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Resign, so that another takes over at once."""
        self._stop.set()
        self._thread.join()

    def is_leading(self) -> bool:
        """Whether the lease certainly holds at this moment, by our own clock too."""
        return time.monotonic() < self._until

    def _run(self) -> None:
        while True:
            try:
                self._stand()
            except Exception:
                metrics.bugs.labels("leader").inc()
                _log.exception("bug in the election, trying again")
            if self._stop.wait(PAUSE):
                break
        self._step_down()
        try:
            self._redis.eval(_RESIGN, 1, self._key, self._owner)
        except LOST:
            _log.warning("could not resign, the lease ends by itself")

    def _stand(self) -> None:
        asked = time.monotonic()
        try:
            holds = bool(self._redis.eval(_HOLD, 1, self._key, self._owner, int(LEASE * 1000)))
        except LOST as error:
            _log.warning("Redis away", error=type(error).__name__)
            holds = self.is_leading()  # until the lease ends nobody else can have it
        else:
            self._until = asked + LEASE if holds else 0.0
        if holds and not self._is_in_office:
            self._is_in_office = True
            _log.info("leading")
            self._won()
        elif not holds:
            self._step_down()

    def _step_down(self) -> None:
        if self._is_in_office:
            self._is_in_office = False
            _log.info("leading no more")
            self._lost()
