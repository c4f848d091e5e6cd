"""Invented sittings of exams: one open, one full with people waiting, one closed, one to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import local
from demo.scenery import CITY, Scenery
from models.exams import Sitting
from models.people import Worker
from rules.exams import signing, sittings
from rules.exams.signing import Person

ADULT: Final = {"kind": "age", "least": 18, "words": "考试当天满 18 周岁"}
ONE_YEAR: Final = {"kind": "service", "months": 12, "words": "做这个工种满 1 年"}
FIFTH: Final = {"kind": "prior", "level": 5, "words": "已有这个工种的五级证书"}


@dataclass(frozen=True)
class Plan:
    """One sitting; days count from the day on which the demo is loaded."""

    trade: str
    level: int
    union: str
    place: str
    opens: int
    closes: int
    starts: int
    quota: int
    people: int = 0
    needs: tuple[dict[str, Any], ...] = (ADULT,)


PLANS: Final = (
    Plan("仓库保管员", 4, CITY, "临湖市职工技能中心 1 号考场", -3, 15, 30, 30, 18, (ADULT, ONE_YEAR, FIFTH)),
    Plan("仓库保管员", 4, CITY, "临湖市职工技能中心 2 号考场", -3, 15, 31, 30),
    Plan("电镀工", 5, CITY, "新港街道实训车间", -3, 15, 36, 5, 9),
    Plan("叉车工", 5, "城北区总工会", "城北区培训站", -20, 0, 10, 20, 6),
    Plan("养老护理员", 3, CITY, "临湖市职工技能中心 3 号考场", 5, 20, 45, 40, 0, (ADULT, FIFTH)),
)


def build(db: Session, stage: Scenery, *, now: datetime) -> None:
    """Plan whatever of it is not there, or is over by now. The caller commits."""
    today = local(now).replace(hour=9, minute=0, second=0, microsecond=0)
    for number, one in enumerate(PLANS):
        level = sittings.level_of(db, one.trade, one.level)
        lasts = Sitting.starts_at > now if one.closes <= 0 else Sitting.closes_at > now
        if db.scalar(
            select(Sitting.id).where(Sitting.level_id == level.id, Sitting.place == one.place, lasts)
        ):
            continue
        opens = today + timedelta(days=one.opens)
        sitting = sittings.plan(
            db,
            stage.unions[one.union],
            level,
            place=one.place,
            starts_at=today + timedelta(days=one.starts),
            opens_at=opens,
            closes_at=now - timedelta(minutes=1) if one.closes <= 0 else today + timedelta(days=one.closes),
            quota=one.quota,
            requirements=one.needs,
        )
        for serial in range(one.people):
            _sign_up(db, sitting, 100 * number + serial, at=opens + timedelta(minutes=serial))


def _sign_up(db: Session, sitting: Sitting, serial: int, *, at: datetime) -> None:
    openid = f"oDEMO-{99000 + serial:05d}-{serial:016d}"
    worker = db.scalar(select(Worker).where(Worker.openid == openid))
    if worker is None:
        worker = Worker(openid=openid, created_at=at, followed_at=at, unfollowed_at=at)
        db.add(worker)
        db.flush()
    person = Person(
        name=f"演示考生{serial:03d}",
        id_number=f"00000019900307{serial:04d}",  # of no place: plainly invented
        born=date(1990, 3, 7),
        phone=f"1390000{serial:04d}",
        employer="演示有限公司",
    )
    draft = f"demo-exam-{sitting.id}-{serial}"
    signing.sign_up(db, worker.id, sitting.id, person, agreed="演示", draft_id=draft, now=at)
