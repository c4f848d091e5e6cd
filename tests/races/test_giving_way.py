"""Two people hold what the other one wants: one of them gives way, is done again, and reads of no error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core.config import Config
from models.audit import Audit
from models.people import Worker
from tests.web.console.office import Office, open_office
from tests.web.mobile.hall import open_hall


@pytest.fixture
def office(config: Config) -> Iterator[Office]:
    with open_office(config) as office:
        yield office


@pytest.mark.postgres  # SQLite lets nobody else write meanwhile
def test_who_gave_way_is_done_again_whole_and_once(office: Office) -> None:
    engine = office.account.engine
    first, second = sorted(office.ids[name] for name in ("north_worker", "south_worker"))
    seat = office.seat("boss")
    seat.get("/workers")
    said = {"ids": f"{first},{second}", "target": str(office.ids["city"]), "step": "do", "reason": "换了单位"}
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def touch(db: Session, number: int) -> None:
        db.execute(update(Worker).where(Worker.id == number).values(created_at=Worker.created_at))

    with Session(engine) as other, Session(engine) as watch, ThreadPoolExecutor(1) as pool:
        other.execute(text("SET LOCAL deadlock_timeout = '1h'"))  # it is the other one who notices
        touch(other, second)
        answer = pool.submit(seat.post, "/workers/bulk/move", **said)
        while not answer.done() and not watch.scalar(waits):
            watch.rollback()
        touch(other, first)
        other.commit()
        assert answer.result().status_code == 303
    assert seat.get("/workers").text.count("2 位职工移过去了") == 1
    with Session(engine) as db:
        unions = db.scalars(select(Worker.organisation_id).where(Worker.id.in_((first, second)))).all()
        assert unions == [office.ids["city"]] * 2
        assert len(db.scalars(select(Audit).where(Audit.act == "worker_move")).all()) == 2


@pytest.mark.slow
@pytest.mark.once  # SQLite's; PostgreSQL has no such lock
def test_who_waits_too_long_for_the_database_is_asked_to_try_again(office: Office, config: Config) -> None:
    """A backup, or a shell, keeps SQLite's write lock: nothing was done, and both pages say so."""
    with open_hall(config) as hall:
        phone, seat = hall.browser(), office.seat("boss")
        phone.opens("/m/forms/photos")
        seat.get("/mine")
        database = hall.account.engine.url.database
        assert database
        assert database == office.account.engine.url.database
        with closing(sqlite3.connect(database, isolation_level=None)) as other, ThreadPoolExecutor(2) as pool:
            other.execute("BEGIN IMMEDIATE")
            worker = pool.submit(phone.sends, "/begin")
            staff = pool.submit(seat.post, "/mine/logins/end")
            for answer in (worker.result(), staff.result()):
                assert answer.status_code == 503
                assert "这会儿有点忙" in answer.text
            other.execute("ROLLBACK")
        phone.opens("/m/forms/photos")
        assert phone.sends("/begin").status_code == 200
