"""Mass calls: each a row with its people, words and clientmsgid before it is made, so that a crash settles itself.

The platform knows a clientmsgid for 24 hours: the same call again sends nothing twice and tells the job it made.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, or_, select, update
from sqlalchemy.orm import Session

from models.broadcasts import (
    IS_SENDING,
    IS_WAITING,
    Batch,
    BatchState,
    Broadcast,
    BroadcastState,
    Recipient,
    RecipientState,
    Way,
)
from models.people import Worker
from rules.broadcasts.audience import is_muted

KNOWN_FOR = timedelta(hours=23)
"""How long the platform surely knows a clientmsgid (24 hours, less our clocks' differences)."""

_WAITING, _SENDING = RecipientState.WAITING, RecipientState.SENDING


@dataclass(frozen=True, slots=True)
class Call:
    """One mass call to be made, now and by nobody else."""

    batch_id: int
    broadcast_id: int
    version: int
    claim: int
    client_id: str
    media_id: str | None
    is_in_doubt: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast: from the settings of broadcasts."""

    size: int
    calls_per_minute: int
    lease: timedelta


def may_receive(topic: str) -> ColumnElement[bool]:
    """Whether the worker of a query may still be written to."""
    return Worker.unfollowed_at.is_(None) & ~is_muted(topic)


def is_free(now: datetime) -> ColumnElement[bool]:
    """Whether a waiting row is nobody's and due."""
    return or_(Recipient.lease_until.is_(None), Recipient.lease_until < now)


def is_sending(broadcast_id: int, version: int | None = None) -> ColumnElement[bool]:
    """Whether the broadcast goes out at this moment, with these words: what pause and edit referee."""
    found = exists().where(Broadcast.id == broadcast_id, Broadcast.state == BroadcastState.SENDING)
    return found if version is None else found.where(Broadcast.version == version)


def take(db: Session, broadcast: Broadcast, *, now: datetime, pace: Pace) -> Call | None:
    """The next mass call of a broadcast: one whose caller died or that is to be repeated, else a new one."""
    return _take_over(db, broadcast, now, pace) or _make(db, broadcast, now, pace)


def _take_over(db: Session, broadcast: Broadcast, now: datetime, pace: Pace) -> Call | None:
    batch = db.scalar(
        select(Batch)
        .where(
            Batch.broadcast_id == broadcast.id,
            Batch.state == BatchState.CALLING,
            Batch.lease_until < now,
            is_sending(broadcast.id),
        )
        .order_by(Batch.id)
        .limit(1)
    )
    if batch is None:
        return None
    claim = batch.attempts + 1
    if not _change(
        db, batch.id, batch.attempts, attempts=claim, is_in_doubt=True, lease_until=now + pace.lease
    ):
        return None
    if batch.called_at is not None and now - batch.called_at > KNOWN_FOR:
        give_up(db, batch.id, claim, errcode=None, now=now)
        return None
    media = batch.media_id
    return Call(batch.id, broadcast.id, batch.version, claim, batch.client_id, media, is_in_doubt=True)


def _make(db: Session, broadcast: Broadcast, now: datetime, pace: Pace) -> Call | None:
    recent = select(func.count()).select_from(Batch).where(Batch.called_at > now - timedelta(minutes=1))
    if (db.scalar(recent) or 0) >= pace.calls_per_minute:
        return None
    if not _any_waiting(db, broadcast, now) or _by_customer_first(db, broadcast):
        return None
    # The row of the broadcast is the lock: of two who make a batch the second waits, and counts what is left then.
    number = db.scalar(
        update(Broadcast)
        .where(Broadcast.id == broadcast.id, is_sending(broadcast.id, broadcast.version))
        .values(batches=Broadcast.batches + 1)
        .returning(Broadcast.batches)
        .execution_options(synchronize_session=False)
    )
    if number is None:
        return None
    left = db.scalar(select(func.count()).select_from(_free(broadcast, now).limit(pace.size + 2).subquery()))
    size = pace.size if left != pace.size + 1 else pace.size - 1  # nobody is left alone: a list has two
    batch = Batch(
        broadcast_id=broadcast.id,
        number=number,
        version=broadcast.version,
        client_id=f"nj{broadcast.id}-{number}-{secrets.token_hex(5)}",
        state=BatchState.CALLING,
        size=0,
        made_at=now,
        called_at=now,
        lease_until=now + pace.lease,
    )
    db.add(batch)
    db.flush()
    result: Any = db.execute(
        update(Recipient)
        .where(
            Recipient.broadcast_id == broadcast.id,
            Recipient.state == _WAITING,
            Recipient.worker_id.in_(_free(broadcast, now).limit(size)),
        )
        .values(state=_SENDING, batch_id=batch.id, version=broadcast.version, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount < 2:
        _release(db, batch.id, way="customer" if result.rowcount else None)
        db.delete(batch)
        db.flush()
        return None
    batch.size = result.rowcount
    db.flush()
    return Call(batch.id, broadcast.id, broadcast.version, 1, batch.client_id, None, is_in_doubt=False)


def _free(broadcast: Broadcast, now: datetime) -> Any:
    return (
        select(Recipient.worker_id)
        .join(Worker, Worker.id == Recipient.worker_id)
        .where(
            Recipient.broadcast_id == broadcast.id,
            IS_WAITING,
            Recipient.way == "mass",
            is_free(now),
            may_receive(broadcast.topic),
        )
        .order_by(Recipient.worker_id)
    )


def _any_waiting(db: Session, broadcast: Broadcast, now: datetime) -> bool:
    return db.scalar(_free(broadcast, now).limit(1)) is not None


def _by_customer_first(db: Session, broadcast: Broadcast) -> bool:
    """Where both ways are taken, lists are made once it is known who could not be reached by the other."""
    query = select(Recipient.worker_id).where(
        Recipient.broadcast_id == broadcast.id, IS_WAITING, Recipient.way == "customer"
    )
    under_way = select(Recipient.worker_id).where(
        Recipient.broadcast_id == broadcast.id, IS_SENDING, Recipient.lease_until.is_not(None)
    )
    if broadcast.way != Way.BOTH:
        return False
    return any(db.scalar(one.limit(1)) is not None for one in (query, under_way))


def openids(db: Session, batch_id: int) -> list[str]:
    """Whom a call is for, in the same order each time."""
    rows = (
        select(Worker.openid)
        .join(Recipient, Recipient.worker_id == Worker.id)
        .where(Recipient.batch_id == batch_id)
        .order_by(Recipient.worker_id)
    )
    return list(db.scalars(rows))


def keep_media(db: Session, call: Call, media_id: str) -> bool:
    """Note which draft the call sends, before it is made."""
    return _change(db, call.batch_id, call.claim, media_id=media_id)


def accepted(db: Session, call: Call, message_id: int, *, ask_at: datetime) -> None:
    """The platform has the job. Its people stay in SENDING until the platform tells what came of it."""
    _change(
        db,
        call.batch_id,
        call.claim,
        state=BatchState.ACCEPTED,
        message_id=message_id,
        is_in_doubt=False,
        errcode=0,
        lease_until=ask_at,
    )


def again(db: Session, call: Call, errcode: int | None, *, at: datetime, in_doubt: bool) -> None:
    """The same call once more, later."""
    in_doubt = in_doubt or call.is_in_doubt
    _change(db, call.batch_id, call.claim, lease_until=at, is_in_doubt=in_doubt, errcode=errcode)


def dissolve(db: Session, call: Call, errcode: int) -> None:
    """The platform certainly did not take it: its people wait again, for the words of then."""
    if call.is_in_doubt:
        raise ValueError("a call in doubt is not dissolved")
    if _change(db, call.batch_id, call.claim, state=BatchState.VOID, errcode=errcode):
        _release(db, call.batch_id)


def refused(db: Session, call: Call, errcode: int) -> int:
    """The platform will never take it: its people have failed. How many."""
    if not _change(db, call.batch_id, call.claim, state=BatchState.FAILED, errcode=errcode):
        return 0
    return _settle(db, call.batch_id, RecipientState.FAILED, errcode)


def give_up(db: Session, batch_id: int, claim: int, *, errcode: int | None, now: datetime) -> None:
    """Nobody will ever know: shown as unknown, for staff to settle."""
    if _change(db, batch_id, claim, state=BatchState.UNKNOWN, errcode=errcode, told_at=now):
        _settle(db, batch_id, RecipientState.UNKNOWN, errcode)


def _settle(db: Session, batch_id: int, state: RecipientState, errcode: int | None) -> int:
    result: Any = db.execute(
        update(Recipient)
        .where(Recipient.batch_id == batch_id, Recipient.state == _SENDING)
        .values(state=state, errcode=errcode)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)


def _release(db: Session, batch_id: int, *, way: str | None = None) -> None:
    values: dict[str, Any] = {"state": _WAITING, "batch_id": None, "version": None, "lease_until": None}
    if way:
        values["way"] = way
    db.execute(
        update(Recipient)
        .where(Recipient.batch_id == batch_id, Recipient.state == _SENDING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _change(db: Session, batch_id: int, claim: int, **values: Any) -> bool:
    """Only while the claim is ours and the call not settled."""
    result: Any = db.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.attempts == claim, Batch.state == BatchState.CALLING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)


def leave_out(db: Session, broadcast: Broadcast, *, now: datetime) -> int:
    """Who left or muted since the start is not written to; how many. For when nobody else waits."""
    gone = select(Worker.id).where(Worker.id == Recipient.worker_id)
    has_left = gone.where(Worker.unfollowed_at.is_not(None)).exists()
    muted = gone.where(is_muted(broadcast.topic)).exists()
    result: Any = db.execute(
        update(Recipient)
        .where(
            Recipient.broadcast_id == broadcast.id,
            IS_WAITING,
            is_free(now),
            or_(has_left, muted),
        )
        .values(state=RecipientState.SKIPPED, reason=case((has_left, "unfollowed"), else_="muted"))
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)
