"""Laying out walls, as staff do it: walls of a fair within their union, who hangs where, cards voided and renewed.

Whoever moves cards of a wall holds its row until they commit, so two moves never meet half-way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from core.db import hold
from core.errors import Refused
from core.visible import tidy
from models.events import Event
from models.matchmaking import Card, Profile, ProfileState, Scan, Wall
from models.people import Organisation, Staff, Worker
from rules import access, audit
from rules.access import Permission
from rules.matchmaking import cards, walls

MOST_POSITION: Final = 20_000
TITLE_LENGTH: Final = 40
_ASIDE: Final = -1
"""Where a card hangs for a moment while two change places."""


def fairs(db: Session, staff: Staff, *, now: datetime) -> Select[Event]:
    """The fairs of this member's union and those below it, in no order."""
    access.need(staff, Permission.WALLS_PRINT)
    return access.scoped(db, staff, Event, now=now).where(Event.kind == "fair")


def fair(db: Session, staff: Staff, event_id: int, *, now: datetime) -> Event:
    """One of them. Raises Refused("not_found")."""
    found = db.scalar(fairs(db, staff, now=now).where(Event.id == event_id))
    if found is None:
        raise Refused("not_found")
    return found


def wall(db: Session, staff: Staff, wall_id: int, *, now: datetime) -> Wall:
    """A wall of one of them. Raises Refused("not_found")."""
    access.need(staff, Permission.WALLS_PRINT)
    return access.find(db, staff, Wall, wall_id, now=now)


def card(db: Session, staff: Staff, card_id: int, *, now: datetime) -> Card:
    """A card, live or void, of a worker in this member's reach on one of these walls. Raises Refused("not_found")."""
    access.need(staff, Permission.WALLS_PRINT)
    found = access.find(db, staff, Card, card_id, now=now)
    wall(db, staff, found.wall_id, now=now)
    return found


def hanging(db: Session, staff: Staff, at: Wall, *, now: datetime) -> Select[Card, Profile]:
    """The live cards of a wall with their profiles, paused ones too."""
    return (
        select(Card, Profile)
        .join(Profile, Profile.id == Card.profile_id)
        .where(Card.wall_id == at.id, Card.revoked_at.is_(None), access.in_scope(db, staff, Card, now=now))
    )


def free(db: Session, staff: Staff, at: Wall, *, now: datetime) -> Select[Profile]:
    """Listed profiles that hang at no fair to come and may hang at this one: those of the union that holds it and
    below, and of nobody's, within this member's reach."""
    holder = db.get_one(Organisation, at.event.organisation_id)
    hangs = (
        select(Card.id)
        .join(Wall, Wall.id == Card.wall_id)
        .join(Event, Event.id == Wall.event_id)
        .where(Card.profile_id == Profile.id, Card.revoked_at.is_(None), Event.ends_at > now)
    )
    union = aliased(Organisation)
    below = select(union.id).where(union.path.startswith(holder.path, autoescape=True))
    return (
        select(Profile)
        .join(Worker, Worker.id == Profile.worker_id)
        .where(
            Profile.state == ProfileState.LISTED,
            access.in_scope(db, staff, Profile, now=now),
            or_(Worker.organisation_id.in_(below), Worker.organisation_id.is_(None)),
            Worker.unfollowed_at.is_(None),
            ~hangs.exists(),
        )
    )


def add_wall(db: Session, staff: Staff, event: Event, number: int, title: str, *, now: datetime) -> Wall:
    """Put up a wall. Raises Refused: not_found, bad_title, wall_taken."""
    fair(db, staff, event.id, now=now)
    made = walls.lay_out(db, event, number, _title(title))
    audit.note(db, staff, "wall_add", f"wall:{made.id}", now=now, after={"title": made.title})
    return made


def rename(db: Session, staff: Staff, at: Wall, title: str, *, now: datetime) -> None:
    """Call a wall something else. Its cards say so on paper, so all of them must be printed again."""
    wall(db, staff, at.id, now=now)
    before, at.title = at.title, _title(title)
    if at.title == before:
        return
    db.execute(
        update(Card)
        .where(Card.wall_id == at.id, Card.revoked_at.is_(None))
        .values(printed_at=None)
        .execution_options(synchronize_session=False)
    )
    audit.note(
        db,
        staff,
        "wall_rename",
        f"wall:{at.id}",
        now=now,
        before={"title": before},
        after={"title": at.title},
    )


def hang(db: Session, staff: Staff, profile: Profile, at: Wall, *, now: datetime) -> Card:
    """Give a listed profile a card at the lowest free place. Raises Refused: not_found, card_exists, wall_busy."""
    wall(db, staff, at.id, now=now)
    if db.scalar(free(db, staff, at, now=now).where(Profile.id == profile.id)) is None:
        raise Refused("card_exists" if cards.live_card(db, profile) else "not_found")
    made = walls.hang(db, profile, now=now, wall=at)
    if made is None:
        raise Refused("wall_busy")
    audit.note(db, staff, "card_hang", f"card:{made.id}", now=now, after=_at(made))
    return made


