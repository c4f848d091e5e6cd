"""The task engine may lose, repeat and delay: tasks only say where to look."""

from __future__ import annotations

import queue
import time

import redis

from core.config import Config
from tasks.engine import Engine


def test_tasks_reach_whichever_process_is_free_and_lost_ones_are_handed_out_again(
    config: Config, redis_url: str
) -> None:
    done: queue.Queue[tuple[str, int]] = queue.Queue()
    one = Engine(config, lambda number: done.put(("one", number)), threads=2)
    two = Engine(config, lambda number: done.put(("two", number)), threads=2)
    one.send([1, 2])
    one.send([3])  # tasks are waiting already
    server = redis.Redis.from_url(redis_url)
    assert server.llen(one._waiting) == 2
    server.flushall()  # lost, with all that waited
    one.send([4])
    two.start()
    assert done.get(timeout=20) == ("two", 4)
    one.start()
    seen: set[str] = set()
    deadline = time.monotonic() + 30
    while len(seen) < 2 and time.monotonic() < deadline:
        one.send([5, 6, 7, 8])
        seen.add(done.get(timeout=20)[0])
    one.stop()
    two.stop()
    server.close()
    assert seen == {"one", "two"}


def test_without_redis_nothing_is_handed_out_and_nothing_breaks(config: Config) -> None:
    away = config.model_copy(update={"redis": config.redis.model_copy(update={"url": "unix:///nowhere"})})
    engine = Engine(away, lambda number: None, threads=1)
    engine.send([1])
    engine._broker.close()
    engine._redis.close()
