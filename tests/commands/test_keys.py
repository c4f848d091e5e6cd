"""A new key for sealed fields: everything is sealed again, and a process that is killed meanwhile harms nothing."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core import crypto, reseal, sealed_files
from core.config import ROOT, Config
from core.crypto import KeyRing
from models import Base
from models.audit import Audit
from models.matchmaking import Profile
from rules import audit
from tests.rules.cast import Town

NEW = base64.urlsafe_b64encode(bytes(range(32))).decode()
KILLED = """
import os, signal, sys
from core import reseal
from core.crypto import KeyRing
from core.db import engine_for
from models import Base
reseal.BATCH = 2
engine = engine_for(sys.argv[1])
reseal.rotate(engine, Base.metadata, KeyRing(sys.argv[2], "x" * 16),
    done=lambda table, count: table == sys.argv[3] and os.kill(os.getpid(), signal.SIGKILL))
"""
KILLED_AT_FILES = """
import os, signal, sys
from pathlib import Path
from core import sealed_files
from core.crypto import KeyRing
calls = {"write": 3, "fsync": 7, "replace": 11}
def at(name, act):
    def acting(*given, **named):
        calls[name] -= 1
        if not calls[name]:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*given, **named)
    return acting
what = sys.argv[3]
if what == "write":
    sealed_files._write = at(what, sealed_files._write)
elif what == "fsync":
    os.fsync = at(what, os.fsync)
else:
    Path.replace = at(what, Path.replace)
