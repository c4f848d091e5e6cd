"""相亲墙: the cards of a wall as a list, what is done to many of them, and who is not on a wall yet."""

from __future__ import annotations

from typing import Any, Final

from flask import request
from sqlalchemy import ColumnElement, Select, or_

from bot.texts.matchmaking import SEX
from core.numbers import whole
from models.matchmaking import Card, Profile, ProfileState, Wall, position_of
from rules import access
from rules.access import Permission
from rules.matchmaking import layout, walls
from web.console import bulk
from web.console.bulk import Act, each
from web.console.fairs import section_rule
from web.console.gate import Desk, Pages, page
from web.console.lists import Filter, Listing, Sort

pages = Pages("walls")
_P: Final = Permission.WALLS_PRINT


def wall_listing() -> Listing:
    """How the cards of a wall are found; its usual order is that of the wall."""
    return Listing(
        sorts={
            "place": Sort("位置", (Card.position, Card.id)),
            "name": Sort("称呼", (Profile.nickname, Card.id)),
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
        search_hint="位置、称呼、职业、卡号",
        size=100,
    )


def _search(said: str) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = [
        Profile.nickname.contains(said, autoescape=True),
        Profile.trade.contains(said, autoescape=True),
    ]
    if (position := position_of(said)) is not None:
        found.append(Card.position == position)
    if (number := whole(said)) is not None:
        found.append(Card.id == number)
    return or_(*found)


def _hanging(desk: Desk, number: int) -> Select[*tuple[Any, ...]]:
    return layout.hanging(desk.db, desk.staff, wall_of(desk, number), now=desk.now)


def wall_of(desk: Desk, number: int) -> Wall:
    return layout.wall(desk.db, desk.staff, number, now=desk.now)


def _other_walls(desk: Desk, number: int) -> list[tuple[str, str]]:
    wall = wall_of(desk, number)
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
    each(lambda desk, card, reason, target: layout.revoke(desk.db, desk.staff, card, reason, now=desk.now)),
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
    each(lambda desk, card, reason, target: layout.reissue(desk.db, desk.staff, card, reason, now=desk.now)),
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
    each(
        lambda desk, card, reason, target: layout.move_to(
            desk.db, desk.staff, card, wall_of(desk, int(target)), now=desk.now
        )
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
        search_hint="称呼、职业、家乡",
    )


def _free(desk: Desk, number: int) -> Select[*tuple[Any, ...]]:
    return layout.free(desk.db, desk.staff, wall_of(desk, number), now=desk.now)


@pages.route("/walls/<small:number>/add", needs=_P)
def candidates(desk: Desk, number: int) -> Any:
    """Who is listed and hangs at no fair to come."""
    wall = wall_of(desk, number)
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
    lambda profile: f"{profile.nickname}（{SEX.get(profile.sex, '')}，{profile.birth_year}）",
    each(
        lambda desk, profile, reason, target: layout.hang(
            desk.db, desk.staff, profile, wall_of(desk, (request.view_args or {})["number"]), now=desk.now
        )
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
