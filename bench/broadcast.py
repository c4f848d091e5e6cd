"""`bench broadcast`: mass calls and memory for many recipients, customer-service messages beside a bare loop."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import requests
from sqlalchemy import insert
from sqlalchemy.orm import Session

from bench import servers
from bot.client import Client
from core import crypto, migrate, redis_server
from core import secrets as own_secrets
from core.clock import utcnow
from core.config import ROOT, Config
from core.config import load as load_config
from core.db import make_engine
from core.redis import connect
from emulator.records import openid_for
from models.broadcasts import Broadcast, Topic, Way
from models.people import Worker
from rules import organisations, staff
from rules.access import Role
from rules.broadcasts import life
from tasks import broadcasts

TEXT = "周六下午体育馆有活动，欢迎来。"
MASS = "/cgi-bin/message/mass/send"


@dataclass(frozen=True)
class Sent:
    """One mass broadcast: how many calls it took, how long, and the worker's largest resident size."""

    people: int
    calls: int
    seconds: float
    peak_rss: int
    counts: dict[str, int]


@dataclass(frozen=True)
class Place:
    """A fresh database with so many followers, whom an emulator knows too."""

    config: Config
    environment: dict[str, str]
    url: str

    def control(self, path: str, body: Any = None) -> Any:
        """A call of the emulator's control API."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/emulator/control/{path}", data, timeout=600) as said:
            return json.load(said)

    def calls(self, path: str) -> int:
        """How often the emulator was called there."""
        return int(self.control(f"calls?path={path}")["count"])


@contextmanager
def prepared(people: int) -> Iterator[Place]:
    """Followers here and there, an embedded Redis and an emulator without limits."""
    with tempfile.TemporaryDirectory(prefix="nj-bench-") as folder:
        port = servers.free_port()
        url = f"http://127.0.0.1:{port}"
        socket = Path(folder) / "bench.sock"
        environment = {
            "NIANGJIA_DATA__DIR": folder,
            "NIANGJIA_WECHAT__API_BASE": url,
            "NIANGJIA_WECHAT__MP_BASE": url,
            "NIANGJIA_REDIS__URL": f"unix://{socket}",
            "NIANGJIA_BROADCASTS__CALLS_PER_MINUTE": "100000",
            "NIANGJIA_BROADCASTS__ASK_AFTER_SECONDS": "5",
        }
        os.environ.update(environment)
        own_secrets.make_missing(load_config())
        config = load_config()
        crypto.use(config)
        migrate.upgrade(config.database_url)
        _follow(config, people)
        redis = redis_server.start(redis_server.prepare(Path(folder) / "redis", socket), f"unix://{socket}")
        emulator = _emulator(config, port)
        try:
            place = Place(config, environment, url)
            _wait_for(place)
            place.control("settings", {"keep_messages": False})
            place.control("people", {"count": people, "window": "message"})
            yield place
        finally:
            emulator.kill()
            emulator.wait()
            redis_server.stop(redis)
            for name in environment:
                os.environ.pop(name, None)


def _follow(config: Config, people: int) -> None:
    engine, now = make_engine(config), utcnow()
    with Session(engine) as db:
        home = organisations.add(db, "测速市总工会")
        for login in ("lin", "wang"):
            staff.add(db, login, name=login, role=Role.MANAGER, organisation=home, now=now)
        numbers = iter(range(1, people + 1))
        while rows := [
            {"openid": openid_for(config.wechat.app_id, n), "created_at": now, "followed_at": now}
            for n in islice(numbers, 10_000)
        ]:
            db.execute(insert(Worker), rows)
        db.commit()
    engine.dispose()


def _emulator(config: Config, port: int) -> subprocess.Popen[bytes]:
    account = {
        "EMULATOR_APP_ID": config.wechat.app_id,
        "EMULATOR_APP_SECRET": config.wechat.app_secret.get_secret_value(),
        "EMULATOR_ORIGINAL_ID": config.wechat.original_id,
    }
    command = [sys.executable, "-m", "emulator", "--port", str(port), "--no-wire", "--no-limits"]
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **account}, stdout=silent, stderr=silent)


def _wait_for(place: Place) -> None:
    for _ in range(300):
        try:
            place.control("status")
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the emulator did not answer")


def start(config: Config, way: Way) -> int:
    """A broadcast to everybody, as two members of staff let it go out; its id."""
    engine, now = make_engine(config), utcnow()
    with Session(engine) as db:
        lin, wang = staff.by_login(db, "lin"), staff.by_login(db, "wang")
        body = {"text": f"{TEXT}{now.timestamp()}"}
        one = life.new(db, lin, "text", body, topic=Topic.ACTIVITY, way=way, audience={}, now=now)
        life.previewed(db, one, lin, version=one.version, now=now)
        life.approve(db, one, wang, now=now)
        life.start(db, one, lin, now=now)
        db.commit()
        number = one.id
    engine.dispose()
    return number


def mass(people: int) -> Sent:
    """Send one mass broadcast by a worker process of its own, until it is done."""
    from rules.broadcasts import results

    with prepared(people) as place, servers.worker(place.environment) as worker:
        began = time.monotonic()
        number = start(place.config, Way.MASS)
        engine = make_engine(place.config)
        while True:
            with Session(engine) as db:
                if db.get_one(Broadcast, number).state == "done":
                    counts = {str(state): n for state, n in results.counts(db, number).items() if n}
                    break
            time.sleep(0.2)
        seconds = time.monotonic() - began
        engine.dispose()
        return Sent(people, place.calls(MASS), seconds, worker.peak_rss(), counts)


def customer(people: int, threads: int, rounds: int) -> tuple[list[float], list[float]]:
    """(ours, a bare loop): people written to in a second, by rounds that take turns."""
    ours: list[float] = []
    bare: list[float] = []
    with prepared(people) as place:
        db = connect(place.config)
        client = Client(place.config, db)
        openids = [openid_for(place.config.wechat.app_id, n) for n in range(1, people + 1)]
        token = client.get_access_token()
        for _ in range(rounds):
            bare.append(people / _timed(lambda: _bare(place.url, token, openids, threads)))
            number = start(place.config, Way.CUSTOMER)
            ours.append(people / _timed(lambda: _ours(place, client, number, threads)))  # noqa: B023
        client.close()
        db.close()
    return ours, bare


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ours(place: Place, client: Client, number: int, threads: int) -> None:
    engine = make_engine(place.config)
    post = broadcasts.Post(engine, client, place.config.broadcasts)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: broadcasts.work(post, number, turn=3600), range(threads)))
    with Session(engine) as db:
        state = db.get_one(Broadcast, number).state
    post.desk.close()
    engine.dispose()
    if state != "done":
        raise RuntimeError(f"the broadcast is {state}")


def _bare(url: str, token: str, openids: list[str], threads: int) -> None:
    def send(part: list[str]) -> None:
        with requests.Session() as session:
            for openid in part:
                body = {"touser": openid, "msgtype": "text", "text": {"content": TEXT}}
                answer = session.post(
                    f"{url}/cgi-bin/message/custom/send",
                    params={"access_token": token},
                    data=json.dumps(body, ensure_ascii=False).encode(),
                    timeout=8,
                ).json()
                if answer["errcode"]:
                    raise RuntimeError(answer)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, [openids[n::threads] for n in range(threads)]))


def median(rates: list[float]) -> float:
    """The round in the middle."""
    return statistics.median(rates)


def machine() -> str:
    """One line on the machine, for the table."""
    return f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB"
