"""Files that hold something personal: sealed like a column, with names that say nothing."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from core.crypto import KEY_NAME, KeyRing, ring

_NAME = re.compile("[0-9a-f]{32}")
_PARTS = "[0-9a-f][0-9a-f]"


def keep(folder: Path, data: bytes) -> str:
    """Write a new file and give its name. Whole or not at all."""
    name = secrets.token_hex(16)
    place = _place(folder, name)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(place, ring().seal(data))
    return name


def read(folder: Path, name: str) -> bytes | None:
    """What the file holds; None when it is gone. Raises ValueError when no key opens it."""
    try:
        return ring().open(_place(folder, name).read_bytes())
    except FileNotFoundError:
        return None


def drop(folder: Path, name: str) -> None:
    """Delete it; twice is once."""
    _remove(_place(folder, name))


def sweep(folder: Path, known: Callable[[Collection[str]], Collection[str]], *, older_seconds: float) -> int:
    """Delete files that nothing names (any more) and that are not quite new. How many.

    A file is written before its row is final and deleted after; whatever happens in between is put right here.
    """
    limit, count = time.time() - older_seconds, 0
    for part in sorted(folder.glob(_PARTS)):
        old = [file for file in part.iterdir() if _written_at(file) < limit]
        named = set(known([file.name for file in old if _NAME.fullmatch(file.name)]))
        for file in old:
            if file.name not in named:
                _remove(file)
                count += 1
    return count


def state(folder: Path, ring: KeyRing) -> Counter[str]:
    """How many files have the newest key, an older one that we have, or one that we have not ("unknown")."""
    counts: Counter[str] = Counter()
    for place in _all(folder):
        with suppress(FileNotFoundError), place.open("rb") as file:
            counts[ring.standing(file.read(KEY_NAME))] += 1
    return counts


def rotate(folder: Path, ring: KeyRing) -> int:
    """Seal every file that has an older key again with the newest one; how many.

    May be stopped at any moment and begun again: a file is replaced whole, or stays. One that is deleted meanwhile
    stays deleted, and a file is no newer for it: `sweep` goes by when it was written. What no key opens is left.
    """
    count = 0
    for place in _all(folder):
        with _alone(place) as file:
            if file is None or ring.standing(file.read(KEY_NAME)) != "older":
                continue
            file.seek(0)
            found = os.fstat(file.fileno())
            _write(place, ring.seal(ring.open(file.read())), like=found)
            with suppress(FileNotFoundError):
                os.utime(place, ns=(found.st_atime_ns, found.st_mtime_ns))
            count += 1
    return count


def _all(folder: Path) -> Iterator[Path]:
    for part in sorted(folder.glob(_PARTS)):
        yield from sorted(one for one in part.iterdir() if _NAME.fullmatch(one.name))


def _write(place: Path, sealed: bytes, *, like: os.stat_result | None = None) -> None:
    """Whole or not at all. `like`: whose it was stays, also when root rotates the keys of a service."""
    fresh = place.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
        if like is not None:
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
    fresh.replace(place)


def _remove(place: Path) -> None:
    with _alone(place):
        place.unlink(missing_ok=True)


@contextmanager
def _alone(place: Path) -> Iterator[BinaryIO | None]:
    """The file, while nobody else deletes it or seals it again; None when somebody did."""
    try:
        file = place.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file if os.fstat(file.fileno()).st_nlink else None


def _written_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _place(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError("not a name of ours")
    return folder / name[:2] / name
