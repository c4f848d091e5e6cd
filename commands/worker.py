"""The worker."""

from __future__ import annotations

import click

from commands._process import die_with_supervisor, wait_for_redis
from commands.serve import ready_to_serve
from core import log, metrics_dir, redis_server
from core.config import load


@click.command()
@wait_for_redis
def command(wait_for_redis: bool) -> None:
    """Send notices, remind, expire and renew, until stopped. Start as many as needed, on one machine or several."""
    die_with_supervisor()
    config = load()
    ready_to_serve(config)
    log.setup(config)
    metrics_dir.use(config)
    from commands._late import bot_of, left_to_do  # these count, so they come after metrics_dir.use
    from tasks.worker import main

    try:
        with redis_server.running(config, wait=wait_for_redis), bot_of(config) as bot:
            main(config, more_jobs=left_to_do(bot))
    except redis_server.RedisServerError as error:
        raise click.ClickException(str(error)) from None
