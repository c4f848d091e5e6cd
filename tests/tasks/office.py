"""People with phones, and the notices written for them: what tests of the outbox use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot.client import Client
from bot.replies import Say
from bot.templates import Templates
from core import crypto
from core.config import Config
from core.db import make_engine
from core.redis import connect
from emulator.testing import Phone, Running
from models.messages import Consent, Notice, NoticeAttempt
from models.people import Worker
from rules.notices import tell
from tasks.outbox import Outbox, deliver_due
from tests import wechat

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KINDS = {"meeting": "tmpl-meeting", "result": "tmpl-result", "amount": "tmpl-amount", "gone": "tmpl-gone"}


def words(db: Session, notice: Notice) -> Say | None:
    """What the test wrote; nothing when it is not true any more; a bug when there is none."""
    text: str | None = notice.facts["text"]
    return Say(text) if text else None


@dataclass
class Office:
    """One outbox, its database, and the platform it talks to."""

    config: Config
    engine: Engine
    redis: redis.Redis
    platform: Running
    client: Client
    outbox: Outbox
    phones: dict[str, Phone] = field(default_factory=dict)
    now: datetime = NOW

    def person(self, *, window: bool = True, following: bool = True) -> Phone:
        """Somebody known to us, with an open customer-service window or without."""
        phone = self.platform.phone(following=following)
        if window:
            wechat.open_window(phone)
        with Session(self.engine) as db:
            db.add(
                Worker(
                    openid=phone.openid,
                    created_at=NOW,
                    followed_at=NOW,
                    unfollowed_at=None if following else NOW,
                )
            )
            db.commit()
        return phone

    def tell(self, phone: Phone, text: str | None, kind: str = "plain", **more: Any) -> int:
        """Write a notice; its id."""
        with Session(self.engine) as db:
            notice = tell(db, self.worker_id(phone), kind, now=self.now, text=text, **more)
            db.commit()
            return notice.id

    def worker_id(self, phone: Phone) -> int:
        with Session(self.engine) as db:
            found = db.scalar(select(Worker.id).where(Worker.openid == phone.openid))
            assert found
            return found

    def consent(self, phone: Phone, credit: int) -> None:
        """The person agreed to notices of kind `result`, here and on the platform."""
        for _ in range(credit):
            phone.subscribe("tmpl-result")
        with Session(self.engine) as db:
            db.add(Consent(worker_id=self.worker_id(phone), template_id="tmpl-result", credit=credit))
            db.commit()

    def credit(self, phone: Phone) -> int:
        with Session(self.engine) as db:
            return db.get_one(Consent, (self.worker_id(phone), "tmpl-result")).credit

    def deliver(self, after: float = 0) -> int:
        """Let time pass, then send what is due."""
        self.now += timedelta(seconds=after)
        return deliver_due(self.outbox, self.now)

    def notice(self, notice_id: int) -> Notice:
        with Session(self.engine) as db:
            return db.get_one(Notice, notice_id)

    def stand(self, notice_id: int) -> tuple[str, str | None, int | None]:
        """State, channel and errcode of a notice."""
        notice = self.notice(notice_id)
        return str(notice.state), notice.channel, notice.errcode

    def tries(self, notice_id: int) -> list[tuple[str, int | None]]:
        """Channel and errcode of every try."""
        with Session(self.engine) as db:
            rows = db.scalars(
                select(NoticeAttempt).where(NoticeAttempt.notice_id == notice_id).order_by(NoticeAttempt.id)
            )
            return [(row.channel, row.errcode) for row in rows]


@contextlib.contextmanager
def opened(config: Config) -> Iterator[Office]:
    """An office with a platform of its own."""
    crypto.use(config)
    engine, db = make_engine(config), connect(config)
    with wechat.run(config) as platform:
        config = wechat.pointed_at(config, platform.url, templates=KINDS, read_timeout=3.0)
        client = Client(config, db)
        outbox = Outbox(engine, client, words, Templates(client.templates), config.wechat.templates)
        yield Office(config, engine, db, platform, client, outbox)
        client.close()
    db.close()
    engine.dispose()
