"""One message being answered: who wrote, what is remembered of the conversation, and the transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, select, text, update
from sqlalchemy.orm import Session

from bot.inbound import Inbound
from core.config import Config
from core.db import insert_new
from core.prepared import Prepared
from models.messages import IS_KEPT, Dialog, Notice
from models.people import Worker

_FIND = Prepared(
    select(
        Worker.id,
        Worker.unfollowed_at,
        Dialog.state,
        exists(text("1")).where(Notice.worker_id == Worker.id, IS_KEPT),
    )
    .select_from(Worker)
    .outerjoin(Dialog, Dialog.worker_id == Worker.id)
    .where(Worker.openid == bindparam("openid"))
)


class Chat:
    """What a handler gets. `state` is what is remembered between messages; change it by `remember`, `forget`."""

    def __init__(self, db: Session, message: Inbound, *, now: datetime, config: Config) -> None:
        self.db = db
        self.message = message
        self.now = now
        self.config = config
        found = self._find()
        if found is None:
            insert_new(db, Worker, openid=message.openid, created_at=now, followed_at=now)
            found = self._find()
        self.worker_id: int = found[0]
        self.is_following = found[1] is None
        self.state: dict[str, Any] = found[2] or {}
        self.has_kept_notices: bool = found[3]
        self._is_new = found[2] is None
        self._is_changed = False

    @property
    def worker(self) -> Worker:
        """The whole row of the person."""
        return self.db.get_one(Worker, self.worker_id)

    def remember(self, name: str, value: Any) -> None:
        """Keep something for the next messages; values are JSON."""
        self.state[name] = value
        self._is_changed = True

    def forget(self, name: str) -> None:
        """Drop something remembered."""
        if self.state.pop(name, None) is not None:
            self._is_changed = True

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what was remembered since `state` was copied."""
        self.state = state
        self._is_changed = True

    def save(self) -> None:
        """Write down what is remembered, in the message's transaction."""
        if not self._is_changed:
            return
        if not self.state:
            self.db.execute(delete(Dialog).where(Dialog.worker_id == self.worker_id))
            return
        values = {
            "state": self.state,
            "changed_at": self.now,
            "remind_at": self.state.get("remind_at") and datetime.fromisoformat(self.state["remind_at"]),
            "erase_at": self.now
            + timedelta(days=self.config.limits.draft_days, minutes=self.config.limits.form_minutes),
        }
        if self._is_new and insert_new(self.db, Dialog, worker_id=self.worker_id, **values):
            return
        self.db.execute(update(Dialog).where(Dialog.worker_id == self.worker_id).values(**values))

    def _find(self) -> Any:
        rows = _FIND.rows(self.db, openid=self.message.openid)
        return rows[0] if rows else None
