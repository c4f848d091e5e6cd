"""./niangjia exam: sittings within one's reach, and lists that Excel opens as they are meant (D11)."""

from __future__ import annotations

import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from models.audit import Audit
from models.exams import Sitting
from rules.exams import sittings
from rules.exams.signing import Person
from tests.commands.conftest import Niangjia
from tests.rules.cast import Town
from tests.rules.exam_cast import enter, plan

ID = "33019919900307001X"
ODD = ("=1+1", "+86", "-1", "@SUM(A1)", "欧阳娜娜", "𠮷野", "王\x0b小\ufffe", "00712")


@pytest.fixture
def sitting(town: Town) -> Sitting:
    """A sitting of the city with one place, and people with odd names who want it."""
    made = plan(town.db, town.city, now=town.now, quota=1)
    for serial, name in enumerate(ODD):
        number = ID if serial == 0 else f"{serial:018d}"
        who = Person(name, number, date(1990, 3, 7), "13800138000", f"=HYPERLINK({serial})")
        enter(town.db, town.worker(), made, serial, now=town.now, person=who)
    town.staff("lin", town.city)
    town.staff("sun", town.south)
    town.staff("gao", town.city, role="professional")
    town.staff("zhou", town.city, role="clerk")
    town.db.commit()
    return made


def read(file: Path) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(file)
    sheet = book.active
    assert sheet is not None
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows()]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    book.close()
    return rows


def audits(town: Town) -> list[tuple[str, str, str | None]]:
    town.db.rollback()
    found = town.db.scalars(select(Audit).where(Audit.act.startswith("exam_export")).order_by(Audit.id))
    return [(one.act, one.subject, one.reason) for one in found]


def test_D11_a_list_opens_in_excel_with_chinese_intact_and_nothing_counted(
    town: Town, sitting: Sitting, niangjia: Niangjia, tmp_path: Path
) -> None:
    out = tmp_path / "名单.xlsx"
    code, said, _ = niangjia("exam", "export", sitting.id, "--out", out, "--as", "lin")
    assert (code, said) == (0, f"{out}：仓库保管员（四级），8 人（身份证号和手机号已遮住）\n")
    head, *rows = read(out)
    assert head == ("报名号", "姓名", "身份证号", "手机号", "单位", "状态", "报名时间")
    assert [row[1] for row in rows] == ["=1+1", "+86", "-1", "@SUM(A1)", "欧阳娜娜", "𠮷野", "王小", "00712"]
    assert [row[5] for row in rows] == ["有名额", *(f"候补第 {n} 位" for n in range(1, 8))]
    assert rows[0][2] == "330***********001X"
    assert rows[0][3] == "138****8000"
    assert rows[3][4] == "=HYPERLINK(3)"
    with zipfile.ZipFile(out) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        assert ID.encode() not in b"".join(package.read(name) for name in package.namelist())
    assert "<f>" not in sheet, "no formula"
    assert out.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob(".*")) == []
    assert audits(town) == [("exam_export", f"exam:{sitting.id}", None)]


def test_D11_whole_numbers_are_text_for_those_who_may_and_say_why(
    town: Town, sitting: Sitting, niangjia: Niangjia, tmp_path: Path
) -> None:
    out = tmp_path / "list.xlsx"
    code, _, err = niangjia("exam", "export", sitting.id, "--out", out, "--full", "--as", "lin")
    assert code != 0
    assert "--reason" in err
    code, _, err = niangjia(
        "exam", "export", sitting.id, "--out", out, "--full", "--reason", "报市人社局", "--as", "zhou"
    )
    assert code != 0
    assert "查看权限" in err
    assert not out.exists()
    assert audits(town) == []
    code, said, _ = niangjia(
        "exam", "export", sitting.id, "--out", out, "--full", "--reason", "报市人社局", "--as", "lin"
    )
    assert (code, said) == (0, f"{out}：仓库保管员（四级），8 人\n")
    rows = read(out)
    assert rows[1][2] == ID
    assert rows[2][2] == "000000000000000001"
    assert audits(town) == [("exam_export_ids", f"exam:{sitting.id}", "报市人社局")]


def test_D11_who_may_not_see_sign_ups_exports_nothing(
    town: Town, sitting: Sitting, niangjia: Niangjia, tmp_path: Path
) -> None:
    out = tmp_path / "list.xlsx"
    code, _, err = niangjia("exam", "export", sitting.id, "--out", out, "--as", "gao")
    assert (code, "没有找到" in err) == (1, True)
    assert not out.exists()


