"""Imports go one way (docs/architecture.md). A change that needs another arrow wants a talk first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import ROOT

BELOW: dict[str, set[str]] = {
    "core": set(),
    "models": {"core"},
    "qr": {"core"},
    "rules": {"models", "qr", "core"},
    "bot": {"rules", "models", "qr", "core"},
    "forms": {"rules", "bot", "models", "qr", "core"},
}
INSIDE = set(BELOW) | {"forms"}
# Entrances never import each other.
BELOW |= dict.fromkeys(("handlers", "web", "tasks"), INSIDE)
BELOW["wsgi"] = {"handlers", "web", "tasks"} | INSIDE
BELOW["demo"] = {"rules", "models", "qr", "core"}
BELOW["commands"] = {"wsgi", "handlers", "web", "tasks", "demo"} | INSIDE
BELOW["migrations"] = set()
BELOW["emulator"] = set()
OURS = set(BELOW) | {"bench", "tests"}
EXCEPTIONS = {
    ("commands/emulator.py", "emulator"),  # the command that starts it
    ("commands/bench.py", "bench"),
}


def files(package: str) -> list[Path]:
    if (ROOT / f"{package}.py").is_file():
        return [ROOT / f"{package}.py"]
    return sorted((ROOT / package).rglob("*.py"))


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Each top-level package a file imports, inside functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module.partition(".")[0]


@pytest.mark.parametrize("package", sorted(BELOW))
def test_imports_go_one_way(package: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in files(package)
        for line, name in imported(file)
        if name in OURS
        and name != package
        and name not in BELOW[package]
        and (str(file.relative_to(ROOT)), name) not in EXCEPTIONS
    ]
    assert wrong == []


def test_every_package_is_in_the_table() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {
        path.stem for path in ROOT.glob("*.py")
    }
    assert found - OURS == set()


def test_the_emulator_signs_and_encrypts_by_itself() -> None:
    """A mistake in WeRoBot's or our crypto must not be repeated on the other side of the wire."""
    assert [n for file in files("emulator") for _, n in imported(file) if n in ("werobot", "wechatpy")] == []


def test_migrations_are_frozen() -> None:
    """A model changes; what a migration once did must not. Only SQLAlchemy and Alembic are imported there."""
    allowed = {"__future__", "sqlalchemy", "alembic", "datetime", "json"}
    for file in (ROOT / "migrations" / "versions").glob("*.py"):
        assert {name for _, name in imported(file)} <= allowed, file.name
