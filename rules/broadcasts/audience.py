"""Whom a broadcast is for: data that says it, the count before, and the rows at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, null, select, update
from sqlalchemy.orm import Session

from core.db import insert_free
from core.errors import Refused
from models.appointments import Booking
from models.broadcasts import Broadcast, Mute, Recipient, RecipientState, Topic, Way, WorkerTag
from models.events import CheckIn
from models.exams import SignUp
from models.matchmaking import Profile
from models.people import Organisation, Staff, Worker
from rules import organisations

SERVICES: Final[Mapping[str, Select[tuple[int]]]] = MappingProxyType(
    {
        "matchmaking": select(Profile.worker_id),
        "fair": select(CheckIn.worker_id),
        # of any kind: who came for counselling is nobody's business
        "appointment": select(Booking.worker_id),
        "exam": select(SignUp.worker_id),
    }
)
"""Who used a service. A new service adds its line."""

KEYS: Final = frozenset({"organisation", "service", "followed_since", "tag"})
"""What an audience may say; several narrow it down, none means everybody in reach."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many an audience has, and how many of them are left out for which reason."""

    all: int
    unfollowed: int
    muted: int

    @property
    def receive(self) -> int:
        return self.all - self.unfollowed - self.muted


def check(db: Session, staff: Staff, audience: dict[str, Any]) -> None:
    """Refuse an audience that makes no sense or reaches beyond this member's union."""
    if set(audience) - KEYS:
        raise Refused("bad_audience")
    if audience.get("service") not in (None, *SERVICES):
        raise Refused("no_such_service")
    if "organisation" in audience:
        wanted = db.get(Organisation, audience["organisation"])
        if wanted is None or not staff.organisation.has_within(wanted):
            raise Refused("no_such_union")
    if "tag" in audience and not db.scalar(
        select(WorkerTag.worker_id).where(WorkerTag.name == audience["tag"]).limit(1)
    ):
        raise Refused("no_such_tag")


def is_muted(topic: Topic | str) -> ColumnElement[bool]:
    """Whether the worker of a query wants nothing about this."""
    return exists().where(Mute.worker_id == Worker.id, Mute.topic == topic)


def belongs(
    db: Session, organisation: Organisation, audience: dict[str, Any], *, now: datetime
) -> list[ColumnElement[bool]]:
    """The audience as conditions on a query that joins Worker and, outer, Organisation."""
    found = [Worker.followed_at.is_not(None), organisations.answers_for(db, organisation, now=now)]
    if "organisation" in audience:
        wanted = db.get_one(Organisation, audience["organisation"])
        found.append(Organisation.path.startswith(wanted.path, autoescape=True))
    if "service" in audience:
        found.append(Worker.id.in_(SERVICES[audience["service"]]))
    if "followed_since" in audience:
        found.append(Worker.followed_at >= datetime.fromisoformat(audience["followed_since"]))
    if "tag" in audience:
        found.append(Worker.id.in_(select(WorkerTag.worker_id).where(WorkerTag.name == audience["tag"])))
    return found


def count(db: Session, broadcast: Broadcast, *, now: datetime) -> Count:
    """How many it would reach if it started now."""
    has_left = Worker.unfollowed_at.is_not(None)
    muted = is_muted(broadcast.topic)
    row = db.execute(
        select(
            func.count(),
            func.count(case((has_left, 1))),
            func.count(case((~has_left & muted, 1))),
        )
        .select_from(Worker)
        .outerjoin(Organisation, Organisation.id == Worker.organisation_id)
        .where(*belongs(db, broadcast.organisation, broadcast.audience, now=now))
    ).one()
    return Count(*row)


def freeze_slice(db: Session, broadcast: Broadcast, *, now: datetime, size: int) -> bool:
    """Write the rows of the next `size` workers: one statement, however many it finds. Whether there were any left.

    Two who do this at once do not do it twice: the mark moves once, and the key of the rows referees.
    """
    before, last = broadcast.frozen_to, broadcast.frozen_last or 0
    ids = select(Worker.id).where(Worker.id > before, Worker.id <= last).order_by(Worker.id).limit(size)
    upto = db.scalar(select(func.max(ids.subquery().c.id)))
    upto = last if upto is None else int(upto)
    moved = db.execute(
        update(Broadcast)
        .where(Broadcast.id == broadcast.id, Broadcast.frozen_to == before)
        .values(frozen_to=upto)
        .returning(Broadcast.id)
        .execution_options(synchronize_session=False)
    )
    if moved.first() is None:
        return True
    _write(db, broadcast, before, upto, now)
    db.refresh(broadcast)
    return not broadcast.is_frozen


def _write(db: Session, broadcast: Broadcast, before: int, upto: int, now: datetime) -> None:
    has_left, muted = Worker.unfollowed_at.is_not(None), is_muted(broadcast.topic)
    way = "mass" if broadcast.way == Way.MASS else "customer"
    rows = (
        select(
            literal(broadcast.id),
            Worker.id,
            case((has_left | muted, RecipientState.SKIPPED.value), else_=RecipientState.WAITING.value),
            case((has_left, "unfollowed"), (muted, "muted"), else_=null()),
            literal(way),
            literal(0),
        )
        .select_from(Worker)
        .outerjoin(Organisation, Organisation.id == Worker.organisation_id)
        .where(
            Worker.id > before,
            Worker.id <= upto,
            *belongs(db, broadcast.organisation, broadcast.audience, now=now),
        )
    )
    columns = ["broadcast_id", "worker_id", "state", "reason", "way", "attempts"]
    db.execute(insert_free(db, Recipient).from_select(columns, rows, include_defaults=False))
