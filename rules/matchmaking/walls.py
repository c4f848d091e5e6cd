"""The walls of a fair: who hangs on which, what has to be printed, and who is looked at how often."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from core.db import insert_new
from core.errors import Refused
from models.events import Event
from models.matchmaking import Card, Profile, ProfileState, Scan, Wall
from rules import organisations
from rules.figures import LEAST
from rules.matchmaking import cards

_BORN = re.compile(r"(?<!\d)(\d[05])\s*后")
"""A section such as 90后 (born in the nineties) or 95后 (1995 to 1999)."""


@dataclass(frozen=True)
class WallCount:
    """A wall with how many cards hang there, how many of them must be printed, and how often they were scanned, by
    how many people."""

    wall: Wall
    cards: int
    to_print: int
    scans: int
    people: int


@dataclass(frozen=True)
class CardScans:
    """A live card, how often it was scanned and by how many people."""

    card: Card
    scans: int
    people: int


def lay_out(db: Session, event: Event, number: int, title: str) -> Wall:
    """Put up a wall. A title such as "90后" says who hangs there; any other is filled by hand or when no such fits."""
    if not insert_new(db, Wall, event_id=event.id, number=number, title=title):
        raise Refused("wall_taken")
    return numbered(db, event, number)


def numbered(db: Session, event: Event, number: int) -> Wall:
    """The fair's wall of this number."""
    wall = db.scalar(select(Wall).where(Wall.event_id == event.id, Wall.number == number))
    if wall is None:
        raise Refused("no_such_wall")
    return wall


def born_in(title: str) -> range | None:
    """The birth years a section is for, or None when its title names none."""
    found = _BORN.search(title)
    if found is None:
        return None
    start = 1900 + int(found[1]) if int(found[1]) >= 40 else 2000 + int(found[1])
    return range(start, start + (5 if start % 10 else 10))


def choose(db: Session, event: Event, birth_year: int) -> Wall | None:
    """The wall where somebody of this age belongs: the narrowest section, of equals the one with fewest cards.

    Whoever fits no section of birth years goes to a wall that has none, and if there is no such wall, to any.
    """
    hanging = (
        select(func.count(Card.id))
        .where(Card.wall_id == Wall.id, Card.revoked_at.is_(None))
        .scalar_subquery()
    )
    walls = db.execute(select(Wall, hanging).where(Wall.event_id == event.id)).all()

    def order(row: tuple[Wall, int]) -> tuple[int, int, int]:
        wall, count = row
        years = born_in(wall.title)
        if years is None:
            fit = 100
        elif birth_year in years:
            fit = len(years)
        else:
            fit = 1000
        return fit, count, wall.number

    return min(((wall, count) for wall, count in walls), key=order)[0] if walls else None


def hang(db: Session, profile: Profile, *, now: datetime, wall: Wall | None = None) -> Card | None:
    """Make sure a listed profile has a card at the fair of its person; None when no fair is planned.

    A card that still hangs at a fair to come stays what it is; one of a fair that is over gives way to a new one.
    """
    card = cards.live_card(db, profile)
    if card and card.wall.event.ends_at > now and wall in (None, card.wall):
        return card
    if wall is None:
        event = fair_of(db, profile, now=now)
        wall = choose(db, event, profile.birth_year) if event else None
        if wall is None:
            return card
    if card:
        cards.revoke(db, card, now=now)
    return cards.issue(db, profile, wall, now=now)


def fair_of(db: Session, profile: Profile, *, now: datetime) -> Event | None:
    """Where this person meets others."""
    return organisations.fair_for(db, organisations.of_worker(db, profile.worker, now=now), now=now)


