"""How a migration runs: in one transaction, one process at a time, on SQLite and PostgreSQL alike.

Called through core/migrate.py, which passes the database's address and, where models and tables are compared, the
models' metadata; there is no alembic.ini. Migrations are frozen: neither this file nor versions/ import our code.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, create_engine, event, pool, text
from sqlalchemy.types import TypeDecorator

LOCK = 0x6E69616E676A6961  # "niangjia"


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column types as what the database stores, so that a migration needs no model."""
    if (
        kind == "type"
        and isinstance(item, TypeDecorator)
        and not type(item).__module__.startswith("sqlalchemy.")
    ):
        return f"sa.{item.impl_instance!r}"
    return False


def configure(**how: Any) -> None:
    context.configure(
        target_metadata=context.config.attributes.get("metadata"),
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
        compare_server_default=True,
        transactional_ddl=True,
        **how,
    )


def online(connection: Connection) -> None:
    configure(connection=connection)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        context.run_migrations()
        if (
            connection.dialect.name == "sqlite"
        ):  # keys are not checked while tables are rebuilt, so look afterwards
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"foreign keys are broken after the migration: {broken[:5]}")


def main() -> None:
    url = context.config.attributes["url"]
    if context.is_offline_mode():
        configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"})
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = create_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _(driver: Any, _record: Any) -> None:
            driver.isolation_level = None
            driver.execute("PRAGMA busy_timeout=60000")
            driver.execute("PRAGMA journal_mode=WAL")
            driver.execute("PRAGMA foreign_keys=OFF")

        @event.listens_for(engine, "begin")
        def _(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.connect() as connection:
            online(connection)
    finally:
        engine.dispose()


main()
