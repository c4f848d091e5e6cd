"""Who was heard since it was last written down: left in Redis by the chat, taken by the schedule.

A write for each message would cost more than the message does (docs/decisions/0011-looks.md). Redis may forget it:
then a minute's messages are missing in the figures.
"""

from __future__ import annotations

from typing import Any

import redis

from core.config import Config


def heard_key(config: Config) -> str:
    """The hash openid -> number of messages."""
    return f"{config.redis.prefix}heard"


def heard_keys(config: Config) -> tuple[str, str]:
    """That hash, and what was put aside of it."""
    key = heard_key(config)
    return key, f"{key}:taken"


def take(db: redis.Redis, config: Config) -> dict[str, int]:
    """What there is, put aside until `taken`: a process that dies in between leaves it to the next."""
    key, aside = heard_keys(config)
    if not db.exists(aside) and (not db.exists(key) or not db.renamenx(key, aside)):
        return {}
    found: Any = db.hgetall(aside)  # redis-py can't say that ours are bytes
    return {openid.decode(): int(number) for openid, number in found.items()}


def taken(db: redis.Redis, config: Config) -> None:
    """It is in the database now."""
    db.delete(heard_keys(config)[1])
