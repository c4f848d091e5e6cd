"""What must be told to somebody is written down with the change it tells of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.db import insert_new
from models.messages import Consent, Notice, NoticeAttempt, NoticeState

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


def keep(
    db: Session, worker_id: int, kind: str, *, now: datetime, errcode: int | None = None, **facts: Any
) -> Notice:
    """Put a notice into 我的消息 that cannot be sent: it is shown when its person comes."""
    notice = Notice(
        worker_id=worker_id,
        kind=kind,
        facts=facts,
        state=NoticeState.KEPT,
        channel="inbox",
        errcode=errcode,
        made_at=now,
        due_at=now,
        settled_at=now,
    )
    db.add(notice)
    return notice


def agree(db: Session, worker_id: int, template_id: str, *, is_yes: bool) -> None:
    """Somebody agreed to one notice by this template, or takes all such consents back."""
    if not is_yes:
        db.execute(delete(Consent).where(Consent.worker_id == worker_id, Consent.template_id == template_id))
        return
    insert_new(db, Consent, worker_id=worker_id, template_id=template_id, credit=0)
    db.execute(
        update(Consent)
        .where(Consent.worker_id == worker_id, Consent.template_id == template_id)
        .values(credit=Consent.credit + 1)
    )


def arrived(db: Session, message_id: int, *, is_good: bool, now: datetime) -> None:
    """What became of a notice that the platform had taken: one that did not arrive is kept for its person."""
    attempt = db.scalar(select(NoticeAttempt).where(NoticeAttempt.message_id == message_id))
    if attempt is None or is_good:
        return
    db.execute(
        update(Notice)
        .where(Notice.id == attempt.notice_id, Notice.state == NoticeState.SENT)
        .values(state=NoticeState.KEPT, settled_at=now)
    )
