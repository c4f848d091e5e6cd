"""Which version the database's tables have, without loading the migration tool into every serving process."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from core.config import ROOT

VERSIONS = ROOT / "migrations" / "versions"


@cache
def head(folder: Path = VERSIONS) -> str | None:
    """The newest migration in the code; there is exactly one, since the chain never forks."""
    before: set[str] = set()
    known: set[str] = set()
    for file in folder.glob("*.py"):
        names = _constants(file)
        if revision := names.get("revision"):
            known.add(revision)
            before.add(names.get("down_revision") or "")
    heads = known - before
    if len(heads) > 1:
        raise RuntimeError(f"migrations fork: {', '.join(sorted(heads))} all come last")
    return heads.pop() if heads else None


def _constants(file: Path) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant):
                found[target.id] = node.value.value if isinstance(node.value.value, str) else None
    return found


def current(engine: Engine) -> str | None:
    """The migration the database is at; None for an empty one."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as db:
        return db.execute(text("SELECT version_num FROM alembic_version")).scalar()


def at_head(engine: Engine) -> bool:
    """Whether the database has every migration of this code, and none of a later one."""
    return current(engine) == head()
