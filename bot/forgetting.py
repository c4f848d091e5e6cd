"""What Redis remembers of somebody by their phone, forgotten: answers, signed queries, late messages, looks, counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from bot.looks import waiting_key
from bot.offers import offers_key
from core.config import Config
from core.heard import heard_keys

MANY = 1000


def forget_phones(db: redis.Redis, config: Config, openids: Sequence[str]) -> None:
    """Forget all of these phones; does no harm a second time. Turns end by themselves within seconds.

    Walks through all keys: nobody is erased often, and no index of keys by person is kept for it.
    Raises redis's ConnectionError.
    """
    prefix = config.redis.prefix
    marks = tuple(f"{openid}:".encode() for openid in openids)
    answers = tuple(f"{prefix}answer:".encode() + mark for mark in marks)
    signed = f"{prefix}signed:".encode()
    keys: Any = db.scan_iter(match=f"{prefix}*", count=MANY)
    for key in keys:
        if key.startswith(answers):
            db.delete(key)
        elif key.startswith(signed) and _is_of(db.get(key), marks):
            db.set(key, "gone", xx=True, keepttl=True)  # the query stays used, for nobody's message
    late = f"{prefix}late"
    kept: Any = db.hkeys(late)
    for field in kept:
        if field.startswith(marks):
            db.hdel(late, field)
    if openids:
        db.delete(*(offers_key(config, openid) for openid in openids))
        for heard in heard_keys(config):
            db.hdel(heard, *openids)
    looks = waiting_key(config)
    waiting: Any = db.xrange(looks)
    for number, fields in waiting:
        if any(mark in said for said in fields.values() for mark in marks):
            db.xdel(looks, number)


def _is_of(said: Any, marks: tuple[bytes, ...]) -> bool:
    return said is not None and said.startswith(marks)
