"""Taking a list away as a file: the rows, filters and scope of the list, as .xlsx or CSV, written down each time.

What identifies a person is masked. Whole values need `workers_unmask` and a reason.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast
from urllib.parse import quote

from flask import Response, request
from sqlalchemy import Select

from core.clock import local
from core.errors import Refused
from core.sheets import EXCEL_ROWS, write_csv, write_xlsx
from rules import access, audit
from rules.access import Permission
from web.console.forms import REASON_LENGTH, Form, RadioField, reason_for
from web.console.gate import Desk, Needs, Pages, page
from web.console.lists import Asked, Listing

XLSX: Final = "xlsx"
CSV: Final = "csv"
MOST_XLSX: Final = 50_000
"""Longer lists are taken as CSV: it is written ten times as fast, and Excel opens it too."""
_IN_MEMORY = 1024 * 1024
_AT_ONCE = 1000
TYPES: Final = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Column:
    """One column: its head, what stands in it for a row of the query, and how wide it is.

    `masked` makes a value that identifies a person unreadable for those who give no reason.
    """

    title: str
    value: Callable[[Any], Any]
    width: int = 14
    masked: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Export:
    """How a list looks as a file. `name` stands in the audit and in the file's name, `title` on its sheet."""

    name: str
    title: str
    columns: Sequence[Column]

    @property
    def is_personal(self) -> bool:
        """Whether there is anything to mask."""
        return any(column.masked for column in self.columns)

    def rows(self, desk: Desk, asked: Asked, *, whole: bool) -> Iterator[list[str]]:
        """All rows that were asked for, a thousand at a time."""
        found = desk.db.execute(asked.query.execution_options(yield_per=_AT_ONCE))
        for row in found:
            yield [_cell(column, row, whole=whole) for column in self.columns]


def _cell(column: Column, row: Any, *, whole: bool) -> str:
    value = column.value(row)
    words = "" if value is None else str(value)
    return words if whole or column.masked is None or not words else column.masked(words)


class ExportForm(Form):
    """What kind of file, and whether with whole values."""

    kind = RadioField("格式")
    whole = RadioField("身份信息", validate_choice=False)
    reason = reason_for("用途")


def offer(
    pages: Pages,
    rule: str,
    sheet: Export,
    *,
    needs: Needs,
    listing: Callable[[Desk], Listing],
    query: Callable[..., Select[*tuple[Any, ...]]],
) -> None:
    """Give the list at `rule` an address `…/export` with the same filters; `query(desk, **ids of the address)`."""

    def export(desk: Desk, **ids: Any) -> Any:
        """Ask what to take, and hand it over."""
        access.need(desk.staff, Permission.EXPORT)
        return _answer(desk, sheet, listing(desk).asked(query(desk, **ids)))

    pages.route(f"{rule}/export", needs=needs, methods=("GET", "POST"))(export)


def _answer(desk: Desk, export: Export, asked: Asked) -> Any:
    count = asked.count(desk.db)
    is_long = count > MOST_XLSX
    may_unmask = export.is_personal and desk.may(Permission.WORKERS_UNMASK)
    form = ExportForm()
    form.kind.choices = [(XLSX, "Excel 表格（.xlsx）"), (CSV, "CSV 文本，适合很长的表")]
    form.whole.choices = [("", "遮住一部分"), ("yes", "完整显示，要写用途")]
    if request.method != "POST":
        form.process(data={"kind": CSV if is_long else XLSX, "whole": "", "reason": ""})
        return _asked_for(export, asked, count, form, may_unmask)
    is_good = form.read()
    whole = form.whole.data == "yes"
    if whole and not may_unmask:
        raise Refused("not_found")  # it was not on the page
    if whole and not form.reason.data:
        cast(Any, form.reason).errors = ["完整导出要写一句用途，会留下记录。"]
        is_good = False
    if form.kind.data == XLSX and is_long:
        cast(Any, form.kind).errors = [f"超过 {MOST_XLSX} 行，请选 CSV，Excel 也能打开。"]
        is_good = False
    if not is_good:
        return _asked_for(export, asked, count, form, may_unmask, 422)
    return _file(desk, export, asked, form.kind.data, whole=whole, reason=form.reason.data or "")


def _asked_for(
    export: Export, asked: Asked, count: int, form: ExportForm, may_unmask: bool, status: int = 200
) -> Any:
    return page(
        "export.html",
        status,
        export=export,
        asked=asked,
        count=count,
        form=form,
        may_unmask=may_unmask,
        is_beyond_excel=count > EXCEL_ROWS,
        reason_length=REASON_LENGTH,
    )


def _file(desk: Desk, export: Export, asked: Asked, kind: str, *, whole: bool, reason: str) -> Response:
    head = [column.title for column in export.columns]
    rows = export.rows(desk, asked, whole=whole)

    def write(out: BinaryIO) -> int:
        if kind == CSV:
            return write_csv(out, head, rows)
        return write_xlsx(out, export.title, head, rows, widths=[column.width for column in export.columns])

    file, count = spooled(write)
    audit.note(
        desk.db,
        desk.staff,
        "export_whole" if whole else "export",
        f"list:{export.name}",
        now=desk.now,
        reason=reason or None,
        after={"rows": count, "filter": dict(asked.chosen), "kind": kind},
    )
    return attached(file, f"{export.title}-{local(desk.now):%Y%m%d-%H%M}.{kind}", TYPES[kind])


def spooled(write: Callable[[BinaryIO], Any]) -> tuple[BinaryIO, Any]:
    """Have a file written, in memory while it is small; the file from its beginning, and what `write` returned."""
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - `attached` closes it
    try:
        result = write(file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, result


def attached(file: BinaryIO, name: str, mime: str) -> Response:
    """The file as a download, sent piece by piece."""

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(64 * 1024):
                yield piece

    answer = Response(pieces(), content_type=mime)
    answer.call_on_close(file.close)
    answer.headers["Content-Disposition"] = (
        f"attachment; filename=\"{_plain(name)}\"; filename*=UTF-8''{quote(name)}"
    )
    return answer


def _plain(name: str) -> str:
    """For browsers that read no UTF-8 there."""
    return "niangjia." + name.rpartition(".")[2]
