"""我的消息: what could not be sent is shown when its person comes, and everything can be read again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
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
