"""One message being answered: who wrote, what is remembered of the conversation, and the transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select, text
from sqlalchemy.orm import Session

from bot.inbound import Inbound
from core.config import Config
from core.crypto import Sealed, SealedJSON
from core.db import commit, insert_new
from core.prepared import Prepared
from models.base import Moment
from models.messages import IS_KEPT, Dialog, Notice
from models.people import Worker
from rules import people

_FIND = Prepared(
    select(
        Worker.id,
        Worker.unfollowed_at,
        Dialog.state,
        Dialog.changed_at,
        Dialog.recent,
        Dialog.reply,
        exists(text("1")).where(Notice.worker_id == Worker.id, IS_KEPT),
    )
    .select_from(Worker)
    .outerjoin(Dialog, Dialog.worker_id == Worker.id)
    .where(Worker.openid == bindparam("openid"))
)


_TYPED = (
    bindparam("state", type_=SealedJSON),
    bindparam("reply", type_=Sealed),
    bindparam("changed_at", type_=Moment),
    bindparam("remind_at", type_=Moment),
    bindparam("erase_at", type_=Moment),
)
_ADD = Prepared(
    text(
        "INSERT INTO dialog (worker_id, state, recent, reply, changed_at, remind_at, erase_at) "
        "VALUES (:worker_id, :state, :recent, :reply, :changed_at, :remind_at, :erase_at) ON CONFLICT DO NOTHING"
    ).bindparams(*_TYPED),
    keyed=True,
)
_CHANGE = Prepared(
    text(
        "UPDATE dialog SET state = :state, recent = :recent, reply = :reply, changed_at = :changed_at, "
        "remind_at = :remind_at, erase_at = :erase_at WHERE worker_id = :worker_id AND changed_at = :before"
    ).bindparams(*_TYPED, bindparam("before", type_=Moment)),
    keyed=True,
)
RECENT = 8
"""So many keys of messages that changed the dialog are kept with it; the platform repeats within seconds."""


OF_THE_ACCOUNT = ("event:masssendjobfinish", "event:publishjobfinish")
"""Told in the name of somebody who runs the account and need not follow it (the page 群发接口和原创校验)."""


class Overtaken(Exception):
    """What is remembered of a conversation was changed by another process meanwhile."""


class Chat:
    """What a handler gets. `state` is what is remembered between messages; change it by `remember`, `forget`."""

    def __init__(
        self,
        db: Session,
        message: Inbound,
        *,
        now: datetime,
        config: Config,
        catch_up: Callable[[], None] = lambda: None,
        offers: bytes = b"",
    ) -> None:
        """`catch_up` writes down what earlier messages looked at; call it before asking what the last one was.

        `offers`: what the person was told last (bot/offers.py).
        """
        self.db = db
        self.message = message
        self.now = now
        self.config = config
        self.catch_up = catch_up
        self.offers = offers
        self.looks: list[int] = []
        self.is_new = False
        found = self._find()
        if found is None and people.change_phone(db, message.openid):
            commit(db)
            found = self._find()
        if found is None:
            self.is_new = True
            is_person = message.kind not in OF_THE_ACCOUNT
            insert_new(
                db,
                Worker,
                openid=message.openid,
                created_at=now,
                followed_at=now if is_person else None,
                unfollowed_at=None if is_person else now,
            )
            commit(db)  # true whatever comes of the message; a slow handler must not hold SQLite's lock
            found = self._find()
        self.worker_id: int = found[0]
        self.is_following = found[1] is None
        self.state: dict[str, Any] = found[2] or {}
        self._recent: list[str] = found[4].split("\n") if found[4] else []
        self._reply: str | None = found[5]
        self.has_kept_notices: bool = found[6]
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

    def look(self, card_id: int) -> None:
        """Note that a card was shown; the newest is the one that words without a name mean."""
        self.looks.append(card_id)

    def forget(self, name: str) -> None:
        """Drop something remembered."""
        if self.state.pop(name, None) is not None:
            self._is_changed = True

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what was remembered since `state` was copied."""
        self.state = state
        self._is_changed = True

    def end(self) -> None:
        """Remember nothing of this conversation, not even what was just said: its person was erased."""
        self.state = {}
        self.looks = []
        self._is_changed = False

    @property
    def answered(self) -> str | None:
        """What this message was answered if it changed the dialog before; "" for an older one that it did."""
        if self.message.key not in self._recent:
            return None
        return self._reply or "" if self._recent[0] == self.message.key else ""

    @property
    def is_changed(self) -> bool:
        """Whether something is to be remembered."""
        return self._is_changed

    def save(self, answer: str) -> None:
        """Write down what is remembered, the message's key and its answer: one statement that acts once by itself.

        Joins the transaction that has begun, else stands alone. Raises Overtaken when another process changed the
        dialog since: turns prevent that, but Redis may forget them.
        """
        limits = self.config.limits
        before = self._changed_at
        values = {
            "worker_id": self.worker_id,
            "state": self.state,
            "recent": "\n".join([self.message.key, *self._recent][:RECENT]),
            "reply": answer,
            # later than before, even by clocks that differ
            "changed_at": self.now if before is None else max(self.now, before + timedelta(microseconds=1)),
            "remind_at": datetime.fromisoformat(self.state["remind_at"])
            if "remind_at" in self.state
            else None,
            "erase_at": self.now + timedelta(days=limits.draft_days, minutes=limits.form_minutes),
        }
        if not (
            _ADD.count(self.db, **values)
            if before is None
            else _CHANGE.count(self.db, before=before, **values)
        ):
            raise Overtaken
        self._is_changed = False

    def _find(self) -> Any:
        rows = _FIND.rows(self.db, openid=self.message.openid)
        return rows[0] if rows else None
