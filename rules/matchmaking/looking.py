"""Who may look at which card, and what they think of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, bindparam, delete, exists, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from core.db import insert_new
from core.errors import Refused
from core.prepared import Prepared
from models.base import Moment
from models.events import CheckIn, Event
from models.matchmaking import Card, Mark, Profile, ProfileState, Report, Scan, Wall, place
from models.people import Worker

BLOCKED, KEPT, PASSED = "blocked", "kept", "passed"

_Mine = aliased(Profile)
_Kept = aliased(Mark)  # not Mark itself: the subqueries below would take it for theirs
_me: Any = bindparam("me")

# two questions instead of one with OR, so that each is a look into an index
_BLOCKED_ME = exists(text("1")).where(
    Mark.worker_id == Profile.worker_id,
    Mark.profile_id == select(_Mine.id).where(_Mine.worker_id == _me).scalar_subquery(),
    Mark.kind == BLOCKED,
)
_BLOCKED_BY_ME = exists(text("1")).where(
    Mark.worker_id == _me, Mark.profile_id == Profile.id, Mark.kind == BLOCKED
)

_CARD = (
    select(
        Card.id,
        Card.token,
        Card.position,
        Wall.number,
        Profile.id,
        Profile.worker_id,
        Profile.nickname,
        Profile.sex,
        Profile.birth_year,
        Profile.height_cm,
        Profile.trade,
        Profile.home_town,
        Profile.line,
        Event.onsite_only,
        Event.id,
    )
    .join(Profile, Profile.id == Card.profile_id)
    .join(Worker, Worker.id == Profile.worker_id)
    .join(Wall, Wall.id == Card.wall_id)
    .join(Event, Event.id == Wall.event_id)
    .where(
        Card.revoked_at.is_(None),
        Profile.state == ProfileState.LISTED,
        Worker.unfollowed_at.is_(None),
        ~_BLOCKED_ME,
        ~_BLOCKED_BY_ME,
    )
)
_BY_TOKEN = Prepared(_CARD.where(Card.token == bindparam("token")))
_LAST_SCANNED = Prepared(
    _CARD.where(
        Card.id
        == select(Scan.card_id)
        .where(Scan.worker_id == _me)
        .order_by(Scan.at.desc())
        .limit(1)
        .scalar_subquery()
    )
)
_SCAN = Prepared(
    text(
        "INSERT INTO scan (card_id, worker_id, at, message_key) VALUES (:card_id, :worker_id, :at, :key) "
        "ON CONFLICT DO NOTHING"
    ).bindparams(bindparam("at", type_=Moment)),
    keyed=True,
)
_SCANS = text(
    "INSERT INTO scan (card_id, worker_id, at, message_key) "
    "SELECT card.id, worker.id, :at, :key FROM card, worker WHERE card.id = :card_id AND worker.id = :worker_id "
    "ON CONFLICT DO NOTHING"
).bindparams(bindparam("at", type_=Moment), bindparam("key", type_=String))


@dataclass(frozen=True, slots=True)
class Seen:
    """A card as the one who scanned it may see it: nothing that names or finds the person."""

    card_id: int
    token: str
    position: int
    wall: int
    profile_id: int
    worker_id: int
    nickname: str
    sex: str
    birth_year: int
    height_cm: int
    trade: str
    home_town: str
    line: str
    onsite_only: bool
    event_id: int

    @property
    def place(self) -> str:
        """Its letter and number on the wall."""
        return place(self.position)


def note(db: Session, worker_id: int, card_id: int, *, key: str, now: datetime) -> None:
    """Count a look, once for the message with this key; the newest is the card that words without a name mean."""
    _SCAN.count(db, card_id=card_id, worker_id=worker_id, at=now, key=key)


def note_all(db: Session, looks: list[dict[str, Any]]) -> None:
    """Count many looks, each with the names that `_SCAN` has. People or cards that are gone meanwhile are left out."""
    db.execute(_SCANS, looks)


def card(db: Session, worker_id: int, token: str = "") -> Seen:
    """The card with this token, or the one looked at last.

    Raises Refused("card_gone") for a revoked, unknown or hidden card and one whose owner blocked the scanner,
    all alike; Refused("onsite_only") when the wall is for those who are there.
    """
    if token:
        rows = _BY_TOKEN.rows(db, token=token, me=worker_id)
    else:
        rows = _LAST_SCANNED.rows(db, me=worker_id)
    if not rows:
        raise Refused("card_gone")
    seen = Seen(*rows[0])
    if seen.onsite_only and seen.worker_id != worker_id and not is_checked_in(db, worker_id, seen.event_id):
        raise Refused("onsite_only")
    return seen


def is_checked_in(db: Session, worker_id: int, event_id: int) -> bool:
    """Whether somebody has arrived at an event."""
    return db.get(CheckIn, (event_id, worker_id)) is not None


def is_blocked(db: Session, one: Profile, other: Profile) -> bool:
    """Whether either of two people blocked the other."""
    found = select(Mark.worker_id).where(
        Mark.kind == BLOCKED,
        or_(
            (Mark.worker_id == one.worker_id) & (Mark.profile_id == other.id),
            (Mark.worker_id == other.worker_id) & (Mark.profile_id == one.id),
        ),
    )
    return db.scalar(found.limit(1)) is not None


def mark(db: Session, worker_id: int, profile_id: int, kind: str, *, now: datetime) -> None:
    """Keep, pass or block somebody; keeping takes a pass back and the other way round. Twice is once."""
    opposite = {KEPT: PASSED, PASSED: KEPT}.get(kind)
    if opposite:
        db.execute(
            delete(Mark).where(
                Mark.worker_id == worker_id, Mark.profile_id == profile_id, Mark.kind == opposite
            )
        )
    insert_new(db, Mark, worker_id=worker_id, profile_id=profile_id, kind=kind, at=now)


def report(db: Session, worker_id: int, profile_id: int, *, now: datetime) -> None:
    """Complain about a profile; one person counts once."""
    insert_new(db, Report, worker_id=worker_id, profile_id=profile_id, at=now)


def kept(db: Session, worker_id: int, *, limit: int = 10) -> list[Seen]:
    """The cards somebody keeps, newest first, as far as they may still be seen."""
    rows = db.execute(
        _CARD.join(_Kept, and_(_Kept.profile_id == Profile.id, _Kept.worker_id == _me, _Kept.kind == KEPT))
        .order_by(_Kept.at.desc())
        .limit(limit),
        {"me": worker_id},
    )
    return [Seen(*tuple(row)) for row in rows]


def suggest(db: Session, worker_id: int, *, after: int = 0, sex: str = "", now: datetime) -> Seen | None:
    """The next card (by profile id after `after`) of one who fits and whom this one fits.

    Somebody without a profile says which `sex` to look for. None: there is no further one.
    """
    mine = db.scalar(select(Profile).where(Profile.worker_id == worker_id))
    query = _CARD.where(
        Profile.worker_id != worker_id,
        Profile.id > after,
        Event.ends_at > now,
        or_(
            ~Event.onsite_only,
            exists().where(CheckIn.event_id == Event.id, CheckIn.worker_id == _me),
        ),
        ~exists().where(Mark.profile_id == Profile.id, Mark.worker_id == _me, Mark.kind == PASSED),
    )
    if mine is not None:
        query = query.where(
            Profile.sex != mine.sex,
            func.coalesce(Profile.wants_born_from, 0) <= mine.birth_year,
            func.coalesce(Profile.wants_born_to, 9999) >= mine.birth_year,
        )
        if mine.wants_born_from is not None:
            query = query.where(Profile.birth_year >= mine.wants_born_from)
        if mine.wants_born_to is not None:
            query = query.where(Profile.birth_year <= mine.wants_born_to)
    else:
        query = query.where(Profile.sex == sex)
    row = db.execute(query.order_by(Profile.id).limit(1), {"me": worker_id}).first()
    return Seen(*tuple(row)) if row else None


def fits(one: Profile, other: Profile) -> bool:
    """Whether each is whom the other looks for."""

    def wants(a: Profile, b: Profile) -> bool:
        return (a.wants_born_from or 0) <= b.birth_year <= (a.wants_born_to or 9999)

    return one.sex != other.sex and wants(one, other) and wants(other, one)
