"""The one waiting list: in order, an offer that is held for a set time, and on to the next.

It knows nothing of what is waited for. A kind of thing (exams now; slots and weddings may follow) hands in a `Line`,
and its own rows are the places in line (`models.waiting.InLine`). Whoever gives or frees places of one subject locks it
first, so on each subject these functions act one at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import config
from core.clock import local
from core.errors import Refused
from models.waiting import Turn, is_offered, is_waiting

MOVES: Final = MappingProxyType(
    {
        Turn.PLACED: frozenset({Turn.WITHDRAWN}),
        Turn.WAITING: frozenset({Turn.OFFERED, Turn.WITHDRAWN}),
        Turn.OFFERED: frozenset({Turn.PLACED, Turn.LAPSED, Turn.WITHDRAWN}),
    }
)
"""From each state, where somebody may go. Who wants to come back after it is over begins anew, at the end."""
LIVE: Final = tuple(MOVES)


@dataclass(frozen=True, slots=True)
class Line:
    """What one kind of thing tells the waiting list.

    `table` is what waits, an `InLine`, and `subject` its column that names what for. `lock` makes all others who give
    or free places of the subject wait until this transaction ends; `free` gives one place back to everybody; `shorter`
    counts one fewer in line; `last_moment` is when offers end at the latest; `offered` and `ended` tell people.
    """

    table: Any
    subject: Any
    lock: Callable[[Session, int], None]
    free: Callable[[Session, int], None]
    shorter: Callable[[Session, int], None]
    last_moment: Callable[[Session, int], datetime]
    offered: Callable[[Session, Any, datetime], None]
    ended: Callable[[Session, Any, datetime], None]

    @property
    def is_waiting(self) -> Any:
        """The condition for who is in line now."""
        return is_waiting(self.table.__tablename__)

    @property
    def is_offered(self) -> Any:
        """The condition for who is offered a place now."""
        return is_offered(self.table.__tablename__)

    def subject_of(self, one: Any) -> int:
        """What this one waits for."""
        subject: int = getattr(one, self.subject.key)
        return subject


def lock(db: Session, line: Line, one: Any) -> None:
    """Lock the subject, and see what the last one who had the lock made of this place in line."""
    line.lock(db, line.subject_of(one))
    db.refresh(one)


def accept(db: Session, line: Line, one: Any, *, now: datetime) -> None:
    """Take the place that is held. A second time changes nothing. Raises Refused("offer_over")."""
    lock(db, line, one)
    if one.state == Turn.PLACED:
        return
    if one.state != Turn.OFFERED or not _stands(one, now):
        raise Refused("offer_over")
    _move(db, line, one, Turn.PLACED, now=now)


def refuse(db: Session, line: Line, one: Any, *, now: datetime, limits: config.Waiting) -> None:
    """Let the next one have it, at once. A second time changes nothing. Raises Refused("offer_over")."""
    lock(db, line, one)
    if one.state == Turn.LAPSED and _stands(one, one.settled_at):
        return
    if one.state != Turn.OFFERED:
        raise Refused("offer_over")
    _move(db, line, one, Turn.LAPSED, now=now)
    pass_on(db, line, line.subject_of(one), now=now, limits=limits)


def leave(db: Session, line: Line, one: Any, *, now: datetime, limits: config.Waiting) -> None:
    """Give up a place, an offer, or waiting for one; nobody who left is offered one again.

    The subject is locked already. A second time changes nothing.
    """
    before = one.state
    if before not in LIVE:
        return
    _move(db, line, one, Turn.WITHDRAWN, now=now)
    if before != Turn.WAITING:
        pass_on(db, line, line.subject_of(one), now=now, limits=limits)


def pass_on(db: Session, line: Line, subject_id: int, *, now: datetime, limits: config.Waiting) -> None:
    """One place that its holder gave up: offer it to the first in line, or give it back to everybody.

    The subject is locked already. While it is offered it counts as taken, so nobody else can have it.
    """
    last = line.last_moment(db, subject_id)
    first = db.scalar(
        select(line.table)
        .where(line.subject == subject_id, line.is_waiting)
        .order_by(line.table.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if first is None or now >= last:
        line.free(db, subject_id)
        return
    starts, ends = hold(now, last, limits)
    _move(db, line, first, Turn.OFFERED, now=now, offered_at=starts, offer_until=ends)
    line.offered(db, first, now)


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
        select(line.table)
        .where(line.is_offered, line.table.offer_until <= now)
        .order_by(line.subject, line.table.id)
        .limit(limit)
    ).all()
    ended = 0
    for one in due:
        lock(db, line, one)
        if one.state != Turn.OFFERED or _stands(one, now):
            continue  # answered a moment ago
        _move(db, line, one, Turn.LAPSED, now=now)
        line.ended(db, one, now)
        pass_on(db, line, line.subject_of(one), now=now, limits=limits)
        ended += 1
    return ended


def ahead(db: Session, line: Line, one: Any) -> int:
    """How many in the same line will be offered a place before this one."""
    before = (
        select(func.count())
        .select_from(line.table)
        .where(line.subject == line.subject_of(one), line.table.id < one.id, line.is_waiting)
    )
    return db.scalar(before) or 0


def _stands(one: Any, at: datetime) -> bool:
    return one.offer_until is not None and at < one.offer_until


def _move(db: Session, line: Line, one: Any, after: Turn, *, now: datetime, **values: datetime) -> None:
    """The one function that moves somebody; the database is asked once more whether it still may.

    Raises Refused("offer_over") where the table of moves, or somebody who was faster, does not allow it.
    """
    before = Turn(one.state)
    if after not in MOVES.get(before, frozenset()):
        raise Refused("offer_over")
    moved = db.execute(
        update(line.table)
        .where(line.table.id == one.id, line.table.state == before)
        .values(state=after, settled_at=None if after in LIVE else now, **values)
        .returning(line.table.id)
        .execution_options(synchronize_session=False)
    ).first()
    db.refresh(one)
    if moved is None:
        raise Refused("offer_over")
    if before == Turn.WAITING:
        line.shorter(db, line.subject_of(one))
