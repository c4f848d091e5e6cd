"""The worker's job that needs the bot: messages acknowledged late whose process died (bot/callback.py)."""

from __future__ import annotations

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


def redo_late(config: Config) -> Job:
    """The job with a bot of its own."""
    engine = make_engine(config)
    bot = Bot(config, engine, Lane(config), converse)

    def redo(work: Workplace, now: datetime) -> None:
        bot.recover()
        late = (
            select(Received)
            .where(IS_LATE, Received.at < now - ABANDONED_AFTER)
            .order_by(Received.at)
            .limit(100)
        )
        with Session(engine) as db:
            rows = db.scalars(late).all()
        for row in rows:
            bot.redo(row)

    return Job("redo late messages", 10, redo)
