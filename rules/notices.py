"""What must be told to somebody is written down with the change it tells of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.messages import Notice

NEW_NOTICES = "niangjia_new_notices"
"""Key in Session.info: whether this transaction wrote a notice, so that the entrance wakes the worker."""


def tell(
    db: Session, worker_id: int, kind: str, *, now: datetime, due_at: datetime | None = None, **facts: Any
) -> Notice:
    """Write a notice for one person. `facts` are ids and codes that bot/texts/notices.py finds words for."""
    notice = Notice(worker_id=worker_id, kind=kind, facts=facts, made_at=now, due_at=due_at or now)
    db.add(notice)
    db.info[NEW_NOTICES] = True
    return notice
