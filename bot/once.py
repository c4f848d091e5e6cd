"""One message acts once: who converses, what they change and the message's key are one transaction, then the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session
from werobot.replies import TextReply

from bot import texts
from bot.budget import Job
from bot.chat import Chat
from bot.inbound import Inbound
from bot.looks import Looks, packed
from bot.replies import SUCCESS, Say, carried, pages
from bot.turns import Turn, Turns
from core.config import Config
from core.crypto import Sealed
from core.db import LOCK_SECONDS, Desk, be_patient, busy, commit, has_written, is_locked, rollback
from core.errors import Refused
from core.prepared import Prepared
from core.redis import LOST, Lane, Script
from models.base import Moment
from models.messages import Received
from rules.matchmaking import looking
from rules.notices import NEW_NOTICES, tell

Converse = Callable[[Chat], tuple[Say, ...]]

_TEXT: str = TextReply.TEMPLATE.strip()  # an instance of it costs more than to fill it in
SHOWN = "shown"
"""Where the dialog keeps what was said last on a page: the key of the act, its words, and what the page adds."""

_WAKE = Script("redis.call('LPUSH', KEYS[1], 1) redis.call('LTRIM', KEYS[1], 0, 9) return 1", keys=1)

_RECEIVED = Prepared(
    text(
        "INSERT INTO received (key, at, is_late, reply) VALUES (:key, :at, false, :reply) ON CONFLICT DO NOTHING"
    ).bindparams(bindparam("at", type_=Moment), bindparam("reply", type_=Sealed)),
    writes=True,
)


class Once:
    """The transactions of one process."""

    def __init__(
        self,
        config: Config,
        desk: Desk,
        lane: Lane,
        turns: Turns,
        looks: Looks,
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._desk = desk
        self._lane = lane
        self._turns = turns
        self._looks = looks
        self._clock = clock
        self._wake_key = f"{config.redis.prefix}wake"

    def wake(self) -> None:
        """Tell the workers that there is something to send."""
        with suppress(*LOST):  # the worker looks by itself soon
            self._lane.tell(_WAKE, self._wake_key)

    def _wake(self, db: Session) -> None:
        if db.info.pop(NEW_NOTICES, False):
            self.wake()

    def act(
        self,
        job: Job,
        inbound: Inbound,
        converse: Converse,
        patience: float = LOCK_SECONDS,
        turn: Turn | None = None,
        shown: Mapping[str, Any] | None = None,
        offers: bytes = b"",
    ) -> str:
        """The answer as XML, or SUCCESS for none. Raises Overtaken or one of `core.db.busy()`: do it again then.

        `turn`: what was looked at may be left with it, instead of in the database. `shown`: it is for a page."""
        with self._desk.session(patience) as db:
            if job.is_late and self._is_done(db, inbound):
                return SUCCESS
            now = self._clock()
            chat = Chat(
                db, inbound, now=now, config=self._config, catch_up=self._looks.catch_up, offers=offers
            )
            if chat.answered is not None:
                job.settle()
                return chat.answered or SUCCESS
            try:
                says = converse(chat)
            except Refused as refused:
                rollback(db)
                says = texts.refused(refused)
                chat = Chat(db, inbound, now=now, config=self._config)
            if chat.looks and turn is not None:
                turn.looks = tuple(packed(chat.worker_id, card, inbound.key, now) for card in chat.looks)
            elif chat.looks:
                for card in chat.looks:
                    looking.note(db, chat.worker_id, card, key=inbound.key, now=now)
            parts = pages(*says) if says else []
            if shown is not None:
                chat.remember(SHOWN, {**shown, "key": inbound.key, "says": [say.to_json() for say in says]})
            elif chat.is_changed:
                chat.forget(SHOWN)
            if shown is None and len(parts) > 1:
                chat.remember("more", parts[1:])
            answer = render(inbound, parts[0], now) if parts and shown is None else SUCCESS
            if has_written(db):
                if chat.is_changed:
                    chat.save(answer)
                if job.settle():  # after whoever has to wait for a lock waited, while one could still give up
                    return self._commit(db, inbound, answer, now)
            elif self._settle_alone(job, chat, answer, patience):
                return answer
            job.wait_until_told()
            return self._commit_late(db, inbound, chat, parts, answer)

    def _settle_alone(self, job: Job, chat: Chat, answer: str, patience: float) -> bool:
        """Settle a message that changed nothing but the dialog: one statement, final by itself. False: it is late."""
        deadline = time.monotonic() + patience
        be_patient(chat.db, 0)  # while it is settled nobody can give up
        while job.settle():
            try:
                if chat.is_changed:
                    chat.save(answer)
                return True
            except busy() as error:
                job.unsettle()
                if not is_locked(error) or time.monotonic() > deadline:
                    raise
        be_patient(chat.db, patience)
        return False

    @staticmethod
    def _is_done(db: Session, inbound: Inbound) -> bool:
        return db.scalar(select(Received.is_late).where(Received.key == inbound.key)) is False

    def _commit(self, db: Session, inbound: Inbound, answer: str, now: datetime) -> str:
        if not _RECEIVED.count(db, key=inbound.key, at=now, reply=answer):
            rollback(db)  # Redis forgot that this message was answered; the database did not
            kept = db.scalar(select(Received.reply).where(Received.key == inbound.key))
            return kept or SUCCESS
        commit(db)
        self._wake(db)
        return answer

    def _commit_late(self, db: Session, inbound: Inbound, chat: Chat, parts: list[str], answer: str) -> str:
        done: Any = db.execute(
            update(Received)
            .where(Received.key == inbound.key, Received.is_late)
            .values(is_late=False, body=None, reply=answer)
        )
        if not done.rowcount and not _RECEIVED.count(db, key=inbound.key, at=chat.now, reply=answer):
            rollback(db)  # somebody else was first
            return SUCCESS
        if chat.is_changed:
            chat.save(answer)
        if parts:
            tell(db, chat.worker_id, "late_answer", now=chat.now, text=parts[0])
        commit(db)
        self._wake(db)
        if not done.rowcount:
            with suppress(*LOST):  # `recover` forgets it too
                self._turns.forget_late(inbound.key)
        return answer


def render(inbound: Inbound, text: str, now: datetime) -> str:
    """The passive reply as XML. WeRoBot leaves `]]>` in the text as it is and starts with a line feed."""
    return _TEXT.format(
        source=inbound.account,
        target=inbound.openid,
        time=int(now.timestamp()),
        content=carried(text).replace("]]>", "]]]]><![CDATA[>"),
    )
