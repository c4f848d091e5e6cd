"""A file from somebody's Excel as rows of text: .xlsx (core/excel.py) or CSV, in whatever encoding it was saved."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass, field
from typing import Final

from core import excel
from core.sheets import FORMULA
from core.visible import tidy

BYTES: Final = 2 * 1024 * 1024
LETTERS: Final = 2 * BYTES
"""In all cells of an .xlsx."""
ROWS: Final = 2000
COLUMNS: Final = 40
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
EXCEL: Final = (".xlsx", ".xlsm", ".xls", ".et")
"""What Excel and WPS call their own tables."""
SAVE: Final = "用 Excel 或 WPS 打开它，点“另存为”，类型选“Excel 工作簿（.xlsx）”，再来选新的那个。"
_NOT_EXCEL: Final = {
    "broken": "打不开这个文件，可能坏了，或者加了密码。请另存为 .xlsx 再来。",
    "crowded": "文件展开以后太大了，请只留下要导入的那张表。",
    "long": "文件里的字太多了，请只留下要导入的那张表。",
    "digits_lost": "有一列长号码（比如身份证号）被 Excel 存成了数字，后几位已经丢了。请把那一列设成文本，重新填。",
}


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
        found = excel.read(data, rows=ROWS + 200, columns=COLUMNS, letters=LETTERS)
    except excel.NotATable as error:
        raise Unreadable(_NOT_EXCEL[error.code]) from None
    return [(number, [_typed(text) for text in row]) for number, row in enumerate(found, 1)]


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
