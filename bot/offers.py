"""The taps of what somebody was told last, so that their labels can be typed as well.

Some clients show a tap as plain words, and people type what they read. Redis keeps the last answer, or a later notice,
sealed; its links are looked for only when a text means nothing else. What Redis forgets can still be tapped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import redis

from bot.replies import TAP
from bot.words import compact
from core.config import Config
from core.crypto import ring

_LINK = re.compile(rf'<a href="{re.escape(TAP)}\?msgmenucontent=([^"&]*)&msgmenuid=([^"&]*)">([^<]*)</a>')
_LONGEST = 100
"""Characters; no label is longer."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What a tap sends."""

    says: str
    id: str


def offers_key(config: Config, openid: str) -> str:
    """Where the last answer with taps stands."""
    return f"{config.redis.prefix}offers:{openid}"


def offers_seconds(config: Config) -> int:
    """How long: as long as a question waits."""
    return config.limits.form_minutes * 60


def has_taps(text: str) -> bool:
    """Whether there is anything to tap that says something."""
    return TAP in text


def find(sealed: bytes, text: str) -> Offered | None:
    """The tap whose label was typed, whatever its spelling; None when there is none, or more than one."""
    label = compact(text) if sealed and len(text) <= _LONGEST else ""
    if not label:
        return None
    found = {
        Offered(says, number)
        for says, number, shown in _LINK.findall(ring().open(sealed).decode())
        if compact(shown) == label
    }
    return found.pop() if len(found) == 1 else None


def pushed(db: redis.Redis, config: Config, openid: str, text: str) -> None:
    """Somebody was sent a text outside an answer; its taps are the last now. Raises redis's errors."""
    if has_taps(text):
        db.set(offers_key(config, openid), ring().seal(text.encode()), ex=offers_seconds(config))
