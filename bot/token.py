"""What the platform lends us for two hours (the access token, the page ticket), shared by all processes.

Redis keeps the value, and its own clock ends it, so that the clocks of our machines don't matter. It is
renewed by one process at a time; the others wait for the new value, or use the old one while it lives.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import redis

from bot.platform_errors import CallFailed, NotSent
from core import log
from core.redis import LOST

EARLY = 240
"""Renewed when it has this many seconds left: below the 300 in which stable_token hands out a new one."""

FORCE_PAUSE = 300
"""Seconds between two forced renewals: the platform allows 20 a day, at least 30 s apart."""

FAILED_PAUSE = 2
"""Seconds in which nobody asks again after a failure."""

FRESH = 1.0
"""Seconds for which a process trusts what it has read: a broadcast makes a hundred calls in that time. A value that
another process replaced meanwhile is good for five minutes more, or is refused and replaced at once."""

_WAIT = 0.025
_log = log.get("token")

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

Fetch = Callable[[bool], tuple[str, int]]
"""Ask the platform (True = force a new value); answers the value and the seconds it has left."""


class Shared:
    """One such value."""

    def __init__(
        self, db: redis.Redis, key: str, fetch: Fetch, *, patience: float, can_force: bool = False
    ) -> None:
        """`patience`: the longest a fetch can take, in seconds; after that a dead renewer is replaced."""
        self._redis = db
        self._key = key
        self._lock = f"{key}:lock"
        self._forced = f"{key}:forced"
        self._failed = f"{key}:failed"
        self._fetch = fetch
        self._patience = patience
        self._can_force = can_force
        self._last: tuple[str, float] | None = None
        self._fresh_until = 0.0

    def get(self) -> str:
        """A value that should be good. Raises CallFailed when there is none to be had."""
        if self._last is not None and time.monotonic() < self._fresh_until:
            return self._last[0]
        try:
            value, left = self._read()
            if value and left > EARLY:
                self._fresh_until = time.monotonic() + FRESH
                return value
            return self._renew(None)
        except LOST as error:
            return self._without_redis(error)

    def replace(self, rejected: str) -> str:
        """Another value than the one the platform just rejected, or the same one if the platform insists on it."""
        self._fresh_until = 0.0
        try:
            value, _ = self._read()
            if value and value != rejected:
                return value
            return self._renew(rejected)
        except LOST as error:
            raise NotSent("token", f"Redis is gone: {type(error).__name__}") from error

    def _read(self) -> tuple[str, int]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(self._key)
        pipe.ttl(self._key)
        raw, left = pipe.execute()
        value = raw.decode() if raw else ""
        if value:
            self._last = value, time.monotonic() + left
        return value, left

    def _renew(self, rejected: str | None) -> str:
        owner = secrets.token_hex(8)
        deadline = time.monotonic() + 2 * self._patience
        while not self._redis.set(self._lock, owner, nx=True, px=int(self._patience * 1000)):
            value, _ = self._read()
            if value and value != rejected:  # renewed meanwhile, or in its last minutes but still good
                return value
            if time.monotonic() > deadline:
                raise NotSent("token", "no other process got one in time")
            time.sleep(_WAIT)
        keep_lock = False
        try:
            value, left = self._read()  # it may have been renewed before we held the lock
            is_good = bool(value) and value != rejected
            if is_good and (rejected is not None or left > EARLY):
                return value
            try:
                return self._ask(rejected)
            except CallFailed as error:
                if not is_good:
                    self._redis.set(self._failed, error.message, ex=FAILED_PAUSE)
                    raise
                # Good for some minutes yet. The lock stays until it lapses, or every call would try again.
                keep_lock = True
                _log.warning("not renewed in time, the old one still serves", key=self._key, left=left)
                return value
        finally:
            if not keep_lock:
                self._redis.eval(_RELEASE, 1, self._lock, owner)

    def _ask(self, rejected: str | None) -> str:
        if self._redis.exists(self._failed):
            raise NotSent("token", "another call just failed to get one")
        value, seconds = self._fetch(False)
        if value == rejected and self._can_force and self._may_force():
            self._redis.pexpire(self._lock, int(self._patience * 1000))
            value, seconds = self._fetch(True)
        self._redis.set(self._key, value, ex=seconds)
        self._last = value, time.monotonic() + seconds
        return value

    def _may_force(self) -> bool:
        return bool(self._redis.set(self._forced, "1", nx=True, ex=FORCE_PAUSE))

    def _without_redis(self, error: Exception) -> str:
        if self._last and self._last[1] > time.monotonic():
            return self._last[0]
        raise NotSent("token", f"Redis is gone: {type(error).__name__}") from error