def without_card(
    db: Session, *which: ColumnElement[bool], now: datetime, after: int = 0, limit: int = 50
) -> list[Profile]:
    """Listed profiles that hang at no fair to come, by id, for `hang` to give them cards when walls are new."""
    hanging = (
        select(Card.id)
        .join(Wall, Wall.id == Card.wall_id)
        .join(Event, Event.id == Wall.event_id)
        .where(Card.profile_id == Profile.id, Card.revoked_at.is_(None), Event.ends_at > now)
    )
    return list(
        db.scalars(
            select(Profile)
            .where(Profile.state == ProfileState.LISTED, Profile.id > after, ~hanging.exists(), *which)
            .order_by(Profile.id)
            .limit(limit)
        )
    )


# What to print


def is_hanging() -> ColumnElement[bool]:
    """On paper is only what anybody may see: live cards of listed profiles."""
    return and_(Card.revoked_at.is_(None), Profile.state == ProfileState.LISTED)


def must_print() -> ColumnElement[bool]:
    """Never printed with its present code, or the text was changed and approved since."""
    return or_(Card.printed_at.is_(None), Card.printed_at < Profile.listed_at)


def to_print(db: Session, wall: Wall, *, only_changed: bool = False) -> list[Card]:
    """The cards of a wall by position, all or those whose paper is out of date; their profiles come along."""
    query = (
        select(Card)
        .join(Card.profile)
        .options(contains_eager(Card.profile))
        .where(Card.wall_id == wall.id, is_hanging())
        .order_by(Card.position)
    )
    return list(db.scalars(query.where(must_print()) if only_changed else query))


def mark_printed(db: Session, printed: Iterable[tuple[int, str]], *, now: datetime) -> None:
    """Note that these cards, given by id and the code on the paper, are printed.

    A card that was revoked or got another code meanwhile is left as it is, so that it is printed again.
    """
    for card_id, url in printed:
        db.execute(
            update(Card)
            .where(Card.id == card_id, Card.url == url, Card.revoked_at.is_(None))
            .values(printed_at=now)
        )


# How it goes


def count(db: Session, event: Event) -> list[WallCount]:
    """Every wall of the fair with its numbers."""
    hanging = (
        select(
            Card.wall_id,
            func.count(Card.id).label("cards"),
            func.sum(case((must_print(), 1), else_=0)).label("to_print"),
        )
        .join(Card.profile)
        .join(Wall, Wall.id == Card.wall_id)
        .where(Wall.event_id == event.id, is_hanging())
        .group_by(Card.wall_id)
        .subquery()
    )
    scans = (
        select(
            Card.wall_id,
            func.count(Scan.card_id).label("scans"),
            func.count(Scan.worker_id.distinct()).label("people"),
        )
        .join(Scan, Scan.card_id == Card.id)
        .join(Wall, Wall.id == Card.wall_id)
        .where(Wall.event_id == event.id)
        .group_by(Card.wall_id)
        .subquery()
    )
    rows = db.execute(
        select(Wall, hanging.c.cards, hanging.c.to_print, scans.c.scans, scans.c.people)
        .outerjoin(hanging, hanging.c.wall_id == Wall.id)
        .outerjoin(scans, scans.c.wall_id == Wall.id)
        .where(Wall.event_id == event.id)
        .order_by(Wall.number)
    )
    return [
        WallCount(wall, hung or 0, int(changed or 0), seen or 0, people or 0)
        for wall, hung, changed, seen, people in rows
    ]


def scans(db: Session, wall: Wall) -> list[CardScans]:
    """Every live card of the wall with its scans, the most looked at first.

    Those that fewer than five people looked at stand in the order of the wall: theirs would tell what must not be told.
    """
    seen = func.count(Scan.card_id)
    rows = db.execute(
        select(Card, seen, func.count(Scan.worker_id.distinct()))
        .outerjoin(Scan, Scan.card_id == Card.id)
        .where(Card.wall_id == wall.id, Card.revoked_at.is_(None))
        .group_by(Card.id)
        .order_by(Card.position)
    )
    found = [CardScans(card, times, people) for card, times, people in rows]
    return sorted(found, key=lambda one: -one.scans if one.people >= LEAST else 0)
