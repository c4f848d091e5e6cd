"""相亲墙: fairs, their walls, and who hangs where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask import request
from sqlalchemy import ColumnElement, Select, func, or_, select
from wtforms.validators import NumberRange

from core.clock import local
from core.errors import Refused
from models.events import Event
from models.matchmaking import Card, Profile, ProfileState, Wall, place, position_of
from models.people import Organisation
from rules import access
from rules.access import Permission
from rules.matchmaking import cards, layout, walls
from web.console import bulk, words
from web.console.bulk import Act
from web.console.forms import Form, IntegerField, Length, StringField, line, needed
from web.console.gate import Desk, Pages, page, say, to
from web.console.lists import Filter, Listed, Listing, Sort

pages = Pages("walls")
_P: Final = Permission.WALLS_PRINT
PART: Final = 200
"""Cards of one PDF: it is drawn in some seconds, while others are answered too."""
GAP: Final = 60
"""Free places shown between two cards; a wider gap is only named."""


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


# Fairs


def fairs_listing(now: datetime) -> Listing:
    """How fairs are found."""
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


@pages.route("/fairs", needs=_P)
def index(desk: Desk) -> Any:
    """The fairs."""
    count = select(func.count(Wall.id)).where(Wall.event_id == Event.id).scalar_subquery()
    query = (
        layout.fairs(desk.db, desk.staff, now=desk.now)
        .join(Organisation, Organisation.id == Event.organisation_id)
        .add_columns(Organisation.name, count)
    )
    return page("fairs.html", listed=fairs_listing(desk.now).read(desk.db, query))


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
    return page("fair.html", status, event=event, rows=rows, form=form, rule=section_rule, about=words.about)


def section_rule(title: str) -> str:
    """Who hangs on a wall of this name by itself."""
    years = walls.born_in(title)
    return f"{years.start}–{years.stop - 1} 年出生的自动挂上" if years else "人工挑选，没有合适的墙时也挂这里"


# One wall


def wall_listing() -> Listing:
    """How the cards of a wall are found; its usual order is that of the wall."""
    return Listing(
        sorts={
            "place": Sort("位置", (Card.position, Card.id)),
            "name": Sort("昵称", (Profile.nickname, Card.id)),
        },
        filters=(
            Filter("sex", "性别", {"f": ("女", Profile.sex == "f"), "m": ("男", Profile.sex == "m")}),
            Filter(
                "paper",
                "打印",
                {
                    "old": ("要打印", walls.must_print() & walls.is_hanging()),
                    "hidden": ("现在不展示", Profile.state != ProfileState.LISTED),
                },
            ),
        ),
        search=_search,
        search_hint="位置、昵称、职业、卡号",
        size=100,
    )


def _search(said: str) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = [
        Profile.nickname.contains(said, autoescape=True),
        Profile.trade.contains(said, autoescape=True),
    ]
    if (position := position_of(said)) is not None:
        found.append(Card.position == position)
    if said.isascii() and said.isdecimal() and len(said) < 16:
        found.append(Card.id == int(said))
    return or_(*found)


def _hanging(desk: Desk, number: int) -> Select[*tuple[Any, ...]]:
    return layout.hanging(desk.db, desk.staff, _wall(desk, number), now=desk.now)


def _wall(desk: Desk, number: int) -> Wall:
    return layout.wall(desk.db, desk.staff, number, now=desk.now)


@pages.route("/walls/<small:number>", needs=_P)
def one(desk: Desk, number: int) -> Any:
    """A wall as it hangs."""
    return shown(desk, _wall(desk, number))


@pages.route("/walls/<small:number>/title", needs=_P, methods=("POST",))
def rename(desk: Desk, number: int) -> Any:
    """Call it something else."""
    wall = _wall(desk, number)
    form = TitleForm()
    if not form.read():
        return shown(desk, wall, 422, form=form)
    layout.rename(desk.db, desk.staff, wall, form.title.data or "", now=desk.now)
    say(f"现在叫“{wall.title}”。纸上印着板块名，整面墙要重新打印。")
    return to("walls.one", number=number)


@pages.route("/walls/<small:number>/move", needs=_P, methods=("POST",))
def move(desk: Desk, number: int) -> Any:
    """Hang a card at another place of the wall; if somebody hangs there, the two change places."""
    wall = _wall(desk, number)
    texts = request.form.get("from", "")[:10], request.form.get("to", "")[:10]
    at, target = (position_of(text) for text in texts)
    found = layout.hanging(desk.db, desk.staff, wall, now=desk.now).where(Card.position == at)
    row = desk.db.execute(found).first() if at else None
    if row is None:
        return shown(desk, wall, 422, moving=texts, problem=f"“{texts[0]}”没有挂着卡片。")
    try:
        other = layout.move(desk.db, desk.staff, row[0], target or 0, now=desk.now)
    except Refused as refused:
        desk.db.rollback()
        return shown(desk, _wall(desk, number), 422, moving=texts, problem=words.refusal(refused))
    told = f"{row[1].nickname} 挂到 {place(target or 0)} 了。"
    say(f"{told}原来在那里的换到了 {other.place}，两张都要重新打印。" if other else f"{told}这张要重新打印。")
    return to("walls.one", number=number, **request.args.to_dict())


def shown(
    desk: Desk,
    wall: Wall,
    status: int = 200,
    *,
    form: TitleForm | None = None,
    moving: tuple[str, str] = ("", ""),
    problem: str = "",
) -> Any:
    """The page of a wall, with what went wrong."""
    db = desk.db
    listed = wall_listing().read(
        db, layout.hanging(db, desk.staff, wall, now=desk.now), endpoint="console.walls.one"
    )
    count = next(row for row in walls.count(db, wall.event) if row.wall.id == wall.id)
    if form is None:
        form = TitleForm()
        form.process(data={"title": wall.title})
    return page(
        "wall.html",
        status,
        wall=wall,
        count=count,
        listed=listed,
        cells=cells(listed),
        scans=layout.scans_of(db, [row[0].id for row in listed.rows]),
        missing=cards.without_code(db, wall, now=desk.now, config=desk.config),
        rule=section_rule,
        about=words.about,
        age=lambda profile: local(desk.now).year - profile.birth_year,
        form=form,
        moving=moving,
        problem=problem,
        place=place,
        parts=-(-count.cards // PART),
        part_size=PART,
        acts=bulk.buttons(desk, pages, ACTS),
        free=desk.db.scalar(
            select(func.count()).select_from(layout.free(db, desk.staff, wall, now=desk.now).subquery())
        ),
    )


def cells(listed: Listed) -> Sequence[tuple[int, Any]]:
    """The places of one page: (position, card with profile) or, where nothing hangs, (position, None)."""
    found: list[tuple[int, Any]] = []
    is_whole = not listed.is_narrowed and listed.sort == "place" and not listed.is_down
    before = 0 if listed.number == 1 else None
    for row in listed.rows:
        position = row[0].position
        if is_whole and before is not None and position - before <= GAP:
            found += [(number, None) for number in range(before + 1, position)]
        found.append((position, row))
        before = position
    return found


# Acts on many cards


def _other_walls(desk: Desk, number: int) -> list[tuple[str, str]]:
    wall = _wall(desk, number)
    rows = desk.db.scalars(
        access.scoped(desk.db, desk.staff, Wall, now=desk.now)
        .where(Wall.event_id == wall.event_id, Wall.id != wall.id)
        .order_by(Wall.number)
    )
    return [(str(row.id), f"{row.number}号墙 {row.title}") for row in rows]


def _called(card: Card) -> str:
    return f"{card.place} {card.profile.nickname}"


REVOKE: Final = Act(
    "revoke",
    "作废",
    "会作废，位置空出来，墙上的纸扫了不再有人。",
    lambda count: f"作废了 {count} 张卡片，请把纸取下来。",
    _P,
    Card,
    _called,
    lambda desk, card, reason, target: layout.revoke(desk.db, desk.staff, card, reason, now=desk.now),
    reason="作废的原因",
    danger=True,
)
REISSUE: Final = Act(
    "reissue",
    "换新卡",
    "会换成新卡、新二维码，位置不变，旧纸作废。换完要重新打印。",
    lambda count: f"换了 {count} 张新卡，请打印“变了的”。",
    _P,
    Card,
    _called,
    lambda desk, card, reason, target: layout.reissue(desk.db, desk.staff, card, reason, now=desk.now),
    reason="换卡的原因",
)
ELSEWHERE: Final = Act(
    "elsewhere",
    "移到别的墙",
    "会挂到那面墙的空位上，二维码不变。两面墙都要看看打印。",
    lambda count: f"移了 {count} 张卡片，请打印那面墙“变了的”。",
    _P,
    Card,
    _called,
    lambda desk, card, reason, target: layout.move_to(
        desk.db, desk.staff, card, _wall(desk, int(target)), now=desk.now
    ),
    target="移到",
    targets=_other_walls,
)
ACTS: Final = (ELSEWHERE, REISSUE, REVOKE)
for _act in ACTS:
    bulk.offer(
        pages,
        "/walls/<small:number>",
        _act,
        needs=_P,
        listing=lambda desk: wall_listing(),
        query=_hanging,
        back="walls.one",
    )


# Who is not on a wall yet


def free_listing() -> Listing:
    """How those who hang nowhere are found."""
    return Listing(
        sorts={
            "listed": Sort("通过时间", (Profile.listed_at, Profile.id)),
            "born": Sort("出生", (Profile.birth_year, Profile.id)),
            "number": Sort("编号", (Profile.id,)),
        },
        filters=(
            Filter("sex", "性别", {"f": ("女", Profile.sex == "f"), "m": ("男", Profile.sex == "m")}),
            Filter(
                "born",
                "出生",
                {
                    str(decade): (
                        f"{decade % 100:02d}后",
                        Profile.birth_year.between(decade, decade + 9),
                    )
                    for decade in range(1960, 2010, 10)
                },
            ),
        ),
        search=lambda said: or_(
            Profile.nickname.contains(said, autoescape=True),
            Profile.trade.contains(said, autoescape=True),
            Profile.home_town.contains(said, autoescape=True),
        ),
        search_hint="昵称、职业、家乡",
    )


def _free(desk: Desk, number: int) -> Select[*tuple[Any, ...]]:
    return layout.free(desk.db, desk.staff, _wall(desk, number), now=desk.now)


@pages.route("/walls/<small:number>/add", needs=_P)
def candidates(desk: Desk, number: int) -> Any:
    """Who is listed and hangs at no fair to come."""
    wall = _wall(desk, number)
    listed = free_listing().read(desk.db, _free(desk, number))
    acts = [(f"console.walls.bulk_{act.name}", act) for act in (HANG,)]
    return page("wall_add.html", wall=wall, listed=listed, acts=acts, rule=section_rule)


HANG: Final = Act(
    "hang",
    "挂到这面墙",
    "会挂到这面墙的空位上。",
    lambda count: f"挂了 {count} 张新卡片，请打印“变了的”。",
    _P,
    Profile,
    lambda profile: f"{profile.nickname}（{words.SEX.get(profile.sex, '')}，{profile.birth_year}）",
    lambda desk, profile, reason, target: layout.hang(
        desk.db, desk.staff, profile, _wall(desk, (request.view_args or {})["number"]), now=desk.now
    ),
)
bulk.offer(
    pages,
    "/walls/<small:number>",
    HANG,
    needs=_P,
    listing=lambda desk: free_listing(),
    query=_free,
    back="walls.candidates",
)
