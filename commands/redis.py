"""The embedded Redis as a process of its own, for a supervisor."""

from __future__ import annotations

import os

import click

from commands._process import die_with_supervisor
from core import redis_server
from core.config import load


@click.command()
def command() -> None:
    """Run the embedded Redis in the foreground, on a socket in data.dir, until it is stopped."""
    config = load()
    if config.redis.url:
        raise click.ClickException("redis.url is set, so there is no embedded Redis to run")
    if redis_server.answers(config.redis_url):
        raise click.ClickException(f"a Redis answers already at {config.redis_url}")
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        argv = redis_server.command(config)
    except redis_server.RedisServerError as error:
        raise click.ClickException(str(error)) from None
    die_with_supervisor()
    os.execv(argv[0], argv)  # noqa: S606 - the command line is ours
