"""A form: its questions in order, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy.orm import Session

from bot.texts import forms as texts
from core.config import Config
from forms.answers import Given, Json
from forms.fields.base import Field
from forms.fields.photos import PHOTOS, Photos
from rules.matchmaking import photos


class Asker(Protocol):
    """Who fills a form in, and where to look things up: a chat is one."""

    @property
    def db(self) -> Session: ...
    @property
    def worker_id(self) -> int: ...
    @property
    def now(self) -> datetime: ...
    @property
    def config(self) -> Config: ...


Migration = Callable[[dict[str, Json]], dict[str, Json]]
"""Stored answers of one version -> of the next. What it leaves out is asked again."""


@dataclass(frozen=True)
class Confirm:
    """The summary before a submit. `shows` says of some answers, by key, more than they say themselves, `after` what
    follows from all of them; `hint` is the item named in "改 8"."""

    head: str = texts.CONFIRM_HEAD
    shows: Callable[[Given], Mapping[str, str]] | None = None
    after: Callable[[Given], str] | None = None
    hint: str = ""


@dataclass(frozen=True)
class Form:
    """Declared once; asked in chat by `forms.engine`, and free of anything that only a chat has.

    `version` grows with every change of the fields' meaning; `migrations[n]` turns answers of version n into
    those of n + 1. `check` looks at all answers together and names the items that do not fit. `deadline` runs
    from the last message; the draft is kept for `keep` after it. Without `confirm` it submits after the last
    question. `context` gives what prompts, choices and checks look up in the database (`Given.context`); it is
    called for each message, so whatever costs anything in it must be lazy.
    """

    name: str
    title: str
    version: int
    fields: tuple[Field, ...]
    _: KW_ONLY
    check: Callable[[Given], Mapping[str, str]] | None = None
    migrations: Mapping[int, Migration] = field(default_factory=lambda: MappingProxyType({}))
    deadline: timedelta = timedelta(minutes=30)
    keep: timedelta = timedelta(days=7)
    confirm: Confirm | None = Confirm()
    leave: str = "不填了"
    context: Callable[[Asker], Mapping[str, Any]] | None = None

    def look(self, asker: Asker) -> Mapping[str, Any]:
        """What its functions see of the world: its `context`, and the photos given so far where it asks for some."""
        found = self.context(asker) if self.context is not None else {}
        if any(isinstance(one, Photos) for one in self.fields):
            found = {**found, PHOTOS: photos.given(asker.db, asker.worker_id)}
        return found

    @cached_property
    def by_key(self) -> Mapping[str, Field]:
        """The fields by their keys."""
        return {item.key: item for item in self.fields}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Where each field stands."""
        return {item.key: place for place, item in enumerate(self.fields)}
