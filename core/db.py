"""The SQL database: one engine per process, SQLite or PostgreSQL, with the same meaning on both.

Both run as READ COMMITTED: a statement sees what is committed when it starts. On SQLite the write lock is
taken by the first statement that writes and held until commit, so a handler that thinks for long before it
writes holds nobody up (docs/decisions/0002-database.md).
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.config import Config

T = TypeVar("T")
_LINK = "niangjia_link"
LOCK_SECONDS = 15
"""How long SQLite's write lock is waited for."""
BUSY_MILLISECONDS = 200
"""How long one statement waits for it at a time; whoever can do something else meanwhile decides then."""
_DEADLOCK = "40P01"
"""What PostgreSQL calls it."""
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
        event.listen(engine, "connect", _prepare_postgresql)
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


def _prepare_postgresql(connection: DBAPIConnection, _record: Any) -> None:
    """Rows far apart cost hardly more than neighbours where the data is in memory or on an SSD; its default is of the
    age of disks, by which it would rather read a million people than look up five thousand."""
    driver: Any = connection
    driver.autocommit = True
    driver.execute("SET random_page_cost = 1.1")
    driver.autocommit = False


def _before_statement(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    if not statement.lstrip()[:8].upper().startswith(_READS):
        _link(connection).begin_write()


class Link:
    """The driver's connection, and what its transaction did so far. For `Prepared` and the functions below."""

    __slots__ = ("dialect", "driver", "has_written", "is_keyed", "is_sqlite", "patience")

    def __init__(self, connection: Connection) -> None:
        self.dialect = connection.dialect
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.driver: Any = connection.connection.driver_connection
        self.begin()

    def begin(self, patience: float = LOCK_SECONDS) -> None:
        """A new transaction, that waits for SQLite's write lock as long as this."""
        self.has_written = self.is_keyed = False
        self.patience = patience

    def begin_write(self) -> None:
        """Note that this transaction writes; on SQLite take the write lock, if it does not hold it yet."""
        self.has_written = True
        if self.is_sqlite and not self.driver.in_transaction:
            self.patiently(lambda: self.driver.execute("BEGIN IMMEDIATE"))

    def patiently(self, write: Callable[[], T]) -> T:
        """Do what needs SQLite's write lock, waiting for it as long as the session may."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return write()
            except sqlite3.OperationalError as error:
                if not is_locked(error) or time.monotonic() > deadline:
                    raise


def _link(connection: Connection) -> Link:
    link: Link | None = connection.info.get(_LINK)
    if link is None:
        link = connection.info[_LINK] = Link(connection)
    return link


def link_of(db: Session) -> Link:
    """The driver's connection below a session; the session's transaction need not have begun."""
    link: Link | None = db.info.get(_LINK)
    if link is None:  # not a Desk's; it may have another connection in its next transaction
        bind = db.get_bind()
        link = _link(bind if isinstance(bind, Connection) else db.connection())
    return link


def be_patient(db: Session, seconds: float) -> None:
    """From now on, wait as long as this for SQLite's write lock."""
    link_of(db).patience = seconds


def busy() -> tuple[type[Exception], ...]:
    """A lock not to be had, a deadlock, a lost connection: by SQLAlchemy's name, or by the driver's (`Prepared`).

    psycopg is 9 MB that a process on SQLite never loads.
    """
    psycopg = sys.modules.get("psycopg")
    return (OperationalError, sqlite3.OperationalError, *((psycopg.OperationalError,) if psycopg else ()))


def is_deadlock(error: Exception) -> bool:
    """Whether PostgreSQL made this transaction give way to another one that waited for it; done again, it goes well."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) == _DEADLOCK


def is_locked(error: Exception) -> bool:
    """Whether another transaction held SQLite's write lock for longer than a statement waits."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


class Desk:
    """Connections kept between transactions; the one used last, whose caches are warm, is the next.

    To fetch one from SQLAlchemy's pool for each message costs more than the message's queries.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._idle: list[Session] = []
        self._is_closed = False

    @contextmanager
    def session(self, patience: float = LOCK_SECONDS) -> Iterator[Session]:
        """A session of its own; what is not committed by `commit` is rolled back.

        SQLite's write lock is waited for as long as `patience`; then one of `busy()` is raised.
        """
        try:
            db = self._idle.pop()
        except IndexError:
            connection = self.engine.connect()
            db = Session(connection, expire_on_commit=False, info={_LINK: _link(connection)})
        link: Link = db.info[_LINK]
        link.begin(patience)
        try:
            yield db
            if link.is_keyed:
                link.driver.commit()
            rollback(db)
            if db.identity_map:
                db.expunge_all()
            if len(db.info) > 1:
                db.info.clear()
                db.info[_LINK] = link
        except BaseException:
            self._drop(db)  # after an error nobody knows what state it is in; a fresh one is cheap enough
            raise
        self._idle.append(db)
        if self._is_closed:
            self.close()

    def close(self) -> None:
        """Close each connection as soon as nobody uses it."""
        self._is_closed = True
        while self._idle:
            self._drop(self._idle.pop())

    @staticmethod
    def _drop(db: Session) -> None:
        bind = db.get_bind()
        db.close()
        assert isinstance(bind, Connection)
        bind.invalidate()  # or a pool that is gone already would get it back, and leave it open
        bind.close()


def has_written(db: Session) -> bool:
    """Whether the transaction of a `Desk` changes anything; flushes what the session holds first."""
    if db.in_transaction():  # a session that was handed anything has begun one
        db.flush()
    return link_of(db).has_written


def commit(db: Session) -> None:
    """Make everything final: what went through the session and what went through `Prepared`."""
    if db.in_transaction():
        db.commit()
    link = link_of(db)
    link.driver.commit()
    link.has_written = False


def rollback(db: Session) -> None:
    """Undo everything: what went through the session and what went through `Prepared`."""
    if db.in_transaction():
        db.rollback()
    link = link_of(db)
    link.driver.rollback()
    link.has_written = False


def hold(db: Session, column: InstrumentedAttribute[Any], *which: ColumnElement[bool]) -> None:
    """Keep everybody else from these rows until the transaction ends; `column` is written as it is.

    Not SELECT … FOR UPDATE: SQLite knows none, and takes its write lock with the first write.
    """
    table = column.class_
    db.execute(
        update(table).where(*which).values({column: column}).execution_options(synchronize_session=False)
    )


def insert_new(db: Session, table: type[Any], **values: Any) -> bool:
    """Insert a row unless one stands in its way by any unique constraint. Whether it was inserted."""
    # not by rowcount: where SQLAlchemy fetches the new key, psycopg's count of rows is lost (tests/rules on PostgreSQL)
    return db.execute(insert_free(db, table).values(**values).returning(literal(1))).first() is not None


def insert_free(db: Session, table: type[Any]) -> Any:
    """An insert, to be given its rows, that leaves out those which a unique constraint stands against."""
    return _INSERT[db.get_bind().dialect.name](table.__table__).on_conflict_do_nothing()


_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
