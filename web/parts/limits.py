"""How often one address may try: counted in Redis over all processes, in this process when Redis is away."""

from __future__ import annotations

from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from core.config import Config
from core.redis import LOST, connect


class Limits:
    """A moving window for each name and address."""

    def __init__(self, config: Config) -> None:
        pool = connect(config, socket_timeout=2).connection_pool
        # the strategy is part of the prefix: another one finds another kind of value at the same key
        prefix = f"{config.redis.prefix}:limits:moving"
        self._shared = MovingWindowRateLimiter(
            RedisStorage("redis://", connection_pool=pool, key_prefix=prefix, wrap_exceptions=False)
        )
        self._own = MovingWindowRateLimiter(MemoryStorage())

    def allows(self, limit: str, *names: str) -> bool:
        """Count one more try and say whether it is still within the limit, for instance "10/minute"."""
        item = parse(limit)
        try:
            return self._shared.hit(item, *names)
        except LOST:
            return self._own.hit(item, *names)
