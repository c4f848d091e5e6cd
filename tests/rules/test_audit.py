"""G10: the audit is a chain; whoever changes, moves or deletes a row is found, and the database refuses it at all."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Connection, Engine, Table, event, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import crypto, migrate
from core.config import Config
from core.db import Desk, commit, engine_for
from models.audit import Audit, AuditHead
from models.people import Staff
from rules import audit
from rules.audit import Fault
from tests.rules.cast import NOW, Town

TABLE = cast(Table, Audit.__table__)
FIELDS: dict[str, Any] = {
    "at": NOW + timedelta(microseconds=1),
    "staff_id": None,
    "organisation_id": None,
    "act": "profile_refuse",
    "subject": "profile:8",
    "reason": "别的原因",
    "before": {"state": "paused"},
    "after": None,
    "origin": "10.0.0.1 Chrome",
    "previous": "f" * 64,
    "digest": "f" * 64,
}


@pytest.fixture
def lin(town: Town) -> Staff:
    return town.staff("lin", town.city)


def write(town: Town, staff: Staff, count: int = 5) -> list[Audit]:
    rows = [
        audit.note(
            town.db,
            staff,
            "profile_approve",
            f"profile:{number}",
            now=NOW + timedelta(seconds=number),
            reason="好的",
            before={"state": "in_review", "of": [1, {"二": 2.5}]},
            after={"state": "listed"},
            origin="192.0.2.7 Firefox",
        )
        for number in range(1, count + 1)
    ]
    town.db.commit()
    return rows


@contextmanager
def unguarded(engine: Engine) -> Iterator[Connection]:
    """Somebody who owns the database, and has done away with what guards it."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
            return
        found = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'")
        ).all()
        assert found
        for name, _ in found:
            connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection
        for _, sql in found:
            connection.execute(text(sql))


def test_G10_a_row_says_who_when_where_what_on_whom_why_and_old_and_new(town: Town, lin: Staff) -> None:
    write(town, lin, 2)
    first, second = town.db.scalars(select(Audit).order_by(Audit.id))
    assert (first.id, first.staff_id, first.organisation_id, first.at) == (
        1,
        lin.id,
        town.city.id,
        NOW + timedelta(seconds=1),
    )
    assert (first.act, first.subject, first.reason) == ("profile_approve", "profile:1", "好的")
    assert first.before == {"state": "in_review", "of": [1, {"二": 2.5}]}
    assert (first.after, first.origin) == ({"state": "listed"}, "192.0.2.7 Firefox")
    assert (second.previous, len(first.previous or "")) == (first.digest, 64)
    assert audit.head(town.db) == (2, second.digest)
    assert audit.verify(town.db) is None


def test_where_it_came_from_is_the_sessions_unless_it_is_said(town: Town, lin: Staff) -> None:
    at_terminal = audit.note(town.db, None, "staff_add", "staff:1", now=NOW)
    audit.acting_from(town.db, "192.0.2.7 Firefox\r\n" + "x" * 300)
    in_browser = audit.note(town.db, lin, "worker_unmask", "worker:1", now=NOW)
    town.db.commit()
    assert (at_terminal.origin, at_terminal.organisation_id) == (audit.COMMAND, None)
    assert in_browser.origin.startswith("192.0.2.7 Firefox xxx")
    assert len(in_browser.origin) == 200
    assert audit.verify(town.db) is None


def test_G10_many_at_once_stand_in_the_chain_as_if_one_by_one(town: Town, lin: Staff) -> None:
    audit.acting_from(town.db, "192.0.2.7 Firefox")
    audit.note(town.db, lin, "before", "profile:1", now=NOW)
    deeds = [audit.Deed(f"worker:{number}", "入会", {"of": number}, {"是": True}) for number in range(3)]
    audit.note_all(town.db, lin, "worker_move", deeds, now=NOW)
    audit.note_all(town.db, lin, "nothing", [], now=NOW)
    audit.note(town.db, None, "after", "import:members", now=NOW)
    town.db.commit()
    rows = town.db.scalars(select(Audit).order_by(Audit.id)).all()
    assert [(row.id, row.act, row.origin) for row in rows] == [
        (number, act, "192.0.2.7 Firefox")
        for number, act in enumerate(("before", *("worker_move",) * 3, "after"), 1)
    ]
    assert [(row.staff_id, row.subject, row.reason, row.before, row.after) for row in rows[1:4]] == [
        (lin.id, *deed) for deed in deeds
    ]
    assert audit.verify(town.db) is None


