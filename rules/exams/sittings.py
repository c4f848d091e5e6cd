"""Sittings: planned by staff, on offer to workers from one moment to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.db import insert_new
from core.errors import Refused
from core.visible import tidy
from models.exams import Level, Sitting, Trade
from models.people import Organisation, Staff, Worker
from rules import access, audit
from rules.access import Permission
from rules.exams import eligibility


@dataclass(frozen=True, slots=True)
class OnOffer:
    """A sitting as somebody who may sign up sees it."""

    id: int
    level_id: int
    trade: str
    level: int
    place: str
    starts_at: datetime
    opens_at: datetime
    closes_at: datetime
    free: int
    waiting: int
    eligibility: Sequence[eligibility.Requirement]


def level_of(db: Session, trade: str, level: int) -> Level:
    """The level of a trade, made when it is new. Raises Refused("bad_level")."""
    trade = tidy(trade)
    if not 1 <= level <= 5 or not 2 <= len(trade) <= 30:
        raise Refused("bad_level")
    insert_new(db, Trade, name=trade)
    trade_id = db.scalars(select(Trade.id).where(Trade.name == trade)).one()
    insert_new(db, Level, trade_id=trade_id, level=level)
    return db.scalars(select(Level).where(Level.trade_id == trade_id, Level.level == level)).one()


def plan(
    db: Session,
    organisation: Organisation,
    level: Level,
    *,
    place: str,
    starts_at: datetime,
    opens_at: datetime,
    closes_at: datetime,
    quota: int,
    requirements: Sequence[eligibility.Requirement] = (),
) -> Sitting:
    """Plan a sitting of this union. Raises Refused: bad_moments, bad_quota, bad_requirement."""
    if not opens_at < closes_at <= starts_at:
        raise Refused("bad_moments")
    if quota < 1 or not tidy(place):
        raise Refused("bad_quota")
    sitting = Sitting(
        organisation_id=organisation.id,
        level_id=level.id,
        place=tidy(place),
        starts_at=starts_at,
        opens_at=opens_at,
        closes_at=closes_at,
        quota=quota,
        eligibility=eligibility.checked(requirements),
    )
    db.add(sitting)
    db.flush()
    return sitting


def on_offer(db: Session, worker_id: int, *, now: datetime) -> list[OnOffer]:
    """The sittings this person may sign up for, now or later, the first exam first: those of their union and of the
    unions above it. Somebody without a union sees all."""
    query = select(Sitting).where(Sitting.closes_at > now).order_by(Sitting.starts_at, Sitting.id)
    found = db.scalars(_of_unions_of(db, worker_id, query)).all()
    return [
        OnOffer(
            one.id,
            one.level_id,
            one.level.trade.name,
            one.level.level,
            one.place,
            one.starts_at,
            one.opens_at,
            one.closes_at,
            one.free,
            one.waiting,
            one.eligibility,
        )
        for one in found
    ]


def _of_unions_of(db: Session, worker_id: int, query: Select[Any]) -> Select[Any]:
    path = db.scalar(
        select(Organisation.path)
        .join(Worker, Worker.organisation_id == Organisation.id)
        .where(Worker.id == worker_id)
    )
    if path is None:
        return query
    return query.where(Sitting.organisation_id.in_([int(part) for part in path.strip("/").split("/")]))


def need(db: Session, staff: Staff, sitting_id: int) -> Sitting:
    """A sitting within this member's reach. Raises Refused("not_found")."""
    sitting = db.get(Sitting, sitting_id)
    if sitting is None:
        raise Refused("not_found")
    access.need_within(staff, sitting.organisation)
    return sitting


def within(db: Session, staff: Staff, *, now: datetime, over: bool = False) -> list[Sitting]:
    """The sittings within this member's reach, the first exam first; those over too if wanted."""
    query = access.scoped(db, staff, Sitting, now=now)
    if not over:
        query = query.where(Sitting.starts_at > now)
    return list(db.scalars(query.order_by(Sitting.starts_at, Sitting.id)))


def plan_as(db: Session, staff: Staff, organisation: Organisation, *, now: datetime, **facts: Any) -> Sitting:
    """Plan a sitting as a member of staff, within their reach, and leave a row that says so."""
    access.need(staff, Permission.EXAMS_PLAN)
    access.need_within(staff, organisation)
    level = level_of(db, facts.pop("trade"), facts.pop("level"))
    sitting = plan(db, organisation, level, **facts)
    audit.note(db, staff, "exam_add", f"exam:{sitting.id}", now=now)
    return sitting
