"""An application on a port, for a real browser."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server


@contextmanager
def on_port(application: Any, port: int) -> Iterator[None]:
    """Serve it in threads of this process."""

    def app(environ: Any, start_response: Any) -> Any:
        # this server's input does not end with the body, unlike that of a real one
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        return application(environ | {"wsgi.input": io.BytesIO(body)}, start_response)

    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
