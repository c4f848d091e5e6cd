"""Web, workers and Redis as processes of their own, and a hand that kills -9 them; a fresh one comes at once."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core import redis_server
from core.config import ROOT, Config
from tests.races.served import Served
from tests.wechat import environment

ALL_OF_IT = 0.25
"""How often the whole server is killed, with nobody left to answer for a second or two, instead of one process."""

START = 3.0
"""Seconds that a worker has to start before it may be killed again; a busy machine may take longer."""


class Crew:
    """What runs of the product, and `strike` against "web", "worker" and "redis"."""

    def __init__(
        self, config: Config, folder: Path, rng: random.Random, env: dict[str, str], *, workers: int
    ) -> None:
        self.rng = rng
        self.folder = folder
        self.killed: Counter[str] = Counter()
        self.redis_url = f"unix://{folder / 's'}"
        env = env | {"NIANGJIA_REDIS__URL": self.redis_url}
        self.env = environment(config) | env
        self.served = Served(config, folder / "serve.log", processes=2, **env)
        self.redis: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self.wanted = workers

    def start(self) -> None:
        """All of it, Redis first."""
        self.redis = self._start_redis()
        self.served.start()
        self.workers = [self._start_worker(n) for n in range(self.wanted)]

    @property
    def callback_url(self) -> str:
        """Where the platform posts."""
        return f"http://127.0.0.1:{self.served.port}/wechat"

    def _start_redis(self) -> subprocess.Popen[bytes]:
        return redis_server.start(
            redis_server.prepare(self.folder / "data", self.folder / "s"), self.redis_url
        )

    def _start_worker(self, number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "commands", "worker"]
        with self._log(number).open("wb") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)

    def _log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def strike(
        self, kills: dict[str, int], pause: tuple[float, float], check: Callable[[], None] = lambda: None
    ) -> None:
        """kill -9 of each kind so many times, a random while after what is killed had come up. `check` goes before."""
        lucks = {what: random.Random(self.rng.random()) for what in kills}

        def many(what: str) -> None:
            for _ in range(kills[what]):
                self._kill(what, lucks[what], pause, check)

        with ThreadPoolExecutor(len(kills)) as pool:
            others = [pool.submit(many, what) for what in kills if what != "redis"]
            if "redis" in kills:
                many("redis")  # on this thread: a Redis ends with the thread that started it
            for other in others:
                other.result()

    def _kill(
        self, what: str, luck: random.Random, pause: tuple[float, float], check: Callable[[], None]
    ) -> None:
        number = luck.randrange(len(self.workers))
        if what == "worker":
            self._wait_for_worker(number)
        elif what == "web":
            self.served.wait_until_ready()
        time.sleep(luck.uniform(*pause))
        check()
        self.killed[what] += 1
        if what == "redis":
            assert self.redis
            self.redis.kill()
            self.redis.wait()
            self.redis = self._start_redis()
        elif what == "worker":
            self.workers[number].kill()
            self.workers[number].wait()
            self.workers[number] = self._start_worker(number)
        elif luck.random() < ALL_OF_IT:
            self.served.kill_all()
        else:
            self.served.kill_one(luck)

    def _wait_for_worker(self, number: int) -> None:
        until = time.monotonic() + START
        while time.monotonic() < until and b"worker started" not in self._log(number).read_bytes():
            time.sleep(0.02)

    def stop(self) -> None:
        """An orderly end of all that runs."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self.workers = []
        if self.served.process:
            self.served.stop()
        if self.redis:
            redis_server.stop(self.redis)
            self.redis = None


@contextlib.contextmanager
def at_work(config: Config, rng: random.Random, env: dict[str, str], *, workers: int = 1) -> Iterator[Crew]:
    """All of it, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="nj-crew-"))  # the path of a socket is short
    crew = Crew(config, folder, rng, env, workers=workers)
    try:
        crew.start()
        yield crew
    finally:
        crew.stop()
        shutil.rmtree(folder)


def seeded(number: int = 0) -> random.Random:
    """The luck of a test's nth history; the seed is printed, and NIANGJIA_TEST_SEED=… draws the same."""
    given = os.environ.get("NIANGJIA_TEST_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(10**9)
    print(f"NIANGJIA_TEST_SEED={seed}")  # noqa: T201
    return random.Random(f"{seed}-{number}")
