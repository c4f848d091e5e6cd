"""Small helpers about processes and ports that several commands share."""

from __future__ import annotations

import os
import socket

import click

from core.process import die_with_parent

wait_for_redis = click.option(
    "--wait-for-redis",
    is_flag=True,
    help="Start no embedded Redis; wait for the one that ./niangjia redis runs.",
)


def die_with_supervisor() -> None:
    """The same, if a supervisor started us: without it nobody would stop us any more."""
    if "SUPERVISOR_ENABLED" in os.environ:
        die_with_parent()


def need_free_port(host: str, port: int, key: str, option: str = "--port") -> None:
    """Fail with one line that names the option and the setting to change unless we could listen here."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: a socket in TIME_WAIT is no hindrance
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            raise click.ClickException(f"may not listen on {host}:{port}: choose {key} above 1023") from None
        except OSError as error:
            why = "is taken by another program" if error.errno == 98 else f"can't be used ({error.strerror})"
            variable = f"NIANGJIA_{key.upper().replace('.', '__')}"
            raise click.ClickException(
                f"{host}:{port} {why}: stop it, or choose another with {option}, or {key} (config.yaml or {variable})"
            ) from None
