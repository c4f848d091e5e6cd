"""What the demo's account was used for in past weeks, plainly invented, so that the charts have something to show."""

from __future__ import annotations

import math
import random
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.scenery import Scenery
from models.figures import Tally
from rules import figures
from rules.figures import Kind

GREW: Final = {
    "城北区总工会": 62,
    "城南区总工会": 57,
    "洪和镇总工会": 71,
    "新港街道总工会": 66,
    "白鹭街道总工会": 74,
}
"""How many follow by now, union by union."""
LIKELY: Final = {
    # of a hundred followers in a week: at the beginning, at the end
    Kind.FOLLOWERS: (55, 100),
    Kind.ACTIVE: (22, 41),
    Kind.MESSAGES: (95, 240),
    Kind.BOOKINGS: (2, 11),
    Kind.EXAMS: (3, 9),
    Kind.PROFILES: (4, 15),
    Kind.CHECKINS: (0, 13),
}


def build(db: Session, stage: Scenery, *, now: datetime) -> None:
    """Put in the weeks before this one, unless somebody was counted there already. The caller commits."""
    past = figures.weeks(now)[:-1]
    is_known = select(Tally.week).where(Tally.kind == Kind.ACTIVE, Tally.week >= past[0]).limit(1)
    if db.scalar(is_known) is not None:
        return
    dice = random.Random(1)  # reproducible, and nothing secret
    for place, week in enumerate(past):
        for kind in Kind:
            counts = {
                stage.unions[name].id: _count(kind, many, place / (len(past) - 1), week, dice)
                for name, many in GREW.items()
            }
            figures.keep(db, week, kind, counts)


def _count(kind: Kind, followers: int, passed: float, week: date, dice: random.Random) -> int:
    """One number: it grows, with better and worse weeks, and a quiet one at the national holiday."""
    first, last = LIKELY[kind]
    rate = (first + (last - first) * passed) / 100
    if kind is not Kind.FOLLOWERS:
        rate *= 1 + 0.18 * math.sin(week.toordinal() / 5) + dice.uniform(-0.15, 0.15)
        if week.month == 10 and week.day < 8:
            rate *= 0.35
    return round(followers * rate)
