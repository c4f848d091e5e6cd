"""我的消息: what could not be sent is shown when its person comes, and everything can be read again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.messages import IS_KEPT, Notice, NoticeState


def take_kept(db: Session, worker_id: int, *, now: datetime, limit: int = 3) -> list[Notice]:
    """The oldest notices that could not be sent, marked as shown. `UNKNOWN` ones may have arrived already."""
    kept = db.scalars(
        select(Notice).where(Notice.worker_id == worker_id, IS_KEPT).order_by(Notice.id).limit(limit)
    ).all()
    for notice in kept:
        notice.state = NoticeState.SHOWN
        notice.settled_at = now
    return list(kept)


_TOLD = Notice.state.in_((NoticeState.SENT, NoticeState.KEPT, NoticeState.UNKNOWN, NoticeState.SHOWN))


def one(db: Session, worker_id: int, notice_id: int) -> Notice | None:
    """One thing this person was told; None for what was never told, or to another."""
    return db.scalar(select(Notice).where(Notice.id == notice_id, Notice.worker_id == worker_id, _TOLD))


def recent(db: Session, worker_id: int, *, before: int | None = None, limit: int = 6) -> list[Notice]:
    """What this person was told, newest first, from before a notice's id."""
    query = select(Notice).where(Notice.worker_id == worker_id, _TOLD)
    if before is not None:
        query = query.where(Notice.id < before)
    return list(db.scalars(query.order_by(Notice.id.desc()).limit(limit)))


def unread(db: Session, worker_id: int) -> int:
    """How many notices nobody has seen for sure: neither sent to the chat nor shown there or on a page."""
    query = select(func.count()).select_from(Notice).where(Notice.worker_id == worker_id, IS_KEPT)
    return db.scalar(query) or 0


def read(db: Session, notice: Notice, *, now: datetime) -> None:
    """Its person has opened it: it is not shown to them unasked any more."""
    if notice.state in (NoticeState.KEPT, NoticeState.UNKNOWN):
        notice.state = NoticeState.SHOWN
        notice.settled_at = now
