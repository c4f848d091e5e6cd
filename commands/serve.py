"""The web server."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import signal
from typing import Any

import click

from commands._process import die_with_supervisor, need_free_port, wait_for_redis
from core import log, metrics_dir, redis_server, schema, sealed_rows
from core.config import Config, ConfigError, load
from core.db import make_engine
from core.process import die_with_parent


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Listen here instead of web.port.")
@wait_for_redis
def command(port: int | None, wait_for_redis: bool) -> None:
    """Serve the callback (/wechat), the pages, /healthz, /readyz and /metrics.

    Refuses to start without secrets or with tables that are not at the newest version. Where redis.url is empty and
    no embedded Redis runs yet, starts one and stops it again at the end.
    """
    die_with_supervisor()
    config = load()
    ready_to_serve(config)
    need_free_port(config.web.host, port or config.web.port, "web.port")
    log.setup(config)
    metrics_dir.use(config)
    try:
        with redis_server.running(config, wait=wait_for_redis):
            serve(config, port or config.web.port)
    except redis_server.RedisServerError as error:
        raise click.ClickException(str(error)) from None


def ready_to_serve(config: Config) -> None:
    """Raise with what is missing: secrets by name, migrations, or the keys of what is in the database."""
    if missing := config.missing_secrets():
        raise ConfigError(
            "\n".join(
                f"{path}: missing; set NIANGJIA_{path.upper().replace('.', '__')} "
                f"or put it into {config.data_dir / 'secrets' / path.replace('.', '__')}"
                for path in missing
            )
        )
    engine = make_engine(config)
    try:
        if not schema.at_head(engine):
            raise click.ClickException(
                f"the database is at {schema.current(engine) or 'nothing yet'}, the program needs {schema.head()}: "
                "run ./niangjia migrate"
            )
        if not sealed_rows.can_be_opened(config, engine):
            raise ConfigError(
                "security.field_keys: the database holds what none of these keys opens; put the key that sealed it "
                "behind the new one, after a comma"
            )
    finally:
        engine.dispose()


def serve(config: Config, port: int, target: str = "wsgi:create_app") -> None:
    """Run the HTTP server with the settings of `web` until a signal ends it; `target` makes the application."""
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    gc.freeze()  # what is loaded so far is shared with the forked processes
    Server(
        target,
        address=config.web.host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=config.web.processes,
        blocking_threads=config.web.threads,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=10,  # answers leave within five seconds; then there is nothing left to wait for
        log_level=LogLevels[config.log.level],
        log_dictconfig={
            "formatters": {},
            "handlers": {},
            "loggers": {"_granian": {"propagate": True}},
        },  # to ours
        factory=True,
    ).serve(target_loader=_load)


def _load(target: str) -> Any:
    """Make the application in a fresh process of the server.

    It is killed with the server: until granian has set its own, the handler inherited from the server swallows the
    signal that ends it, and what outlives its server keeps the port from the next one. Any message survives kill -9.
    """
    server = multiprocessing.parent_process()
    die_with_parent(signal.SIGKILL, parent=server.pid if server else None)
    gc.set_threshold(20_000, 20, 20)  # a message leaves nothing behind that only the collector could find
    log.setup(load())
    module, _, factory = target.partition(":")
    return getattr(importlib.import_module(module), factory)()
