"""The SQL database: one engine per process, SQLite or PostgreSQL, with the same meaning on both.

Both run as READ COMMITTED: a statement sees what is committed when it starts. On SQLite the write lock is
taken by the first statement that writes and held until commit, so a handler that thinks for long before it
writes holds nobody up (docs/decisions/0002-database.md).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session

from core.config import Config

WROTE = "niangjia_wrote"
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
        engine = create_engine(url, pool_size=pool_size, max_overflow=40, connect_args={"timeout": 15})
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        engine = create_engine(
            url, pool_size=pool_size, max_overflow=10, pool_pre_ping=True, connect_args={"connect_timeout": 5}
        )
    event.listen(engine, "before_cursor_execute", _before_statement)
    event.listen(engine, "begin", _forget)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: Any) -> None:
    driver: Any = connection
    driver.isolation_level = None  # we say BEGIN ourselves, at the first write
    cursor = driver.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",  # a killed process loses nothing; a power cut may lose the last moments
        "foreign_keys=ON",
        "busy_timeout=15000",
        "cache_size=-16000",
        "temp_store=MEMORY",
        "wal_autocheckpoint=2000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _before_statement(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    if statement.lstrip()[:8].upper().startswith(_READS):
        return
    if not connection.info.get(WROTE):
        connection.info[WROTE] = True
        begin_write(connection)


def begin_write(connection: Connection) -> None:
    """On SQLite take the write lock now, if this transaction does not hold it yet."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            driver.execute("BEGIN IMMEDIATE")


def _forget(connection: Connection) -> None:
    connection.info[WROTE] = False


def has_written(db: Session) -> bool:
    """Whether this transaction changes anything; flushes what the session holds first."""
    db.flush()
    return db.in_transaction() and bool(db.connection().info.get(WROTE))


def insert_new(db: Session, table: type[Any], **values: Any) -> bool:
    """Insert a row unless one stands in its way by any unique constraint. Whether it was inserted."""
    inserting = _INSERT[db.get_bind().dialect.name](table.__table__).values(**values).on_conflict_do_nothing()
    # not by rowcount: where SQLAlchemy fetches the new key, psycopg's count of rows is lost
    return db.execute(inserting.returning(literal(1))).first() is not None


_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
