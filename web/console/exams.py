"""考试: the sittings from today on, and how full they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, or_

from bot.texts.exams import title
from core.clock import today
from models.exams import Level, Sitting, Trade
from models.people import Organisation
from rules import access
from rules.access import Permission
from web.console.gate import Desk, Pages, page
from web.console.lists import Filter, Listing, Sort

pages = Pages("exams")
_P: Final = Permission.SIGN_UPS_SEE


def listing(now: datetime) -> Listing:
    """How sittings are found."""
    tomorrow = today(now)[1]
    return Listing(
        sorts={
            "when": Sort("时间", (Sitting.starts_at, Sitting.id)),
            "trade": Sort("考什么", (Trade.name, Level.level, Sitting.id)),
            "closes": Sort("报名截止", (Sitting.closes_at, Sitting.id)),
        },
        filters=(
            Filter(
                "when",
                "哪天",
                {
                    "today": ("今天", Sitting.starts_at < tomorrow),
                    "month": ("三十天以内", Sitting.starts_at < tomorrow + timedelta(days=29)),
                },
            ),
            Filter(
                "state",
                "报名",
                {
                    "open": ("正在报名", (Sitting.opens_at <= now) & (Sitting.closes_at > now)),
                    "soon": ("还没开始", Sitting.opens_at > now),
                    "closed": ("截止了", Sitting.closes_at <= now),
                },
            ),
        ),
        search=lambda said: or_(
            Trade.name.contains(said, autoescape=True), Sitting.place.contains(said, autoescape=True)
        ),
        search_hint="工种、地点",
    )


def reached(desk: Desk) -> Select[*tuple[Any, ...]]:
    """The sittings of today and later in this member's reach, with their trade, level and union."""
    return (
        access.scoped(desk.db, desk.staff, Sitting, now=desk.now)
        .where(Sitting.starts_at >= today(desk.now)[0])
        .join(Level, Level.id == Sitting.level_id)
        .join(Trade, Trade.id == Level.trade_id)
        .join(Organisation, Organisation.id == Sitting.organisation_id)
        .add_columns(Trade.name, Level.level, Organisation.name)
    )


@pages.route("/exams", needs=_P)
def index(desk: Desk) -> Any:
    """The list."""
    return page("exams.html", listed=listing(desk.now).read(desk.db, reached(desk)), title=title)
