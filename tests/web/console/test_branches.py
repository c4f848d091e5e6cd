"""单位 and 节假日: the tree is changed within one's own branch, and a day that is entered holds at once."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import workdays
from core.config import ROOT
from core.errors import Refused
from models.audit import Audit
from models.people import Organisation, Staff, Worker
from rules import access, calendar, organisations, tree
from tests.rules.cast import NOW
from tests.web.console.office import Office


def acts(office: Office, *names: str) -> list[str]:
    with Session(office.account.engine) as db:
        return list(db.scalars(select(Audit.act).where(Audit.act.in_(names)).order_by(Audit.id)))


def test_a_branch_moves_with_all_that_hangs_on_it(office: Office) -> None:
    seat, north, south = office.seat("boss"), office.ids["north"], office.ids["south"]
    seat.get(f"/organisations/{north}")
    assert seat.post(f"/organisations/{north}/below", below="洪和镇总工会").status_code == 303
    with office.town() as town:
        town_union = organisations.named(town.db, "洪和镇总工会")
        assert town_union
        number = town_union.id
        worker = town.worker(town_union).id
    seat.get(f"/organisations/{number}")
    assert seat.post(f"/organisations/{number}/above", above=str(south)).status_code == 303
    with Session(office.account.engine) as db:
        moved = db.get_one(Organisation, number)
        assert (moved.parent_id, moved.level) == (south, 4)
        assert moved.path == f"{db.get_one(Organisation, south).path}{number}/"
        admins = [db.get_one(Staff, office.ids[f"{name}_admin"]) for name in ("north", "south")]
        found = [
            db.scalar(access.scoped(db, staff, Worker, now=NOW).where(Worker.id == worker))
            for staff in admins
        ]
        assert [one is not None for one in found] == [False, True]
    seat.get(f"/organisations/{north}")
    for path, fields, why in (
        (f"{number}/below", {"below": "五级工会"}, "最多四级"),
        (f"{north}/name", {"name": "城南区总工会"}, "已经有单位用了"),
        (f"{north}/name", {"name": " \u200b"}, "写单位的全称"),
        (f"{south}/above", {"above": str(number)}, "Not a valid|无效|选"),
    ):
        answer = seat.post(f"/organisations/{path}", **fields)
        assert answer.status_code == 422, path
        if "|" not in why:
            assert why in answer.text
    assert seat.post(f"/organisations/{north}/name", name="城北区工会联合会").status_code == 303
    assert acts(office, "organisation_add", "organisation_move", "organisation_rename") == [
        "organisation_add",
        "organisation_move",
        "organisation_rename",
    ]


@pytest.mark.parametrize("whose", ["city", "south"])
def test_ones_own_union_moves_only_by_those_above_it(office: Office, whose: str) -> None:
    seat = office.seat("north_admin")
    own = office.ids["north"]
    assert "移过去" not in seat.get(f"/organisations/{own}").text
    with Session(office.account.engine) as db:
        staff = db.get_one(Staff, office.ids["north_admin"])
        with pytest.raises(Refused, match="not_found"):
            tree.move(
                db, staff, db.get_one(Organisation, own), db.get_one(Organisation, office.ids[whose]), now=NOW
            )


def test_a_union_never_hangs_below_itself_and_never_too_deep(office: Office) -> None:
    with office.town() as town:
        boss = town.db.get_one(Staff, office.ids["boss"])
        street = organisations.add(town.db, "白鹭街道总工会", town.south)
        with pytest.raises(Refused, match="into_itself"):
            tree.move(town.db, boss, town.south, street, now=NOW)
        with pytest.raises(Refused, match="too_deep"):
            tree.move(town.db, boss, town.south, town.north, now=NOW)
        tree.move(town.db, boss, street, town.south, now=NOW)
    assert acts(office, "organisation_move") == []


def test_C7_a_year_without_data_is_warned_of_until_it_is_entered(office: Office) -> None:
    office.account.clock.now = NOW.replace(month=11, day=20)
    seat = office.seat("boss")
    page = seat.get("/days").text
    assert "2027 年的节假日还没有录全" in page
    assert "10月1日 到 10月7日" in page
    assert 'value="2026-' not in page, "no day is chosen beforehand: one tap would close it for everybody"
    for day in ("", "2027-02-30"):
        seat.get("/days")
        assert seat.post("/days", day=day, works_as="0").status_code == 422
    for _ in range(2):
        seat.get("/days")
        assert seat.post("/days", day="2027-01-01", works_as="0").status_code == 303
    assert seat.post("/days", day="2026-10-10", works_as="usual").status_code == 303
    page = seat.get("/days").text
    assert "2027 年的节假日还没有录全" in page, "one day off is not a year"
    assert "1月1日" in page
    for number in range(1, calendar.LEAST_HOLIDAYS):
        assert seat.post("/days", day=f"2027-10-{number:02d}", works_as="0").status_code == 303
        seat.get("/days")
    assert "还没有录全" not in seat.get("/days").text
    with Session(office.account.engine) as db:
        known = calendar.known(db, workdays.load(ROOT / "calendar.yaml"))
        assert known.weekday(date(2027, 1, 1)) is None
        assert known.weekday(date(2026, 10, 10)) == 5, "a Saturday again"
    assert len(acts(office, "calendar_change")) == 1 + calendar.LEAST_HOLIDAYS
    clerk = office.seat("north_clerk")
    assert "由系统管理员录入" in clerk.get("/days").text
    assert clerk.post("/days", day="2027-01-02", works_as="0").status_code == 404