def fill(db: Session, staff: Staff, *, now: datetime) -> Iterator[int]:
    """Give a card to everybody in this member's reach who is listed and hangs at no fair to come, if their fair is in
    reach too. Says after every few how many got one: whoever asks commits then, so that nobody waits for all of them.

    Raises Refused("not_found").
    """
    access.need(staff, Permission.WALLS_PRINT)
    in_reach, after = access.in_scope(db, staff, Profile, now=now), 0
    while batch := walls.without_card(db, in_reach, now=now, after=after):
        after = batch[-1].id
        made = []
        for profile in batch:
            event, before = walls.fair_of(db, profile, now=now), cards.live_card(db, profile)
            if event and staff.organisation.has_within(db.get_one(Organisation, event.organisation_id)):
                card = walls.hang(db, profile, now=now)
                made += [card] if card and card is not before else []
        deeds = [audit.Deed(f"card:{one.id}", after=_at(one)) for one in made]
        audit.note_all(db, staff, "card_hang", deeds, now=now)
        yield len(made)


def move(db: Session, staff: Staff, one: Card, position: int, *, now: datetime) -> Card | None:
    """Hang a card at another place of its wall; whoever hangs there takes its place and is returned.

    Both papers say a place that is wrong now, so they must be printed again. Raises Refused: not_found, card_revoked,
    bad_position, wall_busy.
    """
    card(db, staff, one.id, now=now)
    if not 1 <= position <= MOST_POSITION:
        raise Refused("bad_position")
    _hold(db, one, one.wall_id)
    before = one.position
    if before == position:
        return None
    there = (Card.wall_id == one.wall_id, Card.position == position, Card.revoked_at.is_(None))
    other = db.scalar(select(Card).where(*there).execution_options(populate_existing=True))
    try:
        if other is not None:
            _put(db, other, _ASIDE)
            _put(db, one, position)
            _put(db, other, before)
        else:
            _put(db, one, position)
    except IntegrityError:  # a new card was hung there at this very moment
        raise Refused("wall_busy") from None
    for moved, came_from in ((one, before), (other, position)):
        if moved is not None:
            _note_move(db, staff, moved, {"wall": moved.wall_id, "position": came_from}, now=now)
    return other


def move_to(db: Session, staff: Staff, one: Card, to: Wall, *, now: datetime) -> None:
    """Hang a card at the lowest free place of another wall of the same fair. Raises Refused: not_found, card_revoked,
    wall_busy."""
    card(db, staff, one.id, now=now)
    wall(db, staff, to.id, now=now)
    if to.event_id != one.wall.event_id:
        raise Refused("not_found")
    _hold(db, one, one.wall_id, to.id)
    if one.wall_id == to.id:
        return
    before = _at(one)
    try:
        _put(db, one, cards.free_position(db, to), wall_id=to.id)
    except IntegrityError:
        raise Refused("wall_busy") from None
    _note_move(db, staff, one, before, now=now)


def revoke(db: Session, staff: Staff, one: Card, reason: str, *, now: datetime) -> None:
    """Void a card for good, with a reason; its place becomes free. Raises Refused: not_found, reason_needed,
    card_revoked."""
    card(db, staff, one.id, now=now)
    reason = _reason(reason)
    _live(db, one)
    before = _at(one)
    cards.revoke(db, one, now=now)
    audit.note(db, staff, "card_revoke", f"card:{one.id}", now=now, reason=reason, before=before)


def reissue(db: Session, staff: Staff, one: Card, reason: str, *, now: datetime) -> Card:
    """Void a card and put a fresh one with a new code at its place, with a reason. Raises Refused: not_found,
    reason_needed, card_revoked, wall_busy."""
    card(db, staff, one.id, now=now)
    reason = _reason(reason)
    fresh = cards.reissue(db, one, now=now)
    audit.note(db, staff, "card_reissue", f"card:{one.id}", now=now, reason=reason, after={"card": fresh.id})
    return fresh


def scans_of(db: Session, card_ids: list[int]) -> dict[int, tuple[int, int]]:
    """How often each of these cards was scanned and by how many people; who, nobody learns."""
    rows = db.execute(
        select(Scan.card_id, func.count(), func.count(Scan.worker_id.distinct()))
        .where(Scan.card_id.in_(card_ids))
        .group_by(Scan.card_id)
    )
    return {card_id: (times, people) for card_id, times, people in rows}


def _title(title: str) -> str:
    title = tidy(title)
    if not 1 <= len(title) <= TITLE_LENGTH:
        raise Refused("bad_title", limit=TITLE_LENGTH)
    return title


def _reason(reason: str) -> str:
    reason = tidy(reason)
    if not reason:
        raise Refused("reason_needed")
    return reason


def _at(one: Card) -> dict[str, Any]:
    return {"wall": one.wall_id, "position": one.position}


def _hold(db: Session, one: Card, *wall_ids: int) -> None:
    """Hold these walls, always in the same order, and read the card anew. Raises Refused: card_revoked, wall_busy (it
    hangs on none of them any more: the wall that it would leave is not held)."""
    for wall_id in sorted(set(wall_ids)):
        hold(db, Wall.number, Wall.id == wall_id)
    _live(db, one)
    if one.wall_id not in wall_ids:
        raise Refused("wall_busy")


def _live(db: Session, one: Card) -> None:
    db.refresh(one)
    if one.revoked_at is not None:
        raise Refused("card_revoked")


def _put(db: Session, one: Card, position: int, *, wall_id: int | None = None) -> None:
    one.position, one.printed_at = position, None
    if wall_id is not None:
        one.wall_id = wall_id
    db.flush()


def _note_move(db: Session, staff: Staff, one: Card, before: dict[str, Any], *, now: datetime) -> None:
    audit.note(db, staff, "card_move", f"card:{one.id}", now=now, before=before, after=_at(one))
