"""The SQL database: one engine per process, SQLite or PostgreSQL, with the same meaning on both.

Both run as READ COMMITTED: a statement sees what is committed when it starts. On SQLite the write lock is
taken by the first statement that writes and held until commit, so a handler that thinks for long before it
writes holds nobody up (docs/decisions/0002-database.md).
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.config import Config

T = TypeVar("T")
WROTE = "niangjia_wrote"
KEYED = "niangjia_keyed"
PATIENCE = "niangjia_patience"
LOCK_SECONDS = 15
"""How long SQLite's write lock is waited for."""
BUSY_MILLISECONDS = 200
"""How long one statement waits for it at a time; whoever can do something else meanwhile decides then."""
_READS = ("SELECT", "PRAGMA", "EXPLAIN", "VALUES", "WITH")


def make_engine(config: Config) -> Engine:
    """The engine for the configured database; makes the data folder for SQLite."""
    url = make_url(config.database_url)
    if url.get_backend_name() == "sqlite":
        config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return engine_for(url, pool_size=config.database.pool_size)


def engine_for(url: str | URL, *, pool_size: int = 10) -> Engine:
    """An engine with our transaction rules for any SQLite or PostgreSQL address."""
    url = make_url(url)
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url, pool_size=pool_size, max_overflow=40, hide_parameters=True, connect_args={"timeout": 15}
        )
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=40,  # each thread at work on a message keeps one (Desk)
            pool_pre_ping=True,
            hide_parameters=True,  # what people wrote is not for logs
            connect_args={"connect_timeout": 5},
        )
    event.listen(engine, "before_cursor_execute", _before_statement)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: Any) -> None:
    driver: Any = connection
    driver.isolation_level = None  # we say BEGIN ourselves, at the first write
    cursor = driver.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",  # a killed process loses nothing; a power cut may lose the last moments
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "cache_size=-4000",  # 4 MB for each connection; each thread has one
        "temp_store=MEMORY",
        "wal_autocheckpoint=8000",  # 32 MB: a fair writes the same pages over and over
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _before_statement(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    if not statement.lstrip()[:8].upper().startswith(_READS):
        begin_write(connection)


def begin_write(connection: Connection) -> None:
    """Note that this transaction writes; on SQLite take the write lock, if it does not hold it yet."""
    connection.info[WROTE] = True
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            patiently(connection, lambda: driver.execute("BEGIN IMMEDIATE"))


def patiently(connection: Connection, write: Callable[[], T]) -> T:
    """Do what needs SQLite's write lock, waiting for it as long as the session may."""
    deadline = time.monotonic() + connection.info.get(PATIENCE, LOCK_SECONDS)
    while True:
        try:
            return write()
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise


def be_patient(db: Session, seconds: float) -> None:
    """From now on, wait as long as this for SQLite's write lock."""
    connection_of(db).info[PATIENCE] = seconds


def busy() -> tuple[type[Exception], ...]:
    """A lock not to be had, a deadlock, a lost connection: by SQLAlchemy's name, or by the driver's (`Prepared`).

    psycopg is 9 MB that a process on SQLite never loads.
    """
    psycopg = sys.modules.get("psycopg")
    return (OperationalError, sqlite3.OperationalError, *((psycopg.OperationalError,) if psycopg else ()))


def is_locked(error: Exception) -> bool:
    """Whether another transaction held SQLite's write lock for longer than a statement waits."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


class Desk:
    """A connection for each thread, kept between its transactions: to fetch one from the pool for each message
    costs more than the message's queries."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._local = threading.local()
        self._open: set[Connection] = set()

    @contextmanager
    def session(self, patience: float = LOCK_SECONDS) -> Iterator[Session]:
        """A session on the thread's connection; what is not committed by `commit` is rolled back.

        SQLite's write lock is waited for as long as `patience`; then one of `busy()` is raised.
        """
        db: Session | None = getattr(self._local, "db", None)
        if db is None:
            connection = self.engine.connect()
            self._open.add(connection)
            db = self._local.db = Session(connection, expire_on_commit=False)
        else:
            connection = connection_of(db)
        info = connection.info
        info[WROTE] = info[KEYED] = False
        info[PATIENCE] = patience
        try:
            yield db
            if info[KEYED]:
                driver_of(db).commit()
            rollback(db)
            db.expunge_all()
            db.info.clear()
        except BaseException:
            # after an error nobody knows what state it is in; a fresh one is cheap enough
            self._local.db = None
            self._open.discard(connection)
            db.close()
            connection.invalidate()
            connection.close()
            raise

    def close(self) -> None:
        """Close the connections of all threads; none may be at work."""
        while self._open:
            self._open.pop().close()
        self._local = threading.local()


def has_written(db: Session) -> bool:
    """Whether the transaction of a `Desk` changes anything; flushes what the session holds first."""
    if db.in_transaction():  # a session that was handed anything has begun one
        db.flush()
    return bool(connection_of(db).info.get(WROTE))


def commit(db: Session) -> None:
    """Make everything final: what went through the session and what went through `Prepared`."""
    if db.in_transaction():
        db.commit()
    driver_of(db).commit()
    connection_of(db).info[WROTE] = False


def rollback(db: Session) -> None:
    """Undo everything: what went through the session and what went through `Prepared`."""
    if db.in_transaction():
        db.rollback()
    driver_of(db).rollback()
    connection_of(db).info[WROTE] = False


def connection_of(db: Session) -> Connection:
    """The connection of a session; its transaction need not have begun."""
    bind = db.get_bind()
    return bind if isinstance(bind, Connection) else db.connection()


def driver_of(db: Session) -> Any:
    """The driver's own connection below a session."""
    return connection_of(db).connection.driver_connection


def insert_new(db: Session, table: type[Any], **values: Any) -> bool:
    """Insert a row unless one stands in its way by any unique constraint. Whether it was inserted."""
    inserting = _INSERT[db.get_bind().dialect.name](table.__table__).values(**values).on_conflict_do_nothing()
    # not by rowcount: where SQLAlchemy fetches the new key, psycopg's count of rows is lost (tests/rules on PostgreSQL)
    return db.execute(inserting.returning(literal(1))).first() is not None


_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
