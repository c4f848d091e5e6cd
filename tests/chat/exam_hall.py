"""Sittings in the database of an account, and people who sign up for them by chat."""

from __future__ import annotations

import itertools
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.exams import SignUp, Sitting
from models.people import Organisation
from models.waiting import Turn
from rules.exams import sittings
from tests.chat.account import Account, Phone

_numbers = itertools.count(1)


def id_number(serial: int, born: str = "19900307") -> str:
    """An invented number whose check character fits; none of a real place's office."""
    digits = f"330199{born}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


def plan(
    account: Account,
    *,
    quota: int,
    trade: str = "仓库保管员",
    level: int = 4,
    opens: timedelta = timedelta(hours=-1),
    closes: timedelta = timedelta(days=20),
    starts: timedelta = timedelta(days=27, hours=-1),
    stated: bool = False,
) -> int:
    """A sitting of the only city there is; moments from the account's now. Its id."""
    now = account.clock()
    with Session(account.engine) as db:
        city = db.scalars(select(Organisation).where(Organisation.level == 2)).first()
        if city is None:
            city = Organisation(name=f"考试市总工会{next(_numbers)}", parent_id=None, level=1, path="")
            db.add(city)
            db.flush()
            city.path = f"/{city.id}/"
        needs = [{"kind": "age", "least": 18, "words": "考试当天满 18 周岁"}]
        if stated:
            needs.append({"kind": "service", "months": 12, "words": "做这个工种满 1 年"})
        one = sittings.plan(
            db,
            city,
            sittings.level_of(db, trade, level),
            place="临湖市职工技能中心",
            starts_at=now + starts,
            opens_at=now + opens,
            closes_at=now + closes,
            quota=quota,
            requirements=needs,
        )
        db.commit()
        return one.id


def signs_up(phone: Phone, serial: int, *, level: str = "1", sitting: str = "1") -> str:
    """All of the form, and what the submit is answered."""
    phone.says("考试")
    phone.says(level)
    phone.says(sitting)
    for said in ("李小样", id_number(serial), "13800138000", "临湖仪表厂", "同意"):
        phone.says(said)
    return phone.says("提交")


def states(account: Account, sitting_id: int) -> list[Turn]:
    """All sign-ups of a sitting, in their order."""
    with Session(account.engine) as db:
        found = db.scalars(
            select(SignUp.state).where(SignUp.sitting_id == sitting_id).order_by(SignUp.number)
        )
        return [Turn(state) for state in found]


def numbers(account: Account, sitting_id: int) -> set[str]:
    """All 报名号 that were given."""
    with Session(account.engine) as db:
        return set(db.scalars(select(SignUp.number).where(SignUp.sitting_id == sitting_id)))


def counts(account: Account, sitting_id: int) -> tuple[int, int]:
    """Places taken, and the quota."""
    with Session(account.engine) as db:
        one = db.get_one(Sitting, sitting_id)
        return one.taken, one.quota
