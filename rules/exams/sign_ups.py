"""What becomes of a sign-up: withdrawing, answering an offer, passing a place on.

Whoever takes, gives up or passes on a place of a sitting holds its row until they commit, so the places of one sitting
are given in one order, and the database refuses one too many (docs/decisions/0013-waiting-list.md).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from core import config
from core.db import hold
from core.errors import Refused
from models.exams import SignUp, Sitting
from models.waiting import Turn
from rules import waiting
from rules.notices import tell


def withdraw(
    db: Session, worker_id: int, sign_up_id: int, *, now: datetime, limits: config.Waiting
) -> SignUp:
    """Give up a sign-up; its place goes to the next at once. A second time changes nothing.

    Raises Refused: sign_up_gone, exam_begun.
    """
    one = named(db, worker_id, sign_up_id)
    waiting.lock(db, LINE, one)
    if one.state == Turn.WITHDRAWN:
        return one
    if not one.is_live:
        raise Refused("sign_up_gone")
    if now >= one.sitting.starts_at:
        raise Refused("exam_begun")
    waiting.leave(db, LINE, one, now=now, limits=limits)
    return one


def accept(db: Session, worker_id: int, sign_up_id: int | None, *, now: datetime) -> SignUp:
    """Take the place on offer, the one named or the newest. Raises Refused: sign_up_gone, no_offer, offer_over."""
    one = _offered(db, worker_id, sign_up_id)
    waiting.accept(db, LINE, one, now=now)
    return one


def decline(
    db: Session, worker_id: int, sign_up_id: int | None, *, now: datetime, limits: config.Waiting
) -> SignUp:
    """Leave the place on offer to the next. Raises Refused: sign_up_gone, no_offer, offer_over."""
    one = _offered(db, worker_id, sign_up_id)
    waiting.refuse(db, LINE, one, now=now, limits=limits)
    return one


def mine(db: Session, worker_id: int, *, now: datetime) -> list[tuple[SignUp, int]]:
    """What this person signed up for and what is still to come, with how many are before them in line."""
    found = db.scalars(
        select(SignUp)
        .join(Sitting, Sitting.id == SignUp.sitting_id)
        .options(joinedload(SignUp.sitting))
        .where(SignUp.worker_id == worker_id, SignUp.state.in_(waiting.LIVE), Sitting.starts_at > now)
        .order_by(Sitting.starts_at, SignUp.id)
    ).all()
    return [(one, waiting.ahead(db, LINE, one) if one.state == Turn.WAITING else 0) for one in found]


def last_of(db: Session, worker_id: int) -> SignUp | None:
    """The newest sign-up of this phone, whatever became of it: what it holds is not asked again."""
    return db.scalar(select(SignUp).where(SignUp.worker_id == worker_id).order_by(SignUp.id.desc()).limit(1))


def named(db: Session, worker_id: int, sign_up_id: int) -> SignUp:
    """One's own sign-up. Raises Refused("sign_up_gone") for anybody else's."""
    one = db.get(SignUp, sign_up_id)
    if one is None or one.worker_id != worker_id:
        raise Refused("sign_up_gone")
    return one


def _offered(db: Session, worker_id: int, sign_up_id: int | None) -> SignUp:
    if sign_up_id is not None:
        return named(db, worker_id, sign_up_id)
    one = db.scalar(
        select(SignUp)
        .where(SignUp.worker_id == worker_id, SignUp.state == Turn.OFFERED)
        .order_by(SignUp.id.desc())
        .limit(1)
    )
    if one is None:
        raise Refused("no_offer")
    return one


def _lock(db: Session, sitting_id: int) -> None:
    hold(db, Sitting.taken, Sitting.id == sitting_id)


def _free(db: Session, sitting_id: int) -> None:
    _change(db, sitting_id, taken=Sitting.taken - 1)


def _shorter(db: Session, sitting_id: int) -> None:
    _change(db, sitting_id, waiting=Sitting.waiting - 1)


def _change(db: Session, sitting_id: int, **values: Any) -> None:
    db.execute(
        update(Sitting)
        .where(Sitting.id == sitting_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _last_moment(db: Session, sitting_id: int) -> datetime:
    return db.scalars(select(Sitting.starts_at).where(Sitting.id == sitting_id)).one()


def _offer(db: Session, one: SignUp, now: datetime) -> None:
    tell(db, one.worker_id, "exam_offer", now=now, due_at=one.offered_at, sign_up=one.id)


def _end(db: Session, one: SignUp, now: datetime) -> None:
    tell(db, one.worker_id, "exam_offer_over", now=now, sign_up=one.id)


LINE: Final = waiting.Line(
    SignUp,
    SignUp.sitting_id,
    lock=_lock,
    free=_free,
    shorter=_shorter,
    last_moment=_last_moment,
    offered=_offer,
    ended=_end,
)
"""What the waiting list is told of exams."""