def test_nothing_written_yet_is_in_order(town: Town) -> None:
    assert audit.head(town.db) == (0, audit.GENESIS)
    assert audit.verify(town.db) is None


def test_what_is_rolled_back_leaves_no_gap(town: Town, lin: Staff) -> None:
    write(town, lin, 2)
    audit.note(town.db, lin, "lost", "profile:9", now=NOW)
    town.db.flush()
    town.db.rollback()
    with town.db.begin_nested() as inner:
        audit.note(town.db, lin, "lost", "profile:9", now=NOW)
        town.db.flush()
        inner.rollback()
    write(town, lin, 1)
    assert town.db.scalars(select(Audit.id).order_by(Audit.id)).all() == [1, 2, 3]
    assert audit.verify(town.db) is None


@pytest.mark.parametrize("field", FIELDS)
def test_G10_a_change_of_any_field_names_the_row(town: Town, lin: Staff, field: str) -> None:
    assert set(FIELDS) == {column.name for column in TABLE.columns} - {"id"}
    write(town, lin)
    with unguarded(town.engine) as connection:
        connection.execute(update(TABLE).where(TABLE.c.id == 3).values({field: FIELDS[field]}))
    town.db.expire_all()
    assert audit.verify(town.db) == Fault(3, "moved" if field == "previous" else "changed")


@pytest.mark.parametrize("field", ["reason", "before", "after"])
def test_G10_what_cannot_be_opened_any_more_is_a_change(town: Town, lin: Staff, field: str) -> None:
    write(town, lin)
    with unguarded(town.engine) as connection:
        connection.execute(text(f"UPDATE audit SET {field} = :junk WHERE id = 2"), {"junk": b"\0" * 40})
    assert audit.verify(town.db) == Fault(2, "changed")


@pytest.mark.parametrize("number", [1, 3])
def test_G10_a_deleted_row_is_named(town: Town, lin: Staff, number: int) -> None:
    write(town, lin)
    with unguarded(town.engine) as connection:
        connection.execute(text("DELETE FROM audit WHERE id = :number"), {"number": number})
    assert audit.verify(town.db) == Fault(number, "missing")


def test_G10_rows_cut_off_at_the_end_are_named(town: Town, lin: Staff) -> None:
    write(town, lin)
    with unguarded(town.engine) as connection:
        connection.execute(text("DELETE FROM audit WHERE id > 3"))
    assert audit.verify(town.db) == Fault(4, "missing")


def test_G10_who_winds_the_head_back_too_is_found_by_what_was_kept_elsewhere(town: Town, lin: Staff) -> None:
    write(town, lin)
    known = audit.head(town.db)
    with unguarded(town.engine) as connection:
        connection.execute(text("DELETE FROM audit WHERE id > 3"))
        digest = connection.execute(text("SELECT digest FROM audit WHERE id = 3")).scalar_one()
        connection.execute(text("UPDATE audit_head SET number = 3, digest = :digest"), {"digest": digest})
    assert audit.verify(town.db) is None
    assert audit.verify(town.db, known=known) == Fault(4, "missing")
    write(town, lin, 2)
    assert audit.verify(town.db) is None
    assert audit.verify(town.db, known=known) == Fault(5, "cut")
    with unguarded(town.engine) as connection:
        connection.execute(text("DELETE FROM audit_head"))
    assert audit.verify(town.db) == Fault(5, "cut")


