"""Absences that come and go at once, of one professional."""

from __future__ import annotations

from collections import Counter
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.appointments import HoursException, Professional, Tick
from rules.appointments import professionals
from tests.chat.waiting import at_once
from tests.rules.cast import Town
from tests.rules.clinic import TERMS, at, open_clinic


def test_overlapping_absences_are_taken_back_twice_at_once(town: Town) -> None:
    phone = town.worker(town.north)
    clinic = open_clinic(town.db, town.north, now=town.now, phones={"陈老师": phone})
    chen, phone_id = clinic.chen.id, phone.id
    town.db.commit()

    def goes(first: int, last: int) -> str:
        with Session(town.engine) as db:
            span = at(25, first), at(25, last)
            who = db.get_one(Professional, chen)
            return acted(
                db,
                partial(professionals.be_away, db, who, *span, seen=frozenset(), now=town.now, terms=TERMS),
            )

    def comes_back(absence_id: int) -> str:
        with Session(town.engine) as db:
            return acted(db, partial(professionals.come_back, db, phone_id, absence_id))

    for _ in range(8):
        spans = [(9, 11), (9, 11), (10, 12), (10, 12)]
        assert set(at_once(*(partial(goes, *span) for span in spans))) <= {"done", "absence_changed"}
        for span in spans[::2]:
            goes(*span)
        absences = town.db.scalars(select(HoursException.id)).all()
        held = town.db.scalar(select(func.count()).select_from(Tick))
        town.db.commit()
        assert (len(absences), held) == (2, 18)
        said = Counter(at_once(*(partial(comes_back, one) for one in absences for _ in range(2))))
        assert said == {"done": 2, "absence_gone": 2}
        held = town.db.scalar(select(func.count()).select_from(Tick))
        town.db.commit()
        assert held == 0


def acted(db: Session, act: partial[HoursException]) -> str:
    try:
        act()
    except Refused as refused:
        return refused.code
    db.commit()
    return "done"
