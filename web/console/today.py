"""今天: what happens today and is the member's to see. Each count is that of the list it leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import url_for
from sqlalchemy import ColumnElement, Select, select
from werkzeug.datastructures import MultiDict

from models.appointments import Booking, BookingState
from models.broadcasts import Broadcast, BroadcastState
from models.events import Event
from models.exams import Sitting
from web.console import appointments, broadcasts, exams, fairs
from web.console.gate import Desk, menu
from web.console.lists import Listing
from web.console.words import hour


@dataclass(frozen=True)
class Kind:
    """One kind of thing: how many of it are in a list under one address, and the next one, or what it does now."""

    title: str
    unit: str
    endpoint: str
    asks: dict[str, Any]
    listing: Callable[[datetime], Listing]
    reached: Callable[[Desk], Select[Any]]
    then: Callable[[Desk, Select[Any]], str]


@dataclass(frozen=True)
class Line:
    """What a kind comes to today."""

    title: str
    unit: str
    count: int
    url: str
    then: str


def _next(desk: Desk, query: Select[Any], column: Any) -> str:
    coming = query.where(column > desk.now).order_by(None).order_by(column)
    at = desk.db.scalar(coming.with_only_columns(column, maintain_column_froms=True).limit(1))
    return f"下一个 {hour(at)}" if at else ""


def _has(desk: Desk, query: Select[Any], condition: ColumnElement[bool]) -> bool:
    return bool(desk.db.scalar(select(query.where(condition).order_by(None).exists())))


def _next_booking(desk: Desk, query: Select[Any]) -> str:
    return _next(desk, query.where(Booking.state == BookingState.BOOKED), Booking.starts_at)


def _next_sitting(desk: Desk, query: Select[Any]) -> str:
    return _next(desk, query, Sitting.starts_at)


def _fair(desk: Desk, query: Select[Any]) -> str:
    is_on = _has(desk, query, (Event.starts_at <= desk.now) & (Event.ends_at > desk.now))
    return "正在办" if is_on else _next(desk, query, Event.starts_at)


def _broadcast(desk: Desk, query: Select[Any]) -> str:
    return "正在发" if _has(desk, query, Broadcast.state == BroadcastState.SENDING) else ""


KINDS: Final = (
    Kind(
        "预约",
        "个",
        "console.appointments.index",
        {"when": "today", "state": "on"},
        appointments.listing,
        appointments.reached,
        _next_booking,
    ),
    Kind(
        "考试",
        "场",
        "console.exams.index",
        {"when": "today"},
        exams.listing,
        exams.reached,
        _next_sitting,
    ),
    Kind(
        "相亲会",
        "场",
        "console.walls.index",
        {"when": "today"},
        fairs.fairs_listing,
        fairs.reached,
        _fair,
    ),
    Kind(
        "群发",
        "条",
        "console.broadcasts.index",
        {"when": "today"},
        broadcasts.listing,
        broadcasts.reached,
        _broadcast,
    ),
)


def lines(desk: Desk) -> Iterator[Line]:
    """What there is today of each kind that this member sees; a kind of which there is none is left out."""
    seen = {endpoint for _, entries in menu(desk) for _, endpoint, _ in entries}
    for kind in KINDS:
        if kind.endpoint in seen:
            asked = kind.listing(desk.now).asked(kind.reached(desk), MultiDict(kind.asks))
            if count := asked.count(desk.db):
                url = url_for(kind.endpoint, **kind.asks)
                yield Line(kind.title, kind.unit, count, url, kind.then(desk, asked.query))
