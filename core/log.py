"""Logs: one JSON object a line on stderr, with what is secret or personal left out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from core.config import Config

HIDDEN = "***"

# Keys by which neither a log line nor anything nested in it may show its value.
_SECRET = frozenset(
    {
        *(
            "access_token",
            "app_secret",
            "appsecret",
            "authorization",
            "aes_key",
            "cookie",
            "encoding_aes_key",
        ),
        *("field_keys", "index_key", "jsapi_ticket", "password", "previous_encoding_aes_key", "secret"),
        *("set_cookie", "ticket", "token"),
        *(
            "body",
            "contact",
            "content",
            "id_number",
            "mobile",
            "phone",
            "real_name",
            "text",
            "wechat_id",
            "xml",
        ),
    }
)
_PERSON = frozenset({"openid", "touser", "from_user", "unionid"})
_IN_TEXT = re.compile(r"((?:access_token|secret|token|ticket|password|appsecret)=)[^&\s'\"]+", re.IGNORECASE)

# PostgreSQL quotes the row it refuses, in as many lines as its values have.
_ROW = re.compile(r"(?<=DETAIL:).*?(?=\n\[SQL|\n\n|\nCONTEXT:|\Z)", re.DOTALL)

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what a log must not keep: secrets and personal data altogether, all but the end of an openid."""
    for key, value in event.items():
        event[key] = _masked(key, value)
    return event


def _masked(key: str, value: Any) -> Any:
    if isinstance(value, str):
        name = key.lower()
        if name in _SECRET:
            return HIDDEN
        if name in _PERSON:
            return f"…{value[-6:]}"
        if "DETAIL:" in value:
            value = _ROW.sub(f" {HIDDEN}", value)
        return _IN_TEXT.sub(r"\1" + HIDDEN, value) if "=" in value else value
    if value is None or isinstance(value, bool | int | float):
        return HIDDEN if key.lower() in _SECRET and value is not None else value
    if key.lower() in _SECRET:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(k): _masked(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(key, v) for v in value]
    return _masked(key, str(value))


class _Unfailing:
    """A stream that loses what cannot be written: a full disk must not keep anybody from being answered."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def setup(config: Config) -> None:
    """Send our own and the libraries' logs to stderr at the level set; call once at the start of a process."""
    level = _LEVELS[config.log.level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING) if level > logging.DEBUG else level)


def get(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry this name. Cheap: nothing is resolved before the first line is written."""
    logger: FilteringBoundLogger = structlog.get_logger(area=name)
    return logger