sealed_files.rotate(Path(sys.argv[1]), KeyRing(sys.argv[2], "x" * 16))
"""


@pytest.fixture
def old(town: Town, config: Config) -> Iterator[str]:
    """Profiles, an audit and notices under one key; the ring is put back at the end."""
    lin = town.staff("lin", town.city)
    for number in range(5):
        town.profile(contact=f"1380000000{number}")
        audit.note(town.db, lin, "profile_approve", f"profile:{number}", now=town.now, reason=f"原因{number}")
        town.db.flush()
    town.db.commit()
    yield config.security.field_keys.get_secret_value()
    crypto.use(config)


def index_key(config: Config) -> str:
    return config.security.index_key.get_secret_value()


def told(config: Config, keys: str) -> Config:
    security = config.security.model_copy(update={"field_keys": SecretStr(keys)})
    return config.model_copy(update={"security": security})


def left(town: Town, ring: KeyRing) -> tuple[int, int]:
    states = list(reseal.state(town.engine, Base.metadata, ring))
    return sum(one.older for one in states), sum(one.unknown for one in states)


def test_everything_is_sealed_again_and_the_old_key_can_go(town: Town, config: Config, old: str) -> None:
    both = KeyRing(f"{NEW},{old}", index_key(config))
    before = left(town, both)[0]
    assert before >= 10
    assert reseal.rotate(town.engine, Base.metadata, both) == before
    assert left(town, both) == (0, 0)
    assert reseal.rotate(town.engine, Base.metadata, both) == 0, "again is nothing"
    crypto.use(told(config, NEW))
    town.db.expire_all()
    assert {row.contact for row in town.db.scalars(select(Profile))} == {f"1380000000{n}" for n in range(5)}
    assert [row.reason for row in town.db.scalars(select(Audit).order_by(Audit.id))] == [
        f"原因{n}" for n in range(5)
    ]
    assert audit.verify(town.db) is None, "the chain is of what rows say"
    town.db.rollback()
    with pytest.raises(DBAPIError), town.engine.begin() as db:
        db.execute(text("UPDATE audit SET subject = 'x'"))
    crypto.use(told(config, old))


@pytest.mark.slow
@pytest.mark.parametrize("table", ["profile", "audit"])
def test_whoever_is_killed_in_the_middle_is_followed_by_the_next(
    town: Town, config: Config, old: str, table: str
) -> None:
    keys = f"{NEW},{old}"
    url = town.engine.url.render_as_string(hide_password=False)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url, keys, table],
        cwd=ROOT,
        env=dict(os.environ),
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    both = KeyRing(keys, index_key(config))
    older, unknown = left(town, both)
    assert older > 0
    assert unknown == 0
    assert reseal.rotate(town.engine, Base.metadata, both) == older
    assert left(town, KeyRing(NEW, index_key(config))) == (0, 0)
    crypto.use(told(config, NEW))
    town.db.expire_all()
    assert audit.verify(town.db) is None
    town.db.rollback()
    with pytest.raises(DBAPIError), town.engine.begin() as db:
        db.execute(text("UPDATE audit SET subject = 'x'"))


def test_what_no_key_opens_is_counted_and_left_alone(town: Town, config: Config, old: str) -> None:
    alone = KeyRing(NEW, index_key(config))
    older, unknown = left(town, alone)
    assert (older, unknown > 0) == (0, True)
    assert reseal.rotate(town.engine, Base.metadata, alone) == 0
    assert left(town, alone) == (0, unknown)


def test_under_the_old_index_key_the_audit_ends_where_a_new_one_began(town: Town, config: Config) -> None:
    """docs/decisions/0019-index-key.md says so."""

    def use(index: str) -> None:
        security = config.security.model_copy(update={"index_key": SecretStr(index)})
        crypto.use(config.model_copy(update={"security": security}))

    for key in ("before" * 4, "after" * 4):
        use(key)
        for number in range(3):
            audit.note(town.db, None, "x", f"x:{number}", now=town.now)
            town.db.flush()
    assert audit.verify(town.db) == audit.Fault(1, "moved")
    use("before" * 4)
    assert audit.verify(town.db) == audit.Fault(4, "changed")
    crypto.use(config)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_files_are_sealed_again_whole_whoever_is_killed_meanwhile(
    config: Config, photos: Path, moment: str
) -> None:
    old = config.security.field_keys.get_secret_value()
    crypto.use(config)
    faces = {sealed_files.keep(photos, face := f"张{n}".encode()): face for n in range(20)}
    gone, kept = list(faces)[:2]
    written = photos / kept[:2] / kept
    os.utime(written, (1, 1))
    keys = f"{NEW},{old}"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT_FILES, str(photos), keys, moment],
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    crypto.use(told(config, keys))
    assert {name: sealed_files.read(photos, name) for name in faces} == faces
    both = crypto.ring()
    older = sealed_files.state(photos, both)["older"]
    assert 0 < older < 20
    sealed_files.drop(photos, gone)
    older = sealed_files.state(photos, both)["older"]
    assert sealed_files.rotate(photos, both) == older
    assert sealed_files.rotate(photos, both) == 0, "again is nothing"
    assert sealed_files.state(photos, both) == {"newest": 19}
    assert written.stat().st_mtime == 1, "no newer for it"
    assert written.stat().st_mode & 0o777 == 0o600
    crypto.use(told(config, NEW))
    assert {name: sealed_files.read(photos, name) for name in faces} == {**faces, gone: None}
    left = KeyRing(old, index_key(config))
    assert sealed_files.rotate(photos, left) == 0
    assert sealed_files.state(photos, left) == {"unknown": 19}
    names = [file.name for file in photos.rglob("*") if file.is_file()]
    assert len(names) - 19 <= 1, "what the killed one began"
    crypto.use(config)


def test_a_photo_taken_away_while_it_is_sealed_again_stays_away(config: Config, photos: Path) -> None:
    crypto.use(config)
    names = [sealed_files.keep(photos, b"a face") for _ in range(40)]
    both = KeyRing(f"{NEW},{config.security.field_keys.get_secret_value()}", index_key(config))
    with ThreadPoolExecutor(4) as pool:
        sealing = [pool.submit(sealed_files.rotate, photos, both) for _ in range(2)]
        list(pool.map(lambda name: sealed_files.drop(photos, name), names))
    assert sum(one.result() for one in sealing) <= len(names)
    assert [file for file in photos.rglob("*") if file.is_file()] == []
