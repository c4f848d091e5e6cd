"""Statements that every message pays for, prepared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from core.db import link_of


class Prepared:
    """A statement compiled once for each kind of database and given straight to the driver.

    For the few statements that every message pays for: SQLAlchemy's way to run one costs four times as much
    as SQLite itself (docs/performance.md). Works in the transaction of a `Desk`'s or any other session.
    """

    def __init__(self, statement: Any, *, writes: bool = False, keyed: bool = False) -> None:
        """`writes`: it changes something, in a transaction. `keyed`: it changes something and carries the message's
        key, so that it may be final by itself; it joins a transaction that has begun."""
        self._statement = statement
        self._writes = writes
        self._keyed = keyed
        self._ready: dict[bool, _Ready] = {}

    def rows(self, db: Session, **values: Any) -> list[tuple[Any, ...]]:
        """Run a query."""
        ready, cursor = self._run(db, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        if not ready.readers:
            return found
        return [ready.read(row) for row in found]

    def count(self, db: Session, **values: Any) -> int:
        """Run a change; how many rows it touched."""
        return int(self._run(db, values)[1].rowcount)

    def _run(self, db: Session, values: dict[str, Any]) -> tuple[_Ready, Any]:
        link = link_of(db)
        ready = self._ready.get(link.is_sqlite)
        if ready is None:
            ready = self._ready[link.is_sqlite] = _Ready.of(self._statement, link.dialect)
        given = {**ready.defaults, **values}
        for name, write in ready.writers:
            given[name] = write(given[name])
        if self._keyed:
            link.is_keyed = True
            return ready, link.patiently(lambda: link.driver.execute(ready.sql, given))
        if self._writes:
            link.begin_write()
        return ready, link.driver.execute(ready.sql, given)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement for one kind of database: what the driver gets, and what turns values into rows and back."""

    sql: str
    defaults: dict[str, Any]
    writers: tuple[tuple[str, Callable[[Any], Any]], ...]
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]

    @classmethod
    def of(cls, statement: Any, dialect: Any) -> _Ready:
        named: Any = type(dialect)(paramstyle="named" if dialect.name == "sqlite" else "pyformat")
        made = statement.compile(dialect=named)
        writers = tuple(
            (name, write)
            for name, bind in made.binds.items()
            if (write := bind.type.dialect_impl(named).bind_processor(named)) is not None
        )
        columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        readers = tuple(
            (i, read)
            for i, column in enumerate(columns)
            if (read := column.type.dialect_impl(named).result_processor(named, None)) is not None
        )
        return cls(made.string, dict(made.params), writers, readers)

    def read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row with its values as the models have them."""
        values = list(row)
        for i, read in self.readers:
            values[i] = read(values[i])
        return tuple(values)
