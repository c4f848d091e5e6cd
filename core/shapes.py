"""What settings must look like, so that a slip stops the start and is named, instead of a process that dies later."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError


def field_keys(text: str) -> list[bytes]:
    """The keys in security.field_keys, newest first. Raises ValueError unless each has 32 bytes."""
    try:
        keys = [
            base64.b64decode(key.strip(), altchars=b"-_", validate=True)
            for key in text.split(",")
            if key.strip()
        ]
    except (binascii.Error, ValueError):
        keys = []
    if not keys or any(len(key) != 32 for key in keys):
        raise ValueError("each key must be 32 bytes in base64")
    return keys


def _like(pattern: str, words: str) -> AfterValidator:
    """A check that lets an empty setting pass: whether it may be empty is another question."""

    def check(value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text and re.fullmatch(pattern, text) is None:
            raise PydanticCustomError("shape", "{words}", {"words": words})
        return value

    return AfterValidator(check)


def _are_keys(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        try:
            field_keys(value.get_secret_value())
        except ValueError as error:
            raise PydanticCustomError("shape", "{words}", {"words": str(error)}) from None
    return value


def _is_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise PydanticCustomError("shape", "must be http:// or https:// with a host")
    return value


Token = Annotated[SecretStr, _like("[A-Za-z0-9]{3,32}", "must be 3 to 32 letters and digits")]
AesKey = Annotated[SecretStr, _like("[A-Za-z0-9+/]{43}", "must be 43 letters and digits")]
FieldKeys = Annotated[SecretStr, AfterValidator(_are_keys)]
IndexKey = Annotated[SecretStr, _like("(?s).{16,}", "must have at least 16 characters")]
Address = Annotated[str, AfterValidator(_is_address)]
RedisUrl = Annotated[str, _like("(redis|rediss|unix)://.+", "must begin with redis://, rediss:// or unix://")]
DatabaseUrl = Annotated[
    str,
    _like(r"postgresql\+psycopg://.+|sqlite:///.+", "must begin with postgresql+psycopg:// or sqlite:///"),
]
