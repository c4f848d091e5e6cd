"""The console on a port, for a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import make_server

from core.config import Config
from tests.processes import free_port
from tests.web.console.office import Office, open_office


@contextmanager
def served(config: Config) -> Iterator[tuple[Office, str]]:
    """An office and its address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with open_office(config, base) as office:
        server = make_server("127.0.0.1", port, office.account.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield office, base
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
