"""What was kept for a purpose is deleted when the purpose is over. In small steps: writers wait for us on SQLite."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.messages import Notice, NoticeState, Received

READ = (NoticeState.SENT, NoticeState.SHOWN, NoticeState.VOID)


def forget_received(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete records of messages that acted before a moment; the platform repeats a message only for seconds."""
    old = select(Received.key).where(Received.at < before, Received.is_late.is_(False)).limit(limit)
    result: Any = db.execute(delete(Received).where(Received.key.in_(old)))
    return int(result.rowcount)


def forget_notices(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete notices that were sent or read before a moment, and how they were sent. The unread stay."""
    old = (
        select(Notice.id)
        .where(Notice.state.in_(READ), Notice.settled_at < before)
        .order_by(Notice.id)
        .limit(limit)
    )
    result: Any = db.execute(delete(Notice).where(Notice.id.in_(old)))
    return int(result.rowcount)
