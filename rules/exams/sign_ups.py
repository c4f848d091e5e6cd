"""What becomes of a sign-up: withdrawing, answering an offer, passing a place on.

Whoever takes, gives up or passes on a place of a sitting holds its row until they commit, so the places of one sitting
are given in one order, and the database refuses one too many (docs/decisions/0013-waiting-list.md).
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from core import config
from core.errors import Refused
from models.exams import SignUp, SignUpState, Sitting
from models.waiting import Waiting, WaitingState
from rules import waiting
from rules.exams.sittings import KIND
from rules.notices import tell

_PLACED, _WAITING, _OFFERED = SignUpState.PLACED, SignUpState.WAITING, SignUpState.OFFERED
LIVE: Final = (_PLACED, _WAITING, _OFFERED)
MOVES: Final = MappingProxyType(
    {
        _PLACED: frozenset({SignUpState.WITHDRAWN}),
        _WAITING: frozenset({_OFFERED, SignUpState.WITHDRAWN}),
        _OFFERED: frozenset({_PLACED, SignUpState.LAPSED, SignUpState.WITHDRAWN}),
    }
)
"""From each state, where a sign-up may go. Who wants to come back after it is over signs up anew, at the end."""


def withdraw(
    db: Session, worker_id: int, sign_up_id: int, *, now: datetime, limits: config.Waiting
) -> SignUp:
    """Give up a sign-up; its place goes to the next at once. A second time changes nothing.

    Raises Refused: sign_up_gone, exam_begun.
    """
    one = _mine(db, worker_id, sign_up_id)
    _lock(db, one.sitting_id)
    db.refresh(one)
    if one.state == SignUpState.WITHDRAWN:
        return one
    if not one.is_live:
        raise Refused("sign_up_gone")
    if now >= one.sitting.starts_at:
        raise Refused("exam_begun")
    if one.state == _PLACED:
        _move(db, one, SignUpState.WITHDRAWN, now=now)
        waiting.pass_on(db, LINE, one.sitting_id, now=now, limits=limits)
    else:
        waiting.leave(db, LINE, waiting.find(db, LINE, one.id), now=now, limits=limits)
    return one


def accept(db: Session, worker_id: int, sign_up_id: int | None, *, now: datetime) -> SignUp:
    """Take the place on offer, the one named or the newest. Raises Refused: sign_up_gone, no_offer, offer_over."""
    one = _offered(db, worker_id, sign_up_id)
    if one.state != _PLACED:
        waiting.accept(db, LINE, waiting.find(db, LINE, one.id), now=now)
        db.refresh(one)
    return one


def decline(
    db: Session, worker_id: int, sign_up_id: int | None, *, now: datetime, limits: config.Waiting
) -> SignUp:
    """Leave the place on offer to the next. Raises Refused: sign_up_gone, no_offer, offer_over."""
    one = _offered(db, worker_id, sign_up_id)
    waiting.refuse(db, LINE, waiting.find(db, LINE, one.id), now=now, limits=limits)
    db.refresh(one)
    return one


def mine(db: Session, worker_id: int, *, now: datetime) -> list[tuple[SignUp, Waiting | None, int]]:
    """What this person signed up for and what is still to come, with their place in line and how many are before."""
    found = db.scalars(
        select(SignUp)
        .join(Sitting, Sitting.id == SignUp.sitting_id)
        .options(joinedload(SignUp.sitting))
        .where(SignUp.worker_id == worker_id, SignUp.state.in_(LIVE), Sitting.starts_at > now)
        .order_by(Sitting.starts_at, SignUp.id)
    ).all()
    rows: list[tuple[SignUp, Waiting | None, int]] = []
    for one in found:
        place = None if one.state == _PLACED else waiting.find(db, LINE, one.id)
        rows.append((one, place, waiting.ahead(db, place) if place else 0))
    return rows


def last_of(db: Session, worker_id: int) -> SignUp | None:
    """The newest sign-up of this phone, whatever became of it: what it holds is not asked again."""
    return db.scalar(select(SignUp).where(SignUp.worker_id == worker_id).order_by(SignUp.id.desc()).limit(1))


def named(db: Session, worker_id: int, sign_up_id: int) -> SignUp:
    """One's own sign-up. Raises Refused("sign_up_gone") for anybody else's."""
    return _mine(db, worker_id, sign_up_id)


def _mine(db: Session, worker_id: int, sign_up_id: int) -> SignUp:
    one = db.get(SignUp, sign_up_id)
    if one is None or one.worker_id != worker_id:
        raise Refused("sign_up_gone")
    return one


def _offered(db: Session, worker_id: int, sign_up_id: int | None) -> SignUp:
    if sign_up_id is not None:
        return _mine(db, worker_id, sign_up_id)
    one = db.scalar(
        select(SignUp)
        .where(SignUp.worker_id == worker_id, SignUp.state == _OFFERED)
        .order_by(SignUp.id.desc())
        .limit(1)
    )
    if one is None:
        raise Refused("no_offer")
    return one


def _move(db: Session, one: SignUp, after: SignUpState, *, now: datetime) -> None:
    """The one function that moves a sign-up. Raises Refused("sign_up_gone") where the table does not allow it."""
    before = SignUpState(one.state)
    if after not in MOVES.get(before, frozenset()):
        raise Refused("sign_up_gone")
    moved = db.execute(
        update(SignUp)
        .where(SignUp.id == one.id, SignUp.state == before)
        .values(state=after, settled_at=None if after in LIVE else now)
        .returning(SignUp.id)
        .execution_options(synchronize_session=False)
    ).first()
    db.refresh(one)
    if moved is None:
        raise Refused("sign_up_gone")


def _lock(db: Session, sitting_id: int) -> None:
    db.execute(_touch(sitting_id, taken=Sitting.taken))


def _free(db: Session, sitting_id: int) -> None:
    db.execute(_touch(sitting_id, taken=Sitting.taken - 1))


def _touch(sitting_id: int, **values: Any) -> Any:
    return (
        update(Sitting)
        .where(Sitting.id == sitting_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _last_moment(db: Session, sitting_id: int) -> datetime:
    return db.scalars(select(Sitting.starts_at).where(Sitting.id == sitting_id)).one()


_FOLLOWS: Final = {
    WaitingState.OFFERED: _OFFERED,
    WaitingState.ACCEPTED: _PLACED,
    WaitingState.REFUSED: SignUpState.LAPSED,
    WaitingState.ENDED: SignUpState.LAPSED,
    WaitingState.LEFT: SignUpState.WITHDRAWN,
}
"""What a sign-up comes to when its place in line does."""


def _moved(db: Session, place: Waiting, now: datetime) -> None:
    one = db.get_one(SignUp, place.about_id, populate_existing=True)
    _move(db, one, _FOLLOWS[WaitingState(place.state)], now=now)
    if place.state == WaitingState.OFFERED or place.offered_at is None:  # was in line until now
        db.execute(_touch(place.subject_id, waiting=Sitting.waiting - 1))
    if place.state == WaitingState.OFFERED:
        tell(db, place.worker_id, "exam_offer", now=now, due_at=place.offered_at, sign_up=one.id)
    elif place.state == WaitingState.ENDED:
        tell(db, place.worker_id, "exam_offer_over", now=now, sign_up=one.id)


LINE: Final = waiting.Line(KIND, lock=_lock, free=_free, last_moment=_last_moment, moved=_moved)
"""What the waiting list is told of exams."""
