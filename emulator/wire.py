"""The wire: a bounded log of every callback and API call, with secrets shortened."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

Json = dict[str, Any]

SECRET_QUERY = frozenset({"access_token", "secret", "refresh_token", "appsecret"})
SECRET_JSON = re.compile(
    r'("(?:access_token|secret|appsecret|refresh_token|ticket_secret)"\s*:\s*")([^"]{4})[^"]*(")'
)
BODY_LIMIT = 20_000


def shorten_query(query: str) -> str:
    """The query string with tokens and secrets cut to their first characters."""
    if not any(name + "=" in query for name in SECRET_QUERY):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(k, v[:6] + "…" if k in SECRET_QUERY else v) for k, v in pairs], safe="…")


def printable(body: bytes, mime: str = "") -> str:
    """A body as text for the log: binary ones by size and kind, secrets shortened."""
    if not body:
        return ""
    if mime.startswith(("image/", "audio/", "video/", "multipart/", "application/octet-stream")):
        return f"<{len(body)} bytes {mime.split(';')[0]}>"
    text = body[:BODY_LIMIT].decode("utf-8", "replace")
    return SECRET_JSON.sub(r"\1\2…\3", text)


class Wire:
    """A ring of entries; `listen` hears each new or changed one."""

    def __init__(self, enabled: bool, limit: int, listen: Callable[[Json], None]) -> None:
        self.enabled = enabled
        self.entries: deque[Json] = deque(maxlen=limit)
        self.counts: dict[str, int] = {}
        self.seq = 0
        self.listen = listen

    def add(self, **entry: Any) -> None:
        if not self.enabled:
            return
        self.seq += 1
        row = {
            "id": self.seq,
            "query": "",
            "request": "",
            "decrypted": "",
            "response": "",
            "response_decrypted": "",
            "status": 0,
            "errcode": None,
            "attempt": 1,
            "verdict": "",
            **entry,
        }
        self.entries.append(row)
        self.listen(row)

    def after(self, number: int, limit: int) -> list[Json]:
        """Up to `limit` newest entries with an id above `number`, oldest first."""
        found: list[Json] = []
        for row in reversed(self.entries):
            if row["id"] <= number or len(found) >= limit:
                break
            found.append(row)
        return found[::-1]

    def clear(self) -> None:
        self.entries.clear()
        self.counts.clear()


def errcode_of(body: bytes) -> int | None:
    """The errcode in a JSON answer, or None."""
    if not body.startswith(b"{") or b"errcode" not in body[:4000]:
        return None
    try:
        value = json.loads(body)
    except ValueError:
        return None
    code = value.get("errcode") if isinstance(value, dict) else None
    return code if isinstance(code, int) else None
