"""A worker process that writes to a thousand people, its own Redis, and a hand that kills both at random moments."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from core import redis_server
from core.config import ROOT, Config
from tests.tasks.campaign import Campaign
from tests.wechat import environment

QUICK = {
    "NIANGJIA_BROADCASTS__BATCH_SIZE": "50",
    "NIANGJIA_BROADCASTS__SLICE_SIZE": "100",
    "NIANGJIA_BROADCASTS__CALLS_PER_MINUTE": "100000",
    "NIANGJIA_BROADCASTS__LEASE_SECONDS": "2",
    "NIANGJIA_BROADCASTS__REPEAT_SECONDS": "1",
    "NIANGJIA_BROADCASTS__ASK_AFTER_SECONDS": "1",
}


class Killer:
    """The worker and Redis, as processes of their own; `strike` kills one of them and starts it again."""

    def __init__(self, config: Config, campaign: Campaign, folder: Path, rng: random.Random) -> None:
        self.rng = rng
        self.config = config
        self.folder = folder
        self.url = f"unix://{folder / 's'}"
        self.log = (folder / "worker.log").open("ab")
        self.env = environment(campaign.config) | QUICK | {"NIANGJIA_REDIS__URL": self.url}
        self.redis = self._start_redis()
        self.worker = self._start_worker()
        self.killed: list[str] = []

    def _start_redis(self) -> subprocess.Popen[bytes]:
        return redis_server.start(redis_server.prepare(self.folder / "data", self.folder / "s"), self.url)

    def _start_worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "commands", "worker"]
        return subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log)

    def strike(self) -> None:
        """kill -9 of one of the two, then a fresh one."""
        if self.rng.random() < 0.3:
            self.redis.kill()
            self.redis.wait()
            self.killed.append("redis")
            self.redis = self._start_redis()
        else:
            self.worker.kill()
            self.worker.wait()
            self.killed.append("worker")
            self.worker = self._start_worker()

    def stop(self) -> None:
        self.worker.terminate()
        try:
            self.worker.wait(20)
        except subprocess.TimeoutExpired:
            self.worker.kill()
            self.worker.wait()
        redis_server.stop(self.redis)
        self.log.close()


@contextlib.contextmanager
def sending(config: Config, campaign: Campaign, rng: random.Random) -> Iterator[Killer]:
    """A worker at work for this campaign."""
    folder = Path(tempfile.mkdtemp(prefix="nj-send-"))  # the path of a socket is short
    killer = Killer(config, campaign, folder, rng)
    try:
        yield killer
    finally:
        killer.stop()
        shutil.rmtree(folder)


def seeded() -> random.Random:
    given = os.environ.get("NIANGJIA_TEST_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(10**9)
    print(f"NIANGJIA_TEST_SEED={seed}")  # noqa: T201
    return random.Random(seed)


def wait_until(campaign: Campaign, broadcast_id: int, seconds: float) -> None:
    """Until the broadcast is done; what stands where is told when it is not."""
    deadline = time.monotonic() + seconds
    while campaign.get(broadcast_id).state != "done":
        if time.monotonic() > deadline:
            one = campaign.get(broadcast_id)
            raise AssertionError(f"{one.state} {one.pause_reason}: {campaign.counts(broadcast_id)}")
        time.sleep(0.05)
