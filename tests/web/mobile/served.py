"""The pages on a port, for a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.config import Config
from tests.processes import free_port
from tests.web.mobile.hall import Hall, open_hall
from tests.web.serving import on_port


@contextmanager
def served(config: Config) -> Iterator[tuple[Hall, str]]:
    """A hall and its address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with open_hall(config, base) as hall, on_port(hall.account.app, port):
        yield hall, base
