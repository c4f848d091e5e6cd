"""Unfinished conversations: one reminder, and an end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models.messages import Dialog
from rules.notices import tell


def remind_due(db: Session, now: datetime, *, limit: int = 500) -> int:
    """Remind everybody whose unfinished form is about to sleep, once per form. How many were reminded."""
    reminded = 0
    for dialog in db.scalars(select(Dialog).where(Dialog.remind_at <= now).limit(limit)).all():
        draft = dialog.state.get("draft") or {}
        # only columns that the conversation itself does not write: it may be going on right now
        result: Any = db.execute(
            update(Dialog)
            .where(Dialog.worker_id == dialog.worker_id, Dialog.remind_at == dialog.remind_at)
            .values(remind_at=None, reminded_of=draft.get("id"))
            .execution_options(synchronize_session=False)
        )
        if result.rowcount and draft and dialog.reminded_of != draft["id"]:
            tell(db, dialog.worker_id, "form_waiting", now=now, draft=draft["id"])
            reminded += 1
    return reminded


def erase_due(db: Session, now: datetime) -> int:
    """Forget what nobody came back to. How many were forgotten."""
    result: Any = db.execute(delete(Dialog).where(Dialog.erase_at <= now))
    return int(result.rowcount)
