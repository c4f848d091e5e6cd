"""Access tokens of the two independent pools."""

from __future__ import annotations

import re
import secrets

from .errors import Refused
from .records import Token
from .world import World

LIFETIME = 7200
OVERLAP = 300
LEGAL = re.compile(r"[A-Za-z0-9_\-]+")
FORGET_AFTER = 3 * 86400


def issue(world: World, pool: str, overlap: float) -> Token:
    """A new token of a pool; the previous one ends after `overlap` seconds."""
    now, state = world.clock.now(), world.state
    previous = state.tokens.get(state.current_token.get(pool, ""))
    if previous is not None:
        previous.ends_at = min(previous.expires_at, now + overlap)
    for value, token in list(state.tokens.items()):
        if token.expires_at + FORGET_AFTER < now:
            del state.tokens[value]
    prefix = {"token": "90_", "stable": "91_"}[pool]
    token = Token(
        value=prefix + secrets.token_urlsafe(99), pool=pool, issued_at=now, expires_at=now + LIFETIME
    )
    state.tokens[token.value] = token
    state.current_token[pool] = token.value
    world.touch()
    return token


def current(world: World, pool: str) -> Token | None:
    """The newest token of a pool if it still lives."""
    token = world.state.tokens.get(world.state.current_token.get(pool, ""))
    if token is None or token.expires_at <= world.clock.now() or token.ends_at is not None:
        return None
    return token


def check_token(world: World, value: str) -> None:
    """Refused unless the value is a living token of this account."""
    if not value:
        raise Refused(41001)
    token = world.state.tokens.get(value)
    if token is None:
        raise Refused(40001 if LEGAL.fullmatch(value) else 40014)
    now = world.clock.now()
    if token.ends_at is not None and token.ends_at <= now and token.ends_at < token.expires_at:
        raise Refused(40001)
    if token.expires_at <= now:
        raise Refused(42001)


def expire(world: World, errcode: int) -> int:
    """End all tokens now: 42001 as if by age, 40001 as if superseded. How many there were."""
    now, count = world.clock.now(), 0
    for token in world.state.tokens.values():
        if token.expires_at > now:
            count += 1
            if errcode == 40001:
                token.ends_at = now
            else:
                token.expires_at = now
                token.ends_at = None
    world.touch()
    return count
