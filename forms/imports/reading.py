"""A file from somebody's Excel as rows of text: .xlsx or CSV, in whatever encoding it was saved.

Nothing a file says about itself is believed: sizes are counted before anything is unpacked.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from openpyxl import load_workbook

from core.sheets import FORMULA
from core.visible import tidy

BYTES: Final = 2 * 1024 * 1024
UNPACKED: Final = 40 * 1024 * 1024
"""What all parts of an .xlsx may come to: some two hundred times more than a list of people takes."""
MARKS: Final = 800_000
"""Angle brackets in the parts of an .xlsx that hold rows: a quarter more than `ROWS` full rows take. Each element is an
object once it is read, so very many empty ones, which pack well, would cost gigabytes and minutes."""
OTHER_MARKS: Final = 30_000
"""The same in the parts that hold no rows: of styles and names each element costs far more, and tables have few."""
LETTERS: Final = 2 * BYTES
"""In all cells; in an .xlsx a hundred bytes can say that each cell has the same million of them."""
ROWS: Final = 2000
COLUMNS: Final = 40
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
EXCEL: Final = (".xlsx", ".xlsm", ".xls", ".et")
"""What Excel and WPS call their own tables."""
SAVE: Final = "用 Excel 或 WPS 打开它，点“另存为”，类型选“Excel 工作簿（.xlsx）”，再来选新的那个。"
_PIECE: Final = 256 * 1024
_EXACT: Final = 10**15
"""Above this Excel has lost digits of a number."""
_ZEROS = re.compile("0{1,30}")
_WITH_ROWS = re.compile(r"xl/(worksheets/[^/]+|sharedStrings)\.xml")


class Unreadable(Exception):
    """The file is no table; the message says why, in words for whoever chose it."""


@dataclass(frozen=True)
class Table:
    """The first row, and those below it with their numbers in the file. The repr is for logs and says nothing."""

    head: list[str] = field(repr=False)
    rows: list[tuple[int, list[str]]] = field(repr=False)


def read(data: bytes, name: str = "") -> Table:
    """The table in a file of this name. Raises Unreadable."""
    if len(data) > BYTES:
        raise Unreadable(f"文件太大了，最多 {BYTES // 1024 // 1024} MB。")
    if data.startswith(_OLD_EXCEL):
        raise Unreadable(f"这是旧版的 .xls，或者加了密码。{SAVE}")
    is_excel = data.startswith(_ZIP)
    if data and not is_excel and name.lower().endswith(EXCEL):
        raise Unreadable(f"名字写着 {name[name.rindex('.') :]}，里面却不是 Excel 表格，只改名字不够。{SAVE}")
    rows = _xlsx(data) if is_excel else _csv(data)
    filled = [(number, row) for number, row in rows if any(row)]
    if not filled:
        raise Unreadable("文件是空的。")
    (_, head), *rest = filled
    if not rest:
        raise Unreadable("只有表头，下面一行也没有填。")
    if len(rest) > ROWS:
        raise Unreadable(f"一次最多 {ROWS} 行，请分成几个文件。")
    while not head[-1]:
        head = head[:-1]
    width = len(head)
    return Table(head, [(number, (row + [""] * width)[:width]) for number, row in rest])


def _xlsx(data: bytes) -> list[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            # zipfile unpacks no more than a part says it holds, so what they say can be added up
            if len(parts) > 500 or sum(part.file_size for part in parts) > UNPACKED or _is_crowded(package):
                raise Unreadable("文件展开以后太大了，请只留下要导入的那张表。")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Unreadable:
        raise
    except Exception:
        # whatever a broken part, a password or an unknown way of packing makes of the libraries
        raise Unreadable("打不开这个文件，可能坏了，或者加了密码。请另存为 .xlsx 再来。") from None
    try:
        found: list[tuple[int, list[str]]] = []
        for sheet in book.worksheets[:1]:
            sheet.reset_dimensions()  # what the file says of its size is often wrong
            left = LETTERS
            for number, line in enumerate(sheet.iter_rows(max_row=ROWS + 200, max_col=COLUMNS), 1):
                left -= sum(len(cell.value) for cell in line if isinstance(cell.value, str))
                if left < 0:
                    raise Unreadable("文件里的字太多了，请只留下要导入的那张表。")
                found.append((number, [_text(cell) for cell in line]))
        return found
    except Unreadable:
        raise
    except Exception:  # whatever a broken part makes of the library
        raise Unreadable("打不开这个文件，可能坏了。请另存为 .xlsx 再来。") from None
    finally:
        book.close()


def _is_crowded(package: zipfile.ZipFile) -> bool:
    """Whether its parts hold more elements than any table takes; counted piece by piece."""
    left = {True: MARKS, False: OTHER_MARKS}
    for part in package.infolist():
        has_rows = _WITH_ROWS.fullmatch(part.filename) is not None
        with package.open(part) as file:
            while piece := file.read(_PIECE):
                left[has_rows] -= piece.count(b"<")
                if left[has_rows] < 0:
                    return True
    return False


def _text(cell: Any) -> str:
    """What stands in a cell, as somebody would type it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""))
    return _typed(str(value))


def _number(value: float, shown_as: str) -> str:
    if value != int(value):
        return repr(value)
    if abs(value) >= _EXACT:
        raise Unreadable(
            "有一列长号码（比如身份证号）被 Excel 存成了数字，后几位已经丢了。请把那一列设成文本，重新填。"
        )
    digits = str(int(value))
    return digits.zfill(len(shown_as)) if _ZEROS.fullmatch(shown_as) else digits


def _typed(text: str) -> str:
    """Without what our own exports put before a text so that Excel leaves it alone."""
    return tidy(text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text)


def _csv(data: bytes) -> list[tuple[int, list[str]]]:
    text = _decoded(data)
    if "\0" in text:
        raise Unreadable("这不是表格文件。请用 .xlsx 或者 CSV。")
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found: list[tuple[int, list[str]]] = []
    try:
        for line in reader:
            if len(line) > COLUMNS:
                line = line[:COLUMNS]
            found.append((reader.line_num, [_typed(value) for value in line]))
            if len(found) > ROWS + 200:
                raise Unreadable(f"一次最多 {ROWS} 行，请分成几个文件。")
    except csv.Error:
        raise Unreadable("CSV 的引号没有配对，或者有一格太长。请另存为 .xlsx 再来。") from None
    return found


def _decoded(data: bytes) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            names: tuple[str, ...] = (name,)
            break
    else:
        names = ("utf-8", "gb18030")
    for name in names:
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    raise Unreadable("看不懂这个文件的文字。请另存为 .xlsx 再来。")
