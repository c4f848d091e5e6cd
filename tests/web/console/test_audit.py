"""The search of what staff did: found by who, what, on whom and when, within one's reach, and itself written down."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.config import ROOT
from models.audit import Audit
from models.people import Staff
from rules import audit
from tests.rules.cast import NOW
from tests.web.console.office import Office, Seat
from web.console import words


@pytest.fixture
def busy(office: Office) -> Office:
    """Sixty rows of the north, one each day, and one of the south."""
    with Session(office.account.engine) as db:
        north = db.get_one(Staff, office.ids["north_clerk"])
        for number in range(60):
            moment = NOW - timedelta(days=59 - number)
            change = {
                "reason": f"原因{number}",
                "before": {"state": "in_review"},
                "after": {"state": "listed"},
            }
            act = "profile_approve" if number % 2 else "worker_read"
            audit.note(db, north, act, f"worker:{number % 6}", now=moment, **change)  # type: ignore[arg-type]
            db.flush()
        audit.note(
            db, db.get_one(Staff, office.ids["south_review"]), "worker_read", "worker:1", now=NOW, reason="南"
        )
        audit.note(db, None, "card_revoke", "card:9", now=NOW)
        db.commit()
    return office


def numbers(seat: Seat, query: str = "") -> list[int]:
    return [int(one) for one in re.findall(r'href="/console/audit/(\d+)"', seat.get(f"/audit{query}").text)]


def test_everything_is_found_page_by_page_newest_first(busy: Office) -> None:
    seat = busy.seat("north_admin")
    first = numbers(seat)
    assert len(first) == 50
    assert first == sorted(first, reverse=True)
    rest = numbers(seat, f"?before={first[-1]}")
    assert set(first) & set(rest) == set()
    with Session(busy.account.engine) as db:
        north = db.scalars(select(Audit.id).where(Audit.organisation_id == busy.ids["north"])).all()
    assert set(first) | set(rest) >= set(range(1, 61))
    assert set(first) | set(rest) <= set(north)


def test_it_is_found_by_who_what_whom_and_when(busy: Office) -> None:
    seat = busy.seat("boss")
    assert len(numbers(seat, "?who=north_clerk&act=profile_approve")) == 30
    assert numbers(seat, "?about=worker:3&who=north_clerk") == [58, 52, 46, 40, 34, 28, 22, 16, 10, 4]
    assert numbers(seat, "?about=职工 3&who=north_clerk") == numbers(seat, "?about=worker:3&who=north_clerk")
    day = (NOW - timedelta(days=9)).date()
    assert numbers(seat, f"?who=north_clerk&since={day}&until={day}") == [51]
    assert numbers(seat, "?who=nobody") == []
    assert numbers(seat, "?who=-") == [], "what was done at the terminal is for those at the top"
    assert len(numbers(seat, "?since=x&until=0000-01-01&before=x&act=%00")) == 50, (
        "what is asked wrongly is not asked"
    )


def test_old_and_new_are_opened_one_by_one_and_that_is_a_row(busy: Office) -> None:
    seat = busy.seat("north_admin")
    page = seat.get("/audit?about=worker:5").text
    assert "原因" not in re.sub(r"<section class=\"chain\".*", "", page, flags=re.S)
    shown = seat.get("/audit/60").text
    assert "原因59" in shown
    assert "状态" in shown
    assert "待审" in shown
    assert "in_review" not in shown
    with Session(busy.account.engine) as db:
        rows = db.scalars(
            select(Audit).where(Audit.staff_id == busy.ids["north_admin"]).order_by(Audit.id)
        ).all()
        assert [(row.act, row.subject) for row in rows] == [
            ("audit_search", "audit"),
            ("audit_read", "audit:60"),
        ]
        assert rows[0].after == {"about": "worker:5"}
        number, digest = audit.head(db)
        assert audit.verify(db) is None
    assert f"{number}:{digest}" in seat.get("/audit").text


def test_the_next_district_finds_none_of_ours(busy: Office) -> None:
    seat = busy.seat("south_admin")
    assert set(numbers(seat)) & set(range(1, 61)) == set()
    assert 61 in numbers(seat)
    assert 62 not in numbers(seat)
    assert numbers(seat, "?who=north_clerk") == []
    assert seat.get("/audit/60").status_code == 404
    assert busy.seat("north_review").get("/audit").status_code == 404
    assert "north_clerk" not in seat.get("/audit/export?kind=csv").data.decode()


def test_the_file_has_what_was_found_and_no_reasons_and_is_a_row(busy: Office) -> None:
    seat = busy.seat("north_admin")
    sheet = openpyxl.load_workbook(io.BytesIO(seat.get("/audit/export?act=profile_approve").data)).active
    assert sheet
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) == 30
    assert "原因" not in str(rows)
    with Session(busy.account.engine) as db:
        row = db.scalars(select(Audit).where(Audit.act == "audit_export")).one()
        assert row.after == {"rows": 30, "kind": "xlsx", "filter": {"act": "profile_approve"}}


def written(source: Path) -> Iterator[tuple[str, str]]:
    """The acts that a file writes down, and the kinds of what they are on, as far as the file itself says them."""
    tree = ast.parse(source.read_text())
    named = {
        target.id: one.value
        for one in ast.walk(tree)
        if isinstance(one, ast.Assign)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or ast.unparse(call.func) not in {"audit.note", "audits.note"}:
            continue
        act, subject = (
            named.get(one.id, one) if isinstance(one, ast.Name) else one for one in call.args[2:4]
        )
        first = next((one.value for one in ast.walk(subject) if isinstance(one, ast.Constant)), None)
        for one in [act.body, act.orelse] if isinstance(act, ast.IfExp) else [act]:
            if isinstance(one, ast.Constant):
                yield str(one.value), str(first).partition(":")[0] if first else ""


def test_every_act_and_what_it_is_on_has_its_word() -> None:
    folders = ("bot", "commands", "demo", "handlers", "rules", "tasks", "web")
    sources = [source for folder in folders for source in (ROOT / folder).rglob("*.py")]
    found = {one for source in sources for one in written(source)}
    assert len(found) > 40
    assert not {act for act, _ in found} - set(words.ACTS)
    assert not {kind for _, kind in found if kind} - set(words.SUBJECTS)
