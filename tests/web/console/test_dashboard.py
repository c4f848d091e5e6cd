"""The figures of the weeks on pages, in files and on the wall: nobody finds fewer than five people in them."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import Audit
from models.events import CheckIn
from models.people import Organisation, Staff
from rules import figures, organisations
from tests.rules.cast import NOW
from tests.web.console.office import Office, Seat

OWN = {"city": 2, "north": 1, "south": 4, "a": 3, "b": 8, "c": 6, "d": 0, "e": 31, "f": 2}
ABOVE = {"a": "north", "b": "north", "c": "north", "d": "south", "e": "south", "f": "south"}


@pytest.fixture
def counted(office: Office) -> dict[str, int]:
    """Unions with few and with more check-ins last week; their ids."""
    with office.town() as town:
        unions: dict[str, Organisation] = {"city": town.city, "north": town.north, "south": town.south}
        for name, above in ABOVE.items():
            unions[name] = organisations.add(town.db, f"{name}街道工会", unions[above])
        for name, number in OWN.items():
            for _ in range(number):
                worker = town.worker(unions[name])
                town.db.add(CheckIn(event_id=town.fair.id, worker_id=worker.id, at=NOW - timedelta(weeks=1)))
        town.db.flush()
        while figures.catch_up(town.db, now=NOW):
            pass
        return {name: union.id for name, union in unions.items()}


def numbers_of(seat: Seat, path: str) -> Iterator[tuple[str, int]]:
    """Each check-in figure of last week in a file: whose, and how many."""
    sheet = openpyxl.load_workbook(io.BytesIO(seat.get(path).data)).active
    assert sheet
    for row in sheet.iter_rows(min_row=2, values_only=True):
        if row[1] == "活动签到" and str(row[-2]).isdecimal():
            yield str(row[0]), int(str(row[-2]))


def test_nobody_finds_a_small_number_on_any_page_or_file(office: Office, counted: dict[str, int]) -> None:
    known: dict[str, int] = {}
    with Session(office.account.engine) as db:
        names = {name: db.get_one(Organisation, number).name for name, number in counted.items()}
    for login in ("boss", "north_admin", "south_admin", "north_clerk"):
        seat = office.seat(login)
        for number in counted.values():
            page = seat.get(f"/dashboard?union={number}")
            if page.status_code == 404:
                continue
            known |= dict(numbers_of(seat, f"/dashboard/export?union={number}&of=checkins"))
            for shown in re.findall(r"<title>[^<]*：([\d,]+) 人次</title>", page.text):
                assert int(shown.replace(",", "")) >= 5
    below = {name: {name} | {low for low, above in ABOVE.items() if above == name} for name in OWN}
    below["city"] = set(OWN)
    shown = {name: known[title] for name, title in names.items() if title in known}
    assert shown["city"] == sum(OWN.values())
    assert "e" in shown or "south" in shown, "not everything is hidden"
    for signs in itertools.product((-1, 0, 1), repeat=len(shown)):
        weight = {
            one: sum(s * (one in below[name]) for s, name in zip(signs, shown, strict=True)) for one in OWN
        }
        if set(weight.values()) == {0, 1}:
            found = sum(s * number for s, number in zip(signs, shown.values(), strict=True))
            assert found == 0 or found >= 5, (signs, shown)


def test_the_next_district_and_the_wrong_role_see_none(office: Office, counted: dict[str, int]) -> None:
    assert office.seat("south_admin").get(f"/dashboard?union={counted['north']}").status_code == 404
    assert office.seat("south_admin").get(f"/dashboard?union={counted['city']}").status_code == 404
    assert "城北" not in office.seat("south_admin").get("/dashboard").text
    assert office.seat("north_pro").get("/dashboard").status_code == 404
    assert office.seat("north_review").get("/dashboard/export").status_code == 404, "who may not export"


def test_a_file_is_written_down_and_opens_in_both_kinds(office: Office, counted: dict[str, int]) -> None:
    seat = office.seat("boss")
    text = seat.get("/dashboard/export?kind=csv").data.decode("utf-8-sig")
    assert text.startswith("单位,数据,")
    assert "少于 5" in text
    assert dict(numbers_of(seat, "/dashboard/export"))
    with Session(office.account.engine) as db:
        rows = db.scalars(select(Audit).where(Audit.act == "figures_export")).all()
        assert [row.after and row.after["kind"] for row in rows] == ["csv", "xlsx"]


def test_the_wall_shows_figures_without_a_login_until_its_giver_is_gone(
    office: Office, counted: dict[str, int]
) -> None:
    seat = office.seat("north_admin")
    seat.get("/dashboard")
    assert seat.post("/dashboard/wall", union=str(counted["north"])).status_code == 303
    found = re.search(r"/console(/wall/[\w.-]+)", seat.get("/dashboard").text)
    assert found
    screen = office.seat()
    page = screen.get(found[1])
    assert page.status_code == 200
    assert "城北区总工会" in page.text
    assert "活动签到" in page.text
    assert 'class="side"' not in page.text
    assert screen.get("/dashboard").status_code == 302, "it opens nothing else"
    assert screen.get(found[1][:-2] + "xx").status_code == 404
    assert seat.post("/dashboard/wall", union=str(counted["city"])).status_code == 404
    for login, sees in (("north_admin", True), ("boss", True), ("south_admin", False)):
        told = office.seat(login).get(f"/dashboard?union={counted['north']}").text
        assert ("大屏正在用" in told) is sees
        assert found[1] not in told, "the address is said once"
    seat.get("/dashboard")
    assert seat.post("/dashboard/wall", union=str(counted["north"])).status_code == 303
    newer = re.search(r"/console(/wall/[\w.-]+)", seat.get("/dashboard").text)
    assert newer
    assert screen.get(found[1]).status_code == 404, "the old one is over"
    assert screen.get(newer[1]).status_code == 200
    assert seat.get("/dashboard").text.count("换大屏地址") == 1
    office.account.clock.now += timedelta(days=30)
    assert screen.get(newer[1]).status_code == 404
    assert "放上大屏" in office.seat("north_admin").get("/dashboard").text
    office.account.clock.now -= timedelta(days=1)
    assert screen.get(newer[1]).status_code == 200
    with Session(office.account.engine) as db:
        db.get_one(Staff, office.ids["north_admin"]).disabled_at = NOW
        db.commit()
    assert screen.get(newer[1]).status_code == 404
