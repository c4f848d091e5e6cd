"""D6: a file from anybody's Excel is read as it was meant, and one that would do harm is refused."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from core import excel
from core.sheets import write_csv, write_xlsx
from forms.imports.reading import BYTES, ROWS, Unreadable, read

HEAD = ["准考证号", "姓名"]
ROW = ["0071", "王小禾"]


def book(*rows: list[object], number_format: str = "General") -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cell in sheet["A"]:
        cell.number_format = number_format
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_D6_any_encoding_is_read_and_zeros_survive(encoding: str, delimiter: str) -> None:
    text = "\r\n".join(delimiter.join(row) for row in (HEAD, ROW, ["", ""])) + "\r\n"
    table = read(text.encode(encoding))
    assert (table.head, table.rows) == (HEAD, [(2, ROW)])


def test_D6_what_we_wrote_ourselves_is_read_back() -> None:
    rows = [["=1+1", "0071"], ["33019919900307001X", "330199199003070012"], ["二\n三", '"引号",']]
    for kind in ("csv", "xlsx"):
        out = io.BytesIO()
        if kind == "csv":
            write_csv(out, HEAD, rows)
        else:
            write_xlsx(out, "名单", HEAD, rows, widths=[9, 9])
        found = [row for _, row in read(out.getvalue()).rows]
        assert found == [["=1+1", "0071"], rows[1], ["二 三", '"引号",']], kind


def test_D6_cells_of_excel_are_read_as_one_would_type_them() -> None:
    table = read(book(["号", "日", "是"], [12, date(2027, 2, 14), True], [1.5, None, None]))
    assert table.rows == [(2, ["12", "2027-02-14", "是"]), (3, ["1.5", "", ""])]
    assert read(book(["号"], [71], number_format="0000")).rows == [(2, ["0071"])]
    with pytest.raises(Unreadable, match="后几位已经丢了"):
        read(book(["身份证号"], [330199199003070012]))


def test_D6_lines_are_those_of_the_file() -> None:
    assert [line for line, _ in read(b"\n\na,b\n\n1,2\n\n3,4\n").rows] == [5, 7]
    assert [line for line, _ in read(book(["a"], [None], ["1"])).rows] == [3]


def laughing() -> bytes:
    """A workbook whose sheet defines entities that grow without end."""
    out = io.BytesIO()
    evil = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
    with zipfile.ZipFile(io.BytesIO(book(["a"]))) as good, zipfile.ZipFile(out, "w") as bad:
        for part in good.infolist():
            is_sheet = part.filename == "xl/worksheets/sheet1.xml"
            bad.writestr(part.filename, evil if is_sheet else good.read(part))
    return out.getvalue()


def changed(**parts: bytes) -> bytes:
    """A workbook with some of its parts replaced, by the first word of their names."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book(["a"], ["b"]))) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for part in good.infolist():
            name = part.filename.rpartition("/")[2].removesuffix(".xml").strip("[]_")
            bad.writestr(part.filename, parts.get(name, good.read(part)))
    return out.getvalue()


@pytest.mark.parametrize("part", ["workbook", "styles", "sheet1", "Content_Types"])
def test_a_workbook_with_a_broken_part_is_refused_in_words(part: str) -> None:
    for broken in (
        b"<x",
        b"<a/>",
        b"\0",
        b"<styleSheet><fonts><font><sz val='q'/></font></fonts></styleSheet>",
    ):
        excel.answer(changed(**{part: broken}), 9, 9, 9)  # says a code; whatever it raised would be an error


def test_a_small_file_that_would_take_hours_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library looks into each sheet that a workbook names: here into the same long one, a thousand times."""
    with zipfile.ZipFile(io.BytesIO(book(["a"]))) as good:
        before, sheet, after = re.split(b"(<sheet .*?/>)", good.read("xl/workbook.xml"))
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    long = b'<worksheet xmlns="%b"><sheetData><row>%b</row></sheetData></worksheet>' % (
        space,
        b"<c/>" * 200_000,
    )
    data = changed(workbook=before + sheet * 1000 + after, sheet1=long)
    assert len(data) < 10_000
    monkeypatch.setattr(excel, "SECONDS", 1)
    with pytest.raises(Unreadable, match="展开以后太大"):
        read(data)


def test_a_small_file_whose_cells_all_show_one_very_long_text_is_not_read_into_memory() -> None:
    """The same words, or the same zeros before a number, a million in each cell."""
    rows: list[list[object]] = [["娘" * 30_000]] * 150
    with pytest.raises(Unreadable, match="字太多"):
        read(book(["职工编号"], *rows))
    rows = [[7]] * 3
    zeros = book(["职工编号"], *rows, number_format="0" * 1_000_000)
    assert len(zeros) < 100_000
    assert [row for _, row in read(zeros).rows] == [["7"]] * 3
    assert read(book(["职工编号"], [7], number_format="0" * 8)).rows == [(2, ["00000007"])]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "空的"),
        (b"\r\n,,\r\n", "空的"),
        (b"x" * (BYTES + 1), "太大"),
        (b"\xd0\xcf\x11\xe0old", "旧版"),
        (b"PK\x03\x04broken", "打不开"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "看不懂|不是表格"),
        (b"a\n" * (ROWS + 2), "一次最多"),
        (laughing(), "打不开"),
    ],
    ids=["empty", "blank", "large", "xls", "broken", "picture", "long", "entities"],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(data)
