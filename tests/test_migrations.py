"""Migrations bring an empty database to exactly what the models say, on both databases."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from core import migrate, schema
from core.config import ROOT
from core.db import engine_for
from models import Base
from tests import filled


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    return empty_database_url


def test_from_empty_the_tables_equal_the_models(database_url: str) -> None:
    migrate.upgrade(database_url)
    migrate.check(database_url, Base.metadata)
    engine = engine_for(database_url)
    migrated = filled.shape(engine)
    migrate.downgrade(database_url, "base")
    Base.metadata.create_all(engine)
    migrated["triggers"] = set()  # the audit's, which only the migrations know
    assert filled.shape(engine) == migrated, "checks and conditions too, which Alembic does not compare"
    engine.dispose()


def test_head_is_known_without_the_migration_tool(database_url: str) -> None:
    engine = engine_for(database_url)
    assert schema.current(engine) is None
    migrate.upgrade(database_url)
    assert schema.current(engine) == schema.head()
    assert schema.at_head(engine)
    engine.dispose()


def test_down_and_up_again(database_url: str) -> None:
    migrate.upgrade(database_url)
    migrate.downgrade(database_url, "base")
    migrate.upgrade(database_url)
    migrate.check(database_url, Base.metadata)


def offers(rows: list[dict[str, Any]], of: str) -> list[tuple[Any, ...]]:
    """Which sign-up was offered a place, when and until when."""
    return [(row[of], row["offered_at"], row["offer_until"]) for row in rows]


@pytest.mark.slow
def test_the_newest_migrations_keep_every_row_and_every_constraint_up_and_down(database_url: str) -> None:
    """From what was released last to the newest version and back, with rows in every table on both ends."""
    migrate.upgrade(database_url, to="0006")
    engine = engine_for(database_url)
    filled.fill(engine)
    before, shape = filled.rows(engine), filled.shape(engine)
    assert all(before.values())
    migrate.upgrade(database_url)
    migrate.check(database_url, Base.metadata)
    now, newest = filled.rows(engine), filled.shape(engine)
    for name in before.keys() & now.keys():
        kept = [{key: row[key] for key in row.keys() & now[name][0].keys()} for row in before[name]]
        assert kept == [{key: row[key] for key in kept[0]} for row in now[name]], name
    assert before.keys() - now.keys() == {"waiting"}, "which became two columns of a sign-up"
    assert offers(now["exam_sign_up"], "id") == offers(before["waiting"], "about_id")
    filled.fill(engine)  # what is new
    migrate.downgrade(database_url, "0006")
    back = filled.rows(engine)
    assert filled.shape(engine) == shape
    asked = ("about_id", "worker_id", "state", "offered_at", "offer_until")
    for rows in (before, back):
        rows["waiting"] = [{key: row[key] for key in asked} for row in rows["waiting"]]
    assert back == before
    migrate.upgrade(database_url)
    assert filled.shape(engine) == newest
    engine.dispose()


@pytest.mark.slow
def test_three_processes_may_migrate_at_once(database_url: str) -> None:
    code = f"from core import migrate; migrate.upgrade({database_url!r})"
    processes = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    migrate.check(database_url, Base.metadata)
