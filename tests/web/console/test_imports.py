"""D6: every file is checked first, each bad cell is named, all or nothing, and twice is once."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from core import workdays
from core.config import ROOT
from models.audit import Audit
from models.calendar import CalendarDay
from models.imports import ImportRun
from models.people import Organisation, Worker
from rules import audit, calendar, retention
from tests.rules.cast import NOW
from tests.web.console.office import BASE, BROWSER, Office, Seat

HOLIDAYS = "日期,安排,按周几上班\n2027-02-14,上班,周五\n2月16日,放假,\n2027-10-01,放假,\n"


def send(seat: Seat, name: str, data: bytes | str, called: str = "名单.csv") -> Any:
    """Choose a file and have it checked."""
    seat.get(f"/imports/{name}")
    token = re.search(r'name="csrf_token" value="([^"]+)"', seat.page)
    assert token
    body = data.encode() if isinstance(data, str) else data
    answer = seat.web.post(
        f"/console/imports/{name}/check",
        base_url=BASE,
        headers={"User-Agent": BROWSER},
        data={"csrf_token": token[1], "file": (io.BytesIO(body), called)},
    )
    seat.page = answer.text
    return answer


def bring_in(seat: Seat, name: str, run: str = "") -> Any:
    """Say yes to what was shown."""
    found = re.search(r'name="run" value="(\d+)"', seat.page)
    return seat.post(f"/imports/{name}/done", run=run or (found[1] if found else ""))


def count(office: Office, table: Any) -> int:
    with Session(office.account.engine) as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def bad(page: str) -> list[tuple[str, str, str]]:
    return re.findall(r'第 (\d+) 行</td><td>([^<]*)</td><td class="wide">([^<]*)<', page)


def test_D6_each_bad_cell_is_named_and_nothing_is_changed(office: Office) -> None:
    seat = office.seat("boss")
    answer = send(
        seat,
        "holidays",
        "安排（放假还是上班）,日期*,按周几上班,备注\n"
        "放假,2027-02-30,,x\n休息,2027-02-16,,\n上班,2027-02-14,,\n上班,2027-02-15,周五,\n,2027-05-01,,\n"
        "放假,2027-05-02,,\n放假,2027-05-02,,\n",
    )
    assert answer.status_code == 422
    found = bad(answer.text)
    assert [(line, column) for line, column, _ in found] == [
        ("2", "日期"), ("3", "安排"), ("4", "按周几上班"), ("5", "安排"), ("6", "安排"), ("8", "日期"),
    ]  # fmt: skip
    assert "本来就上班" in found[3][2]
    assert found[1][2] == "填其中一个：放假、上班、照常。"
    assert found[5][2] == "和第 7 行重复。"
    assert all(re.search("[\u4e00-\u9fff]", why) for *_, why in found)
    assert count(office, CalendarDay) == count(office, ImportRun) == 0
    assert "缺少这一列" in send(seat, "holidays", "日期\n2027-02-14\n").text
    assert "有两列都叫这个名字" in send(seat, "holidays", "日期,日期,安排\n2027-02-14,,放假\n").text


def test_D6_a_file_that_is_not_what_its_name_says_is_told_how_to_be_saved(office: Office) -> None:
    seat = office.seat("boss")
    for called in ("名单.xlsx", "名单.XLS"):
        answer = send(seat, "holidays", HOLIDAYS, called)
        assert answer.status_code == 422
        assert "里面却不是 Excel 表格" in answer.text
        assert "另存为" in answer.text
        assert "缺少这一列" not in answer.text
    assert "旧版的 .xls" in send(seat, "holidays", b"\xd0\xcf\x11\xe0" + bytes(600), "名单.xls").text
    wrong = bad(send(seat, "holidays", "姓名,手机\n某人,1\n").text)
    assert [(line, column) for line, column, _ in wrong] == [("1", "整行")]
    assert "日期、安排" in wrong[0][2]
    assert "都看过了，没有问题" in send(seat, "holidays", HOLIDAYS.encode("gbk"), "名单.CSV").text


@pytest.mark.parametrize("name", ["holidays", "organisations", "members"])
def test_D6_a_file_with_nothing_in_it_is_said_to_be_so(office: Office, name: str) -> None:
    seat = office.seat("boss")
    template = seat.get(f"/imports/{name}/template").data
    for data, said in ((template, "下面一行也没有填"), (b"", "文件是空的")):
        answer = send(seat, name, data)
        assert (answer.status_code, said in answer.text, 'name="run"' in answer.text) == (422, True, False)
    assert count(office, ImportRun) == 0


def test_D6_holidays_hold_at_once_and_the_same_file_changes_nothing(office: Office) -> None:
    seat = office.seat("boss")
    shown = send(seat, "holidays", HOLIDAYS).text
    assert "3</b> 行会有变化" in shown
    assert count(office, CalendarDay) == 0, "only shown"
    run = re.search(r'name="run" value="(\d+)"', shown)
    assert run
    assert bring_in(seat, "holidays").status_code == 303
    assert count(office, CalendarDay) == 3
    for _ in range(2):
        seat.get("/imports/holidays")
        assert bring_in(seat, "holidays", run[1]).status_code == 303
    again = send(seat, "holidays", HOLIDAYS.encode("gbk"))
    assert (again.status_code, "已经导入过" in again.text) == (409, True)
    more = send(seat, "holidays", HOLIDAYS + "2027-10-02,放假,\n").text
    assert "1</b> 行会有变化，3 行本来就是这样" in more
    with Session(office.account.engine) as db:
        known = calendar.known(db, workdays.load(ROOT / "calendar.yaml"))
        assert not known.knows(2027), "two days off are not all of a year"
        assert known.worked[date(2027, 2, 14)] == 4
        assert date(2027, 10, 1) in known.holidays
        assert known.weekday(date(2026, 10, 1)) is None, "the file still holds"
        acts = db.scalars(select(Audit.act).order_by(Audit.id)).all()
        assert acts == ["calendar_change"] * 3 + ["import"]
        done, kept = db.scalars(select(ImportRun).order_by(ImportRun.id))
        assert (done.content, kept.done_at) == (None, None)
        assert kept.content
        assert retention.forget_imports(db, NOW.replace(year=2030)) == 1


def test_D6_unions_are_added_below_each_other_or_not_at_all(office: Office) -> None:
    seat = office.seat("boss")
    good = "单位名称,上级单位\n白鹭街道总工会,城南区总工会\n"
    deep = "纺织厂工会,白鹭街道总工会\n"
    answer = send(seat, "organisations", good + deep)
    assert answer.status_code == 422
    assert bad(answer.text) == [("3", "整行", "单位最多四级，这一个太深了。")]
    assert count(office, Organisation) == 4
    send(seat, "organisations", good)
    assert bring_in(seat, "organisations").status_code == 303
    assert count(office, Organisation) == 5
    other = send(
        office.seat("north_admin"),
        "organisations",
        "单位名称,上级单位\n白鹭街道总工会,城北区总工会\n新厂工会,城南区总工会\n",
    )
    assert "城南区" not in other.text, "what is not ours looks like what is not there"
    assert "在“别的单位”下面" in other.text


def test_workers_are_assigned_and_the_next_district_is_not_found(office: Office) -> None:
    seat = office.seat("boss")
    ours, theirs = office.ids["north_worker"], office.ids["south_worker"]
    said = f"职工编号,单位,原因\n{ours},城南区总工会,入会登记\n"
    north = office.seat("north_admin")
    refused = send(north, "members", f"职工编号,单位,原因\n{theirs},城北区总工会,x\n{ours},城南区总工会,x\n")
    assert "没有找到这位职工" in refused.text
    assert "没有找到这个单位" in refused.text
    send(seat, "members", said)
    assert bring_in(north, "members", re.search(r'run" value="(\d+)', seat.page)[1]).status_code == 404  # type: ignore[index]
    assert bring_in(seat, "members").status_code == 303
    with Session(office.account.engine) as db:
        assert db.get_one(Worker, ours).organisation_id == office.ids["south"]
        moved = db.scalars(select(Audit).where(Audit.act == "worker_move")).one()
        assert (moved.subject, moved.reason) == (f"worker:{ours}", "入会登记")


def test_nothing_happened_when_things_changed_between_the_check_and_the_yes(office: Office) -> None:
    seat = office.seat("boss")
    send(seat, "organisations", "单位名称,上级单位\n一号工会,城南区总工会\n二号工会,城南区总工会\n")
    with office.town() as town:
        town.db.add(
            Organisation(name="二号工会", parent_id=town.north.id, level=4, path=f"{town.north.path}99/")
        )
    answer = bring_in(seat, "organisations")
    assert (answer.status_code, "一行也没有导入" in answer.text) == (409, True)
    assert count(office, Organisation) == 5


@pytest.mark.parametrize("name", ["holidays", "organisations", "members"])
def test_the_template_can_be_filled_in_and_brought_in(office: Office, name: str) -> None:
    seat = office.seat("boss")
    data = seat.get(f"/imports/{name}/template").data
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    notes = [row[1].value for row in book["填写说明"].iter_rows()]
    assert str(head[0]).endswith("*")
    assert any("必填" in str(note) for note in notes)
    filled = {
        "holidays": ("2027-05-01", "放假", ""),
        "organisations": ("白鹭街道总工会", "城南区总工会"),
        "members": (str(office.ids["north_worker"]), "城南区总工会", "入会"),
    }[name]
    for column, words in enumerate(filled, 1):
        sheet.cell(2, column).value = words
    out = io.BytesIO()
    book.save(out)
    assert "没有问题" in send(seat, name, out.getvalue()).text


def test_who_may_not_change_brings_in_nothing(office: Office) -> None:
    seat = office.seat("north_clerk")
    assert seat.get("/imports").status_code == 404
    for name in ("holidays", "organisations", "members"):
        assert seat.get(f"/imports/{name}").status_code == 404
        assert seat.get(f"/imports/{name}/template").status_code == 404
        seat.get("/mine")
        assert seat.post(f"/imports/{name}/check").status_code == 404
        assert seat.post(f"/imports/{name}/done", run="1").status_code == 404


def test_a_check_writes_nothing_but_the_file_and_many_rows_cost_no_more_statements(office: Office) -> None:
    """Whoever writes in chat waits for SQLite's one lock, and for the end of the audit's chain."""
    seat = office.seat("boss")
    costs = [cost(office, seat, *file) for count in (1, 3, 40) for file in files(office, count)]
    assert costs[3:6] == costs[6:], "whatever the first one needed"
    with Session(office.account.engine) as db:
        assert audit.verify(db) is None


def files(office: Office, count: int) -> Iterator[tuple[str, str, int]]:
    """Each kind of file with so many rows."""
    with office.town() as town:
        workers = [town.worker(town.north).id for _ in range(count)]
    days = [date(2030 + count, 1, 1) + timedelta(days=number) for number in range(count)]
    for name, head, rows in (
        ("holidays", "日期,安排", [f"{day},放假" for day in days]),
        ("organisations", "单位名称,上级单位", [f"第{count}-{n}厂工会,城南区总工会" for n in range(count)]),
        ("members", "职工编号,单位,原因", [f"{one},城南区总工会,入会" for one in workers]),
    ):
        yield name, "\n".join((head, *rows)), count


def cost(office: Office, seat: Seat, name: str, file: str, count: int) -> int:
    """How many statements it takes; SQLite alone adds unions one by one."""
    asked: list[str] = []

    def ask(_link: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(office.account.engine, "before_cursor_execute", ask)
    assert f"{count}</b> 行会有变化" in send(seat, name, file).text
    assert [one[:23] for one in asked if not one.startswith("SELECT")] == ["INSERT INTO import_run "]
    assert bring_in(seat, name).status_code == 303
    event.remove(office.account.engine, "before_cursor_execute", ask)
    return sum(not one.startswith("INSERT INTO organisation") for one in asked)
