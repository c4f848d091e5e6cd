"""The pages on a port, for a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import make_server

from core.config import Config
from tests.processes import free_port
from tests.web.mobile.hall import Hall, open_hall


@contextmanager
def served(config: Config) -> Iterator[tuple[Hall, str]]:
    """A hall and its address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with open_hall(config, base) as hall:
        server = make_server("127.0.0.1", port, hall.account.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield hall, base
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
