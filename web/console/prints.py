"""相亲墙: printing a wall or a card, the codes it needs, and one card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask import request

from bot.texts.figures import few
from core.clock import local
from core.errors import Refused
from core.numbers import whole
from models.matchmaking import Card, Wall, position_of
from rules import audit
from rules.access import Permission
from rules.matchmaking import cards, layout, walls
from rules.matchmaking.printing import Sheets
from web.console import words
from web.console.exports import attached, spooled
from web.console.forms import REASON_LENGTH, Form, reason_for
from web.console.gate import Desk, Pages, page, say, to
from web.console.walls import PART, shown

pages = Pages("walls")
_P: Final = Permission.WALLS_PRINT
PDF: Final = "application/pdf"


class ReasonForm(Form):
    """Why a card is voided or renewed."""

    reason = reason_for("原因", "写一句原因，会留下记录。")


@pages.route("/walls/<small:number>/codes", needs=_P, methods=("POST",), limit="20/minute")
def codes(desk: Desk, number: int) -> Any:
    """Have the codes made that are missing or end soon; a worker does it, and the page counts down."""
    wall = layout.wall(desk.db, desk.staff, number, now=desk.now)
    cards.want_codes(desk.db, wall, now=desk.now)
    return to("walls.one", number=number)


@pages.route("/walls/<small:number>/codes.json", needs=_P, polls=True)
def progress(desk: Desk, number: int) -> Any:
    """How many codes are missing, for a page that stays open."""
    wall = layout.wall(desk.db, desk.staff, number, now=desk.now)
    missing = cards.without_code(desk.db, wall, now=desk.now, config=desk.config)
    return {"left": missing, "is_over": missing == 0 or wall.codes_wanted_at is None}


@pages.route("/walls/<small:number>/print", needs=_P, methods=("POST",), limit="20/minute")
def print_wall(desk: Desk, number: int) -> Any:
    """The PDF of a wall: all its cards or those whose paper is out of date, on sheets or one to a page."""
    wall = layout.wall(desk.db, desk.staff, number, now=desk.now)
    only_changed = request.form.get("what") == "changed"
    posters = request.form.get("kind") == "poster"
    found = walls.to_print(desk.db, wall, only_changed=only_changed)
    ready = [card for card in found if not cards.needs_code(card, now=desk.now, config=desk.config)]
    if not ready:
        problem = "要打印的卡片还没有二维码，先点“做二维码”。" if found else "都打印过了，没有要打印的卡片。"
        return shown(desk, wall, 409, problem=problem)
    parts = -(-len(ready) // PART)
    # what was printed is no longer changed: the next ones are the first
    part = 1 if only_changed else _part(parts)
    ready = ready[(part - 1) * PART : part * PART]
    what = "变了的" if only_changed else f"第{part}部分" if parts > 1 else "全部"
    name = f"{wall.number}号墙-{wall.title}-{what}-{local(desk.now):%m%d-%H%M}.pdf"
    facts = {"cards": len(ready), "part": part, "changed": only_changed, "posters": posters}
    return _pdf(desk, wall, ready, name, "wall_print", f"wall:{wall.id}", facts, posters=posters)


def _part(parts: int) -> int:
    return min(max(whole(request.form.get("part"), digits=4) or 1, 1), parts)


def _pdf(
    desk: Desk,
    wall: Wall,
    found: Sequence[Card],
    name: str,
    act: str,
    subject: str,
    facts: dict[str, Any],
    *,
    posters: bool,
) -> Any:
    sheets = Sheets(found, wall, now=desk.now)
    staff = desk.staff
    desk.db.commit()  # drawing takes a while; nobody waits for it
    file, _ = spooled(lambda out: sheets.draw(out, posters=posters))
    walls.mark_printed(desk.db, sheets.on_paper, now=desk.now)
    audit.note(desk.db, staff, act, subject, now=desk.now, after=facts)
    return attached(file, name, PDF)


# One card


@pages.route("/cards/<id:number>", needs=_P)
def card(desk: Desk, number: int) -> Any:
    """One card: as it hangs, how it is looked at, what can be done."""
    return _card(desk, layout.card(desk.db, desk.staff, number, now=desk.now))


@pages.route("/cards/<id:number>/print", needs=_P, methods=("POST",), limit="30/minute")
def print_card(desk: Desk, number: int) -> Any:
    """The card large, alone on a page."""
    one = layout.card(desk.db, desk.staff, number, now=desk.now)
    is_shown = one.revoked_at is None and one.profile.is_listed
    if not is_shown or cards.needs_code(one, now=desk.now, config=desk.config):
        return _card(desk, one, 409, problem="现在不能打印：卡片没有展示，或者二维码还没有做好。")
    name = f"{one.wall.number}号墙-{one.place}-大卡片.pdf"
    return _pdf(desk, one.wall, [one], name, "card_print", f"card:{one.id}", {"posters": True}, posters=True)


@pages.route("/cards/<id:number>/move", needs=_P, methods=("POST",))
def move_card(desk: Desk, number: int) -> Any:
    """Hang it at another place of its wall."""
    one = layout.card(desk.db, desk.staff, number, now=desk.now)
    text = request.form.get("to", "")[:10]
    try:
        other = layout.move(desk.db, desk.staff, one, position_of(text) or 0, now=desk.now)
    except Refused as refused:
        return _told(desk, number, refused)
    say(f"挂到 {one.place} 了。" + (f"原来在那里的换到了 {other.place}。" if other else "") + "要重新打印。")
    return to("walls.card", number=number)


@pages.route("/cards/<id:number>/reissue", needs=_P, methods=("POST",))
def reissue_card(desk: Desk, number: int) -> Any:
    """Void it and put a fresh one with a new code at its place."""
    one = layout.card(desk.db, desk.staff, number, now=desk.now)
    form = ReasonForm()
    if not form.read():
        return _card(desk, one, 422, form=form)
    try:
        fresh = layout.reissue(desk.db, desk.staff, one, form.reason.data or "", now=desk.now)
    except Refused as refused:
        return _told(desk, number, refused)
    say("旧卡作废了，这是新卡。二维码做好以后请打印。")
    return to("walls.card", number=fresh.id)


@pages.route("/cards/<id:number>/revoke", needs=_P, methods=("POST",))
def revoke_card(desk: Desk, number: int) -> Any:
    """Void it for good."""
    one = layout.card(desk.db, desk.staff, number, now=desk.now)
    form = ReasonForm()
    if not form.read():
        return _card(desk, one, 422, form=form)
    try:
        layout.revoke(desk.db, desk.staff, one, form.reason.data or "", now=desk.now)
    except Refused as refused:
        return _told(desk, number, refused)
    say(f"{one.place} 的卡片作废了，请把纸取下来。")
    return to("walls.one", number=one.wall_id)


def _told(desk: Desk, number: int, refused: Refused) -> Any:
    if refused.code == "not_found":
        raise refused
    desk.db.rollback()
    one = layout.card(desk.db, desk.staff, number, now=desk.now)
    return _card(desk, one, 409, problem=words.refusal(refused))


def _card(
    desk: Desk,
    one: Card,
    status: int = 200,
    *,
    form: ReasonForm | None = None,
    problem: str = "",
) -> Any:
    times, people = layout.scans_of(desk.db, [one.id]).get(one.id, (0, 0))
    return page(
        "card.html",
        status,
        card=one,
        age=local(desk.now).year - one.profile.birth_year,
        scans=few(times, people),
        has_code=not cards.needs_code(one, now=desk.now, config=desk.config),
        is_stale=one.printed_at is None
        or (one.profile.listed_at is not None and one.printed_at < one.profile.listed_at),
        form=form or ReasonForm(),
        problem=problem,
        reason_length=REASON_LENGTH,
    )
