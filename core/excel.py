"""What stands in somebody's .xlsx, read in a process of its own, which is given so much time and memory and no more.

There are too many ways to make a few kilobytes cost hours: whatever is tried, the clock is the same for all. The other
process has none of our settings, and whatever happens to it, nobody who is served by this one waits.
"""

from __future__ import annotations

import io
import json
import re
import resource
import subprocess
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

SECONDS: Final = 10
"""Of computing; the fullest table that is taken needs two or three."""
PATIENCE: Final = 60
"""Seconds until it is given up on a machine that has other things to do."""
MEMORY: Final = 512 * 1024 * 1024
_ROOT: Final = Path(__file__).parents[1]
_EXACT: Final = 10**15
"""Above this Excel has lost digits of a number."""
_ZEROS = re.compile("0{1,30}")


class NotATable(Exception):
    """It can't be read. `code` is for words: "broken", "crowded", "long" or "digits_lost"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(data: bytes, *, rows: int, columns: int, letters: int) -> list[list[str]]:
    """The first sheet's cells as somebody would type them, the rows and columns beyond these left out.

    Raises NotATable, also for more letters than these: a hundred bytes can say that each cell has the same million.
    """
    command = (sys.executable, "-m", "core.excel", *map(str, (SECONDS, rows, columns, letters)))
    try:
        done = subprocess.run(  # noqa: S603, nothing of it is anybody's words
            command, cwd=_ROOT, env={}, input=data, capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotATable("crowded") from None
    if done.returncode < 0:  # it was stopped
        raise NotATable("crowded")
    said = json.loads(done.stdout) if done.returncode == 0 else "broken"
    if isinstance(said, str):
        raise NotATable(said)
    found: list[list[str]] = said
    return found


def _keep_within(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _cells(data: bytes, rows: int, columns: int, letters: int) -> list[list[str]]:
    from openpyxl import load_workbook  # only here: it is a third of a second that nobody else needs

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    found: list[list[str]] = []
    for sheet in book.worksheets[:1]:
        sheet.reset_dimensions()  # what the file says of its size is often wrong
        for line in sheet.iter_rows(max_row=rows, max_col=columns):
            letters -= sum(len(cell.value) for cell in line if isinstance(cell.value, str))
            if letters < 0:
                raise NotATable("long")
            found.append([_text(cell) for cell in line])
    return found


def _text(cell: Any) -> str:
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
    return str(value)


def _number(value: float, shown_as: str) -> str:
    if value != int(value):
        return repr(value)
    if abs(value) >= _EXACT:
        raise NotATable("digits_lost")
    digits = str(int(value))
    return digits.zfill(len(shown_as)) if _ZEROS.fullmatch(shown_as) else digits


def answer(data: bytes, *bounds: int) -> list[list[str]] | str:
    """What the other process says: the cells, or the code of what is wrong."""
    try:
        return _cells(data, *bounds)
    except NotATable as error:
        return error.code
    except MemoryError:
        return "crowded"
    except (
        Exception
    ):  # whatever a broken part, a password or an unknown way of packing makes of the libraries
        return "broken"


if __name__ == "__main__":
    allowed, *most = map(int, sys.argv[1:])
    _keep_within(allowed)
    json.dump(answer(sys.stdin.buffer.read(), *most), sys.stdout)