def test_D11_when_the_file_cannot_be_written_nobody_exported_anything(
    town: Town, sitting: Sitting, niangjia: Niangjia, tmp_path: Path
) -> None:
    out = tmp_path / "nowhere" / "list.xlsx"
    code, _, err = niangjia("exam", "export", sitting.id, "--out", out, "--as", "lin")
    assert code != 0
    assert len(err.splitlines()) == 1
    assert audits(town) == []


def test_the_next_district_sees_nothing_of_it(
    town: Town, sitting: Sitting, niangjia: Niangjia, tmp_path: Path
) -> None:
    out = tmp_path / "list.xlsx"
    code, _, err = niangjia("exam", "export", sitting.id, "--out", out, "--as", "sun")
    assert code != 0
    assert "没有找到" in err
    assert not out.exists()
    assert "仓库保管员" not in niangjia("exam", "list", "--as", "sun")[1]
    code, said, _ = niangjia("exam", "list", "--as", "lin")
    assert code == 0
    assert said.splitlines()[1].split()[5:8] == ["1", "1", "7"], "places, taken, waiting"


def plan_words(town: Town, **changes: str) -> list[str]:
    day = (town.now + timedelta(days=30)).date()
    options = {
        "union": "城南区总工会",
        "trade": "叉车工",
        "level": "5",
        "place": "城南培训站",
        "at": f"{day} 09:00",
        "opens": f"{town.now.date()} 00:00",
        "closes": f"{day} 09:00",
        "quota": "30",
        "service-months": "18",
        "require": "有叉车操作证",
        "as": "sun",
    } | changes
    return ["exam", "add", *(word for name, value in options.items() for word in (f"--{name}", value))]


def test_a_sitting_is_planned_and_on_offer(town: Town, sitting: Sitting, niangjia: Niangjia) -> None:
    code, said, err = niangjia(*plan_words(town))
    assert (code, err) == (0, "")
    assert "叉车工（五级）" in said
    town.db.rollback()
    worker = town.worker(town.south)
    found = [one for one in sittings.on_offer(town.db, worker.id, now=town.now) if one.trade == "叉车工"]
    (one,) = found
    assert [need["words"] for need in one.eligibility] == [
        "考试当天满 18 周岁",
        "做这个工种满 18 个月",
        "有叉车操作证",
    ]
    assert (one.free, one.waiting) == (30, 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"union": "城北区总工会"}, "没有找到"),
        ({"union": "没有的工会"}, "没有这个单位"),
        ({"as": "nobody"}, "没有这个登录名"),
        ({"as": "gao"}, "没有找到"),
        ({"trade": "x"}, "工种名"),
        ({"opens": "2030-01-01 00:00", "closes": "2029-01-01 00:00"}, "时间要按顺序"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    town: Town, sitting: Sitting, niangjia: Niangjia, changes: dict[str, str], words: str
) -> None:
    code, _, err = niangjia(*plan_words(town, **changes))
    assert code != 0
    assert words in err
    assert len(town.db.scalars(select(Sitting)).all()) == 1


def test_places_are_added_and_taken_away(town: Town, sitting: Sitting, niangjia: Niangjia) -> None:
    code, said, _ = niangjia("exam", "quota", sitting.id, 3, "--as", "lin")
    assert code == 0
    assert said == (
        f"场次 {sitting.id} 的名额：1 个改为 3 个，已占 3 个（含待答复的）。\n"
        "按顺序问了 2 位候补的人，要不要这个名额。\n"
    )
    assert niangjia("exam", "list", "--as", "lin")[1].splitlines()[1].split()[5:8] == ["3", "3", "5"]
    for words, why in (
        ((sitting.id, 2, "--as", "lin"), "不能少于已经给出去的名额"),
        ((sitting.id, 9, "--as", "sun"), "没有找到"),
        ((sitting.id, 9, "--as", "gao"), "没有找到"),
        ((999, 9, "--as", "lin"), "没有找到"),
    ):
        code, _, err = niangjia("exam", "quota", *words)
        assert code == 1
        assert why in err
    assert niangjia("exam", "quota", sitting.id, 0, "--as", "lin")[0] == 2
    town.db.rollback()
    (row,) = town.db.scalars(select(Audit).where(Audit.act == "exam_quota")).all()
    assert (row.subject, row.before, row.after) == (f"exam:{sitting.id}", {"quota": 1}, {"quota": 3})
