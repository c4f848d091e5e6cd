"""Codes of walls that somebody wants to print: made a few at a time, so that other jobs run in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import redis
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from bot.client import Client
from bot.platform_errors import CallFailed
from core import log
from core.config import Config
from models.matchmaking import Wall
from rules.matchmaking import cards

AT_ONCE: Final = 80
"""Codes in one run: some ten seconds where WeChat answers slowly."""
PATIENCE: Final = timedelta(hours=1)
"""How long WeChat is asked again; after that somebody has to want them again."""

_log = log.get("codes")


def make_wanted(config: Config, engine: Engine, db: redis.Redis, now: datetime) -> int:
    """Make the next codes of the wall that waits longest, and note when it has all; return how many were made."""
    with Session(engine) as session:
        wall = session.scalar(
            select(Wall)
            .where(Wall.codes_wanted_at.is_not(None))
            .order_by(Wall.codes_wanted_at, Wall.id)
            .limit(1)
        )
        if wall is None or wall.codes_wanted_at is None:
            return 0
        wanted_at = wall.codes_wanted_at
        session.expunge(wall)
    client = Client(config, db)
    made = 0
    try:
        made = cards.renew_codes(engine, wall, client, now=now, config=config, limit=AT_ONCE)
    except CallFailed as error:
        _log.warning("codes failed, trying again", wall=wall.id, error=type(error).__name__)
    finally:
        client.close()
    with Session(engine) as session:
        is_over = now - wanted_at > PATIENCE
        if is_over or not cards.without_code(session, wall, now=now, config=config):
            session.execute(
                update(Wall)
                .where(Wall.id == wall.id, Wall.codes_wanted_at == wanted_at)
                .values(codes_wanted_at=None)
            )
            session.commit()
    return made
