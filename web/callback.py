"""/wechat over WSGI. In front of Flask: routing and request objects would cost as much as the bot itself
(docs/decisions/0001-callback.md)."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from bot.callback import Answer, Bot

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/wechat"
FIELDS = 20
"""So many a query string may have; the platform sends seven at most."""


def mount(app: WSGIApplication, bot: Bot) -> WSGIApplication:
    """The application with the callback in front of it."""

    def entrance(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return app(environ, start_response)
        answer = _answer(environ, bot)
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body)))]
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]  # granian sends a list as it is; for anything else it comes back for more

    return entrance


def _answer(environ: WSGIEnvironment, bot: Bot) -> Answer:
    try:
        query = _parsed(environ.get("QUERY_STRING", ""))
    except ValueError:
        return bot.refuse(400, "bad query string")
    match environ["REQUEST_METHOD"]:
        case "GET" | "HEAD":
            return bot.verify(query)
        case "POST":
            limit = bot.config.limits.body_bytes
            length = environ.get("CONTENT_LENGTH") or ""
            if length.isdecimal() and int(length) > limit:
                return bot.refuse(413, "body too large")
            return bot.receive(query, lambda: _read(environ["wsgi.input"], limit + 1, length))
    return bot.refuse(405, "bad method")


def _parsed(query: str) -> dict[str, str]:
    """The fields of a query string. Raises ValueError for more than 20."""
    if "%" in query or "+" in query:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS))
    pairs = query.split("&", FIELDS)
    if len(pairs) > FIELDS:
        raise ValueError(query)
    return dict([pair.partition("=")[::2] for pair in pairs if pair])


def _read(stream: Any, most: int, length: str) -> bytes:
    """The body, or as much of it as shows that it is too long; it may come in pieces and without a length."""
    body: bytes = stream.read(most)
    while body and len(body) < most and str(len(body)) != length:
        piece = stream.read(most - len(body))
        if not piece:
            break
        body += piece
    return body
