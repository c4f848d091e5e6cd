"""Files that hold something personal: sealed like a column, with names that say nothing."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Collection
from pathlib import Path

from core.crypto import ring

_NAME = re.compile("[0-9a-f]{32}")


def keep(folder: Path, data: bytes) -> str:
    """Write a new file and give its name. Whole or not at all."""
    name = secrets.token_hex(16)
    place = _place(folder, name)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = place.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(ring().seal(data))
    fresh.replace(place)
    return name


def read(folder: Path, name: str) -> bytes | None:
    """What the file holds; None when it is gone. Raises ValueError when no key opens it."""
    try:
        return ring().open(_place(folder, name).read_bytes())
    except FileNotFoundError:
        return None


def drop(folder: Path, name: str) -> None:
    """Delete it; twice is once."""
    _place(folder, name).unlink(missing_ok=True)


def sweep(folder: Path, known: Callable[[Collection[str]], Collection[str]], *, older_seconds: float) -> int:
    """Delete files that nothing names (any more) and that are not quite new. How many.

    A file is written before its row is final and deleted after; whatever happens in between is put right here.
    """
    limit, count = time.time() - older_seconds, 0
    for part in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        old = [file for file in part.iterdir() if file.stat().st_mtime < limit]
        named = set(known([file.name for file in old if _NAME.fullmatch(file.name)]))
        for file in old:
            if file.name not in named:
                file.unlink(missing_ok=True)
                count += 1
    return count


def _place(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError("not a name of ours")
    return folder / name[:2] / name
