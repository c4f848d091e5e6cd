"""相亲墙: one wall as it hangs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask import request
from sqlalchemy import func, select

from bot.texts.figures import about
from core.clock import local
from core.errors import Refused
from models.matchmaking import Card, Wall, place, position_of
from rules.access import Permission
from rules.matchmaking import cards, layout, walls
from web.console import bulk, hanging, words
from web.console.fairs import TitleForm, section_rule
from web.console.gate import Desk, Pages, page, say, to
from web.console.hanging import wall_listing, wall_of
from web.console.lists import Listed

pages = Pages("walls")
_P: Final = Permission.WALLS_PRINT
PART: Final = 200
"""Cards of one PDF: it is drawn in some seconds, while others are answered too."""
GAP: Final = 60
"""Free places shown between two cards; a wider gap is left out."""


@pages.route("/walls/<small:number>", needs=_P)
def one(desk: Desk, number: int) -> Any:
    """A wall as it hangs."""
    return shown(desk, wall_of(desk, number))


@pages.route("/walls/<small:number>/title", needs=_P, methods=("POST",))
def rename(desk: Desk, number: int) -> Any:
    """Call it something else."""
    wall = wall_of(desk, number)
    form = TitleForm()
    if not form.read():
        return shown(desk, wall, 422, form=form)
    layout.rename(desk.db, desk.staff, wall, form.title.data or "", now=desk.now)
    say(f"现在叫“{wall.title}”。纸上印着板块名，整面墙要重新打印。")
    return to("walls.one", number=number)


@pages.route("/walls/<small:number>/move", needs=_P, methods=("POST",))
def move(desk: Desk, number: int) -> Any:
    """Hang a card at another place of the wall; if somebody hangs there, the two change places."""
    wall = wall_of(desk, number)
    texts = request.form.get("from", "")[:10], request.form.get("to", "")[:10]
    at, target = (position_of(text) for text in texts)
    found = layout.hanging(desk.db, desk.staff, wall, now=desk.now).where(Card.position == at)
    row = desk.db.execute(found).first() if at else None
    if row is None:
        problem = f"“{texts[0]}”没有挂着卡片。" if texts[0].strip() else "先写要把哪个位置的卡片挂过去。"
        return shown(desk, wall, 422, moving=texts, problem=problem)
    try:
        other = layout.move(desk.db, desk.staff, row[0], target or 0, now=desk.now)
    except Refused as refused:
        desk.db.rollback()
        return shown(desk, wall_of(desk, number), 422, moving=texts, problem=words.refusal(refused))
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
        about=about,
        age=lambda profile: local(desk.now).year - profile.birth_year,
        form=form,
        moving=moving,
        problem=problem,
        place=place,
        parts=-(-count.cards // PART),
        part_size=PART,
        acts=bulk.buttons(desk, pages, hanging.ACTS),
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
