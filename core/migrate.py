"""Bring a database's tables to the newest version, or say how they differ from the models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as Alembic
from alembic.util import CommandError
from sqlalchemy import MetaData, make_url

from core.config import ROOT


class MigrationError(Exception):
    """The tables can't be brought up; the message is one line."""


def _alembic(url: str, **attributes: Any) -> Alembic:
    settings = Alembic(attributes={"url": url, **attributes})
    settings.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return settings


def upgrade(url: str, *, to: str = "head", sql: bool = False) -> None:
    """Run every migration the database lacks, all or none. Several processes may call this at once.

    With `sql` nothing is run; the statements are printed for someone who runs them by hand.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        Path(address.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        command.upgrade(_alembic(url), to, sql=sql)
    except CommandError as error:
        raise MigrationError(_line(error)) from error


def downgrade(url: str, to: str) -> None:
    """Undo migrations down to a revision (`base` for all). Data that only newer tables hold is lost."""
    try:
        command.downgrade(_alembic(url), to)
    except CommandError as error:
        raise MigrationError(_line(error)) from error


def check(url: str, metadata: MetaData) -> None:
    """Raise MigrationError, naming what differs, unless the migrated tables equal the models."""
    try:
        command.check(_alembic(url, metadata=metadata))
    except CommandError as error:
        raise MigrationError(_line(error)) from error


def new(url: str, metadata: MetaData, message: str) -> Path:
    """Write the next migration from what differs between the database (at head) and the models; read it before use."""
    numbers = [int(f.name[:4]) for f in (ROOT / "migrations" / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")]
    number = f"{max(numbers, default=0) + 1:04}"
    script: Any = command.revision(
        _alembic(url, metadata=metadata), message, autogenerate=True, rev_id=number
    )
    return Path(script.path)


def _line(error: CommandError) -> str:
    return re.sub(r"\s+", " ", str(error))
