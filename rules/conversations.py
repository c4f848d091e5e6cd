"""Conversations handed to a person (人工), as staff see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from core.errors import Refused
from core.visible import tidy
from models.messages import Handover, Notice, Said
from models.people import Staff, Worker
from rules import access, audit, notices
from rules.access import Permission
from rules.crisis import is_worrying

ANSWER_LENGTH: Final = 300
"""Characters; what one customer-service text surely carries."""
LAST: Final = 10
"""So many texts of a conversation are kept."""
WINDOW: Final = timedelta(hours=48)
"""How long after somebody wrote WeChat lets us answer (the page 客服消息)."""


def queue(db: Session, staff: Staff, *, now: datetime) -> Select[Handover]:
    """The conversations that wait for an answer and whose worker is in this member's reach, in no order."""
    access.need(staff, Permission.CONVERSATIONS_ANSWER)
    return access.scoped(db, staff, Handover, now=now).where(Handover.closed_at.is_(None))


def one(db: Session, staff: Staff, handover_id: int, *, now: datetime) -> Handover:
    """A conversation in this member's reach, closed ones too, or Refused("not_found")."""
    access.need(staff, Permission.CONVERSATIONS_ANSWER)
    return access.find(db, staff, Handover, handover_id, now=now)


def answer(db: Session, staff: Staff, handover_id: int, words: str, *, now: datetime) -> None:
    """Tell the person what a member of staff says, and take the conversation off the queue. Of two answers one acts."""
    handover = one(db, staff, handover_id, now=now)
    words = words.strip()
    if not words:
        raise Refused("answer_needed")
    if len(words) > ANSWER_LENGTH:
        raise Refused("answer_too_long", limit=ANSWER_LENGTH)
    _close(db, handover, now)
    notices.tell(db, handover.worker_id, "staff_answer", now=now, who=staff.name, words=words)
    audit.note(db, staff, "handover_answer", f"handover:{handover.id}", now=now)


def close(db: Session, staff: Staff, handover_id: int, reason: str, *, now: datetime) -> None:
    """Take a conversation off the queue without an answer, with a reason that only staff read."""
    handover = one(db, staff, handover_id, now=now)
    reason = tidy(reason)
    if not reason:
        raise Refused("reason_needed")
    _close(db, handover, now)
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


def hear(db: Session, worker_id: int, words: str, reply: str, *, now: datetime) -> bool:
    """Keep what somebody says who waits for a person, and what they were answered. Whether anybody waits for it.

    For what nobody else understood only: what people do by the program is not the staff's to read. Worrying words are
    not kept, nor what follows them: staff are told at once that they were said.
    """
    handover = db.scalar(
        select(Handover.id)
        .where(Handover.worker_id == worker_id, Handover.closed_at.is_(None), Handover.about != "crisis")
        .order_by(Handover.id.desc())
        .limit(1)
    )
    if handover is None:
        return False
    if is_worrying(words):
        return True
    db.add_all(
        [
            Said(handover_id=handover, at=now, is_theirs=True, words=words),
            Said(handover_id=handover, at=now, is_theirs=False, words=reply),
        ]
    )
    db.flush()
    kept = select(Said.id).where(Said.handover_id == handover).order_by(Said.id.desc()).limit(LAST)
    db.execute(delete(Said).where(Said.handover_id == handover, Said.id.not_in(kept)))
    return True


def said(db: Session, handover: Handover) -> Sequence[Said]:
    """The last texts of a conversation, oldest first; none once it is closed."""
    return db.scalars(select(Said).where(Said.handover_id == handover.id).order_by(Said.id)).all()


def forget(db: Session, handover_id: int) -> None:
    """A conversation is closed: what was said in it is gone."""
    db.execute(delete(Said).where(Said.handover_id == handover_id))


def window_until(db: Session, handover: Handover) -> datetime:
    """Until when an answer goes straight into the person's chat; later it is kept in 我的消息."""
    heard = db.scalar(select(Worker.heard_at).where(Worker.id == handover.worker_id))
    last = db.scalar(
        select(Said.at)
        .where(Said.handover_id == handover.id, Said.is_theirs)
        .order_by(Said.id.desc())
        .limit(1)
    )
    return max(moment for moment in (handover.at, heard, last) if moment is not None) + WINDOW


def _close(db: Session, handover: Handover, now: datetime) -> None:
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
    forget(db, handover.id)
