"""Signing up for a sitting: places first, then the waiting list; withdrawing; answering an offer.

Whoever takes, gives up or passes on a place of a sitting holds its row until they commit, so the places of one sitting
are given in one order, and the database refuses one too many (docs/decisions/0013-waiting-list.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session, joinedload

from core import config
from core.clock import local
from core.crypto import Sealed, ring
from core.errors import Refused
from core.prepared import Prepared
from models.base import Moment
from models.exams import SignUp, SignUpState, Sitting
from models.people import Organisation, Worker
from models.waiting import Waiting, WaitingState
from rules import waiting
from rules.exams import eligibility
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


_SITTING = Prepared(
    select(
        Sitting.opens_at,
        Sitting.closes_at,
        Sitting.starts_at,
        Sitting.eligibility,
        Sitting.organisation_id,
        Organisation.path,
    )
    .select_from(Sitting)
    .join(Worker, Worker.id == bindparam("me"))
    .outerjoin(Organisation, Organisation.id == Worker.organisation_id)
    .where(Sitting.id == bindparam("sitting"))
)
_LIVE = (
    "SELECT id, number, worker_id FROM exam_sign_up "
    "WHERE state IN ('placed', 'waiting', 'offered') AND sitting_id = :sitting"
)
_STANDING = Prepared(  # two questions instead of one with OR, so that each is a look into an index
    text(f"{_LIVE} AND worker_id = :me UNION {_LIVE} AND id_hash = :hash")
)
_TAKE = Prepared(
    text(
        "UPDATE exam_sitting SET taken = taken + 1, drawn = drawn + 1 WHERE id = :sitting AND taken < quota "
        "RETURNING drawn"
    ),
    writes=True,
)
_DRAW = Prepared(
    text("UPDATE exam_sitting SET drawn = drawn + 1 WHERE id = :sitting RETURNING drawn, taken < quota"),
    writes=True,
)
_ADD = Prepared(
    text(
        "INSERT INTO exam_sign_up (sitting_id, worker_id, number, state, name, id_number, phone, employer, agreed, "
        "id_hash, signed_at, draft_id) VALUES (:sitting, :me, :number, :state, :name, :id_number, :phone, :employer, "
        ":agreed, :hash, :now, :draft) ON CONFLICT DO NOTHING RETURNING id"
    ).bindparams(
        *(bindparam(name, type_=Sealed) for name in ("name", "id_number", "phone", "employer", "agreed")),
        bindparam("now", type_=Moment),
    ),
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
    _check(db, worker_id, sitting_id, person, now=now)
    id_hash = ring().blind(person.id_number)
    for _, number, owner in _STANDING.rows(db, sitting=sitting_id, me=worker_id, hash=id_hash):
        if owner == worker_id:
            raise Refused("signed_up", number=number)
        raise Refused("person_signed_up")
    is_placed, drawn = _draw(db, sitting_id)
    number = f"{sitting_id:02d}-{drawn:04d}"
    added = _ADD.rows(
        db,
        sitting=sitting_id,
        me=worker_id,
        number=number,
        state=(_PLACED if is_placed else _WAITING).value,
        name=person.name,
        id_number=person.id_number,
        phone=person.phone,
        employer=person.employer,
        agreed=agreed,
        hash=id_hash,
        now=now,
        draft=draft_id,
    )
    if not added:
        raise Refused("signed_up_meanwhile")
    ((sign_up_id,),) = added
    if is_placed:
        return Signed(sign_up_id, number, is_placed=True)
    waiting.join(db, LINE, sitting_id, about_id=sign_up_id, worker_id=worker_id, now=now)
    ahead = waiting.ahead(db, waiting.find(db, LINE, sign_up_id))
    return Signed(sign_up_id, number, is_placed=False, ahead=ahead)


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


def _check(db: Session, worker_id: int, sitting_id: int, person: Person, *, now: datetime) -> None:
    found = _SITTING.rows(db, sitting=sitting_id, me=worker_id)
    if not found:
        raise Refused("sitting_gone")
    opens_at, closes_at, starts_at, requirements, union, path = found[0]
    if path is not None and str(union) not in path.split("/"):
        raise Refused("sitting_gone")
    if now < opens_at:
        raise Refused("sitting_not_open", opens_at=opens_at)
    if now >= closes_at:
        raise Refused("sitting_closed")
    missing = eligibility.unmet(requirements, born=person.born, on=local(starts_at).date())
    if missing:
        raise Refused("not_eligible", words=missing)


def _draw(db: Session, sitting_id: int) -> tuple[bool, int]:
    """A place or not, and the next number; from here on this transaction holds the sitting."""
    if taken := _TAKE.rows(db, sitting=sitting_id):
        return True, taken[0][0]
    ((drawn, came_free),) = _DRAW.rows(db, sitting=sitting_id)
    if not came_free:
        return False, drawn
    ((drawn,),) = _TAKE.rows(
        db, sitting=sitting_id
    )  # given back while we waited for the row; nobody is in line
    return True, drawn


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
    if place.state == WaitingState.OFFERED:
        tell(db, place.worker_id, "exam_offer", now=now, due_at=place.offered_at, sign_up=one.id)
    elif place.state == WaitingState.ENDED:
        tell(db, place.worker_id, "exam_offer_over", now=now, sign_up=one.id)


LINE: Final = waiting.Line(KIND, lock=_lock, free=_free, last_moment=_last_moment, moved=_moved)
"""What the waiting list is told of exams."""
