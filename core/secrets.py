"""Secrets made for a first start, each in its own file below data.dir/secrets."""

from __future__ import annotations

import os
import secrets
import string
from base64 import urlsafe_b64encode
from collections.abc import Callable

from core.config import Config

_LETTERS = string.ascii_letters + string.digits


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


_MAKERS: dict[str, Callable[[], str]] = {
    "wechat.app_secret": lambda: secrets.token_hex(16),
    "wechat.token": lambda: _letters(32),
    "wechat.encoding_aes_key": lambda: _letters(43),
    "security.field_keys": lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "security.index_key": lambda: secrets.token_urlsafe(32),
}


def make_missing(config: Config) -> list[str]:
    """Make every secret that is missing and keep it in a file only we can read; returns the paths of what was made.

    Load the settings again afterwards. A secret that exists is never changed: what it encrypted would be lost.
    """
    made = config.missing_secrets()
    folder = config.data_dir / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in made:
        file = folder / path.replace(".", "__")
        fresh = file.with_name(f".{file.name}.{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(_MAKERS[path]())
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(fresh, file)
        except FileExistsError:
            if not file.stat().st_size:  # counts as missing; a filled one was made by another process
                fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
    return made
