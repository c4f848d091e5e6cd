"""The worker's jobs that need the bot: what its messages left to be done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.callback import Bot
from core.config import Config
from core.db import make_engine
from core.redis import Lane
from handlers.conversation import converse
from models.messages import IS_LATE, Received
from tasks.schedule import Job, Workplace

ABANDONED_AFTER = timedelta(seconds=15)
"""The platform has stopped asking by then."""


@contextmanager
def bot_of(config: Config) -> Iterator[Bot]:
    """A bot of the worker's own."""
    engine = make_engine(config)
    bot = Bot(config, engine, Lane(config), converse)
    try:
        yield bot
    finally:
        bot.close()
        engine.dispose()


def left_to_do(bot: Bot) -> tuple[Job, ...]:
    """Messages acknowledged late whose process died (bot/callback.py), and looks at cards (bot/looks.py)."""

    def redo(work: Workplace, now: datetime) -> None:
        bot.recover()
        late = (
            select(Received)
            .where(IS_LATE, Received.at < now - ABANDONED_AFTER)
            .order_by(Received.at)
            .limit(100)
        )
        with Session(bot.desk.engine) as db:
            rows = db.scalars(late).all()
        for row in rows:
            bot.redo(row)

    def write_down(work: Workplace, now: datetime) -> None:
        bot.looks.write_down()

    return Job("redo late messages", 10, redo), Job("write down looks", 1, write_down)
