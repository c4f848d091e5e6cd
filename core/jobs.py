"""Where the schedule says how its jobs went, and the console reads it."""

from __future__ import annotations

from core.config import Config


def jobs_key(config: Config) -> str:
    """The hash job -> JSON of its last run: when it began, how long it took, whether it was good, how often it runs."""
    return f"{config.redis.prefix}jobs"
