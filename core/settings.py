"""The settings as they are in force, and where each came from. Secrets are told as set or not set only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from core.config import Config

ENVIRONMENT: Final = "environment"
SECRET_FILE: Final = "secret file"  # noqa: S105 - a place, no secret
FILE: Final = "file"
_MAY_HOLD_A_PASSWORD: Final = ("url",)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key. `value` is None for what must not be shown; `is_set` says whether it has one."""

    section: str
    key: str
    value: str | None
    is_set: bool
    source: str


def settings(config: Config) -> Iterator[Setting]:
    """All of them, in the order of the settings file."""
    folder = config.data_dir / "secrets"
    for section in type(config).model_fields:
        part: BaseModel = getattr(config, section)
        for key in type(part).model_fields:
            value = getattr(part, key)
            is_secret = isinstance(value, SecretStr) or _has_password(key, value)
            yield Setting(
                section,
                key,
                None if is_secret else _shown(value),
                bool(value.get_secret_value() if isinstance(value, SecretStr) else value not in ("", (), {})),
                _source(folder, section, key),
            )


def _has_password(key: str, value: Any) -> bool:
    if key not in _MAY_HOLD_A_PASSWORD or not isinstance(value, str):
        return False
    parts = urlsplit(value)  # drivers of PostgreSQL and Redis take one behind the question mark, too
    return bool(parts.password) or "pass" in parts.query.lower()


def _source(folder: Path, section: str, key: str) -> str:
    name = f"NIANGJIA_{section}__{key}".upper()
    if any(known.upper() == name or known.upper().startswith(f"{name}__") for known in os.environ):
        return ENVIRONMENT
    return SECRET_FILE if (folder / f"{section}__{key}").is_file() else FILE


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_defaults=True)
    if isinstance(value, tuple):
        return "，".join(_shown(one) for one in value)
    if isinstance(value, dict):
        return "，".join(f"{name}: {one}" for name, one in value.items())
    return str(value)
