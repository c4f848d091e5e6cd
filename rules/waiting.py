"""The one waiting list: in order, an offer that is held for a set time, and on to the next.

It knows nothing of what is waited for. A kind of thing (exams now; slots and weddings may follow) hands in a `Line`.
Whoever gives or frees places of one subject locks it first, so on each subject these functions act one at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session

from core import config
from core.clock import local
from core.errors import Refused
from core.prepared import Prepared
from models.base import Moment
from models.waiting import IS_OFFERED, IS_WAITING, Waiting, WaitingState

_WAITING, _OFFERED = WaitingState.WAITING, WaitingState.OFFERED
MOVES: Final = MappingProxyType(
    {
        _WAITING: frozenset({_OFFERED, WaitingState.LEFT}),
        _OFFERED: frozenset(
            {WaitingState.ACCEPTED, WaitingState.REFUSED, WaitingState.ENDED, WaitingState.LEFT}
        ),
    }
)
"""From each state, where somebody may go. Who accepted, refused, let it end or left is in line no more, for good."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one kind of thing tells the waiting list.

    `lock` makes all others who give or free places of the subject wait until this transaction ends; `free` gives one
    place back to everybody; `last_moment` is when offers end at the latest; `moved` acts on where somebody in line
    has come to, and tells them.
    """

    kind: str
    lock: Callable[[Session, int], None]
    free: Callable[[Session, int], None]
    last_moment: Callable[[Session, int], datetime]
    moved: Callable[[Session, Waiting, datetime], None]


_JOIN = Prepared(
    text(
        "INSERT INTO waiting (kind, subject_id, about_id, worker_id, state, joined_at) "
        "VALUES (:kind, :subject_id, :about_id, :worker_id, 'waiting', :joined_at)"
    ).bindparams(bindparam("joined_at", type_=Moment)),
    writes=True,
)


def join(db: Session, line: Line, subject_id: int, *, about_id: int, worker_id: int, now: datetime) -> None:
    """Stand at the end of the line. The subject is locked already, and has no free place."""
    _JOIN.count(
        db, kind=line.kind, subject_id=subject_id, about_id=about_id, worker_id=worker_id, joined_at=now
    )


def find(db: Session, line: Line, about_id: int) -> Waiting:
    """The newest place in line of this. Raises Refused("no_offer")."""
    waiting = db.scalar(
        select(Waiting)
        .where(Waiting.kind == line.kind, Waiting.about_id == about_id)
        .order_by(Waiting.id.desc())
        .limit(1)
    )
    if waiting is None:
        raise Refused("no_offer")
    return waiting


def accept(db: Session, line: Line, waiting: Waiting, *, now: datetime) -> None:
    """Take the place that is held. A second time changes nothing. Raises Refused("offer_over")."""
    _lock(db, line, waiting)
    if waiting.state == WaitingState.ACCEPTED:
        return
    if waiting.state != _OFFERED or not _stands(waiting, now):
        raise Refused("offer_over")
    _move(db, line, waiting, WaitingState.ACCEPTED, now=now)


def refuse(db: Session, line: Line, waiting: Waiting, *, now: datetime, limits: config.Waiting) -> None:
    """Let the next one have it, at once. A second time changes nothing. Raises Refused("offer_over")."""
    _lock(db, line, waiting)
    if waiting.state == WaitingState.REFUSED:
        return
    if waiting.state != _OFFERED:
        raise Refused("offer_over")
    _move(db, line, waiting, WaitingState.REFUSED, now=now)
    pass_on(db, line, waiting.subject_id, now=now, limits=limits)


def leave(db: Session, line: Line, waiting: Waiting, *, now: datetime, limits: config.Waiting) -> None:
    """Wait no longer, whether a place was offered or not; nobody who left is offered one again."""
    _lock(db, line, waiting)
    before = waiting.state
    if before not in (_WAITING, _OFFERED):
        return
    _move(db, line, waiting, WaitingState.LEFT, now=now)
    if before == _OFFERED:
        pass_on(db, line, waiting.subject_id, now=now, limits=limits)


def pass_on(db: Session, line: Line, subject_id: int, *, now: datetime, limits: config.Waiting) -> None:
    """One place that its holder gave up: offer it to the first in line, or give it back to everybody.

    The subject is locked already. While it is offered it counts as taken, so nobody else can have it.
    """
    last = line.last_moment(db, subject_id)
    first = db.scalar(
        select(Waiting)
        .where(Waiting.kind == line.kind, Waiting.subject_id == subject_id, IS_WAITING)
        .order_by(Waiting.id)
        .limit(1)
    )
    if first is None or now >= last:
        line.free(db, subject_id)
        return
    starts, ends = hold(now, last, limits)
    _move(db, line, first, _OFFERED, now=now, offered_at=starts, offer_until=ends)


def hold(now: datetime, last: datetime, limits: config.Waiting) -> tuple[datetime, datetime]:
    """From when, and until when, a place that comes free now is held: its time does not run at night.

    Never beyond the last moment; where the night would leave no time at all, from now on.
    """
    here = local(now)
    starts = now
    if not limits.day_from <= here.hour < limits.day_until:
        morning = here.replace(hour=limits.day_from, minute=0, second=0, microsecond=0)
        starts = morning if morning > here else morning + timedelta(days=1)
    length = timedelta(minutes=limits.hold_minutes)
    if starts >= last:
        starts = now
    return starts, min(starts + length, last)


def end_due(db: Session, now: datetime, *, line: Line, limits: config.Waiting, limit: int = 200) -> int:
    """Pass on every offer of one line whose time is over. How many ended.

    Always in the same order, so that two who do it at once do not wait for each other.
    """
    due = db.scalars(
        select(Waiting)
        .where(Waiting.kind == line.kind, IS_OFFERED, Waiting.offer_until <= now)
        .order_by(Waiting.subject_id, Waiting.id)
        .limit(limit)
    ).all()
    ended = 0
    for waiting in due:
        _lock(db, line, waiting)
        if waiting.state != _OFFERED or _stands(waiting, now):
            continue  # answered a moment ago
        _move(db, line, waiting, WaitingState.ENDED, now=now)
        pass_on(db, line, waiting.subject_id, now=now, limits=limits)
        ended += 1
    return ended


def ahead(db: Session, waiting: Waiting) -> int:
    """How many in the same line will be offered a place before this one."""
    return (
        db.scalar(
            select(func.count())
            .select_from(Waiting)
            .where(
                Waiting.kind == waiting.kind,
                Waiting.subject_id == waiting.subject_id,
                Waiting.id < waiting.id,
                IS_WAITING,
            )
        )
        or 0
    )


def _stands(waiting: Waiting, now: datetime) -> bool:
    return waiting.offer_until is not None and now < waiting.offer_until


def _lock(db: Session, line: Line, waiting: Waiting) -> None:
    """Lock the subject, and see what the last one who had the lock made of this place in line."""
    line.lock(db, waiting.subject_id)
    db.refresh(waiting)


def _move(
    db: Session,
    line: Line,
    waiting: Waiting,
    after: WaitingState,
    *,
    now: datetime,
    offered_at: datetime | None = None,
    offer_until: datetime | None = None,
) -> None:
    """The one function that moves somebody in line; the database is asked once more whether it still may."""
    before = WaitingState(waiting.state)
    if after not in MOVES.get(before, frozenset()):
        raise Refused("offer_over")
    values: dict[str, datetime | WaitingState | None] = {"state": after}
    if after == _OFFERED:
        values |= {"offered_at": offered_at, "offer_until": offer_until}
    else:
        values |= {"settled_at": now}
    moved = db.execute(
        update(Waiting)
        .where(Waiting.id == waiting.id, Waiting.state == before)
        .values(values)
        .returning(Waiting.id)
        .execution_options(synchronize_session=False)
    ).first()
    db.refresh(waiting)
    if moved is None:
        raise Refused("offer_over")
    line.moved(db, waiting, now)
