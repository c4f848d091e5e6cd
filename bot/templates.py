"""Message templates: which fields each has, read from the platform, and a notice fitted into them.

The limits of fields are those of the platform's page 模板消息 (47003 when one is broken).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import datetime

from bot.client import Template
from bot.platform_errors import CallFailed
from bot.texts import templates as texts
from core.clock import local

FIELD = re.compile(r"\{\{(\w+)\.DATA\}\}")
_KIND = re.compile(r"([a-z_]+?)\d*")
_LINK = re.compile(r"<a [^>]*>([^<]*)</a>")

AGE = 3600
FAILED_PAUSE = 60
THING = 20


def fill(template: Template, text: str, *, number: int, at: datetime) -> dict[str, str] | None:
    """The values of a template's fields for this text, or None when it has a field we have nothing for.

    Lines go into `thing` fields one by one, cut to what fits; times show `at`, numbers show `number`.
    """
    lines = [line.strip() for line in _LINK.sub(r"\1", text).splitlines() if line.strip()]
    values: dict[str, str] = {}
    for name in FIELD.findall(template.content):
        found = _KIND.fullmatch(name)
        kind = found[1] if found else ""
        if kind == "thing":
            values[name] = _cut(lines.pop(0)) if lines else texts.REST
        elif kind in ("time", "date"):
            values[name] = f"{local(at):%Y年%-m月%-d日 %H:%M}"
        elif kind in ("character_string", "number"):
            values[name] = str(number)
        elif kind == "phrase":
            values[name] = texts.NEWS
        elif kind not in ("first", "remark"):  # shown no more, and not needed
            return None
    return values or None


def _cut(line: str) -> str:
    return line if len(line) <= THING else line[: THING - 1] + "…"


class Templates:
    """The account's templates, asked for at most once an hour in a process."""

    def __init__(self, ask: Callable[[], list[Template]]) -> None:
        self._ask = ask
        self._guard = threading.Lock()
        self._known: dict[str, Template] = {}
        self._failure: CallFailed | None = None
        self._until = 0.0

    def find(self, template_id: str) -> Template | None:
        """The template, or None when the account has none of this id. Raises CallFailed, then for a minute."""
        with self._guard:
            if time.monotonic() >= self._until:
                self._read()
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            return self._known.get(template_id)

    def _read(self) -> None:
        try:
            self._known = {one.id: one for one in self._ask()}
            self._failure = None
            self._until = time.monotonic() + AGE
        except CallFailed as error:
            self._failure = error
            self._until = time.monotonic() + FAILED_PAUSE
