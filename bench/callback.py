"""`bench callback`: our bot with demo data beside a bare WeRoBot robot, under the same server and settings."""

from __future__ import annotations

import os
import secrets
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bench import load, messages, servers
from core import crypto, migrate, redis_server
from core import secrets as own_secrets
from core.clock import utcnow
from core.config import Config
from core.config import load as load_config
from core.db import make_engine
from demo import people, scenery
from models.matchmaking import Card
from qr.scenes import CardScene

OURS, PEER = "wsgi:create_app", "bench.peer:create_app"
NAMES = {OURS: "niangjia", PEER: "bare WeRoBot"}
SEED = 7
STEPS = (
    "1",
    "1990",
    "176",
    "本科",
    "护士",
    "西湖区",
    "嘉兴",
    "喜欢慢跑，也爱做饭",
    "小测",
    "未婚",
    "85-92",
    "3",
    "同意",
)
"""Answers to the profile form, one after another."""


@dataclass(frozen=True)
class Row:
    """One system, one mode, one kind of message: the median of the rounds."""

    system: str
    rate: float
    p50: float
    p99: float
    cpu_per_1000: float
    peak_rss: int
    bad: int


@dataclass(frozen=True)
class Place:
    """A data folder with everybody in it, and the environment that leads a process there."""

    config: Config
    environment: dict[str, str]
    tokens: Sequence[str]
    people: int


@contextmanager
def prepared(count: int, mode: str) -> Iterator[Place]:
    """A fresh database with `count` listed people, and an embedded Redis."""
    with tempfile.TemporaryDirectory(prefix="nj-bench-") as folder:
        environment = {
            "NIANGJIA_DATA__DIR": folder,
            "NIANGJIA_WECHAT__MODE": mode,
            "NIANGJIA_LIMITS__TIMESTAMP_SECONDS": "3600",  # messages are made before they are sent
        }
        os.environ.update(environment)
        own_secrets.make_missing(load_config())
        config = load_config()
        crypto.use(config)
        migrate.upgrade(config.database_url)
        engine = make_engine(config)
        with Session(engine) as db:
            scenery.build(db, now=utcnow())
            db.flush()
            people.generate(db, count, SEED)
            db.commit()
            tokens = db.scalars(select(Card.token).limit(2000)).all()
        engine.dispose()
        path = Path(folder) / "bench.sock"
        url = f"unix://{path}"
        redis = redis_server.start(redis_server.prepare(Path(folder) / "bench-redis", path), url)
        environment["NIANGJIA_REDIS__URL"] = os.environ["NIANGJIA_REDIS__URL"] = url
        try:
            yield Place(load_config(), environment, tokens, count)
        finally:
            redis_server.stop(redis)
            for name in environment:
                os.environ.pop(name, None)


Make = Callable[[messages.Signer, str], list[list[bytes]]]
"""Makes the conversations of a round, each a list of requests in their order; the label tells rounds apart."""


def kinds(place: Place, count: int) -> dict[str, Make]:
    """What is sent, for each kind of message."""

    def single(make: Callable[[int], tuple[str, str]]) -> Make:
        def conversations(signer: messages.Signer, label: str) -> list[list[bytes]]:
            return [[signer.request(xml, openid)] for openid, xml in map(make, range(count))]

        return conversations

    def keyword(n: int) -> tuple[str, str]:
        who = people.openid(SEED, n * 7919 % place.people)
        return who, messages.text(who, "帮助")

    def scan(n: int) -> tuple[str, str]:
        who = people.openid(SEED, n * 7919 % place.people)
        return who, messages.scan(who, CardScene(place.tokens[n % len(place.tokens)]).pack())

    def form(signer: messages.Signer, label: str) -> list[list[bytes]]:
        return [
            [signer.request(messages.text(who, step), who) for step in STEPS]
            for who in _fillers(count, label)
        ]

    return {"keyword": single(keyword), "card scan": single(scan), "form step": form}


