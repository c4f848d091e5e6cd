"""A sitting in the town of the cast, and invented people who sign up for it."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.config import Waiting as Limits
from models.exams import SignUp, Sitting
from models.messages import Notice
from models.people import Organisation, Worker
from models.waiting import Turn
from rules.exams import signing, sittings
from rules.exams.signing import Person, Signed

LIMITS = Limits(hold_minutes=120, day_from=8, day_until=21)
ADULT = {"kind": "age", "least": 18, "words": "考试当天满 18 周岁"}
BORN = date(1990, 3, 7)
_drafts = itertools.count()


def person(serial: int, born: date = BORN) -> Person:
    """Somebody invented; the rules do not read the number, the form did."""
    return Person(f"考生{serial}", f"{serial:018d}", born, "13800138000", "临湖仪表厂")


def plan(
    db: Session, organisation: Organisation, *, now: datetime, quota: int = 1, **changes: Any
) -> Sitting:
    """A sitting that can be signed up for."""
    facts: dict[str, Any] = {
        "place": "临湖市职工技能中心",
        "opens_at": now - timedelta(hours=1),
        "closes_at": now + timedelta(days=10),
        "starts_at": now + timedelta(days=20),
        "quota": quota,
        "requirements": [ADULT],
    }
    return sittings.plan(db, organisation, sittings.level_of(db, "仓库保管员", 4), **(facts | changes))


def enter(
    db: Session, worker: Worker, sitting: Sitting, serial: int, *, now: datetime, **changes: Any
) -> Signed:
    """Sign up, with an ID number made of `serial`."""
    return signing.sign_up(
        db,
        worker.id,
        sitting.id,
        changes.pop("person", None) or person(serial),
        agreed="同意",
        draft_id=changes.pop("draft_id", None) or f"draft-{next(_drafts)}",
        now=now,
    )


def faults(db: Session, sitting_id: int) -> list[str]:
    """What of a sitting and its line does not fit together; nothing, always."""
    db.expire_all()
    sitting = db.get_one(Sitting, sitting_id)
    have = {
        state: db.scalar(
            select(func.count())
            .select_from(SignUp)
            .where(SignUp.sitting_id == sitting_id, SignUp.state == state)
        )
        or 0
        for state in Turn
    }
    signed = db.scalars(select(SignUp).where(SignUp.sitting_id == sitting_id).order_by(SignUp.id)).all()
    held = have[Turn.PLACED] + have[Turn.OFFERED]
    found = []
    if held > sitting.quota:
        found.append(f"{held} places of {sitting.quota}")
    if sitting.taken != held:
        found.append(f"{sitting.taken} places are counted, {held} are had or offered")
    if sitting.waiting != have[Turn.WAITING]:
        found.append(f"{sitting.waiting} are counted in line, {have[Turn.WAITING]} wait")
    if sitting.free and have[Turn.WAITING]:
        found.append(f"{sitting.free} places are free while {have[Turn.WAITING]} wait")
    waits = [one.id for one in signed if one.state == Turn.WAITING]
    served = [one.id for one in signed if one.offered_at is not None]
    if served and waits and max(served) > min(waits):
        found.append("somebody was offered a place before another who waits longer")
    numbers = [one.number for one in signed]
    if numbers != sorted(set(numbers)):
        found.append("numbers are not in the order in which people signed up")
    for one in signed:
        offers = db.scalars(
            select(Notice).where(Notice.worker_id == one.worker_id, Notice.kind == "exam_offer")
        ).all()
        told = sum(offer.facts["sign_up"] == one.id for offer in offers)
        if told != (one.offered_at is not None):
            found.append(f"{told} offers were told to somebody in line")
    return found
