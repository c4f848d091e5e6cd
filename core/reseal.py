"""Seal everything again with the newest key, so that an older one can be thrown away. A batch is a transaction.

It may be stopped at any moment and begun again: what has the newest key is left out. What somebody changes meanwhile
has it already, and stays as they changed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    and_,
    func,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
)

from core.crypto import KEY_NAME, KeyRing, Sealed, SealedJSON

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class State:
    """How many values of a column have the newest key, an older one that we have, or one that we have not."""

    table: str
    column: str
    newest: int
    older: int
    unknown: int


def sealed_columns(metadata: MetaData) -> Iterator[tuple[Table, list[Column[Any]]]]:
    """Each table that has sealed columns, and those."""
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if isinstance(column.type, (Sealed, SealedJSON))]
        if columns:
            yield table, columns


def state(engine: Engine, metadata: MetaData, ring: KeyRing) -> Iterator[State]:
    """Count them, column by column."""
    with engine.connect() as db:
        for table, columns in sealed_columns(metadata):
            for column in columns:
                name = func.substr(_raw(column), 1, KEY_NAME, type_=LargeBinary)
                rows = db.execute(select(name, func.count()).where(_raw(column).is_not(None)).group_by(name))
                counts: Counter[str] = Counter()
                for key, count in rows:
                    counts[ring.standing(key)] += count
                yield State(table.name, column.name, counts["newest"], counts["older"], counts["unknown"])


def rotate(
    engine: Engine, metadata: MetaData, ring: KeyRing, *, done: Callable[[str, int], None] = lambda *_: None
) -> int:
    """Seal again what has an older key; how many values. `done(table, values)` is told after each batch.

    What no key opens is left as it is: `state` shows it.
    """
    total = 0
    for table, columns in sealed_columns(metadata):
        after: tuple[Any, ...] | None = None
        while True:
            with engine.begin() as db:
                after, count, is_over = _batch(db, table, columns, ring, after)
            total += count
            if count:
                done(table.name, count)
            if is_over:
                break
    return total


def _batch(
    db: Connection, table: Table, columns: list[Column[Any]], ring: KeyRing, after: tuple[Any, ...] | None
) -> tuple[tuple[Any, ...] | None, int, bool]:
    """The next rows by their key: where they end, how many values were sealed again, and whether there are no more."""
    keys = list(table.primary_key.columns)
    is_old = [
        and_(_raw(one).is_not(None), func.substr(_raw(one), 1, KEY_NAME, type_=LargeBinary) != ring.newest)
        for one in columns
    ]
    query = select(*keys, *(_raw(one) for one in columns)).where(or_(*is_old)).order_by(*keys).limit(BATCH)
    if after is not None:
        query = query.where(tuple_(*keys) > after)
    rows = db.execute(query).all()
    count = 0
    if rows:
        with _unguarded(db, table):
            for row in rows:
                here = and_(*(key == value for key, value in zip(keys, row, strict=False)))
                for column, sealed in zip(columns, row[len(keys) :], strict=True):
                    count += _again(db, table, here, column, sealed, ring)
    return (tuple(rows[-1][: len(keys)]) if rows else after), count, len(rows) < BATCH


def _again(db: Connection, table: Table, here: Any, column: Column[Any], sealed: Any, ring: KeyRing) -> int:
    if sealed is None or ring.is_newest(bytes(sealed)) or not ring.knows(bytes(sealed)):
        return 0
    fresh = ring.seal(ring.open(bytes(sealed)))
    raw = table.update().where(here, _raw(column) == sealed).values({column: type_coerce(fresh, LargeBinary)})
    return db.execute(raw).rowcount


def _raw(column: Column[Any]) -> Any:
    """The column as the database has it, sealed."""
    return type_coerce(column, LargeBinary)


@contextmanager
def _unguarded(db: Connection, table: Table) -> Iterator[None]:
    """Let the triggers of a table that nobody may change sleep, in this transaction only.

    What they guard is what a row says. That stays as it is, and the audit's digests are of what its rows say.
    """
    if db.dialect.name == "postgresql":
        guards = text("SELECT 1 FROM pg_trigger WHERE tgrelid = CAST(:name AS regclass) AND NOT tgisinternal")
        has_guards = db.execute(guards, {"name": table.name}).first() is not None
        if has_guards:
            db.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
        yield
        if has_guards:
            db.execute(text(f"ALTER TABLE {table.name} ENABLE TRIGGER USER"))
        return
    found = db.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name"),
        {"name": table.name},
    ).all()
    for name, _ in found:
        db.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, sql in found:
        db.exec_driver_sql(sql)