def _fillers(count: int, label: str) -> list[str]:
    """Those who fill in the form in a round."""
    return [f"oform{label}x{n}" for n in range(count // len(STEPS))]


def _openings(signer: messages.Signer, label: str, count: int) -> list[list[bytes]]:
    """The message that opens the form, from everybody who will fill it in."""
    return [[signer.request(messages.text(who, "现在做"), who)] for who in _fillers(count, label)]


def compare(
    place: Place, mode: str, kind: str, *, count: int, connections: int, rounds: int
) -> tuple[Row, Row]:
    """The peer and us: a round of one, a round of the other, and so on, so that a busy moment hits both alike."""
    make = kinds(place, count)[kind]
    results: dict[str, list[tuple[load.Result, float]]] = {PEER: [], OURS: []}
    peaks = {}
    with servers.running(PEER, place.environment) as peer, servers.running(OURS, place.environment) as ours:
        for number in range(rounds + 1):
            for target, server in ((PEER, peer), (OURS, ours)):
                signer = messages.Signer(place.config, mode, server.port)
                label = secrets.token_hex(4)
                conversations = make(signer, label)
                if kind == "form step":
                    load.drive(server.port, _openings(signer, label, count), connections)
                before = server.cpu_seconds()
                result = load.drive(server.port, conversations, connections)
                cpu = server.cpu_seconds() - before
                if number:  # the first round warms up
                    results[target].append((result, cpu / len(result.latencies) * 1000))
        for target, server in ((PEER, peer), (OURS, ours)):
            peaks[target] = server.peak_rss()
    return _row(PEER, results[PEER], peaks[PEER]), _row(OURS, results[OURS], peaks[OURS])


def _row(target: str, results: list[tuple[load.Result, float]], peak: int) -> Row:
    return Row(
        NAMES[target],
        statistics.median(result.rate for result, _ in results),
        statistics.median(result.percentile(0.5) for result, _ in results),
        statistics.median(result.percentile(0.99) for result, _ in results),
        statistics.median(cpu for _, cpu in results),
        peak,
        sum(result.bad for result, _ in results),
    )


@dataclass(frozen=True)
class Cost:
    """What one message of a kind asks of the database and of Redis."""

    kind: str
    statements: int
    writes: int
    calls: int
    tells: int


def costs(place: Place, mode: str) -> list[Cost]:
    """Count, in this process, what one message of each kind costs, once everything is warm."""
    from wsgi import create_app

    if place.config.database_url.partition(":")[0] != "sqlite":
        return []
    seen: list[str] = []
    app: Flask = create_app(place.config)
    bot = app.extensions["bot"]
    event.listen(bot.desk.engine, "connect", lambda driver, _: driver.set_trace_callback(seen.append))
    signer = messages.Signer(place.config, mode, 0)
    result = []
    for kind, make in kinds(place, 4 * len(STEPS)).items():
        if kind == "form step":
            for (request,) in _openings(signer, "cost", 4 * len(STEPS)):
                _post(app, request)
        queue = [request for conversation in make(signer, "cost") for request in conversation]
        for request in queue[:3]:
            _post(app, request)
        seen.clear()
        calls, tells = bot.lane.calls, bot.lane.tells
        _post(app, queue[3])
        statements = [one for one in seen if one.split()[0] not in ("BEGIN", "COMMIT", "ROLLBACK")]
        writes = [one for one in statements if not one.lstrip().startswith("SELECT")]
        result.append(
            Cost(kind, len(statements), len(writes), bot.lane.calls - calls, bot.lane.tells - tells)
        )
    return result


def _post(app: Flask, request: bytes) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    path = head.split(b" ", 2)[1].decode()
    answer = app.test_client().post(path, data=body, content_type="text/xml")
    if answer.status_code != 200:
        raise RuntimeError(f"not answered: {answer.status_code}")


@dataclass(frozen=True)
class Footprint:
    """Memory of all processes of `serve` and one `worker` after some traffic, in bytes."""

    processes: int
    rss: int
    pss: int


def footprint(place: Place, mode: str) -> Footprint:
    """Start both, send scans, and add up: resident (shared pages count each time) and proportional (once)."""
    with servers.running(OURS, place.environment) as server, servers.worker(place.environment) as worker:
        signer = messages.Signer(place.config, mode, server.port)
        load.drive(server.port, kinds(place, 2000)["card scan"](signer, "memory"), 32)
        found = [*server.memory(), *worker.memory()]
    return Footprint(len(found), sum(rss for rss, _ in found), sum(pss for _, pss in found))
