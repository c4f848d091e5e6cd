"""A union with phones, two officers, and broadcasts between its database and its own platform."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from bot.client import Client
from core import crypto
from core.config import Config
from core.db import make_engine
from core.redis import connect
from emulator.testing import Phone, Running
from models.broadcasts import Batch, Broadcast, Recipient, RecipientState, Topic, Way
from models.people import Staff, Worker
from rules import organisations, staff
from rules.access import Role
from rules.broadcasts import life, results
from tasks import broadcasts
from tasks.broadcasts import Post
from tests import wechat
from tests.tasks.office import NOW

MASS = "/cgi-bin/message/mass/send"
CUSTOM = "/cgi-bin/message/custom/send"


@dataclass
class Campaign:
    """One union that writes to its people."""

    config: Config
    engine: Engine
    platform: Running
    client: Client
    post: Post
    phones: list[Phone] = field(default_factory=list)

    start_at: datetime = NOW

    @property
    def now(self) -> datetime:
        """The platform's clock is ours."""
        return self.start_at + timedelta(seconds=self.platform.world.clock.offset)

    def people(self, count: int, *, window: bool = False, union: str = "") -> list[Phone]:
        """Followers known to us, of the union at the top unless another is named."""
        made = [self.platform.phone(following=True) for _ in range(count)]
        for phone in made if window else ():
            wechat.open_window(phone)
        with Session(self.engine) as db:
            home = organisations.named(db, union) if union else None
            db.add_all(
                Worker(
                    openid=phone.openid,
                    created_at=NOW,
                    followed_at=NOW,
                    organisation_id=home.id if home else None,
                )
                for phone in made
            )
            db.commit()
        self.phones += made
        return made

    def write(self, text: str = "周六下午体育馆有活动", way: Way = Way.MASS, **audience: Any) -> int:
        """A broadcast that was written, previewed, approved and started; its id."""
        with Session(self.engine) as db:
            lin, wang = staff.by_login(db, "lin"), staff.by_login(db, "wang")
            one = life.new(
                db,
                lin,
                "text",
                {"text": text},
                topic=Topic.ACTIVITY,
                way=way,
                audience=audience,
                now=self.now,
            )
            self.agree(db, one, lin, wang)
            life.start(db, one, lin, now=self.now)
            db.commit()
            return one.id

    def agree(self, db: Session, one: Broadcast, writer: Staff, other: Staff) -> None:
        life.previewed(db, one, writer, version=one.version, now=self.now)
        life.approve(db, one, other, now=self.now)

    def step(self, broadcast_id: int) -> bool:
        return broadcasts.step(self.post, broadcast_id, self.now)

    def work(self, broadcast_id: int) -> None:
        """What a worker does until there is nothing more to do at this moment."""
        self.sweep()
        broadcasts.work(self.post, broadcast_id, clock=lambda: self.now)

    def sweep(self) -> list[int]:
        with Session(self.engine) as db:
            found = broadcasts.sweep(db, self.now)
            db.commit()
            return found

    def tell(self, message_id: int, **changes: Any) -> None:
        """MASSSENDJOBFINISH, as our callback would take it."""
        size = changes.pop("size", None)
        with Session(self.engine) as db:
            if size is None:
                size = db.scalar(select(Batch.size).where(Batch.message_id == message_id)) or 0
            counts = {"total": size, "filtered": size, "sent": size, "errors": 0}
            told = {"status": "send success", **counts, **changes}
            results.report(db, message_id, now=self.now, **told)
            db.commit()

    def finish_jobs(self, broadcast_id: int) -> None:
        """The platform does its jobs, and is asked for those that are overdue."""
        self.platform.advance(10)
        self.platform.settle_jobs()
        self.platform.advance(self.config.broadcasts.ask_after_seconds)
        self.work(broadcast_id)

    def get(self, broadcast_id: int) -> Broadcast:
        with Session(self.engine) as db:
            return db.get_one(Broadcast, broadcast_id)

    def counts(self, broadcast_id: int) -> dict[str, int]:
        """What stands where, without zeros; adds up to the rows there are."""
        with Session(self.engine) as db:
            found = results.counts(db, broadcast_id)
            rows = select(func.count()).where(Recipient.broadcast_id == broadcast_id)
            assert sum(found.values()) == db.scalar(rows)
            return {str(state): number for state, number in found.items() if number}

    def batches(self, broadcast_id: int) -> list[Batch]:
        with Session(self.engine) as db:
            query = select(Batch).where(Batch.broadcast_id == broadcast_id).order_by(Batch.number)
            return list(db.scalars(query))

    def row(self, broadcast_id: int, phone: Phone) -> tuple[str, str | None, int | None]:
        """State, reason and errcode of one person."""
        with Session(self.engine) as db:
            one = db.scalar(
                select(Recipient)
                .join(Worker, Worker.id == Recipient.worker_id)
                .where(Worker.openid == phone.openid, Recipient.broadcast_id == broadcast_id)
            )
            assert one
            return str(one.state), one.reason, one.errcode

    def change(self, broadcast_id: int, rule: Any, *args: Any, by: str | None = "lin", **more: Any) -> None:
        """Call a rule of rules/broadcasts/life.py."""
        with Session(self.engine) as db:
            one = db.get_one(Broadcast, broadcast_id)
            if by:
                more["staff"] = staff.by_login(db, by)
            rule(db, one, *args, now=self.now, **more)
            db.commit()

    def check(self, broadcast_id: int, *, exact: bool = True) -> None:
        """Nobody has it twice; whoever has it is not called missed, whoever has it not is not called served."""
        with Session(self.engine) as db:
            found = db.execute(
                select(Worker.openid, Recipient.state)
                .join(Recipient, Recipient.worker_id == Worker.id)
                .where(Recipient.broadcast_id == broadcast_id)
            )
            states: dict[str, str] = dict(found.all())
        for phone in self.phones:
            had = len(phone.heard)
            assert had <= 1, f"{phone.openid} was written to {had} times"
            state = states.get(phone.openid)
            if state == RecipientState.SENT:
                assert had == 1, "said to have arrived"
            elif state in (RecipientState.WAITING, RecipientState.SKIPPED, RecipientState.FAILED):
                assert had == 0, f"arrived, and is called {state}"
            elif exact and state is not None:
                raise AssertionError(f"{phone.openid} is {state}")


@contextlib.contextmanager
def opened(config: Config, **changes: Any) -> Iterator[Campaign]:
    """A campaign with a platform of its own; `changes` are settings of broadcasts."""
    crypto.use(config)
    engine, db = make_engine(config), connect(config)
    settings = config.broadcasts.model_copy(update={"batch_size": 4, "slice_size": 3, **changes})
    config = config.model_copy(update={"broadcasts": settings})
    with Session(engine) as session:
        top = organisations.add(session, "临湖市总工会")
        organisations.add(session, "城北区总工会", top)
        for login in ("lin", "wang"):
            staff.add(session, login, name=login, role=Role.MANAGER, organisation=top, now=NOW)
        session.commit()
    with wechat.run(config) as platform:
        config = wechat.pointed_at(config, platform.url, read_timeout=3.0)
        client = Client(config, db)
        post = Post(engine, client, settings)
        yield Campaign(config, engine, platform, client, post)
        post.desk.close()
        client.close()
    db.close()
    engine.dispose()
