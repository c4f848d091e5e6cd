"""Redis: the ordinary client for ordinary work, and a lean lane for what every message pays."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

import redis
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from core.config import Config

LOST = (RedisConnectionError, RedisTimeoutError, OSError)
_TAKES_NOTHING = ("OOM ", "MISCONF ", "READONLY ", "NOREPLICAS ")
"""What a Redis says whose memory or disk is full, or that follows another: as good as away until it is put right."""
_TYPED = (OutOfMemoryError, ReadOnlyError)  # redis-py's names for two of these, unless a script met them


def connect(config: Config, **options: Any) -> redis.Redis:
    """The ordinary client. `socket_timeout` is 5 s unless told: blocking calls need their own client."""
    client: redis.Redis = redis.Redis.from_url(config.redis_url, **options)
    pool = client.connection_pool
    pool.connection_class = _plain_spoken(pool.connection_class)
    return client


class TakesNothing(redis.RedisError, OSError):
    """It answers and takes nothing. One of `LOST`; the ordinary client asks nobody like that again and again."""


def _is_away(error: ResponseError) -> bool:
    return isinstance(error, _TYPED) or any(word in str(error) for word in _TAKES_NOTHING)


@cache
def _plain_spoken(connection: type[Any]) -> type[Any]:
    """Connections of this kind, that tell a Redis which takes nothing from a mistake of ours."""

    class PlainSpoken(connection):  # type: ignore[misc]
        def read_response(self, *args: Any, **named: Any) -> Any:
            try:
                return super().read_response(*args, **named)
            except ResponseError as error:
                if _is_away(error):
                    raise TakesNothing(str(error)) from error
                raise

    return PlainSpoken


class Script:
    """A Lua script, sent by its hash."""

    all: ClassVar[list[Script]] = []

    def __init__(self, source: str, keys: int) -> None:
        self.source = source
        self.keys = str(keys)
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        self.all.append(self)


class Lane:
    """Connections that run scripts with nothing in between; the one used last is the next.

    The ordinary client costs about as much Python per call as Redis, parsing and rendering together; each
    message makes two calls. `tell` does not wait: its reply is read before the next call on the same connection.
    """

    def __init__(self, config: Config) -> None:
        self._pool: ConnectionPool = ConnectionPool.from_url(
            config.redis_url,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=config.limits.answer_seconds
            / 4,  # one that hangs is asked twice, and an answer still leaves
            max_connections=1000,
        )
        self.is_away = False
        """Whether the last call found no Redis; whoever can do without does not wait for it then."""
        self._idle: list[_Line] = []
        self.calls = self.tells = 0
        """How often each was done, for the benchmark; threads may lose a count."""

    def call(self, script: Script, *args: str | bytes) -> Any:
        """Run the script and return its answer. Reconnects once; raises redis's ConnectionError after that."""
        self.calls += 1
        try:
            said = self._with_line(lambda line: line.call(script, args))
        except LOST:
            self._forget()  # what was idle is as old as the one that failed
            try:
                said = self._with_line(lambda line: line.call(script, args))
            except LOST:
                self.is_away = True
                raise
        self.is_away = False
        return said

    def tell(self, script: Script, *args: str | bytes) -> None:
        """Send the script without waiting. A lost connection is made anew and the script sent once more."""
        self.tells += 1
        try:
            self._with_line(lambda line: line.tell(script, args))
        except LOST:
            self._forget()
            self._with_line(lambda line: line.call(script, args))

    def close(self) -> None:
        """Close the connections; none may be in use."""
        self._settle()
        self._forget()
        self._pool.disconnect()

    def _with_line(self, use: Callable[[_Line], Any]) -> Any:
        try:
            line = self._idle.pop()
        except IndexError:
            line = self._new_line()
        try:
            said = use(line)
        except BaseException:
            self._hang_up(line)
            raise
        self._idle.append(line)
        if line.has_missed:  # the scripts were flushed, so what was told on the others may be missing too
            line.has_missed = False
            self._settle()
        return said

    def _settle(self) -> None:
        """Make sure that what was told has been done, on every connection that is not in use."""
        idle, self._idle = self._idle, []
        for line in idle:
            try:
                line.settle()
            except LOST:
                self._hang_up(line)
            else:
                line.has_missed = False
                self._idle.append(line)

    def _new_line(self) -> _Line:
        connection = self._pool.get_connection()
        try:
            return _Line(connection)
        except BaseException:  # a Redis that still loads its data says no here, many times a second
            self._let_go(connection)
            raise

    def _forget(self) -> None:
        while self._idle:
            self._hang_up(self._idle.pop())

    def _hang_up(self, line: _Line) -> None:
        self._let_go(line.connection)

    def _let_go(self, connection: Any) -> None:
        connection.disconnect()
        self._pool.release(connection)


_MANY = 16
"""So many replies may wait on one connection; there are two between two calls, as a rule."""


class _Line:
    """One connection that knows all scripts."""

    __slots__ = ("_missed", "_told", "connection", "has_missed")

    def __init__(self, connection: Any) -> None:  # redis-py's Connection, whose methods have no types
        self.connection = connection
        self.has_missed = False
        self._told: deque[tuple[Script, tuple[str | bytes, ...]]] = deque()
        self._missed: deque[tuple[Script, tuple[str | bytes, ...]]] = deque()
        self._load()

    def call(self, script: Script, args: tuple[str | bytes, ...]) -> Any:
        """Run the script and wait for its answer."""
        self._send(_packed(script, args))
        self._hear()
        try:
            said = self.connection.read_response()
        except NoScriptError:
            self._again()
            return self.call(script, args)
        except ResponseError as error:
            if _is_away(error):
                raise RedisConnectionError(str(error)) from error
            raise
        if self._missed:
            self._again()
        return said

    def tell(self, script: Script, args: tuple[str | bytes, ...]) -> None:
        """Send the script, by its hash: whole it would cost Redis a third more. `settle` finds what was flushed."""
        if len(self._told) >= _MANY:
            self.settle()
        self._send(_packed(script, args))
        self._told.append((script, args))

    def settle(self) -> None:
        """Make sure that what was told has been done."""
        while self._told:
            self._hear()
            if self._missed:
                self._again()

    def _hear(self) -> None:
        """Read what came of what was told; nobody waits for it, but somebody may have flushed the scripts."""
        while self._told:
            told = self._told.popleft()
            try:
                self.connection.read_response()
            except NoScriptError:
                self._missed.append(told)
            except ResponseError:
                pass

    def _again(self) -> None:
        """Load the scripts that somebody flushed, and tell what was missed."""
        self.has_missed = True
        self._load()
        while self._missed:
            self._send(_packed(*self._missed[0]))
            self._told.append(self._missed.popleft())

    def _load(self) -> None:
        for script in Script.all:
            self.connection.send_command("SCRIPT", "LOAD", script.source)
        for _ in Script.all:
            self.connection.read_response()

    def _send(self, packed: bytes) -> None:
        self.connection.send_packed_command([packed], check_health=False)


def _packed(script: Script, args: tuple[str | bytes, ...]) -> bytes:
    """The command as it goes over the wire."""
    packed: bytes = pack_command(("EVALSHA", script.sha, script.keys, *args))  # type: ignore[arg-type]  # any length
    return packed
