"""Time: aware UTC inside, Asia/Shanghai for people."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def utcnow() -> datetime:
    """The present moment, aware, UTC. Entrances call it once and pass `now=` on."""
    return datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """The same moment on a clock in Shanghai."""
    return moment.astimezone(SHANGHAI)


def today(now: datetime) -> tuple[datetime, datetime]:
    """When the day of this moment begins in Shanghai, and when the next one does."""
    begins = datetime.combine(local(now).date(), time(), SHANGHAI).astimezone(UTC)
    return begins, begins + timedelta(days=1)
