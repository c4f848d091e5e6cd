"""The lean lane to Redis, when Redis is not as it should be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import redis
from redis.exceptions import NoPermissionError

from core.config import Config
from core.redis import Lane, Script, connect

_ADD = Script("return redis.call('INCRBY', KEYS[1], ARGV[1])", keys=1)


def test_a_redis_that_takes_no_scripts_yet_costs_no_connections(config: Config) -> None:
    """One that loads its data after a start lets in and says no to the first command, many times a second."""
    server = connect(config)
    server.acl_setuser(
        "weak", enabled=True, passwords=["+w"], keys=["*"], categories=["+@all"], commands=["-script"]
    )
    weak = config.redis.model_copy(update={"url": config.redis_url.replace("unix://", "unix://weak:w@", 1)})
    lane = Lane(config.model_copy(update={"redis": weak}))
    before = server.info("clients")["connected_clients"]
    for _ in range(20):
        with pytest.raises(NoPermissionError):
            lane.call(_ADD, "n", "1")
    assert server.info("clients")["connected_clients"] <= before + 1
    server.acl_setuser("weak", enabled=True, nopass=True, keys=["*"], categories=["+@all"])
    assert lane.call(_ADD, "n", "1") == 1
    lane.close()
    server.acl_deluser("weak")
    server.close()


def test_answers_stay_in_step_whatever_happens_to_what_is_told(config: Config) -> None:
    server = connect(config)
    lane = Lane(config)
    for round_ in range(60):
        if round_ % 7 == 3:
            server.script_flush()
        elif round_ % 7 == 5:
            server.client_kill_filter(_type="normal", skipme=True)
        elif round_ % 7 == 1:
            server.set("wrong", "no number")
            lane.tell(_ADD, "wrong", "1")  # an error that nobody hears
        lane.tell(_ADD, "told", "1")
        assert lane.call(_ADD, "called", "1") == round_ + 1
        with pytest.raises(redis.ResponseError) if round_ % 7 == 2 else nullcontext():
            lane.call(_ADD, "called", "x" if round_ % 7 == 2 else "0")
    lane.close()
    server.close()


def test_what_was_told_is_done_when_somebody_flushed_the_scripts(config: Config) -> None:
    """Once each, on every connection, also on those that nobody uses any more."""
    server = connect(config)
    lane = Lane(config)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            server.script_flush()
            list(pool.map(lambda _: lane.tell(_ADD, "flushed", "1"), range(16)))
    lane.call(_ADD, "flushed", "0")
    server.script_flush()
    lane.tell(_ADD, "flushed", "1")
    lane.close()
    assert server.get("flushed") == b"81"
    server.close()
