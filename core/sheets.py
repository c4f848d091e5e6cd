"""Tables as files that Excel opens as they are meant: Chinese intact, numbers of people as text, no formulas.

Rows are written as they come, so a list of a million takes no more memory than one of ten.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final

import xlsxwriter

CELL: Final = 32_767
"""Characters that one cell of Excel holds."""
EXCEL_ROWS: Final = 1_048_575
"""Rows that one sheet of Excel holds below its head."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With what a text begins that Excel would count; a Chinese Excel takes the wide signs for the narrow ones."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BAD_TITLE = re.compile(r"[\[\]:*?/\\']")
_A_NUMBER_OF_SOMEBODY = re.compile(r"0\d+|\d{12,}[Xx]?")


def write_xlsx(
    out: BinaryIO, title: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, widths: Sequence[int]
) -> int:
    """Write every cell as text: =1+1 is read and not counted, 0071 keeps its zeros, also when somebody edits it.

    Returns how many rows there were; those beyond what a sheet of Excel holds are left out.
    """
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False})
    text = book.add_format({"num_format": "@"})
    quoted = book.add_format({"num_format": "@", "quote_prefix": True})
    bold = book.add_format({"num_format": "@", "bold": True, "valign": "vcenter"})
    sheet = book.add_worksheet(_BAD_TITLE.sub("·", title)[:31])
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    for column, words in enumerate(head):
        sheet.write_string(0, column, _carried(words), bold)
    count = 0
    for row in rows:
        if count == EXCEL_ROWS:
            break
        count += 1
        for column, words in enumerate(row):
            sheet.write_string(count, column, _carried(words), quoted if words[:1] in FORMULA else text)
    sheet.autofilter(0, 0, count, len(head) - 1)
    book.close()
    return count


def write_csv(out: BinaryIO, head: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write UTF-8 with the mark by which Excel knows it. What Excel would count begins with an apostrophe; what it
    would round or take zeros from (ID numbers) with a tab, which nobody sees. Returns how many rows there were."""
    out.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    count = -1
    for row in _chain(head, rows):
        writer.writerow([_escaped(words) for words in row])
        count += 1
    text.detach()
    return count


def _chain(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[Sequence[str]]:
    yield head
    yield from rows


def _carried(words: str) -> str:
    return _NOT_XML.sub("", words)[:CELL]


def _escaped(words: str) -> str:
    words = _carried(words).replace("\r\n", "\n")
    if words[:1] in FORMULA:
        return f"'{words}"
    return f"\t{words}" if _A_NUMBER_OF_SOMEBODY.fullmatch(words) else words
