"""Migrations."""

from __future__ import annotations

import subprocess
import sys

import click

from core import migrate, schema
from core.config import ROOT, Config, load
from core.db import make_engine


@click.command()
@click.option(
    "--check", is_flag=True, help="Change nothing; fail unless the tables are at the newest version."
)
@click.option("--sql", is_flag=True, help="Change nothing; print the statements.")
@click.option("--new", metavar="MESSAGE", help="For developers: write the next migration from the models.")
def command(check: bool, sql: bool, new: str | None) -> None:
    """Bring the database's tables to the newest version: all steps or none. Safe to repeat."""
    config = load()
    engine = make_engine(config)
    try:
        if sql:
            migrate.upgrade(config.database_url, sql=True)
        elif new:
            _new(config, new)
        else:
            _upgrade(config, schema.current(engine), check)
    except migrate.MigrationError as error:
        raise click.ClickException(str(error)) from None
    finally:
        engine.dispose()


def _upgrade(config: Config, before: str | None, check: bool) -> None:
    if before == schema.head():
        print(f"at {before}, the newest version")
    elif check:
        raise click.ClickException(
            f"the database is at {before}, not at {schema.head()}: run ./niangjia migrate"
        )
    else:
        migrate.upgrade(config.database_url)
        print(f"from {before or 'empty'} to {schema.head()}")


def _new(config: Config, message: str) -> None:
    from models import Base

    file = migrate.new(config.database_url, Base.metadata, message)
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(file)], check=False, cwd=ROOT)
    print(f"read it, then commit it: {file.relative_to(ROOT)}")
