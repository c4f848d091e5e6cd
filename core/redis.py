"""Redis: the ordinary client for ordinary work, and a lean lane for what every message pays."""

from __future__ import annotations

import hashlib
import threading
from typing import Any, ClassVar

import redis
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from core.config import Config

LOST = (RedisConnectionError, RedisTimeoutError, OSError)


def connect(config: Config, **options: Any) -> redis.Redis:
    """The ordinary client. `socket_timeout` is 5 s unless told: blocking calls need their own client."""
    return redis.Redis.from_url(config.redis_url, **options)


class Script:
    """A Lua script, sent by its hash."""

    all: ClassVar[list[Script]] = []

    def __init__(self, source: str, keys: int) -> None:
        self.source = source
        self.keys = str(keys)
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        self.all.append(self)


class Lane:
    """One connection per thread that runs scripts with nothing in between.

    The ordinary client costs about as much Python per call as Redis, parsing and rendering together; each
    message makes two calls. `tell` does not wait: its answer is read before the thread's next call.
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
        self._local = threading.local()
        self.calls = self.tells = 0
        """How often each was done, for the benchmark; threads may lose a count."""

    def call(self, script: Script, *args: str | bytes) -> Any:
        """Run the script and return its answer. Reconnects once; raises redis's ConnectionError after that."""
        try:
            said = self._call(script, args)
        except NoScriptError:
            said = self._load_and_call(script, args)
        except LOST:
            self._drop()
            try:
                said = self._load_and_call(script, args)
            except LOST:
                self._drop()
                self.is_away = True
                raise
        self.is_away = False
        return said

    def tell(self, script: Script, *args: str | bytes) -> None:
        """Send the script without waiting. A lost connection is made anew and the script sent once more."""
        try:
            connection = self._connection()
            self._drain(connection)
            connection.send_packed_command(_packed(script, args), check_health=False)
            self._local.owed = script, args
            self.tells += 1
        except LOST:
            self._drop()
            self._load_and_call(script, args)

    def settle(self) -> None:
        """Wait for what was told. Raises redis's ConnectionError when Redis is gone."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            try:
                self._drain(connection)
            except LOST:
                self._drop()
                raise

    def close(self) -> None:
        """Close the connections of all threads; none may be at work."""
        self._pool.disconnect()
        self._local = threading.local()

    def _call(self, script: Script, args: tuple[Any, ...]) -> Any:
        connection = self._connection()
        self._drain(connection)
        self.calls += 1
        connection.send_packed_command(_packed(script, args), check_health=False)
        return connection.read_response()

    def _load_and_call(self, script: Script, args: tuple[Any, ...]) -> Any:
        connection = self._connection()
        self._drain(connection)
        connection.send_command("EVAL", script.source, script.keys, *args)
        return connection.read_response()

    def _connection(self) -> Any:  # redis-py's Connection, whose methods have no types
        connection: Any = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._pool.get_connection()
            self._local.owed = None
            for (
                script
            ) in Script.all:  # or what is told to a Redis just started would be done only after the next call
                connection.send_command("SCRIPT", "LOAD", script.source)
            for _ in Script.all:
                connection.read_response()
        return connection

    def _drain(self, connection: Any) -> None:
        owed = self._local.owed
        if owed is None:
            return
        self._local.owed = None
        try:
            connection.read_response()
        except NoScriptError:
            script, args = owed
            connection.send_command("EVAL", script.source, script.keys, *args)
            connection.read_response()

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        self._local.owed = None
        if connection is not None:
            connection.disconnect()
            self._pool.release(connection)


def _packed(script: Script, args: tuple[str | bytes, ...]) -> list[bytes]:
    """The command as it goes over the wire."""
    return [pack_command(("EVALSHA", script.sha, script.keys, *args))]  # type: ignore[arg-type]  # any length
