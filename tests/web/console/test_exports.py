"""D11: any list can be taken away as it is seen, opens in Excel as it is meant, and each time is written down."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.sheets import write_csv, write_xlsx
from models.audit import Audit
from tests.web.console.office import Office, Seat

LISTS = ("workers", "profiles", "conversations", "staff")


def taken(seat: Seat, path: str, **fields: str) -> list[list[str]]:
    """The rows of a CSV export, its head first."""
    assert seat.get(path).status_code == 200
    answer = seat.post(path, kind="csv", **fields)
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by its mark"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def notes(office: Office) -> list[Audit]:
    with Session(office.account.engine) as db:
        return list(db.scalars(select(Audit).where(Audit.act.startswith("export")).order_by(Audit.id)))


def test_D11_what_is_exported_is_what_is_listed_and_it_is_written_down(office: Office) -> None:
    with office.town() as town:
        evil = town.profile(nickname="=1+1", sex="m", contact="13800138001")
        town.profile(nickname="@SUM(A1)", sex="m", contact="13800138002")
        number = evil.worker_id
    seat = office.seat("north_admin")
    head, *rows = taken(seat, "/profiles/export?sex=m&sort=-number&page=7")
    assert head[:4] == ["编号", "交来时间", "称呼", "性别"]
    assert [row[2] for row in rows] == ["'@SUM(A1)", "'=1+1"], "this filter, this order, nothing counted"
    assert {row[-1] for row in rows} == {"138****8001", "138****8002"}
    answer = seat.post("/workers/export?q==1%2B1", kind="xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.active is not None
    (_, (first, name, *_)) = book.active.iter_rows()
    assert (first.value, name.value, name.data_type, name.quotePrefix) == (str(number), "=1+1", "s", True)
    book.close()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    one, other = notes(office)
    assert (one.act, one.subject, one.staff_id) == ("export", "list:profiles", office.ids["north_admin"])
    assert one.after == {"rows": 2, "filter": {"sex": "m", "sort": "-number"}, "kind": "csv"}
    assert other.after == {"rows": 1, "filter": {"q": "=1+1"}, "kind": "xlsx"}


def test_D11_whole_values_need_the_permission_and_a_reason(office: Office) -> None:
    seat = office.seat("north_admin")
    path = "/workers/export"
    assert "138****0000" in str(taken(seat, path))
    seat.get(path)
    refused = seat.post(path, kind="csv", whole="yes", reason=" \u200b")
    assert (refused.status_code, "要写一句用途" in refused.text) == (422, True)
    assert "13800000000" in str(taken(seat, path, whole="yes", reason="回访"))
    clerk = office.seat("north_clerk")
    assert "完整显示" not in clerk.get(path).text
    assert clerk.post(path, kind="csv", whole="yes", reason="回访").status_code == 404
    assert [(note.act, note.reason) for note in notes(office)] == [("export", None), ("export_whole", "回访")]


@pytest.mark.parametrize("name", LISTS)
def test_nobody_exports_what_they_may_not_see_or_may_not_take_away(office: Office, name: str) -> None:
    for login in ("north_review", "north_duty", "north_pro"):
        seat = office.seat(login)
        assert seat.get(f"/{name}/export").status_code == 404, login
        assert seat.post(f"/{name}/export", kind="csv").status_code == 404
        assert "导出" not in seat.get(f"/{name}").text
    assert office.seat("north_clerk").get("/staff/export").status_code == 404
    rows = taken(office.seat("south_admin"), f"/{name}/export")
    said = str(rows)
    assert "北" not in said
    assert "north" not in said
    assert len(rows) > 1
    assert len(notes(office)) == 1


def test_D11_a_long_list_takes_no_more_memory_than_a_short_one() -> None:
    def rows(count: int) -> Any:
        return ((f"{number}", "小禾", "城北区总工会") for number in range(count))

    class Nowhere(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            return len(data)

    tracemalloc.start()
    peaks = []
    for count in (1000, 20_000):
        tracemalloc.reset_peak()
        assert write_csv(Nowhere(), ("a", "b", "c"), rows(count)) == count  # type: ignore[arg-type]
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000


def test_D11_long_numbers_and_leading_zeros_survive() -> None:
    odd = ["33019919900307001X", "330199199003070012", "0071", "-1", "\tx", "＝1", "\n=1", 'a,b"c\n二']
    out = io.BytesIO()
    write_csv(out, ["数"], [[one] for one in odd])
    read = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))
    assert [row[0] for row in read[1:]] == [
        "\t33019919900307001X", "\t330199199003070012", "\t0071", "'-1", "'\tx", "'＝1", "'\n=1", "a,b\"c\n二",
    ]  # fmt: skip
    out = io.BytesIO()
    write_xlsx(out, "数/[单]", ["数"], [[one] for one in odd], widths=[9])
    book = openpyxl.load_workbook(io.BytesIO(out.getvalue()))
    assert book.active is not None
    assert [cell.value for (cell,) in book.active.iter_rows(min_row=2)] == odd
    assert {cell.data_type for (cell,) in book.active.iter_rows()} == {"s"}
    book.close()
