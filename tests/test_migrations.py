"""Migrations bring an empty database to exactly what the models say, on both databases."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import migrate, schema
from core.config import ROOT
from core.db import engine_for
from models import Base
from models.exams import SignUp


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


def test_0007_keeps_everybody_in_line_and_what_was_offered(database_url: str) -> None:
    migrate.upgrade(database_url, to="0006")
    engine = engine_for(database_url)
    at = "'2026-11-23 02:00:00'"
    with engine.begin() as db:
        for row in (
            "organisation (id, level, name, path) VALUES (1, 1, '甲', '/1/')",
            f"worker (id, openid, created_at) VALUES (1, 'o1', {at}), (2, 'o2', {at}), (3, 'o3', {at})",
            "exam_trade (id, name) VALUES (1, '焊工')",
            "exam_level (id, trade_id, level) VALUES (1, 1, 4)",
            "exam_sitting (id, organisation_id, level_id, place, starts_at, opens_at, closes_at, quota, taken, drawn, "
            f"waiting, eligibility) VALUES (1, 1, 1, '厂', '2027-01-01', {at}, '2026-12-01', 1, 1, 3, 1, '[]')",
            *(
                "exam_sign_up (id, sitting_id, worker_id, number, state, name, id_number, phone, employer, agreed, "
                f"id_hash, signed_at, draft_id) VALUES ({n}, 1, {n}, '{n}', '{state}', '', '', '', '', '', '{n}', "
                f"{at}, '{n}')"
                for n, state in ((1, "withdrawn"), (2, "offered"), (3, "waiting"))
            ),
            "waiting (id, kind, subject_id, about_id, worker_id, state, joined_at, offered_at, offer_until) VALUES "
            f"(1, 'exam', 1, 2, 2, 'offered', {at}, {at}, '2026-11-23 04:00:00'), "
            f"(2, 'exam', 1, 3, 3, 'waiting', {at}, NULL, NULL)",
        ):
            db.execute(text(f"INSERT INTO {row}"))
    for step in ("0007", "0006", "head"):
        (migrate.downgrade if step == "0006" else migrate.upgrade)(database_url, to=step)
    with Session(engine) as session:
        columns = (SignUp.state, SignUp.signed_at, SignUp.offered_at, SignUp.offer_until)
        found = session.execute(select(*columns).order_by(SignUp.id)).all()
    assert [one.state for one in found] == ["withdrawn", "offered", "waiting"]
    assert [one.offered_at is not None for one in found] == [False, True, False]
    assert found[1].offer_until - found[1].signed_at == timedelta(hours=2)
    engine.dispose()


@pytest.mark.slow
def test_three_processes_may_migrate_at_once(database_url: str) -> None:
    code = f"from core import migrate; migrate.upgrade({database_url!r})"
    processes = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    migrate.check(database_url, Base.metadata)
