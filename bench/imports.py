"""`bench imports`: files of many rows, looked at and brought in through the console, and lists taken away.

What others feel of it is how long the database cannot be written to meanwhile; SQLite has one lock for all of it.
"""

from __future__ import annotations

import io
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, event, insert, select
from sqlalchemy.orm import Session
from werkzeug.test import Client

from bench.booking import scratch
from core import crypto, migrate
from core.clock import utcnow
from core.db import make_engine
from core.sheets import write_xlsx
from models.people import Organisation, Worker
from rules import logins, organisations, staff
from rules.access import Role
from rules.logins import Way, Where
from wsgi import create_app

STREETS = 300
_FIELD = 'name="{}" value="([^"]+)"'


@dataclass(frozen=True)
class Row:
    """One request. `locked`: seconds from its first statement that writes until commit. `peak`: megabytes that Python
    needed at most beyond what was there, for a list that is taken away."""

    what: str
    seconds: float
    cpu: float
    locked: float
    statements: int
    peak: float | None = None


@dataclass
class _Watch:
    statements: int = 0
    since: float | None = None
    locked: float = 0.0


def measured(database: str, people: int, rows: int) -> Iterator[Row]:
    """Fill a database of this kind, then send each file."""
    with scratch(database) as (config, _):
        migrate.upgrade(config.database_url)
        crypto.use(config)
        engine = make_engine(config)
        try:
            token = _fill(engine, people)
            app = create_app(config)
            web, base = Client(app), config.web.base_url
            domain = base.split("//")[1].split(":")[0]
            web.set_cookie("nj_console", token, domain=domain, path="/console")
            with _watched(app.extensions["bot"].desk.engine) as watch:
                for name, file in _files(engine, rows):
                    yield from _brought_in(web, base, watch, name, file)
                for kind in ("xlsx", "csv"):
                    yield _taken(web, base, watch, kind)
        finally:
            engine.dispose()


def _fill(engine: Engine, people: int) -> str:
    now = utcnow()
    with Session(engine) as db:
        top = organisations.add(db, "云栖省总工会")
        city = organisations.add(db, "临湖市总工会", top)
        district = organisations.add(db, "城北区总工会", city)
        for number in range(STREETS):
            organisations.add(db, f"{number}街道工会", district)
        who = staff.add(db, "boss", name="boss", role=Role.ADMINISTRATOR, organisation=city, now=now)
        db.execute(
            insert(Worker),
            [
                {
                    "openid": f"oBENCH{n:022d}",
                    "created_at": now,
                    "followed_at": now,
                    "organisation_id": district.id,
                }
                for n in range(people)
            ],
        )
        token = logins.open_login(db, who, Where("127.0.0.1", "bench"), Way.SCAN, now=now)
        db.commit()
    return token


def _files(engine: Engine, rows: int) -> Iterator[tuple[str, bytes]]:
    with Session(engine) as db:
        workers = db.scalars(select(Worker.id).order_by(Worker.id).limit(rows)).all()
        unions = db.scalars(select(Organisation.name).where(Organisation.level == 4)).all()
    yield (
        "members",
        _xlsx(
            ("职工编号", "单位", "原因"),
            [(str(one), unions[place % len(unions)], "入会登记") for place, one in enumerate(workers)],
        ),
    )
    above = "城北区总工会"
    yield (
        "organisations",
        _xlsx(("单位名称", "上级单位"), [(f"第{number}纺织厂工会", above) for number in range(rows)]),
    )
    days = [date(2030, 1, 1) + timedelta(days=number) for number in range(rows)]
    yield (
        "holidays",
        _xlsx(("日期", "安排", "按周几上班"), [(day.isoformat(), "放假", "") for day in days]),
    )


def _xlsx(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> bytes:
    out = io.BytesIO()
    write_xlsx(out, "表", head, rows, widths=[12] * len(head))
    return out.getvalue()


def _brought_in(web: Client, base: str, watch: _Watch, name: str, file: bytes) -> Iterator[Row]:
    path = f"/console/imports/{name}"
    token = _found("csrf_token", web.get(path, base_url=base).text)
    sent: dict[str, Any] = {"csrf_token": token, "file": (io.BytesIO(file), "表.xlsx")}
    answers = []

    def send(to: str, **fields: Any) -> None:
        answers.append(web.post(f"{path}/{to}", base_url=base, data={"csrf_token": token, **fields}))

    yield _timed(f"{name}: look", watch, lambda: send("check", **sent))
    run = _found("run", answers[-1].text)
    yield _timed(f"{name}: bring in", watch, lambda: send("done", run=run))
    assert answers[-1].status_code == 303, answers[-1].text
    assert "导入好了" in web.get(path, base_url=base).text


def _taken(web: Client, base: str, watch: _Watch, kind: str) -> Row:
    path = "/console/workers/export"
    token = _found("csrf_token", web.get(path, base_url=base).text)
    fields = {"csrf_token": token, "kind": kind, "whole": "", "reason": ""}

    def take() -> None:
        answer = web.post(path, base_url=base, data=fields)
        assert answer.status_code == 200
        assert len(answer.data) > 10_000

    row = _timed(f"workers as {kind}", watch, take)
    tracemalloc.start()
    take()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return replace(row, peak=peak)


def _found(name: str, text: str) -> str:
    found = re.search(_FIELD.format(name), text)
    assert found, text
    return found[1]


def _timed(what: str, watch: _Watch, act: Callable[[], None]) -> Row:
    watch.statements, watch.locked = 0, 0.0
    began, cpu = time.perf_counter(), time.process_time()
    act()
    took, spent = time.perf_counter() - began, time.process_time() - cpu
    return Row(what, took, spent, watch.locked, watch.statements)


@contextmanager
def _watched(engine: Engine) -> Iterator[_Watch]:
    watch = _Watch()

    def executed(_link: Any, _cursor: Any, statement: str, *_: Any) -> None:
        watch.statements += 1
        if watch.since is None and not statement.lstrip()[:6].upper().startswith("SELECT"):
            watch.since = time.perf_counter()

    def over(_db: Session) -> None:
        if watch.since is not None:
            watch.locked += time.perf_counter() - watch.since
            watch.since = None

    event.listen(engine, "before_cursor_execute", executed)
    for end in ("after_commit", "after_rollback"):
        event.listen(Session, end, over)
    yield watch
    event.remove(engine, "before_cursor_execute", executed)
    for end in ("after_commit", "after_rollback"):
        event.remove(Session, end, over)
