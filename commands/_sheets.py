"""A table as an .xlsx that opens in Excel as it is meant: Chinese intact, numbers of people as text, no formulas."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from bot.replies import carried

CELL = 32_767  # characters that one cell of Excel holds


def write(
    out: Path,
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    widths: Sequence[int],
    then: Callable[[], None],
) -> None:
    """Write every cell as text; a whole file for its owner's eyes, or none. `then` runs before it takes its name."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "".join("·" if sign in "[]:*?/\\" else sign for sign in title)[:31]
    for number, line in enumerate((head, *rows), 1):
        for column, words in enumerate(line, 1):
            cell = sheet.cell(number, column)
            cell.value = carried(words)[:CELL]
            cell.data_type = "s"  # not what it looks like: =1+1 is text, and 0071 keeps its zeros
            cell.number_format = "@"
            cell.quotePrefix = words[:1] in ("=", "+", "-", "@", "\t", "\r")  # also when somebody edits it
            if number == 1:
                cell.font = Font(bold=True)
                cell.alignment = Alignment(vertical="center")
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{len(rows) + 1}"
    handle, name = tempfile.mkstemp(prefix=f".{out.stem}", suffix=".xlsx", dir=out.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            book.save(file)
        then()
        Path(name).replace(out)
    finally:
        Path(name).unlink(missing_ok=True)
