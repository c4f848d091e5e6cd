"""/healthz: the process lives. /readyz: it can do its work. /metrics: what it counted."""

from __future__ import annotations

import contextlib

from flask import Blueprint, Response, jsonify
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from core import metrics, schema
from core.config import Config
from core.redis import LOST, connect


def blueprint(config: Config, engine: Engine) -> Blueprint:
    """The three pages for those who watch over the process."""
    pages = Blueprint("health", __name__)
    redis = connect(config, socket_timeout=2)

    @pages.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @pages.get("/readyz")
    def readyz() -> tuple[Response, int]:
        checks = {"database": False, "redis": False, "migrations": False}
        with contextlib.suppress(SQLAlchemyError):  # the answer itself says which part is missing
            checks["migrations"] = schema.at_head(engine)
            checks["database"] = True
        with contextlib.suppress(*LOST):
            checks["redis"] = bool(redis.ping())
        is_ready = all(checks.values())
        return jsonify(ready=is_ready, **checks), 200 if is_ready else 503

    @pages.get("/metrics")
    def metrics_page() -> Response:
        body, content_type = metrics.render()
        return Response(body, content_type=content_type)

    return pages
