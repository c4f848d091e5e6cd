"""Customer-service messages, one person at a time: this way has no key by which the platform knows a repeat.

A row is SENDING only while its call may be on the wire. Whoever is found there after a crash is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session

from core.prepared import Prepared
from models.base import Moment
from models.broadcasts import IS_SENDING, IS_WAITING, Broadcast, Recipient, RecipientState
from models.people import Worker
from rules import notices
from rules.broadcasts.batches import is_free, is_sending, may_receive

WINDOW = "window"
"""Why somebody is skipped to whom WeChat lets nobody write at this moment."""

_WAITING, _SENDING = RecipientState.WAITING, RecipientState.SENDING


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody claimed."""

    worker_id: int
    openid: str
    claim: int
    errcode: int | None = None
    """What WeChat said the time before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call came to. WAITING: again later, or by mass message when `way` says so."""

    state: RecipientState
    errcode: int | None = None
    reason: str | None = None
    way: str | None = None
    again_at: datetime | None = None


_OPEN = Prepared(
    text(
        "UPDATE broadcast_recipient SET state = 'sending', version = :version, lease_until = :until "
        "WHERE broadcast_id = :broadcast AND worker_id = :worker AND state = 'waiting' AND attempts = :claim "
        "AND EXISTS (SELECT 1 FROM broadcast WHERE broadcast.id = :broadcast AND broadcast.state = 'sending' "
        "AND broadcast.version = :version)"
    ).bindparams(bindparam("until", type_=Moment)),
    writes=True,
)
_SETTLE = Prepared(
    text(
        "UPDATE broadcast_recipient SET state = :state, errcode = :errcode, reason = :reason, "
        "way = coalesce(:way, way), lease_until = :again_at WHERE broadcast_id = :broadcast "
        "AND worker_id = :worker AND attempts = :claim AND state IN ('sending', :also)"
    ).bindparams(bindparam("again_at", type_=Moment)),
    writes=True,
)


def claim(db: Session, broadcast: Broadcast, *, now: datetime, limit: int, lease: timedelta) -> list[Person]:
    """People nobody else writes to for as long as the lease."""
    free = (
        select(Recipient.worker_id)
        .join(Worker, Worker.id == Recipient.worker_id)
        .where(
            Recipient.broadcast_id == broadcast.id,
            IS_WAITING,
            Recipient.way == "customer",
            is_free(now),
            may_receive(broadcast.topic),
        )
        .order_by(Recipient.worker_id)
        .limit(limit)
    )
    if db.scalar(free.limit(1)) is None:  # looking costs no write lock
        return []
    claimed = db.execute(
        update(Recipient)
        .where(
            Recipient.broadcast_id == broadcast.id,
            Recipient.worker_id.in_(free),
            Recipient.state == _WAITING,
            is_free(now),
            is_sending(broadcast.id, broadcast.version),
        )
        .values(lease_until=now + lease, attempts=Recipient.attempts + 1)
        .returning(Recipient.worker_id, Recipient.attempts, Recipient.errcode)
        .execution_options(synchronize_session=False)
    )
    claims = {worker_id: (claim, errcode) for worker_id, claim, errcode in claimed.all()}
    found = db.execute(select(Worker.id, Worker.openid).where(Worker.id.in_(claims)).order_by(Worker.id))
    return [Person(worker_id, openid, *claims[worker_id]) for worker_id, openid in found]


def open_(db: Session, broadcast_id: int, version: int, one: Person, *, until: datetime) -> bool:
    """Commit to the call: False when the broadcast was paused or changed, or the claim is lost."""
    values = {"broadcast": broadcast_id, "version": version, "worker": one.worker_id, "claim": one.claim}
    return _OPEN.count(db, until=until, **values) == 1


def settle(
    db: Session, broadcast_id: int, version: int, one: Person, outcome: Outcome, *, now: datetime
) -> None:
    """Write down what came of it. A result that comes after the lease is better than unknown.

    Whoever's window is closed finds the words in 我的消息: the last channel there is.
    """
    is_final = outcome.state != _WAITING
    settled = _SETTLE.count(
        db,
        broadcast=broadcast_id,
        worker=one.worker_id,
        claim=one.claim,
        state=outcome.state.value,
        errcode=outcome.errcode,
        reason=outcome.reason,
        way=outcome.way,
        again_at=outcome.again_at,
        also=RecipientState.UNKNOWN.value if is_final else _SENDING.value,
    )
    if settled and outcome.reason == WINDOW:
        about = {"broadcast": broadcast_id, "version": version}
        notices.keep(db, one.worker_id, "broadcast", now=now, errcode=outcome.errcode, **about)


def release(db: Session, broadcast_id: int, people: list[Person]) -> None:
    """Give back whom nobody called."""
    for one in people:
        db.execute(
            update(Recipient)
            .where(
                Recipient.broadcast_id == broadcast_id,
                Recipient.worker_id == one.worker_id,
                Recipient.state == _WAITING,
                Recipient.attempts == one.claim,
            )
            .values(lease_until=None, attempts=one.claim - 1)
            .execution_options(synchronize_session=False)
        )


def lapse(db: Session, now: datetime) -> int:
    """Whoever was being written to when the sender died: nobody knows, so nobody writes again. How many."""
    result: Any = db.execute(
        update(Recipient)
        .where(
            IS_SENDING,
            Recipient.batch_id.is_(None),
            Recipient.lease_until < now,
            Recipient.broadcast_id.in_(select(Broadcast.id).where(Broadcast.done_at.is_(None))),
        )
        .values(state=RecipientState.UNKNOWN, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)
