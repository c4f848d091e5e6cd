"""相亲墙: the fairs and their walls."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, or_, select
from wtforms.validators import NumberRange

from bot.texts.figures import about
from core.clock import today
from core.errors import Refused
from models.events import Event
from models.matchmaking import Wall
from models.people import Organisation
from rules.access import Permission
from rules.matchmaking import layout, walls
from web.console.forms import Form, IntegerField, Length, StringField, line, needed
from web.console.gate import Desk, Pages, page, say, to
from web.console.lists import Filter, Listing, Sort

pages = Pages("walls")
_P: Final = Permission.WALLS_PRINT


class TitleForm(Form):
    """What a wall is called."""

    title = StringField(
        "板块",
        [needed("写一个板块名。"), Length(max=layout.TITLE_LENGTH, message="太长了，最多 %(max)d 个字。")],
        filters=[line],
    )


class WallForm(TitleForm):
    """A wall."""

    number = IntegerField(
        "墙号", [NumberRange(1, 999, message="写 1 到 999 的数字。")], render_kw={"min": 1, "max": 999}
    )


def fairs_listing(now: datetime) -> Listing:
    """How fairs are found."""
    midnight, tomorrow = today(now)
    return Listing(
        sorts={
            "when": Sort("时间", (Event.starts_at, Event.id)),
            "title": Sort("相亲会", (Event.title, Event.id)),
        },
        filters=(
            Filter(
                "when",
                "什么时候",
                {
                    "today": ("今天", (Event.starts_at < tomorrow) & (Event.ends_at > midnight)),
                    "now": ("正在办或将要办", Event.ends_at > now),
                    "past": ("办过的", Event.ends_at <= now),
                },
            ),
        ),
        search=lambda said: or_(
            Event.title.contains(said, autoescape=True), Event.place.contains(said, autoescape=True)
        ),
        search_hint="名称、地点",
    )


def reached(desk: Desk) -> Select[*tuple[Any, ...]]:
    """The fairs in this member's reach, with who holds them and how many walls they have."""
    count = select(func.count(Wall.id)).where(Wall.event_id == Event.id).scalar_subquery()
    return (
        layout.fairs(desk.db, desk.staff, now=desk.now)
        .join(Organisation, Organisation.id == Event.organisation_id)
        .add_columns(Organisation.name, count)
    )


@pages.route("/fairs", needs=_P)
def index(desk: Desk) -> Any:
    """The fairs."""
    return page("fairs.html", listed=fairs_listing(desk.now).read(desk.db, reached(desk)))


@pages.route("/fairs/<small:number>", needs=_P)
def fair(desk: Desk, number: int) -> Any:
    """The walls of a fair."""
    return _fair(desk, layout.fair(desk.db, desk.staff, number, now=desk.now))


@pages.route("/fairs/<small:number>/walls", needs=_P, methods=("POST",))
def add(desk: Desk, number: int) -> Any:
    """Put up a wall."""
    event = layout.fair(desk.db, desk.staff, number, now=desk.now)
    form = WallForm()
    if not form.read():
        return _fair(desk, event, form, 422)
    try:
        wall = layout.add_wall(
            desk.db, desk.staff, event, form.number.data or 0, form.title.data or "", now=desk.now
        )
    except Refused as refused:
        form.refuse(refused, "number" if refused.code == "wall_taken" else "title")
        return _fair(desk, event, form, 422)
    say(f"{wall.number}号墙 {wall.title} 建好了。")
    return to("walls.one", number=wall.id)


def _fair(desk: Desk, event: Event, form: WallForm | None = None, status: int = 200) -> Any:
    rows = walls.count(desk.db, event)
    if form is None:
        form = WallForm()
        form.process(data={"number": max((row.wall.number for row in rows), default=0) + 1})
    return page("fair.html", status, event=event, rows=rows, form=form, rule=section_rule, about=about)


def section_rule(title: str) -> str:
    """Who hangs on a wall of this name by itself."""
    years = walls.born_in(title)
    return f"{years.start}–{years.stop - 1} 年出生的自动挂上" if years else "人工挑选，没有合适的墙时也挂这里"
