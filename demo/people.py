"""A crowd of invented people with listed profiles and cards, as many as wanted, the same for the same seed."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from core.clock import local, utcnow
from core.db import link_of
from demo.words import (
    CALLED,
    DISTRICTS,
    DOES,
    EDUCATION,
    ELSEWHERE,
    FOUR,
    HERE,
    HOPES,
    ONE,
    TRADES,
    TWO,
)
from models.base import Base
from models.matchmaking import Card, Profile, ProfileState, Wall
from models.people import Worker
from qr.scenes import new_token
from rules import organisations
from rules.matchmaking import walls as wall_rules

OPENIDS = "oDEMO-"
"""How the openid of somebody made here begins; no platform and no emulator gives such ones."""

BATCH = 5000


def generate(
    db: Session,
    count: int,
    seed: int,
    *,
    now: datetime | None = None,
    walls: Sequence[Wall] | None = None,
    organisation_ids: Sequence[int] = (),
) -> None:
    """Add `count` people with listed profiles, and with cards when there are walls (those of the fair, unless named).

    The same seed makes the same people; a seed can be used once in a database. They come without a history, and their
    contacts and openids are recognisably nobody's. The caller commits.
    """
    now = now or utcnow()
    if walls is None:
        fair = organisations.fair_for(db, None, now=now)
        walls = [row.wall for row in wall_rules.count(db, fair)] if fair else []
    link_of(db).begin_write()
    workers, profiles = reserve(db, Worker, count), reserve(db, Profile, count)
    places = _Places(db, walls)
    people = _people(seed, now)
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        batch = list(islice(people, len(numbers)))
        db.execute(
            insert(Worker.__table__),  # type: ignore[arg-type]
            [_worker(workers[n], seed, n, organisation_ids, now) for n in numbers],
        )
        db.execute(
            insert(Profile.__table__),  # type: ignore[arg-type]
            [
                {"id": profiles[n], "worker_id": workers[n], "draft_id": f"demo-{seed}-{n}", **facts}
                for n, facts in zip(numbers, batch, strict=True)
            ],
        )
        if walls:
            db.execute(
                insert(Card.__table__),  # type: ignore[arg-type]
                [
                    {"profile_id": profiles[n], "token": new_token(), "issued_at": now, **places.take(facts)}
                    for n, facts in zip(numbers, batch, strict=True)
                ],
            )


def openid(seed: int, number: int) -> str:
    """The openid of the n-th person of a seed: 28 characters, as real ones have."""
    return f"{OPENIDS}{seed:05d}-{number:016d}"


def reserve(db: Session, table: type[Base], count: int) -> Sequence[int]:
    """Ids that nobody else will get, also while others write. On SQLite the write lock must be held."""
    name = table.__tablename__
    if db.get_bind().dialect.name == "postgresql":
        numbers = text(f"SELECT nextval(pg_get_serial_sequence('{name}', 'id')) FROM generate_series(1, :n)")  # noqa: S608
        return list(db.scalars(numbers, {"n": count}))
    first = (db.scalar(select(func.max(table.__table__.c.id))) or 0) + 1
    return range(first, first + count)


def _worker(number: int, seed: int, n: int, organisation_ids: Sequence[int], now: datetime) -> dict[str, Any]:
    came = now - timedelta(minutes=n % 40000)
    union = organisation_ids[n % len(organisation_ids)] if organisation_ids else None
    return {
        "id": number,
        "openid": openid(seed, n),
        "organisation_id": union,
        "created_at": came,
        "followed_at": came,
    }


class _Places:
    """Who hangs where: by age, a few by what sets them apart, each wall filled from its last card on."""

    def __init__(self, db: Session, walls: Sequence[Wall]) -> None:
        self.next = {
            wall.id: (db.scalar(select(func.max(Card.position)).where(Card.wall_id == wall.id)) or 0) + 1
            for wall in walls
        }
        self.born = {wall.id: wall_rules.born_in(wall.title) for wall in walls}
        self.titled = {wall.title: wall.id for wall in walls}
        self.by_year: dict[int, list[int]] = {}

    def take(self, facts: dict[str, Any]) -> dict[str, int]:
        wall = min(self._fitting(facts), key=self.next.__getitem__)
        position = self.next[wall]
        self.next[wall] = position + 1
        return {"wall_id": wall, "position": position}

    def _fitting(self, facts: dict[str, Any]) -> list[int]:
        year = facts["birth_year"]
        if year not in self.by_year:
            own = [wall for wall, years in self.born.items() if years and year in years]
            mixed = [wall for wall, years in self.born.items() if years is None]
            self.by_year[year] = own or mixed or list(self.born)
        fitting = self.by_year[year]
        for title, is_so in APART.items():
            if title in self.titled and is_so(facts):
                fitting = [*fitting, self.titled[title]]
        return fitting


APART: dict[str, Any] = {
    "优质单身": lambda facts: facts["education"] in EDUCATION[4:],
    "新临湖人": lambda facts: facts["home_town"] in ELSEWHERE,
    "匠人": lambda facts: facts["trade"][-1] in "工师",
}
"""Sections that are not about age, and whom the demo hangs there."""


@dataclass(frozen=True)
class _Weighted:
    """Things to choose from, some more often than others."""

    things: Sequence[Any]
    steps: Sequence[float]

    @classmethod
    def of(cls, things: Sequence[Any], weights: Sequence[float]) -> _Weighted:
        return cls(things, list(accumulate(weights)))

    def pick(self, chance: float) -> Any:
        return self.things[bisect(self.steps, chance * self.steps[-1])]


_BY_SEX = {
    "f": _Weighted.of(TRADES, [women for _, women, _, _ in TRADES]),
    "m": _Weighted.of(TRADES, [1 / women if women > 1 else 1 for _, women, _, _ in TRADES]),
}
_MARITAL = _Weighted.of(("never", "divorced", "widowed"), (86, 12, 2))
_HEIGHT = {"f": (162, 5), "m": (174, 6)}


def _people(seed: int, now: datetime) -> Iterator[dict[str, Any]]:
    """The columns of profiles, one after another, without the ids."""
    dice = random.Random(seed)  # reproducible, and nothing secret
    chance, choice = dice.random, dice.choice
    year = local(now).year
    while True:
        sex = "f" if chance() < 0.5 else "m"
        trade, _, low, high = _BY_SEX[sex].pick(chance())
        age = int(dice.gauss(50, 3)) if chance() < 0.11 else min(max(int(dice.gauss(32, 6.5)), 22), 56)
        middle, spread = _HEIGHT[sex]
        named = chance()
        if named < 0.45:
            nickname = choice(CALLED[sex]) + choice(ONE)
        elif named < 0.85:
            nickname = choice(TWO)
        else:
            nickname = choice(FOUR)
        listed = now - timedelta(minutes=int(chance() * 20000) + 30)
        has_contact = chance() < 0.9
        yield {
            "state": ProfileState.LISTED,
            "nickname": nickname,
            "sex": sex,
            "birth_year": year - age,
            "height_cm": int(dice.gauss(middle, spread)),
            "education": EDUCATION[low + int(chance() ** 2 * (high - low + 1))],
            "trade": trade,
            "district": choice(DISTRICTS),
            "home_town": choice(HERE) if chance() < 0.45 else choice(ELSEWHERE),
            "marital": _MARITAL.pick(chance()),
            "line": f"{choice(DOES)}，{choice(HOPES)}。",
            "wants_born_from": None if chance() < 0.3 else year - age - (4 if sex == "m" else 8),
            "wants_born_to": None if chance() < 0.3 else year - age + (8 if sex == "m" else 4),
            "contact_kind": "wechat" if has_contact else "none",
            "contact": f"demo_{int(chance() * 1e8):08d}" if has_contact else None,
            "consent_version": "demo",
            "consented_at": listed,
            "submitted_at": listed,
            "listed_at": listed,
        }
