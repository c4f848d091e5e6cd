"""The audit: whether every row is as it was written."""

from __future__ import annotations

import re

import click
from sqlalchemy.orm import Session

from commands._help import Group
from commands._office import office
from core.config import load
from rules import audit

WHY = {
    "changed": "内容被改过",
    "moved": "它前面的那一条不对，顺序被动过",
    "missing": "这一条不见了",
    "cut": "和记下的末尾对不上",
}


@click.group(cls=Group)
def command() -> None:
    """Check what staff did: every row is chained to the one before it."""


@command.command()
@click.option(
    "--known",
    metavar="NUMBER:DIGEST",
    help="What this said once before; proves that no rows were cut off since.",
)
def verify(known: str | None) -> None:
    """Read the whole audit and say whether a row was changed, moved or lost; the exit code is then 1.

    Keep what it says at the end outside this machine and give it with --known the next time.
    """
    mark = None
    if known is not None:
        found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", known)
        if found is None:
            raise click.UsageError("--known is NUMBER:DIGEST, as verify prints it")
        mark = (int(found[1]), found[2])
    with office(load()) as engine, Session(engine) as db:
        number, digest = audit.head(db)
        fault = audit.verify(db, known=mark)
    if fault:
        raise click.ClickException(f"操作记录第 {fault.number} 条有问题：{WHY[fault.why]}。")
    click.echo(f"操作记录 {number} 条，前后相连，没有改动。请抄到别处：{number}:{digest}")
