"""Migrations bring an empty database to exactly what the models say, on both databases."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core import migrate, schema
from core.config import ROOT
from core.db import engine_for
from models import Base


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    return empty_database_url


def test_from_empty_the_tables_equal_the_models(database_url: str) -> None:
    migrate.upgrade(database_url)
    migrate.check(database_url, Base.metadata)


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


@pytest.mark.slow
def test_three_processes_may_migrate_at_once(database_url: str) -> None:
    code = f"from core import migrate; migrate.upgrade({database_url!r})"
    processes = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    migrate.check(database_url, Base.metadata)
