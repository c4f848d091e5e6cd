"""首页: what waits for whoever looks and what there is today, with counts that lead to exactly those rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from models.matchmaking import Profile
from models.messages import Handover
from rules import conversations
from rules.access import Permission
from rules.matchmaking import reviewing
from web.console import today
from web.console.gate import Desk, Door, Pages, page
from web.console.lists import LATE

pages = Pages("home")


@dataclass(frozen=True)
class Waiting:
    """A heap of work: how much of it, since when, how much is late, and where it lies."""

    title: str
    unit: str
    count: int
    late: int
    url: str
    late_url: str
    begin_url: str
    begin: str
    oldest: Any
    empty: str


@pages.route("/", needs=Door.STAFF)
def index(desk: Desk) -> Any:
    """What waits for me, and what there is today."""
    return page("home.html", heaps=_heaps(desk), lines=list(today.lines(desk)))


@pages.route("/waiting.json", needs=Door.STAFF, polls=True)
def waiting(desk: Desk) -> Any:
    """The counts alone, for a page that stays open."""
    heaps = _heaps(desk)
    return {"counts": [heap.count for heap in heaps], "late": [heap.late for heap in heaps]}


def _heaps(desk: Desk) -> list[Waiting]:
    return [heap(desk) for permission, heap in HEAPS.items() if desk.may(permission)]


def _profiles(desk: Desk) -> Waiting:
    query = reviewing.queue(desk.db, desk.staff, now=desk.now)
    count, late, oldest = _figures(desk.db, query, Profile.submitted_at, desk)
    return Waiting(
        "待审的资料卡",
        "份",
        count,
        late,
        url_for("console.profiles.index"),
        url_for("console.profiles.index", late="yes"),
        url_for("console.profiles.first"),
        "开始审核",
        oldest,
        "都审完了。",
    )


def _conversations(desk: Desk) -> Waiting:
    query = conversations.queue(desk.db, desk.staff, now=desk.now)
    count, late, oldest = _figures(desk.db, query, Handover.at, desk)
    return Waiting(
        "等回复的对话",
        "个",
        count,
        late,
        url_for("console.conversations.index"),
        url_for("console.conversations.index", late="yes"),
        url_for("console.conversations.first"),
        "开始回复",
        oldest,
        "没有人在等。",
    )


HEAPS: Final[dict[Permission, Callable[[Desk], Waiting]]] = {
    Permission.PROFILES_REVIEW: _profiles,
    Permission.CONVERSATIONS_ANSWER: _conversations,
}


def _figures(db: Session, query: Select[Any], since: Any, desk: Desk) -> tuple[int, int, Any]:
    is_late: ColumnElement[bool] = since < desk.now - LATE
    found = query.with_only_columns(since.label("since"), is_late.label("is_late")).subquery()
    count, late, oldest = db.execute(
        select(func.count(), func.count().filter(found.c.is_late), func.min(found.c.since))
    ).one()
    return count, late, oldest
