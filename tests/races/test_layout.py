"""Several people lay out one wall at the same moment: no card is lost, no place has two, none hangs in between."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import crypto
from core.config import Config
from core.db import make_engine
from core.errors import Refused
from models.matchmaking import Card, Wall
from models.people import Staff
from rules.matchmaking import layout
from tests.rules.cast import NOW, Town, build

PEOPLE, MOVES, CARDS = 4, 12, 8


@pytest.fixture
def town(config: Config) -> Iterator[Town]:
    crypto.use(config)
    engine = make_engine(config)
    with Session(engine, expire_on_commit=False) as db:
        built = build(engine, db)
        yield built
    engine.dispose()


def test_cards_change_places_whole(town: Town) -> None:
    first, second = town.wall(1, "90后"), town.wall(2, "80后")
    cards = [town.listed(first, nickname=f"禾{number}").id for number in range(CARDS)]
    staff = town.staff("lin", town.city).id
    walls = (first.id, second.id)
    town.db.commit()
    ready = threading.Barrier(PEOPLE)

    def lay_out(seed: int) -> list[str]:
        dice = random.Random(seed)
        said = []
        ready.wait()
        for _ in range(MOVES):
            with Session(town.engine, expire_on_commit=False) as db:
                who, one = db.get_one(Staff, staff), db.get_one(Card, dice.choice(cards))
                try:
                    if dice.random() < 0.3:
                        layout.move_to(db, who, one, db.get_one(Wall, dice.choice(walls)), now=NOW)
                    else:
                        layout.move(db, who, one, dice.randint(1, CARDS + 2), now=NOW)
                    db.commit()
                    said.append("done")
                except Refused as refused:
                    db.rollback()
                    said.append(refused.code)
        return said

    with ThreadPoolExecutor(PEOPLE) as pool:
        said = [one for results in pool.map(lay_out, range(PEOPLE)) for one in results]
    assert set(said) <= {"done", "wall_busy"}
    assert said.count("done") > len(said) / 2
    with Session(town.engine) as db:
        found = db.execute(
            select(Card.wall_id, Card.position, Card.id).where(Card.revoked_at.is_(None))
        ).all()
    assert sorted(card for *_, card in found) == sorted(cards)
    assert len({(wall, position) for wall, position, _ in found}) == CARDS
    assert all(position >= 1 for _, position, _ in found)
