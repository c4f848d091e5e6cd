"""The task engine: Dramatiq on the Redis we have, inside the worker's process.

A task says only "look at this broadcast again": it carries nothing that is not in the database. So it may be lost
with Redis, come twice, or reach a worker on another machine, and retries, delays and results of the engine are
left out (docs/decisions/0014-task-engine.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError as EngineAway

from core import log
from core.config import Config
from core.redis import LOST, connect

QUEUE = "broadcasts"
HEARTBEAT_MS = 10_000
MAINTENANCE = 50_000
"""How many in a million commands look for what dead workers left; the engine's default is far too rare to see it."""

_log = log.get("engine")


class Engine:
    """One process's part: it hands out tasks, and works on those that anybody handed out."""

    def __init__(self, config: Config, run: Callable[[int], None], *, threads: int) -> None:
        self._redis = connect(config)
        self._broker: Any = RedisBroker(  # type: ignore[no-untyped-call]
            client=self._redis,
            middleware=[],
            namespace=f"{config.redis.prefix}tasks",
            heartbeat_timeout=HEARTBEAT_MS,
            maintenance_chance=MAINTENANCE,
        )
        self._waiting = f"{config.redis.prefix}tasks:{QUEUE}"
        declare = dramatiq.actor(broker=self._broker, actor_name="broadcast", queue_name=QUEUE)
        self._actor = declare(run)
        self._worker = dramatiq.Worker(self._broker, worker_threads=threads, worker_timeout=200)
        # it is noisy while Redis restarts; we say it once
        logging.getLogger("dramatiq").setLevel(logging.CRITICAL)

    def start(self) -> None:
        """Work on tasks until `stop`."""
        self._worker.start()

    def stop(self) -> None:
        """Finish what is being done."""
        self._worker.stop(timeout=30_000)
        self._broker.close()
        self._redis.close()

    def send(self, broadcast_ids: list[int]) -> None:
        """Have somebody look at these, unless tasks are waiting already. A Redis that is away is no harm."""
        try:
            if self._redis.llen(self._waiting):  # its own qsize counts what is being worked on, too
                return
            for broadcast_id in broadcast_ids:
                self._actor.send(broadcast_id)
        except (*LOST, EngineAway) as error:
            _log.warning("Redis away, broadcasts wait", error=type(error).__name__)
