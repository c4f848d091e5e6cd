"""Following and leaving the account, and opening a page of ours without ever having written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db import insert_new
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


def is_known(db: Session, openid: str) -> bool:
    """Whether there is a worker of this openid already."""
    return db.scalar(select(Worker.id).where(Worker.openid == openid)) is not None


def arrive(db: Session, openid: str, *, is_following: bool, now: datetime) -> Worker:
    """The worker who opens a page; made when they never wrote. `is_following` counts for somebody new only."""
    found = select(Worker).where(Worker.openid == openid)
    worker = db.scalar(found)
    if worker is None:
        insert_new(
            db,
            Worker,
            openid=openid,
            created_at=now,
            followed_at=now if is_following else None,
            unfollowed_at=None if is_following else now,
        )
        worker = db.scalars(found).one()
    return worker