@pytest.mark.parametrize("with_numbers", [True, False])
def test_G10_two_rows_that_changed_places_are_named(town: Town, lin: Staff, with_numbers: bool) -> None:
    """With their links left where they were, or taken along."""
    write(town, lin)
    links = [] if with_numbers else ["previous", "digest"]
    moved = [column for column in (*FIELDS, "id") if column not in ("id", *links)]
    with unguarded(town.engine) as connection:
        rows = {
            row["id"]: dict(row)
            for row in connection.execute(text("SELECT * FROM audit WHERE id IN (2, 4)")).mappings()
        }
        assert set(rows) == {2, 4}
        for here, there in ((2, 4), (4, 2)):
            values = ", ".join(f"{column} = :{column}" for column in moved)
            connection.execute(
                text(f"UPDATE audit SET {values} WHERE id = :id"),
                {column: rows[there][column] for column in moved} | {"id": here},
            )
    assert audit.verify(town.db) == Fault(2, "moved" if with_numbers else "changed")


def test_G10_a_row_put_in_is_named(town: Town, lin: Staff) -> None:
    write(town, lin)
    with unguarded(town.engine) as connection:
        columns = ", ".join(name for name in FIELDS if name not in ("previous", "digest"))
        connection.execute(
            text(f"INSERT INTO audit (id, {columns}) SELECT id + 5, {columns} FROM audit WHERE id = 1")
        )
    assert audit.verify(town.db) == Fault(6, "moved")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET act = 'x' WHERE id = 1",
        "DELETE FROM audit WHERE id = 1",
        "UPDATE audit_head SET number = 1",
        "UPDATE audit_head SET digest = 'x'",
        "DELETE FROM audit_head",
        "INSERT INTO audit (at, act, subject, origin) SELECT at, act, subject, origin FROM audit",
        "TRUNCATE audit",
        "TRUNCATE audit_head",
    ],
)
def test_G10_the_database_refuses_whoever_would_edit_it(town: Town, lin: Staff, statement: str) -> None:
    if town.engine.dialect.name == "sqlite" and statement.startswith("TRUNCATE"):
        statement = statement.replace("TRUNCATE", "DELETE FROM")
    write(town, lin, 2)
    with pytest.raises(DBAPIError, match="the audit is final"), town.engine.begin() as connection:
        connection.execute(text(statement))
    assert audit.verify(town.db) is None


