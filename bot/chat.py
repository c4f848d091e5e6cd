"""One message being answered: who wrote, what is remembered of the conversation, and the transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select, text
from sqlalchemy.orm import Session

from bot.inbound import Inbound
from core.config import Config
from core.crypto import SealedJSON
from core.db import insert_new
from core.prepared import Prepared
from models.base import Moment
from models.messages import IS_KEPT, Dialog, Notice
from models.people import Worker

_FIND = Prepared(
    select(
        Worker.id,
        Worker.unfollowed_at,
        Dialog.state,
        Dialog.changed_at,
        exists(text("1")).where(Notice.worker_id == Worker.id, IS_KEPT),
    )
    .select_from(Worker)
    .outerjoin(Dialog, Dialog.worker_id == Worker.id)
    .where(Worker.openid == bindparam("openid"))
)


_TYPED = (
    bindparam("state", type_=SealedJSON),
    bindparam("changed_at", type_=Moment),
    bindparam("remind_at", type_=Moment),
    bindparam("erase_at", type_=Moment),
)
_BEFORE = bindparam("before", type_=Moment)
_ADD = Prepared(
    text(
        "INSERT INTO dialog (worker_id, state, changed_at, remind_at, erase_at) "
        "VALUES (:worker_id, :state, :changed_at, :remind_at, :erase_at) ON CONFLICT DO NOTHING"
    ).bindparams(*_TYPED),
    writes=True,
)
_CHANGE = Prepared(
    text(
        "UPDATE dialog SET state = :state, changed_at = :changed_at, remind_at = :remind_at, erase_at = :erase_at "
        "WHERE worker_id = :worker_id AND changed_at = :before"
    ).bindparams(*_TYPED, _BEFORE),
    writes=True,
)
_DROP = Prepared(
    text("DELETE FROM dialog WHERE worker_id = :worker_id AND changed_at = :before").bindparams(_BEFORE),
    writes=True,
)


class Overtaken(Exception):
    """What is remembered of a conversation was changed by another process meanwhile."""


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
        self.has_kept_notices: bool = found[4]
        self._changed_at: datetime | None = found[3]
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
        """Write down what is remembered, in the message's transaction.

        Raises Overtaken when another process changed it since: turns prevent that, but Redis may forget them.
        """
        if not self._is_changed:
            return
        before = self._changed_at
        if not self.state:
            is_saved = before is None or _DROP.count(self.db, worker_id=self.worker_id, before=before)
        else:
            values = {
                "worker_id": self.worker_id,
                "state": self.state,
                # later than before, even by clocks that differ
                "changed_at": self.now
                if before is None
                else max(self.now, before + timedelta(microseconds=1)),
                "remind_at": datetime.fromisoformat(self.state["remind_at"])
                if "remind_at" in self.state
                else None,
                "erase_at": self.now
                + timedelta(days=self.config.limits.draft_days, minutes=self.config.limits.form_minutes),
            }
            if before is None:
                is_saved = _ADD.count(self.db, **values)
            else:
                is_saved = _CHANGE.count(self.db, before=before, **values)
        if not is_saved:
            raise Overtaken

    def _find(self) -> Any:
        rows = _FIND.rows(self.db, openid=self.message.openid)
        return rows[0] if rows else None
