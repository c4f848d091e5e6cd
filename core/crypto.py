"""What identifies a person is sealed at rest, and found again by a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core import shapes
from core.config import Config

NONCE = 12
KEY_NAME = 4
"""So many bytes at the beginning of a sealed value name its key."""


class KeyRing:
    """AES-256-GCM with rotation: sealed with the newest key, opened with whichever key sealed it.

    A sealed value is: 4 bytes naming the key, 12 random bytes, ciphertext with its tag.
    """

    def __init__(self, field_keys: str, index_key: str) -> None:
        """`field_keys`: base64 keys of 32 bytes, newest first, comma separated. Raises ValueError on a bad one."""
        keys = shapes.field_keys(field_keys)
        if len(index_key) < 16:
            raise ValueError("security.index_key: at least 16 characters")
        self._ciphers = {hashlib.sha256(key).digest()[:4]: AESGCM(key) for key in keys}
        self._newest = next(iter(self._ciphers))
        self._index_key = index_key.encode()

    def seal(self, plain: bytes) -> bytes:
        """Encrypt and authenticate."""
        nonce = os.urandom(NONCE)
        return self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, plain, None)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt. Raises ValueError when no key fits or the value was changed."""
        cipher = self._ciphers.get(sealed[:4])
        if cipher is None:
            raise ValueError("sealed with a key that is not in security.field_keys")
        try:
            return cipher.decrypt(sealed[4 : 4 + NONCE], sealed[4 + NONCE :], None)
        except InvalidTag:
            raise ValueError("sealed value was changed") from None

    def standing(self, sealed: bytes) -> str:
        """Which key sealed it: "newest", "older", or "unknown" to us."""
        return "newest" if self.is_newest(sealed) else "older" if self.knows(sealed) else "unknown"

    def knows(self, sealed: bytes) -> bool:
        """Whether one of the keys sealed it."""
        return sealed[:4] in self._ciphers

    @property
    def newest(self) -> bytes:
        """The name of the key with which everything is sealed now."""
        return self._newest

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it."""
        return sealed[:KEY_NAME] == self._newest

    def blind(self, value: str) -> str:
        """The keyed hash by which an equal value is found without being read."""
        return hmac.new(self._index_key, value.encode(), hashlib.sha256).hexdigest()


_ring: KeyRing | None = None


def use(config: Config) -> None:
    """Set the process's key ring; called once by each entrance before the first sealed column is touched."""
    global _ring
    security = config.security
    _ring = KeyRing(security.field_keys.get_secret_value(), security.index_key.get_secret_value())


def ring() -> KeyRing:
    """The process's key ring. Raises RuntimeError before `use`."""
    if _ring is None:
        raise RuntimeError("core.crypto.use(config) was not called")
    return _ring


class Sealed(TypeDecorator[str]):
    """A text column whose value is sealed in the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else ring().seal(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else ring().open(bytes(value)).decode()


class SealedJSON(TypeDecorator[Any]):
    """A JSON column whose value is sealed in the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else ring().seal(json.dumps(value, ensure_ascii=False).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(ring().open(bytes(value)))
