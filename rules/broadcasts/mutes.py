"""退订 and 恢复订阅: which broadcasts somebody does not want."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db import insert_new
from models.broadcasts import Mute, Topic


def mute(db: Session, worker_id: int, topics: tuple[Topic, ...], *, now: datetime) -> None:
    """No broadcasts about these any more, from now on, those that are going out included."""
    for topic in topics:
        insert_new(db, Mute, worker_id=worker_id, topic=topic, at=now)


def unmute(db: Session, worker_id: int, topics: tuple[Topic, ...] = tuple(Topic)) -> bool:
    """Broadcasts about these again. Whether any was muted."""
    result: Any = db.execute(delete(Mute).where(Mute.worker_id == worker_id, Mute.topic.in_(topics)))
    return bool(result.rowcount)


def muted(db: Session, worker_id: int) -> frozenset[Topic]:
    """What somebody muted."""
    found = db.scalars(select(Mute.topic).where(Mute.worker_id == worker_id))
    return frozenset(Topic(one) for one in found)
