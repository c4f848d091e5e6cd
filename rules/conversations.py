"""Conversations handed to a person (人工), as staff see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from core.errors import Refused
from core.visible import tidy
from models.messages import Handover, Notice
from models.people import Staff
from rules import access, audit
from rules.access import Permission


def queue(db: Session, staff: Staff, *, now: datetime) -> Select[Handover]:
    """The conversations that wait for an answer and whose worker is in this member's reach, in no order."""
    access.need(staff, Permission.CONVERSATIONS_ANSWER)
    return access.scoped(db, staff, Handover, now=now).where(Handover.closed_at.is_(None))


def one(db: Session, staff: Staff, handover_id: int, *, now: datetime) -> Handover:
    """A conversation in this member's reach, closed ones too, or Refused("not_found")."""
    access.need(staff, Permission.CONVERSATIONS_ANSWER)
    return access.find(db, staff, Handover, handover_id, now=now)


def close(db: Session, staff: Staff, handover_id: int, reason: str, *, now: datetime) -> None:
    """Take a conversation off the queue without an answer, with a reason that only staff read."""
    handover = one(db, staff, handover_id, now=now)
    reason = tidy(reason)
    if not reason:
        raise Refused("reason_needed")
    closed = db.execute(
        update(Handover)
        .where(Handover.id == handover.id, Handover.closed_at.is_(None))
        .values(closed_at=now, draft=None)
        .returning(Handover.id)
        .execution_options(synchronize_session=False)
    )
    if closed.first() is None:
        raise Refused("handover_closed")
    db.refresh(handover)
    audit.note(db, staff, "handover_close", f"handover:{handover.id}", now=now, reason=reason)


def answers(db: Session, worker_id: int, *, limit: int = 5) -> Sequence[Notice]:
    """What staff answered this person before, newest first; its facts are `who` and `words`."""
    return db.scalars(
        select(Notice)
        .where(Notice.worker_id == worker_id, Notice.kind == "staff_answer")
        .order_by(Notice.id.desc())
        .limit(limit)
    ).all()


def earlier(db: Session, handover: Handover, *, limit: int = 5) -> Sequence[Handover]:
    """The conversations of the same person before this one, newest first."""
    return db.scalars(
        select(Handover)
        .where(Handover.worker_id == handover.worker_id, Handover.id < handover.id)
        .order_by(Handover.id.desc())
        .limit(limit)
    ).all()
