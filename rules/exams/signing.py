"""Signing up for a sitting: a place first, then the waiting list. The hot path of an opening rush.

Three statements of ours at most, all prepared: at an opening a thousand people wait for the same row. On PostgreSQL
those that make others wait are one, since each trip over the wire would be waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from core.clock import local
from core.crypto import ring
from core.db import link_of
from core.errors import Refused
from core.prepared import Prepared
from models.base import Moment
from models.exams import SignUp, Sitting
from models.people import Organisation, Worker
from models.waiting import Turn
from rules.exams import eligibility


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs up. The repr is for logs and says nothing."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    born: date = field(repr=False)
    phone: str = field(repr=False)
    employer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of it: a place, or `ahead` people before this one on the waiting list."""

    id: int
    number: str
    is_placed: bool
    ahead: int = 0


_LIVE = text("exam_sign_up.state IN ('placed', 'waiting', 'offered')")
"""In just these words: SQLite uses a partial index only where a query repeats its condition literally."""
_here: Any = bindparam("sitting")
_SITTING = Prepared(  # two questions instead of one with OR, so that each is a look into an index
    select(
        Sitting.opens_at,
        Sitting.closes_at,
        Sitting.starts_at,
        Sitting.eligibility,
        Sitting.organisation_id,
        Organisation.path,
        select(SignUp.number)
        .where(SignUp.sitting_id == _here, SignUp.worker_id == bindparam("me"), _LIVE)
        .scalar_subquery(),
        select(SignUp.id)
        .where(SignUp.sitting_id == _here, SignUp.id_hash == bindparam("hash"), _LIVE)
        .scalar_subquery(),
    )
    .select_from(Sitting)
    .join(Worker, Worker.id == bindparam("me"))
    .outerjoin(Organisation, Organisation.id == Worker.organisation_id)
    .where(Sitting.id == _here)
)
_now = bindparam("now", type_=Moment)
_DRAW = Prepared(
    text(
        "UPDATE exam_sitting SET drawn = drawn + 1, "
        "taken = taken + CASE WHEN taken < quota AND waiting = 0 THEN 1 ELSE 0 END, "
        "waiting = waiting + CASE WHEN taken < quota AND waiting = 0 THEN 0 ELSE 1 END "
        "WHERE id = :sitting RETURNING drawn, waiting"
    ),
    writes=True,
)
"""The next number and a place, or the end of the line. Who waits is never passed by, so nobody waits: it is a place."""
_ADD = Prepared(
    text(
        "INSERT INTO exam_sign_up (sitting_id, worker_id, number, state, name, id_number, phone, employer, agreed, "
        "id_hash, signed_at, draft_id) VALUES (:sitting, :me, :number, :state, :name, :id_number, :phone, :employer, "
        ":agreed, :hash, :now, :draft) ON CONFLICT DO NOTHING RETURNING id"
    ).bindparams(_now),
    writes=True,
)
_DRAW_AND_ADD = Prepared(  # SQLite knows no INSERT within WITH, and has no wire
    text(
        "WITH draw AS (UPDATE exam_sitting SET drawn = drawn + 1, "
        "taken = taken + CASE WHEN taken < quota AND waiting = 0 THEN 1 ELSE 0 END, "
        "waiting = waiting + CASE WHEN taken < quota AND waiting = 0 THEN 0 ELSE 1 END "
        "WHERE id = :sitting RETURNING drawn, waiting), "
        "added AS (INSERT INTO exam_sign_up (sitting_id, worker_id, number, state, name, id_number, phone, employer, "
        "agreed, id_hash, signed_at, draft_id) SELECT :sitting, :me, "
        ":prefix || lpad(drawn::text, greatest(4, length(drawn::text)), '0'), "
        "CASE WHEN waiting > 0 THEN 'waiting' ELSE 'placed' END, :name, :id_number, :phone, :employer, :agreed, :hash, "
        ":now, :draft FROM draw ON CONFLICT DO NOTHING RETURNING id) "
        "SELECT added.id, draw.drawn, draw.waiting FROM added, draw"
    ).bindparams(_now),
    writes=True,
)


def sign_up(
    db: Session,
    worker_id: int,
    sitting_id: int,
    person: Person,
    *,
    agreed: str,
    draft_id: str,
    now: datetime,
) -> Signed:
    """Give the person a place, or the end of the waiting list. Never one more than the quota, in one order.

    The same person signs up for a sitting once, whichever phone they use, and one phone signs up one person. Raises
    Refused before anything is changed: sitting_gone, sitting_not_open, sitting_closed, not_eligible, signed_up,
    person_signed_up; and after it, so that the transaction must be rolled back: signed_up_meanwhile.
    """
    id_hash = ring().blind(person.id_number)
    _check(db, worker_id, sitting_id, person, id_hash, now=now)
    sealed = _sealed(  # before the draw: from then on everybody else waits for this transaction
        name=person.name,
        id_number=person.id_number,
        phone=person.phone,
        employer=person.employer,
        agreed=agreed,
    )
    added = _add(db, sitting=sitting_id, me=worker_id, hash=id_hash, now=now, draft=draft_id, **sealed)
    if added is None:
        raise Refused("signed_up_meanwhile")
    sign_up_id, number, waits = added
    return Signed(sign_up_id, number, is_placed=not waits, ahead=max(waits - 1, 0))


def _add(db: Session, sitting: int, **values: Any) -> tuple[int, str, int] | None:
    """The row with its number, and how many wait with it; None when somebody else was faster with the same person."""
    if link_of(db).is_sqlite:
        ((drawn, waits),) = _DRAW.rows(db, sitting=sitting)
        state = (Turn.WAITING if waits else Turn.PLACED).value
        number = f"{_prefix(sitting)}{drawn:04d}"
        added = [
            (*row, drawn, waits)
            for row in _ADD.rows(db, sitting=sitting, number=number, state=state, **values)
        ]
    else:
        added = _DRAW_AND_ADD.rows(db, sitting=sitting, prefix=_prefix(sitting), **values)
    if not added:
        return None
    ((sign_up_id, drawn, waits),) = added
    return sign_up_id, f"{_prefix(sitting)}{drawn:04d}", waits


def _prefix(sitting_id: int) -> str:
    return f"{sitting_id:02d}-"


def _sealed(**values: str) -> dict[str, bytes]:
    return {name: ring().seal(value.encode()) for name, value in values.items()}


def _check(
    db: Session, worker_id: int, sitting_id: int, person: Person, id_hash: str, *, now: datetime
) -> None:
    """Refuse who may not sign up."""
    found = _SITTING.rows(db, sitting=sitting_id, me=worker_id, hash=id_hash)
    if not found:
        raise Refused("sitting_gone")
    opens_at, closes_at, starts_at, requirements, union, path, my_number, same_person = found[0]
    if path is not None and str(union) not in path.split("/"):
        raise Refused("sitting_gone")
    if my_number is not None:
        raise Refused("signed_up", number=my_number)
    if now < opens_at:
        raise Refused("sitting_not_open", opens_at=opens_at)
    if now >= closes_at:
        raise Refused("sitting_closed")
    missing = eligibility.unmet(requirements, born=person.born, on=local(starts_at).date())
    if missing:
        raise Refused("not_eligible", words=missing)
    if same_person is not None:
        raise Refused("person_signed_up")
