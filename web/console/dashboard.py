"""数据: how much the account is used, week by week, with a table and a file for each chart, and a page for the wall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, BinaryIO, Final

from flask import request, url_for
from sqlalchemy import select

from bot.texts.figures import HIDDEN
from core.clock import local
from core.numbers import whole
from core.sheets import write_csv, write_xlsx
from models.people import Organisation
from rules import access, audit, figures, screens
from rules.access import Permission
from rules.figures import Kind, Line
from web.console import charts
from web.console.exports import CSV, XLSX, attached, spooled
from web.console.exports import TYPES as FILE_TYPES
from web.console.gate import Desk, Door, Pages, page, say, to

pages = Pages("dashboard")
NAMES: Final = {
    Kind.FOLLOWERS: ("关注的人", "人", "周末时还关注着服务号的，按十取整"),
    Kind.ACTIVE: ("来过的人", "人", "这一周发过消息、点过菜单的，一人算一次"),
    Kind.MESSAGES: ("消息", "条", "大家发来的话、点的菜单、扫的码"),
    Kind.BOOKINGS: ("约咨询", "次", "新约的，后来取消的也算"),
    Kind.EXAMS: ("考试报名", "人次", "新报的，候补也算"),
    Kind.PROFILES: ("交资料卡", "份", "新交和改过再交的"),
    Kind.CHECKINS: ("活动签到", "人次", "在现场签到的"),
}


@dataclass(frozen=True)
class Panel:
    """One kind of figure: its chart, its numbers, and what it came to last week."""

    kind: Kind
    title: str
    unit: str
    hint: str
    counts: Sequence[int | None]
    chart: charts.Chart

    @property
    def newest(self) -> int | None:
        """What the last week that is over came to."""
        return self.counts[-2]

    @property
    def change(self) -> int | None:
        """How much more that was than the week before."""
        before = self.counts[-3]
        return None if self.newest is None or before is None else self.newest - before

    @property
    def running(self) -> int | None:
        """What the present week came to so far, at least."""
        return self.counts[-1]


@pages.route("/dashboard", needs=Permission.DASHBOARD_SEE)
def index(desk: Desk) -> Any:
    """The figures of one union and those right below it."""
    return _shown(desk)


@pages.route("/dashboard/now", needs=Permission.DASHBOARD_SEE, polls=True)
def now(desk: Desk) -> Any:
    """The same, for a page that stays open."""
    return _shown(desk)


def _shown(desk: Desk) -> Any:
    union = _union(desk)
    below = _below(desk, union)
    lines = figures.lines(desk.db, desk.staff, [union, *below], now=desk.now)
    weeks = figures.weeks(desk.now)
    return page(
        "dashboard.html",
        union=union,
        above=_above(desk, union),
        below=below,
        panels=_panels(lines, union, weeks),
        table={(line.union.id, line.kind): line.counts[-2] for line in lines},
        names=NAMES,
        weeks=[_week(week) for week in weeks],
        last=weeks[-2],
        until=weeks[-2] + timedelta(days=6),
        hidden=HIDDEN,
        screen=screens.of(desk.db, desk.staff, union, now=desk.now),
        screen_until=screens.until,
    )


@pages.route("/dashboard/export", needs=Permission.DASHBOARD_SEE)
def export(desk: Desk) -> Any:
    """The table behind one chart, or behind all, as a file."""
    access.need(desk.staff, Permission.EXPORT)
    union = _union(desk)
    kind = CSV if request.args.get("kind") == CSV else XLSX
    wanted = [one for one in Kind if request.args.get("of") in (None, "", one.value)]
    lines = figures.lines(desk.db, desk.staff, [union, *_below(desk, union)], now=desk.now)
    weeks = figures.weeks(desk.now)
    head = ["单位", "数据", *(f"{week:%Y-%m-%d} 起一周" for week in weeks[:-1]), "本周到现在，约"]
    rows = list(_rows([line for line in lines if line.kind in wanted]))

    def write(out: BinaryIO) -> int:
        if kind == CSV:
            return write_csv(out, head, rows)
        return write_xlsx(out, "数据", head, rows, widths=[26, 12, *[12] * len(weeks)])

    file, count = spooled(write)
    facts = {"rows": count, "kind": kind, "of": [one.value for one in wanted]}
    audit.note(desk.db, desk.staff, "figures_export", f"union:{union.id}", now=desk.now, after=facts)
    return attached(file, f"数据-{union.name}-{local(desk.now):%Y%m%d}.{kind}", FILE_TYPES[kind])


@pages.route("/dashboard/wall", needs=Permission.DASHBOARD_SEE, methods=("POST",), limit="20/minute")
def hang(desk: Desk) -> Any:
    """An address that shows these figures on a screen where nobody is logged in, for some weeks."""
    union = _union(desk)
    token = screens.hang(desk.db, desk.staff, union, now=desk.now)
    address = desk.config.web.base_url + url_for("console.dashboard.wall", token=token)
    say(f"在大屏的浏览器里打开这个地址，{screens.DAYS} 天有效：{address}")
    return to("dashboard.index", union=union.id)


@pages.route("/wall/<token>", needs=Door.PUBLIC, limit="60/minute")
def wall(desk: Desk, token: str) -> Any:
    """The figures for the wall of the office: no menu, no names, and it stays fresh by itself."""
    union, staff = screens.shown(desk.db, token, now=desk.now)
    weeks = figures.weeks(desk.now)
    lines = figures.lines(desk.db, staff, [union], now=desk.now)
    return page(
        "wall_screen.html",
        union=union,
        panels=_panels(lines, union, weeks, charts.TALL),
        last=weeks[-2],
        until=weeks[-2] + timedelta(days=6),
        hidden=HIDDEN,
    )


def _union(desk: Desk) -> Organisation:
    if (asked := whole(request.values.get("union"), digits=9)) is not None:
        return access.find(desk.db, desk.staff, Organisation, asked, now=desk.now)
    return desk.staff.organisation


def _below(desk: Desk, union: Organisation) -> Sequence[Organisation]:
    query = access.scoped(desk.db, desk.staff, Organisation, now=desk.now)
    return desk.db.scalars(query.where(Organisation.parent_id == union.id).order_by(Organisation.id)).all()


def _above(desk: Desk, union: Organisation) -> Sequence[Organisation]:
    """The way from this member's own union to the one shown."""
    ids = [int(part) for part in union.path.strip("/").split("/")][:-1]
    found = desk.db.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.level))
    return [one for one in found if desk.staff.organisation.has_within(one)]


def _panels(
    lines: Sequence[Line], union: Organisation, weeks: Sequence[date], height: int = charts.HEIGHT
) -> list[Panel]:
    labels = [f"{week.month}.{week.day}" for week in weeks]
    made = []
    for line in lines:
        if line.union.id != union.id:
            continue
        title, unit, hint = NAMES[line.kind]
        said = [
            f"{_week(week)}：{HIDDEN if count is None else f'{count:,}'} {unit}"
            for week, count in zip(weeks, line.counts, strict=True)
        ]
        made.append(
            Panel(line.kind, title, unit, hint, line.counts, charts.draw(line.counts, labels, said, height))
        )
    return made


def _week(week: date) -> str:
    last = week + timedelta(days=6)
    return f"{week.month}.{week.day}–{last.month}.{last.day}"


def _rows(lines: Sequence[Line]) -> Iterator[list[str]]:
    for line in lines:
        counts = [HIDDEN if count is None else str(count) for count in line.counts]
        yield [line.union.name, NAMES[line.kind][0], *counts]
