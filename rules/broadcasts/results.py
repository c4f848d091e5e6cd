"""What became of a broadcast: the platform's reports beside our rows, the counts, the end, and what staff settle."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, exists, func, literal, select, update
from sqlalchemy.orm import Session

from core.db import hold, insert_new
from core.errors import Refused
from core.numbers import whole
from models.audit import Audit
from models.broadcasts import (
    IS_SENDING,
    IS_WAITING,
    Batch,
    BatchState,
    Broadcast,
    BroadcastState,
    MassReport,
    Recipient,
    RecipientState,
)
from models.people import Staff
from rules import audit, notices
from rules.broadcasts import life

GOOD = "send success"
LOOKED = "broadcast_looked"
"""The act that closes a difference."""

LOST_AFTER = timedelta(hours=24)
"""A job that the platform does not know any more is given up then."""


def report(
    db: Session,
    message_id: int,
    *,
    status: str,
    total: int,
    filtered: int,
    sent: int,
    errors: int,
    now: datetime,
) -> None:
    """What MASSSENDJOBFINISH tells. Twice is once, and before we know of the job ourselves does no harm."""
    counts = {"total": total, "filtered": filtered, "sent": sent, "errors": errors}
    insert_new(db, MassReport, message_id=message_id, at=now, status=status[:40], **counts)
    settle_reports(db, now, message_id)


def settle_reports(db: Session, now: datetime, message_id: int | None = None) -> int:
    """Bring reports and batches together, however they came; how many batches were settled."""
    query = (
        select(Batch, MassReport)
        .join(MassReport, MassReport.message_id == Batch.message_id)
        .where(
            Batch.state.in_((BatchState.ACCEPTED, BatchState.DONE, BatchState.FAILED)), Batch.total.is_(None)
        )
    )
    if message_id is not None:
        query = query.where(Batch.message_id == message_id)
    found = db.execute(query).all()
    for batch, told in found:
        ended(db, batch, told.status, told, now=now)
    return len(found)


def ended(db: Session, batch: Batch, status: str, told: MassReport | None, *, now: datetime) -> None:
    """A job is over: its people have it, or nobody has. Counts that differ from our rows are told to staff."""
    is_good = status == GOOD
    values: dict[str, Any] = {"status": status, "told_at": now}
    if told is not None:
        counts = (told.total, told.filtered, told.sent, told.errors)
        values |= dict(zip(("total", "filtered", "sent", "errors"), counts, strict=True))
        # Filtered people (four messages a month) are in TotalCount only; the list does not say who they are.
        values["is_different"] = not is_good or told.total != batch.size or told.sent != batch.size
    else:
        values["is_different"] = not is_good
    first = _was_accepted(db, batch, BatchState.DONE if is_good else BatchState.FAILED, values)
    if not first and not _adds_counts(db, batch, values):
        return
    if first:
        db.execute(
            update(Recipient)
            .where(Recipient.batch_id == batch.id, Recipient.state == RecipientState.SENDING)
            .values(
                state=RecipientState.SENT if is_good else RecipientState.FAILED,
                errcode=0 if is_good else _code(status),
            )
            .execution_options(synchronize_session=False)
        )
    if values["is_different"]:
        _tell_staff(db, batch, now)


def _was_accepted(db: Session, batch: Batch, after: BatchState, values: dict[str, Any]) -> bool:
    result: Any = db.execute(
        update(Batch)
        .where(Batch.id == batch.id, Batch.state == BatchState.ACCEPTED)
        .values(state=after, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)


def _adds_counts(db: Session, batch: Batch, values: dict[str, Any]) -> bool:
    """The end was known already, by asking; now there are counts too."""
    if "total" not in values:
        return False
    result: Any = db.execute(
        update(Batch)
        .where(Batch.id == batch.id, Batch.total.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)


def _code(status: str) -> int | None:
    """20013 of err(20013)."""
    return whole(status.removeprefix("err(").removesuffix(")"), digits=7)


def _tell_staff(db: Session, batch: Batch, now: datetime) -> None:
    broadcast = db.get_one(Broadcast, batch.broadcast_id)
    version = life.words(db, broadcast, batch.version)
    people = {broadcast.made_by_id, version.approved_by_id}
    linked = select(Staff.worker_id).where(Staff.id.in_(people), Staff.worker_id.is_not(None))
    for worker_id in db.scalars(linked).all():
        if worker_id is not None:
            notices.tell(db, worker_id, "broadcast_differs", now=now, broadcast=broadcast.id, batch=batch.id)


def to_ask(db: Session, broadcast: Broadcast, *, now: datetime, again_at: datetime) -> Batch | None:
    """A job whose end is overdue, to be asked for by whoever gets it here."""
    batch = db.scalar(
        select(Batch)
        .where(
            Batch.broadcast_id == broadcast.id,
            Batch.state == BatchState.ACCEPTED,
            Batch.lease_until < now,
        )
        .order_by(Batch.id)
        .limit(1)
    )
    if batch is None:
        return None
    result: Any = db.execute(
        update(Batch)
        .where(Batch.id == batch.id, Batch.state == BatchState.ACCEPTED, Batch.lease_until < now)
        .values(lease_until=again_at)
        .execution_options(synchronize_session=False)
    )
    return batch if result.rowcount == 1 else None


def lost(db: Session, batch: Batch, *, now: datetime) -> None:
    """The platform does not know the job: after a day nobody will tell what became of it."""
    if now - batch.made_at < LOST_AFTER:
        return
    if _was_accepted(db, batch, BatchState.UNKNOWN, {"told_at": now, "is_different": True}):
        db.execute(
            update(Recipient)
            .where(Recipient.batch_id == batch.id, Recipient.state == RecipientState.SENDING)
            .values(state=RecipientState.UNKNOWN)
            .execution_options(synchronize_session=False)
        )
        _tell_staff(db, batch, now)


def has_open(db: Session, broadcast_id: int) -> bool:
    """Whether anybody still waits or is being written to."""
    mine = select(Recipient.worker_id).where(Recipient.broadcast_id == broadcast_id)
    # One statement: between two, somebody may go back from the second state to the first and be seen in neither.
    return bool(db.scalar(select(mine.where(IS_WAITING).exists() | mine.where(IS_SENDING).exists())))


def finish(db: Session, broadcast: Broadcast, *, now: datetime) -> bool:
    """完成, and only when nobody is open. Whether it is."""
    if broadcast.state != BroadcastState.SENDING or not broadcast.is_frozen or has_open(db, broadcast.id):
        return False
    if _locked(db, broadcast) != BroadcastState.SENDING or has_open(db, broadcast.id):
        return False
    life.move(db, broadcast, BroadcastState.DONE, now=now, done_at=now)
    return True


def _locked(db: Session, broadcast: Broadcast) -> str:
    """Of those who end it and those who open somebody again, one at a time. Where it stands now."""
    hold(db, Broadcast.batches, Broadcast.id == broadcast.id)
    db.refresh(broadcast)
    return broadcast.state


def tally(db: Session, broadcast: Broadcast, tried: int, failed: int) -> tuple[int, int]:
    """Add to what was tried and what failed since the start or the last pause; the sums."""
    if not tried:
        return broadcast.tried, broadcast.failed
    row = db.execute(
        update(Broadcast)
        .where(Broadcast.id == broadcast.id)
        .values(tried=Broadcast.tried + tried, failed=Broadcast.failed + failed)
        .returning(Broadcast.tried, Broadcast.failed)
        .execution_options(synchronize_session=False)
    ).one()
    return row[0], row[1]


def counts(db: Session, broadcast_id: int) -> dict[RecipientState, int]:
    """How many stand where; together they are the audience."""
    query = (
        select(Recipient.state, func.count())
        .where(Recipient.broadcast_id == broadcast_id)
        .group_by(Recipient.state)
    )
    found = {RecipientState(state): number for state, number in db.execute(query)}
    return {state: found.get(state, 0) for state in RecipientState}


def why(db: Session, broadcast_id: int) -> list[tuple[str, str | None, int | None, int]]:
    """(state, reason, errcode, how many) of those who did not get it."""
    query = (
        select(Recipient.state, Recipient.reason, Recipient.errcode, func.count())
        .where(
            Recipient.broadcast_id == broadcast_id,
            Recipient.state.in_((RecipientState.SKIPPED, RecipientState.FAILED, RecipientState.UNKNOWN)),
        )
        .group_by(Recipient.state, Recipient.reason, Recipient.errcode)
        .order_by(Recipient.state, Recipient.reason, Recipient.errcode)
    )
    return [(str(state), reason, code, number) for state, reason, code, number in db.execute(query)]


def different(db: Session, broadcast_id: int) -> list[Batch]:
    """The mass calls where the platform counted otherwise than we do."""
    query = select(Batch).where(Batch.broadcast_id == broadcast_id, Batch.is_different)
    return list(db.scalars(query.order_by(Batch.number)))


def unlooked(db: Session) -> dict[int, set[int]]:
    """The differences that nobody on the staff has looked at since: batch ids by broadcast (F10's open tasks)."""
    looked = exists().where(
        Audit.act == LOOKED,
        Audit.subject == literal("batch:") + cast(Batch.id, String),
        Audit.at >= Batch.told_at,
    )
    found: dict[int, set[int]] = {}
    for broadcast_id, batch_id in db.execute(
        select(Batch.broadcast_id, Batch.id).where(Batch.is_different, ~looked)
    ):
        found.setdefault(broadcast_id, set()).add(batch_id)
    return found


def look(db: Session, broadcast: Broadcast, staff: Staff, *, now: datetime) -> int:
    """A member of staff has seen where the platform counted otherwise: those tasks are closed. How many."""
    life.find(db, staff, broadcast.id)
    open_ = unlooked(db).get(broadcast.id, set())
    for batch_id in sorted(open_):
        audit.note(db, staff, LOOKED, f"batch:{batch_id}", now=now)
    return len(open_)


def settle_unknown(db: Session, broadcast: Broadcast, staff: Staff, *, arrived: bool, now: datetime) -> int:
    """Staff decide about all who are unknown: taken as arrived, or written to once more. How many."""
    life.find(db, staff, broadcast.id)
    _locked(db, broadcast)
    after = RecipientState.SENT if arrived else RecipientState.WAITING
    values: dict[str, Any] = {"state": after, "reason": "settled" if arrived else None}
    if not arrived:
        if broadcast.state not in (BroadcastState.DONE, BroadcastState.SENDING, BroadcastState.PAUSED):
            raise Refused("broadcast_move", before=broadcast.state, after=BroadcastState.SENDING.value)
        values |= {"batch_id": None, "version": None, "lease_until": None, "errcode": None}
    result: Any = db.execute(
        update(Recipient)
        .where(Recipient.broadcast_id == broadcast.id, Recipient.state == RecipientState.UNKNOWN)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    count = int(result.rowcount)
    if count and not arrived and broadcast.state == BroadcastState.DONE:
        life.move(db, broadcast, BroadcastState.SENDING, now=now, staff=staff, reason="again", done_at=None)
    act = "broadcast_arrived" if arrived else "broadcast_again"
    audit.note(db, staff, act, f"broadcast:{broadcast.id}", now=now, after={"people": count})
    return count
