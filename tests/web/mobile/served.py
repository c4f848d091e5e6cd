"""The pages on a port, for a real browser."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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

        def app(environ: Any, start_response: Any) -> Any:
            # this server's input does not end with the body, unlike that of a real one
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return hall.account.app(environ | {"wsgi.input": io.BytesIO(body)}, start_response)

        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield hall, base
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
