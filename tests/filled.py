"""Any version of the tables with a few rows in each, and what a database is: its rows, and the shape of its tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    inspect,
    select,
    text,
)

ROWS: Final = 3
_AT: Final = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
_STATES: Final = ("withdrawn", "offered", "waiting")
_ONLY_ONE: Final = ("audit_head",)
_NOT_OURS: Final = ("alembic_version",)
_CHOSEN: Final[dict[str, dict[str, Any]]] = {
    "exam_sitting": {
        "opens_at": lambda n: _AT,
        "closes_at": lambda n: _AT + timedelta(days=n),
        "starts_at": lambda n: _AT + timedelta(days=9),
    },
    "exam_sign_up": {"state": lambda n: _STATES[n - 1]},
    "waiting": {
        "kind": lambda n: "exam",
        "state": lambda n: {"withdrawn": "left"}.get(_STATES[n - 1], _STATES[n - 1]),
        "joined_at": lambda n: _AT + timedelta(minutes=n),
        "offered_at": lambda n: None if n == ROWS else _AT + timedelta(hours=n),
        "settled_at": lambda n: _AT + timedelta(hours=2) if n == 1 else None,
    },
    "audit": {"digest": lambda n: str(n) * 64},
    "broadcast_version": {"approved_by_id": lambda n: n % ROWS + 1},
    "worker_merge": {"kept_id": lambda n: n % ROWS + 1},
}
"""What a constraint or a migration asks for; `test_migrations` adds nothing that is not in here."""


def tables(db: Connection) -> list[Table]:
    """As the database has them now, those that others point to first."""
    found = MetaData()
    found.reflect(db)
    return [table for table in found.sorted_tables if table.name not in _NOT_OURS]


def fill(engine: Engine) -> None:
    """Rows for every table that has none; the last has nothing where nothing may be."""
    with engine.connect() as db:
        if db.dialect.name == "sqlite":
            db.exec_driver_sql("PRAGMA foreign_keys=OFF")  # two tables may point at each other
        else:
            db.execute(text("SET session_replication_role = replica"))
        for table in tables(db):
            if not db.scalar(select(func.count()).select_from(table)):
                many = 1 if table.name in _ONLY_ONE else ROWS
                db.execute(table.insert(), [_row(table, n) for n in range(1, many + 1)])
        if db.dialect.name == "sqlite":
            assert not db.exec_driver_sql("PRAGMA foreign_key_check").all()
        else:
            for (sequence,) in db.execute(
                text("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'")
            ):
                db.execute(text(f"SELECT setval('{sequence}', {ROWS})"))
        db.commit()
        db.invalidate()


def _row(table: Table, n: int) -> dict[str, Any]:
    chosen = _CHOSEN.get(table.name, {})
    return {one.name: chosen[one.name](n) if one.name in chosen else _value(one, n) for one in table.columns}


def _value(column: Column[Any], n: int) -> Any:
    if column.foreign_keys:
        return n
    if column.nullable and n == ROWS:
        return None
    kind = column.type
    if isinstance(kind, Boolean):
        return bool(n % 2)
    if isinstance(kind, DateTime):
        return _AT + timedelta(minutes=n)
    if isinstance(kind, Date):
        return date(2026, 11, 22 + n)
    if isinstance(kind, JSON):
        return {"编号": n}
    if isinstance(kind, LargeBinary):
        return f"封{n}".encode()
    if isinstance(kind, String):
        return f"{n}{column.name}"[: kind.length or 99]
    assert isinstance(kind, Integer), (column, kind)
    return n


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Everything that is in the database, in the order of the keys."""
    with engine.connect() as db:
        return {
            table.name: [
                dict(row) for row in db.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in tables(db)
        }


def shape(engine: Engine) -> dict[str, Any]:
    """All that the database makes sure of: what Alembic compares, and checks, conditions and triggers too."""
    look = inspect(engine)
    found: dict[str, Any] = {}
    for (_, name), columns in look.get_multi_columns().items():
        found[name] = {
            "columns": {one["name"]: (str(one["type"]), one["nullable"], one["default"]) for one in columns}
        }
    for (_, name), key in look.get_multi_pk_constraint().items():
        found[name]["key"] = key["constrained_columns"]
    for (_, name), keys in look.get_multi_foreign_keys().items():
        found[name]["refers"] = {
            (one["name"], *one["constrained_columns"], one["referred_table"], str(one["options"]))
            for one in keys
        }
    for (_, name), uniques in look.get_multi_unique_constraints().items():
        found[name]["unique"] = {(one["name"], *one["column_names"]) for one in uniques}
    for (_, name), checks in look.get_multi_check_constraints().items():
        found[name]["checks"] = {(one["name"], one["sqltext"]) for one in checks}
    for (_, name), indexes in look.get_multi_indexes().items():
        found[name]["indexes"] = {
            (one["name"], *one["column_names"], bool(one["unique"]), _condition(one)) for one in indexes
        }
    for name in _NOT_OURS:
        found.pop(name, None)
    triggers = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with engine.connect() as db:
        found["triggers"] = set(db.scalars(text(triggers[engine.dialect.name])))
    return found


def _condition(index: Any) -> str:
    options = index.get("dialect_options", {})
    return str(options.get("sqlite_where", options.get("postgresql_where", "")))
