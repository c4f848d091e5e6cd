"""The keys that seal what identifies a person."""

from __future__ import annotations

from collections.abc import Iterator

import click
from sqlalchemy import Engine

from commands._help import Group
from commands._office import office, table
from core import reseal, sealed_files
from core.config import Config, load
from core.crypto import ring
from core.reseal import State
from models import Base
from rules.matchmaking import photos

PHOTOS = "照片文件"


@click.group(cls=Group)
def command() -> None:
    """Change the key of sealed fields: put a new one first in security.field_keys, restart, rotate, drop the old."""


@command.command()
def status() -> None:
    """How many sealed values have the newest key, and how many an older one or none that is known (exit code 1)."""
    config = load()
    with office(config) as engine:
        states = list(_states(config, engine))
    table(
        ("表", "字段", "最新的钥匙", "旧钥匙", "打不开"),
        [(one.table, one.column, one.newest, one.older, one.unknown) for one in states],
    )
    if lost := sum(one.unknown for one in states):
        raise click.ClickException(f"{lost} 个值打不开：它们的钥匙不在 security.field_keys 里。")
    older = sum(one.older for one in states)
    click.echo(f"还有 {older} 个值用着旧钥匙。" if older else "都用着最新的钥匙，旧的可以去掉。")


@command.command()
def rotate() -> None:
    """Seal everything that has an older key again with the newest one, photos too. May be stopped and begun again."""
    config = load()
    with office(config) as engine:
        counts: dict[str, int] = {}

        def done(name: str, count: int) -> None:
            counts[name] = counts.get(name, 0) + count

        total = reseal.rotate(engine, Base.metadata, ring(), done=done)
        if files := sealed_files.rotate(photos.folder(config), ring()):
            done(PHOTOS, files)
        left = [one for one in _states(config, engine) if one.older or one.unknown]
    for name, count in counts.items():
        click.echo(f"{name}: {count}")
    if left:
        raise click.ClickException("还有用旧钥匙或打不开的值，看 ./niangjia keys status，再跑一次。")
    click.echo(f"重新封好 {total + files} 个值，都用着最新的钥匙，旧的可以去掉。")


def _states(config: Config, engine: Engine) -> Iterator[State]:
    """What is sealed: each column, and the files of photos."""
    yield from reseal.state(engine, Base.metadata, ring())
    counts = sealed_files.state(photos.folder(config), ring())
    yield State(PHOTOS, "", counts["newest"], counts["older"], counts["unknown"])
