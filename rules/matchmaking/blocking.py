"""Who will not see somebody any more: mutual, silent, and to be taken back by whoever did it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.matchmaking import Card, Mark, MeetRequest, Profile
from rules.matchmaking import looking, requests

MANY = 20
"""So many of those blocked are shown, the last ones first."""


def block(db: Session, worker_id: int, profile: Profile, *, now: datetime) -> Mark:
    """Neither is shown to the other from now on, nor asks; open wishes and a table to come end. Twice is once.

    The other is told nothing but that a table is free again. Raises Refused("own_card").
    """
    if profile.worker_id == worker_id:
        raise Refused("own_card")
    mine = db.scalar(select(Profile).where(Profile.worker_id == worker_id))
    is_shown = profile.is_listed and (mine is None or not looking.is_blocked(db, mine, profile))
    looking.mark(db, worker_id, profile.id, looking.BLOCKED, now=now)
    mark = db.get_one(Mark, (worker_id, profile.id, looking.BLOCKED))
    if mark.seen_as is None:
        mark.seen_as = profile.nickname if is_shown else ""
    requests.part(db, worker_id, profile.worker_id, now=now)
    return mark


def unblock(db: Session, worker_id: int, profile_id: int) -> Mark | None:
    """Take it back; what the other blocks stays. None: there was nothing to take back."""
    mark = db.get(Mark, (worker_id, profile_id, looking.BLOCKED))
    if mark is not None:
        db.execute(delete(Mark).where(*_is(worker_id), Mark.profile_id == profile_id))
    return mark


def blocked(db: Session, worker_id: int) -> Sequence[Mark]:
    """Whom somebody blocked, the last ones first."""
    return db.scalars(
        select(Mark).where(*_is(worker_id)).order_by(Mark.at.desc(), Mark.profile_id).limit(MANY)
    ).all()


def by_token(db: Session, token: str) -> Profile:
    """Whose card it is or was: who has seen it may block them, whatever became of it. Raises Refused("card_gone")."""
    card = db.scalar(select(Card).where(Card.token == token))
    if card is None:
        raise Refused("card_gone")
    return card.profile


def by_request(db: Session, worker_id: int, request: MeetRequest) -> Profile:
    """The other one of a wish. Raises Refused("request_gone")."""
    other = request.asked_id if request.asker_id == worker_id else request.asker_id
    profile = db.scalar(select(Profile).where(Profile.worker_id == other))
    if profile is None:
        raise Refused("request_gone")
    return profile


def _is(worker_id: int) -> tuple[ColumnElement[bool], ...]:
    return Mark.worker_id == worker_id, Mark.kind == looking.BLOCKED
