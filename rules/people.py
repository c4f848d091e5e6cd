"""Following and leaving the account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models.messages import Notice, NoticeState
from models.people import Worker


def follow(db: Session, worker: Worker, *, now: datetime) -> bool:
    """Somebody follows. True when they had followed before and left."""
    is_back = worker.unfollowed_at is not None
    worker.followed_at = now
    worker.unfollowed_at = None
    return is_back


def unfollow(db: Session, worker: Worker, *, now: datetime) -> None:
    """Somebody left: nothing can reach them, so nothing is tried, and their card is not shown (rules look)."""
    worker.unfollowed_at = now
    db.execute(
        update(Notice)
        .where(Notice.worker_id == worker.id, Notice.state == NoticeState.PENDING, Notice.due_at <= now)
        .values(state=NoticeState.KEPT)
    )
