"""`bench console`: every list of the console with few and with very many people.

What a list costs must not grow with what it doesn't show. Beside the time stands the work of the database, which no
busy machine changes: steps of SQLite's machine, or blocks that PostgreSQL touched.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session
from werkzeug.test import Client

from bench.booking import scratch
from core import crypto, migrate
from core.clock import utcnow
from core.config import Config
from core.db import make_engine
from models.matchmaking import keys_of
from models.people import Organisation, Staff
from rules import logins, organisations, staff
from rules.access import Role
from rules.appointments import planning
from rules.exams import sittings
from rules.logins import Way, Where
from web.console import appointments, broadcasts, conversations, exams, profiles, workers
from web.console.lists import Listing
from wsgi import create_app

BIG = ("worker", "profile", "profile_key", "audit", "handover", "booking")
"""Tables that must not be read from one end to the other."""
UNIONS = 300
STEPS = 100
COMING = 500
"""Bookings to come; the others are over."""
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗单曾仇解"
GIVEN = "伟芳娜敏静强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红竹云栖江南北海天晨晓"
CHAIN = "0" * 64


@dataclass(frozen=True)
class Row:
    """One address, as one member of staff sees it. `scans`: large tables that were read without an index."""

    who: str
    what: str
    status: int
    queries: int
    work: int
    seconds: float
    scans: tuple[str, ...]


@dataclass
class Watch:
    """What the database is asked while a page is made."""

    said: list[tuple[str, Any]] = field(default_factory=list)
    steps: int = 0


def measured(database: str, people: int, single: int, audits: int) -> tuple[float, list[Row]]:
    """Fill a database of this kind and open everything. How long the fill took, and the rows."""
    with scratch(database) as (config, _):
        migrate.upgrade(config.database_url)
        crypto.use(config)
        engine = make_engine(config)
        began = time.perf_counter()
        members = _fill(engine, people, single, audits)
        took = time.perf_counter() - began
        try:
            return took, list(_rows(config, engine, members, people))
        finally:
            engine.dispose()


def _fill(engine: Engine, people: int, single: int, audits: int) -> dict[str, int]:
    now = utcnow()
    with Session(engine) as db:
        top = organisations.add(db, "云栖省总工会")
        city = organisations.add(db, "临湖市总工会", top)
        districts = [organisations.add(db, f"{number}区总工会", city) for number in range(10)]
        streets = [
            organisations.add(db, f"{number}街道工会", districts[number % 10]) for number in range(UNIONS)
        ]
        members = {
            who: staff.add(db, login, name=login, role=role, organisation=union, now=now).id
            for who, login, role, union in (
                ("manager of the city", "manager", Role.MANAGER, city),
                ("reviewer of a district", "reviewer", Role.REVIEWER, districts[3]),
                ("manager of a street", "street", Role.MANAGER, streets[7]),
            )
        }
        ids = [union.id for union in streets]
        offer = _offer(db, districts[3], members["reviewer of a district"])
        level = sittings.level_of(db, "电工", 5).id
        db.commit()
    dice = random.Random(4)
    moment = _moments(engine, now)
    put = _Put(engine)
    put.rows(
        "worker",
        ("id", "openid", "organisation_id", "created_at", "followed_at", "unfollowed_at"),
        (
            (
                n,
                f"oBENCH{n:022d}",
                dice.choice(ids) if n % 10 else None,
                moment(n),
                moment(n * 7919 % 5_000_000),
                moment(n) if n % 20 == 3 else None,
            )
            for n in range(1, people + 1)
        ),
    )
    names = [
        dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.choice((1, 2, 2)))) for _ in range(single)
    ]
    states = ("listed",) * 90 + ("paused",) * 5 + ("in_review",) * 2 + ("refused",) * 3
    step = people // single
    put.rows(
        "profile",
        ("id", "worker_id", "state", "nickname", "sex", "birth_year", "height_cm", "education", "trade",
         "district", "home_town", "marital", "line", "contact_kind", "consent_version", "consented_at",
         "submitted_at", "draft_id"),
        (
            (n, n * step, states[n * 31 % 100], names[n - 1], "fm"[n % 2], 1970 + n % 35, 170, "本科", "电工", "北区",
             "临湖", "never", "喜欢爬山", "none", "1", moment(n), moment(n * 31 % 3_000_000), f"bench-{n}")
            for n in range(1, single + 1)
        ),
    )  # fmt: skip
    known = {name: sorted(keys_of(name)) for name in set(names)}
    put.rows(
        "profile_key",
        ("key", "profile_id", "worker_id"),
        ((key, n, n * step) for n, name in enumerate(names, 1) for key in known[name]),
    )
    put.rows(
        "handover",
        ("id", "worker_id", "at", "about", "closed_at", "message_key"),
        (
            (n, n % people + 1, moment(n), "chat", None if n % 20 == 1 else moment(n), f"bench-{n}")
            for n in range(1, people // 10 + 1)
        ),
    )
    acts = ("worker_read", "profile_approve", "profile_refuse", "handover_answer", "contact_read")
    put.rows(
        "audit",
        ("id", "at", "staff_id", "organisation_id", "act", "subject", "origin", "previous", "digest"),
        (
            (n, moment(audits - n), None, dice.choice(ids), acts[n % 5], f"worker:{n % 5000}", "bench", CHAIN, CHAIN)
            for n in range(1, audits + 1)
        ),
    )  # fmt: skip
    _calendar(put, moment, people, offer, level, ids, members["manager of the city"])
    monday = date(2026, 11, 16)
    kinds = ("followers", "active", "messages", "bookings", "exams", "profiles", "checkins")
    put.rows(
        "figure",
        ("week", "kind", "organisation_id", "count"),
        (
            ((monday - timedelta(weeks=week)).isoformat(), kind, number, 5 + number * week % 900)
            for week in range(52)
            for kind in kinds
            for number in range(1, UNIONS + 12)
        ),
    )
    put.close()
    return members


def _offer(db: Session, union: Organisation, member: int) -> tuple[int, int, int]:
    """A service of this union, by this member: its number, the professional's and the place's."""
    facts = dict.fromkeys(
        ("minutes", "buffer_minutes", "notice_minutes", "cancel_minutes", "move_minutes"), 10
    )
    service = planning.add_service(db, union, "心理咨询", asks="？", **facts)
    professional = planning.professional_of(db, db.get_one(Staff, member))
    place = planning.place_named(db, union, "一室")
    planning.offer(db, professional, service, place)
    return service.id, professional.id, place.id


def _calendar(
    put: _Put,
    moment: Callable[[int], Any],
    people: int,
    offer: tuple[int, int, int],
    level: int,
    unions: Sequence[int],
    author: int,
) -> None:
    """Bookings, sittings and broadcasts; as many are to come with few people as with many."""
    hour, day = 3600, 86_400
    put.rows(
        "booking",
        ("id", "service_id", "professional_id", "place_id", "worker_id", "starts_at", "ends_at", "state", "made_at",
         "timed_at", "sequence", "token", "draft_id"),
        (
            (n, *offer, n, moment((n - COMING) * 600), moment((n - COMING) * 600 - 600),
             ("booked", "attended", "cancelled")[n % 3], moment(n * 600), moment(n * 600), 0, f"b{n}", f"b{n}")
            for n in range(1, people // 10 + 1)
        ),
    )  # fmt: skip
    few = range(1, people // 1000 + 1)
    put.rows(
        "exam_sitting",
        ("id", "organisation_id", "level_id", "place", "starts_at", "opens_at", "closes_at", "quota", "taken", "drawn",
         "waiting", "eligibility"),
        (
            (n, unions[n % UNIONS], level, f"{n} 号考场", moment((n - 10) * day), moment((n + 40) * day),
             moment((n - 5) * day), 50, 50, 60, 10, "[]")
            for n in few
        ),
    )  # fmt: skip
    put.rows(
        "broadcast",
        ("id", "organisation_id", "topic", "way", "audience", "state", "version", "made_by_id", "made_at", "frozen_to",
         "batches", "tried", "failed", "done_at"),
        (
            (n, unions[n % UNIONS], "news", "mass", "{}", "done", 1, author, moment(n * hour), 9, 1, 9, 0,
             moment(n * hour))
            for n in few
        ),
    )  # fmt: skip
    put.rows(
        "broadcast_version",
        ("broadcast_id", "version", "kind", "body", "written_by_id", "written_at"),
        ((n, 1, "text", '{"text": "放假通知"}', author, moment(n * hour)) for n in few),
    )


def _moments(engine: Engine, now: datetime) -> Any:
    """Seconds ago -> a moment as the driver takes it."""
    if engine.dialect.name == "postgresql":
        return lambda ago: now - timedelta(seconds=ago)
    base = now.astimezone(UTC).replace(tzinfo=None)
    return lambda ago: str(base - timedelta(seconds=ago, microseconds=1))


class _Put:
    """Rows in bulk, past SQLAlchemy, which would take a quarter of an hour for them."""

    def __init__(self, engine: Engine) -> None:
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.link = create_engine(engine.url).raw_connection()
        if self.is_sqlite:
            self.link.cursor().execute("PRAGMA synchronous=OFF")

    def rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        cursor: Any = self.link.cursor()
        if self.is_sqlite:
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        else:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        self.link.commit()

    def close(self) -> None:
        driver: Any = self.link.driver_connection
        if self.is_sqlite:
            self.link.cursor().execute("ANALYZE")
            self.link.commit()
        else:
            driver.autocommit = True
            self.link.cursor().execute("VACUUM ANALYZE")
        self.link.close()


def addresses(now: datetime) -> Iterator[tuple[str, str]]:
    """Every list: its first page, a late one, a search for each way to search, each sort, each filter."""
    yield from (("home", "/"), ("unions", "/organisations"), ("staff", "/staff"))
    yield "figures", "/dashboard"
    yield "audit", "/audit"
    yield "audit, before 30", "/audit?before=30"
    day = (now - timedelta(days=2)).date()
    for name, value in (("act", "contact_read"), ("about", "worker:4711"), ("who", "-"), ("who", "manager"),
                        ("until", day), ("since", day)):  # fmt: skip
        yield f"audit, {name}={value}", f"/audit?{name}={value}"
    lists: dict[str, Listing] = {
        "/workers": workers.LISTING,
        "/profiles": profiles.listing(now),
        "/conversations": conversations.listing(now),
        "/appointments": appointments.listing(now),
        "/exams": exams.listing(now),
        "/broadcasts": broadcasts.listing(now),
    }
    for path, listing in lists.items():
        name = path[1:]
        yield name, path
        yield f"{name}, page 400", f"{path}?page=400"
        for sort in listing.sorts:
            yield f"{name} by {sort}, down", f"{path}?sort=-{sort}"
        for item in listing.filters:
            for value in item.choices:
                yield f"{name}, {item.name}={value}", f"{path}?{item.name}={value}"
        if listing.search:
            for words in ("晓芳", "wxf", "王", "7街道", "总工会", "4711"):
                yield f"{name}, search {words}", f"{path}?q={words}"


def _rows(config: Config, engine: Engine, members: dict[str, int], people: int) -> Iterator[Row]:
    app = create_app(config)
    with _watched(app.extensions["bot"].desk.engine) as watch:
        for who, number in members.items():
            with Session(engine) as db:
                token = logins.open_login(
                    db, db.get_one(Staff, number), Where("127.0.0.1", "bench"), Way.SCAN, now=utcnow()
                )
                db.commit()
            web = Client(app)
            base = config.web.base_url
            web.set_cookie("nj_console", token, domain=base.split("//")[1].split(":")[0], path="/console")
            for what, path in addresses(utcnow()):
                times = []
                for _ in range(3):
                    watch.said.clear()
                    watch.steps = 0
                    before = time.perf_counter()
                    answer = web.get(f"/console{path}", base_url=base)
                    times.append(time.perf_counter() - before)
                if answer.status_code == 404:
                    continue
                asked = list(watch.said)
                scans, blocks = _plans(engine, asked)
                yield Row(
                    who,
                    what,
                    answer.status_code,
                    len(asked),
                    blocks or watch.steps * STEPS,
                    statistics.median(times),
                    scans,
                )


@contextmanager
def _watched(engine: Engine) -> Iterator[Watch]:
    watch = Watch()

    def executed(_link: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        watch.said.append((statement, parameters))

    def step() -> int:
        watch.steps += 1
        return 0

    def checked_out(driver: Any, *_: Any) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.set_progress_handler(step, STEPS)

    event.listen(engine, "after_cursor_execute", executed)
    event.listen(engine, "checkout", checked_out)
    yield watch
    event.remove(engine, "after_cursor_execute", executed)
    event.remove(engine, "checkout", checked_out)


def _plans(engine: Engine, asked: Sequence[tuple[str, Any]]) -> tuple[tuple[str, ...], int]:
    """The large tables that these statements read whole, and the blocks they touched (PostgreSQL)."""
    scans: set[str] = set()
    blocks = 0
    with engine.connect() as link:
        driver: Any = link.connection.driver_connection
        for statement, parameters in asked:
            if not statement.startswith("SELECT"):
                continue
            if engine.dialect.name == "sqlite":
                plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
                scans.update(_scanned(plan, statement))
            else:
                cursor = driver.cursor()
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
                found = cursor.fetchone()[0]
                tree = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
                blocks += tree["Shared Hit Blocks"] + tree["Shared Read Blocks"]
                scans.update(
                    node["Relation Name"]
                    for node in _nodes(tree)
                    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG
                )
        driver.rollback()
    return tuple(sorted(scans)), blocks


def _scanned(plan: Sequence[str], statement: str) -> Iterator[str]:
    """SQLite calls it a scan, too, when it walks by the primary key and stops at the limit; that one is no fault."""
    is_walk = "LIMIT" in statement and not any("TEMP B-TREE FOR ORDER BY" in line for line in plan)
    for line in plan:
        found = re.match(r"SCAN (\w+?)(?:_\d+)?$", line)
        if found and found[1] in BIG and not is_walk:
            yield found[1]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in itertools.chain(node.get("Plans", ())):
        yield from _nodes(below)