def test_two_transactions_at_the_same_time_never_take_the_same_place(config: Config, town: Town) -> None:
    """Both have read the head before either takes it; and then four at once, with thirty rows each."""
    town.staff("lin", town.city)
    town.db.commit()
    both = threading.Barrier(2)

    def at_head(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT audit_head") and threading.current_thread().name in waiting:
            waiting.discard(threading.current_thread().name)
            both.wait(10)

    waiting = {"one", "two"}
    desk = Desk(town.engine)
    errors: list[BaseException] = []

    def act(name: str, rows: int) -> None:
        try:
            for _ in range(rows):
                with desk.session() as db:
                    staff = db.scalars(select(Staff)).one()
                    audit.note(db, staff, name, "profile:1", now=NOW)
                    audit.note(db, staff, name, "profile:2", now=NOW)
                    commit(db)
        except BaseException as error:
            errors.append(error)

    def at_once(*names: str, rows: int) -> None:
        threads = [threading.Thread(target=act, args=(name, rows), name=name) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    event.listen(town.engine, "before_cursor_execute", at_head)
    at_once("one", "two", rows=1)
    event.remove(town.engine, "before_cursor_execute", at_head)
    assert waiting == set()
    at_once("three", "four", "five", "six", rows=15)
    desk.close()
    assert errors == []
    town.db.rollback()
    assert town.db.scalars(select(Audit.id).order_by(Audit.id)).all() == list(range(1, 125))
    assert audit.verify(town.db) is None


def test_a_new_field_key_breaks_nothing(town: Town, lin: Staff, config: Config) -> None:
    from cryptography.fernet import Fernet
    from pydantic import SecretStr

    write(town, lin, 2)
    old = config.security.field_keys.get_secret_value()
    keys = SecretStr(f"{Fernet.generate_key().decode()},{old}")
    crypto.use(
        config.model_copy(update={"security": config.security.model_copy(update={"field_keys": keys})})
    )
    with unguarded(town.engine) as connection:
        connection.execute(
            update(TABLE).values(reason="好的", before={"of": [1, {"二": 2.5}], "state": "in_review"})
        )
    write(town, lin, 1)
    assert audit.verify(town.db) is None


@pytest.mark.slow
def test_rows_from_before_there_was_a_chain_stay_and_are_counted_on(
    empty_database_url: str, config: Config
) -> None:
    crypto.use(config)
    migrate.upgrade(empty_database_url, to="0004")
    engine = engine_for(empty_database_url)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO organisation (id, level, name, path) VALUES (1, 1, '市总工会', '/1/')")
        )
        for number, role in enumerate(("officer", "counsellor", "lawyer"), 1):
            connection.execute(
                text(
                    "INSERT INTO staff (id, organisation_id, login, name, role, created_at) "
                    "VALUES (:number, 1, :role, :role, :role, '2026-01-01 00:00:00+00')"
                ),
                {"number": number, "role": role},
            )
            connection.execute(
                text(
                    "INSERT INTO audit (id, at, staff_id, act, subject) "
                    "VALUES (:number, '2026-01-01 00:00:00+00', 1, 'old', 'profile:1')"
                ),
                {"number": number * 2},
            )
    migrate.upgrade(empty_database_url)
    with Session(engine) as db:
        assert db.scalars(select(Staff.role).order_by(Staff.id)).all() == [
            "manager",
            "professional",
            "professional",
        ]
        assert audit.verify(db) is None
        for number in (7, 8):
            audit.note(db, db.get_one(Staff, 1), "new", f"profile:{number}", now=NOW)
        db.commit()
        rows = db.scalars(select(Audit).order_by(Audit.id)).all()
        assert [(row.id, row.act, row.origin, row.organisation_id) for row in rows] == [
            *((number, "old", "command", 1) for number in (2, 4, 6)),
            *((number, "new", "command", 1) for number in (7, 8)),
        ]
        assert audit.verify(db) is None
    with unguarded(engine) as connection:
        connection.execute(text("DELETE FROM audit WHERE id = 6"))
    with Session(engine) as db:
        assert audit.verify(db) == Fault(5, "missing")
    engine.dispose()
    migrate.downgrade(empty_database_url, "0004")
    migrate.upgrade(empty_database_url)


def many(town: Town, staff: Staff, count: int) -> None:
    """So many rows at once."""
    for begin in range(0, count, 1000):
        deeds = (
            audit.Deed(f"worker:{number}", "核对身份", None, {"phone": True})
            for number in range(begin, min(begin + 1000, count))
        )
        audit.note_all(town.db, staff, "worker_unmask", deeds, now=NOW)
        town.db.commit()


def peak(act: Callable[[], object]) -> float:
    """Megabytes that an act needed at most beyond what was there."""
    tracemalloc.start()
    act()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_verified_in_flat_memory(town: Town, lin: Staff) -> None:
    write(town, lin, 1)
    many(town, lin, 3000)
    assert audit.verify(town.db) is None
    few = peak(lambda: audit.verify(town.db))
    many(town, lin, 97_000)
    assert audit.head(town.db)[0] == 100_001
    assert audit.verify(town.db) is None
    assert peak(lambda: audit.verify(town.db)) < few + 1


def test_G10_nobody_makes_rows_look_older_than_the_chain(town: Town, lin: Staff) -> None:
    write(town, lin)
    known = audit.head(town.db)
    with unguarded(town.engine) as connection:
        connection.execute(update(TABLE).values(digest=None, act="forged"))
    town.db.expire_all()
    assert audit.verify(town.db) == Fault(5, "changed"), "the head is still there"
    with unguarded(town.engine) as connection:
        connection.execute(update(AuditHead).values(digest=audit.GENESIS))
    town.db.expire_all()
    assert audit.verify(town.db) == Fault(5, "changed"), "nobody can write the beginning of a chain"
    assert audit.verify(town.db, known=known) == Fault(5, "changed")
    write(town, lin, 1)
    assert audit.verify(town.db, known=known) == Fault(5, "changed")
