"""预约: who comes when, from today on. Who the people are, and why they come, is for their professional alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from core.clock import today
from core.numbers import whole
from models.appointments import Booking, BookingState, Place, Professional, Service
from rules.appointments import agenda
from web.console.gate import Desk, Door, Pages, page
from web.console.lists import Filter, Listing, Sort

pages = Pages("appointments")


def listing(now: datetime) -> Listing:
    """How bookings are found."""
    tomorrow = today(now)[1]
    return Listing(
        sorts={
            "when": Sort("时间", (Booking.starts_at, Booking.id)),
        },
        filters=(
            Filter(
                "when",
                "哪天",
                {
                    "today": ("今天", Booking.starts_at < tomorrow),
                    "tomorrow": (
                        "明天",
                        Booking.starts_at.between(tomorrow, tomorrow + timedelta(days=1, microseconds=-1)),
                    ),
                    "week": ("七天以内", Booking.starts_at < tomorrow + timedelta(days=6)),
                },
            ),
            Filter(
                "state",
                "状态",
                {
                    "on": ("没取消的", Booking.state != BookingState.CANCELLED),
                    "booked": ("约好了", Booking.state == BookingState.BOOKED),
                    "attended": ("到场", Booking.state == BookingState.ATTENDED),
                    "no_show": ("未到", Booking.state == BookingState.NO_SHOW),
                    "cancelled": ("已取消", Booking.state == BookingState.CANCELLED),
                },
            ),
        ),
        search=_search,
        search_hint="编号、项目、谁、地点",
    )


def _search(said: str) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = [
        key.in_(select(of.id).where(of.name.contains(said, autoescape=True)))
        for key, of in (
            (Booking.service_id, Service),
            (Booking.professional_id, Professional),
            (Booking.place_id, Place),
        )
    ]
    if (number := whole(said.upper().removeprefix("A"))) is not None:
        found.append(Booking.id == number)
    return or_(*found)


def reached(desk: Desk) -> Select[*tuple[Any, ...]]:
    """The bookings that this member may know of, with what they are for, who with and where."""
    return (
        agenda.of(desk.db, desk.staff, now=desk.now)
        .join(Service, Service.id == Booking.service_id)
        .join(Professional, Professional.id == Booking.professional_id)
        .join(Place, Place.id == Booking.place_id)
        .add_columns(Service.name, Professional.name, Place.name)
    )


@pages.route("/appointments", needs=Door.STAFF)
def index(desk: Desk) -> Any:
    """The list; not found for whoever neither plans appointments nor is a professional."""
    return page("appointments.html", listed=listing(desk.now).read(desk.db, reached(desk)))
