"""操作记录: what colleagues did and read, found by who, what, on whom and when. Reading it is written down, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, BinaryIO, Final

from flask import request
from sqlalchemy import ColumnElement, Select, false, select

from core.clock import SHANGHAI, local
from core.numbers import whole
from core.sheets import write_csv, write_xlsx
from models.audit import Audit
from models.people import Staff
from rules import access, audit
from rules.access import Permission
from web.console import words
from web.console.exports import CSV, TYPES, XLSX, attached, spooled
from web.console.gate import Desk, Pages, page
from web.console.lists import within

pages = Pages("auditing")
SIZE: Final = 50
MOST: Final = 100_000
"""Rows of one file."""
TERMINAL: Final = "-"
"""In the place of a login: what was done at the server's own terminal."""
SLACK: Final = timedelta(hours=1)
"""Rows get their number when they are written and their moment when the request began: nearly the same order."""


@dataclass(frozen=True)
class Wanted:
    """What the URL asks for. What it asks wrongly is taken as not asked."""

    who: str = ""
    act: str = ""
    about: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """The same as it stands in an address, and in the row that tells of the search."""
        said = {
            "who": self.who,
            "act": self.act,
            "about": self.about,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in said.items() if value}


@pages.route("/audit", needs=Permission.AUDIT_SEE)
def index(desk: Desk) -> Any:
    """One page of what was found, the newest first; the next one begins below its last number."""
    wanted = _wanted(request.args)
    query = _query(desk, wanted)
    before = whole(request.args.get("before"))
    if before is not None:
        query = query.where(Audit.id < before)
    found = desk.db.execute(query.order_by(Audit.id.desc()).limit(SIZE + 1)).all()
    rows = found[:SIZE]
    number, digest = audit.head(desk.db)
    audit.note(desk.db, desk.staff, "audit_search", "audit", now=desk.now, after=wanted.chosen or None)
    return page(
        "audit.html",
        rows=rows,
        wanted=wanted,
        more=rows[-1][0].id if len(found) > SIZE else None,
        is_first=before is None,
        acts=words.ACTS,
        number=number,
        digest=digest,
    )


@pages.route("/audit/<id:number>", needs=Permission.AUDIT_SEE)
def one(desk: Desk, number: int) -> Any:
    """One row with its reason, and what was there before and after."""
    row = access.find(desk.db, desk.staff, Audit, number, now=desk.now)
    audit.note(desk.db, desk.staff, "audit_read", f"audit:{row.id}", now=desk.now)
    return page(
        "audit_row.html",
        row=row,
        member=desk.db.get(Staff, row.staff_id) if row.staff_id else None,
        changes=_changes(row.before or {}, row.after or {}),
    )


@pages.route("/audit/export", needs=Permission.AUDIT_SEE)
def export(desk: Desk) -> Any:
    """What was found as a file, without reasons and without old and new: those are opened one by one."""
    access.need(desk.staff, Permission.EXPORT)
    wanted = _wanted(request.args)
    kind = CSV if request.args.get("kind") == CSV else XLSX
    found = desk.db.execute(
        _query(desk, wanted)
        .order_by(Audit.id.desc())
        .limit(MOST)
        .with_only_columns(
            Audit.id, Audit.at, Staff.login, Staff.name, Audit.act, Audit.subject, Audit.origin
        )
        .execution_options(yield_per=1000)
    )
    head = ["编号", "时间", "登录名", "姓名", "做了什么", "对象", "从哪里"]

    def rows() -> Iterator[list[str]]:
        for number, at, login, name, act, subject, origin in found:
            yield [
                str(number), f"{local(at):%Y-%m-%d %H:%M:%S}", login or "", name or "服务器命令",
                words.ACTS.get(act, act), words.subject(subject), origin,
            ]  # fmt: skip

    def write(out: BinaryIO) -> int:
        if kind == CSV:
            return write_csv(out, head, rows())
        return write_xlsx(out, "操作记录", head, rows(), widths=[10, 20, 14, 12, 18, 18, 40])

    file, count = spooled(write)
    facts = {"rows": count, "kind": kind, "filter": wanted.chosen}
    audit.note(desk.db, desk.staff, "audit_export", "audit", now=desk.now, after=facts)
    return attached(file, f"操作记录-{local(desk.now):%Y%m%d-%H%M}.{kind}", TYPES[kind])


def _query(desk: Desk, wanted: Wanted) -> Select[*tuple[Any, ...]]:
    db = desk.db
    is_ours = access.in_scope(db, desk.staff, Audit, now=desk.now)
    query: Select[*tuple[Any, ...]] = (
        select(Audit, Staff)
        .outerjoin(Staff, Staff.id == Audit.staff_id)
        .where(within(db, Audit.id, is_ours, by=Audit.organisation_id))
    )
    if wanted.who == TERMINAL:
        query = query.where(Audit.staff_id.is_(None))
    elif wanted.who:
        member = db.scalar(select(Staff.id).where(Staff.login == wanted.who))
        query = query.where(Audit.staff_id == member if member else false())
    if wanted.act:
        query = query.where(Audit.act == wanted.act)
    if wanted.about:
        query = query.where(Audit.subject == wanted.about)
    if wanted.since:
        query = query.where(*_from(_begin(wanted.since)))
    if wanted.until:
        query = query.where(*_to(_begin(wanted.until) + timedelta(days=1)))
    return query


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def _from(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """From this moment on, also as numbers: so the list is found in its order by whichever index."""
    first = select(Audit.id).where(Audit.at >= moment - SLACK).order_by(Audit.at).limit(1)
    return Audit.at >= moment, Audit.id >= first.correlate(None).scalar_subquery()


def _to(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    last = select(Audit.id).where(Audit.at < moment + SLACK).order_by(Audit.at.desc()).limit(1)
    return Audit.at < moment, Audit.id <= last.correlate(None).scalar_subquery()


def _wanted(args: Mapping[str, str]) -> Wanted:
    def said(name: str) -> str:
        return args.get(name, "").strip()[:40].replace("\0", "")

    return Wanted(
        said("who"), said("act"), words.subject_of(said("about")), _day(said("since")), _day(said("until"))
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 < day.year < 3000 else None


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What changed: its name, what it was, and what it is."""
    names = list(dict.fromkeys([*before, *after]))
    return [
        (words.FACTS.get(name, name), words.fact(before.get(name)), words.fact(after.get(name)))
        for name in names
    ]
