"""What the platform remembers, one class per noun. Compact: a million people must fit."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

Json = dict[str, Any]


def loads(raw: str | bytes) -> Any:
    """What a JSON text says. Raises ValueError for what is none, or nested deeper than anybody reads."""
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("nested too deeply") from None


COLOURS = ("#4c8bf5", "#f2994a", "#27ae60", "#9b51e0", "#eb5757", "#2d9cdb", "#bb6b3c", "#219653")
STEMS = "甲乙丙丁戊己庚辛壬癸"


def openid_for(app_id: str, number: int) -> str:
    """The OpenID of person `number` at this account: stable, 28 characters, starts with o."""
    digest = hashlib.sha256(f"{app_id}:{number}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]


class Record:
    """Saves and loads its slots as a JSON object, leaving out what is None."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, **values: Any) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def dump(self) -> Json:
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


class Person(Record):
    """One WeChat user as this account may meet them; `extra` holds the rare rest."""

    __slots__ = (
        "bulk",
        "chat",
        "extra",
        "following",
        "id",
        "name",
        "openid",
        "qr",
        "scene",
        "subscribe_time",
        "unread",
        "windows",
    )

    id: int
    openid: str
    name: str | None
    bulk: bool | None
    following: bool | None
    subscribe_time: int | None
    scene: str | None
    qr: str | None
    windows: dict[str, list[float]] | None
    unread: int | None
    chat: list[Message] | None
    extra: Json | None

    def __init__(self, number: int, openid: str, name: str | None = None, bulk: bool | None = None) -> None:
        self.id = number
        self.openid = openid
        self.name = name
        self.bulk = bulk
        self.following = None
        self.subscribe_time = None
        self.scene = None
        self.qr = None
        self.windows = None
        self.unread = None
        self.chat = None
        self.extra = None

    @property
    def nickname(self) -> str:
        if self.name:
            return self.name
        return f"手机{STEMS[self.id - 1]}" if self.id <= len(STEMS) else f"手机{self.id}"

    @property
    def colour(self) -> str:
        return COLOURS[self.id % len(COLOURS)]

    def rest(self) -> Json:
        """The dictionary of rarely used facts (remark, tags, credits …), made when first written."""
        if self.extra is None:
            self.extra = {}
        return self.extra

    def fact(self, name: str, default: Any = None) -> Any:
        return default if self.extra is None else self.extra.get(name, default)

    def public(self) -> Json:
        return {
            "id": self.id,
            "openid": self.openid,
            "nickname": self.nickname,
            "colour": self.colour,
            "following": bool(self.following),
            "unread": self.unread or 0,
        }


class Message(Record):
    """One bubble, card or grey line in a chat."""

    __slots__ = ("at", "id", "kind", "more", "person", "side", "text")

    id: int
    person: int
    side: str
    at: float
    kind: str
    text: str
    more: Json | None

    def __init__(
        self,
        number: int,
        person: int,
        side: str,
        at: float,
        kind: str,
        text: str = "",
        more: Json | None = None,
    ) -> None:
        self.id = number
        self.person = person
        self.side = side
        self.at = at
        self.kind = kind
        self.text = text
        self.more = more

    def public(self) -> Json:
        return {
            "id": self.id,
            "person": self.person,
            "side": self.side,
            "at": self.at,
            "kind": self.kind,
            "text": self.text,
            "articles": [],
            "image_url": "",
            "head": "",
            "items": [],
            "tail": "",
            "fields": [],
            "url": "",
            "note": "",
            **(self.more or {}),
        }


class Token(Record):
    """An access token of one pool; `ends_at` moves closer when another replaces it."""

    __slots__ = ("ends_at", "expires_at", "issued_at", "pool", "value")

    value: str
    pool: str
    issued_at: float
    expires_at: float
    ends_at: float | None


class Ticket(Record):
    """A QR code with a scene; `expires_at` is None for a permanent one."""

    __slots__ = ("code", "created_at", "expires_at", "scene", "ticket")

    ticket: str
    code: str
    scene: str
    created_at: float
    expires_at: float | None


class Media(Record):
    """An uploaded file; temporary ones expire after three days."""

    __slots__ = (
        "created_at",
        "introduction",
        "kind",
        "media_id",
        "mime",
        "name",
        "permanent",
        "size",
        "title",
    )

    media_id: str
    kind: str
    name: str
    mime: str
    created_at: float
    permanent: bool | None
    title: str | None
    introduction: str | None
    size: int


class OwnedTemplate(Record):
    """A template message or subscription notice template of the account."""

    __slots__ = ("content", "kind", "long_term", "template_id", "title")

    template_id: str
    kind: str
    title: str
    content: str
    long_term: bool | None


class Job(Record):
    """An event that is pushed later, by the platform's clock."""

    __slots__ = ("due", "event", "fields", "number", "person")

    due: float
    number: int
    person: int
    event: str
    fields: list[Any]

    def __lt__(self, other: Job) -> bool:
        return (self.due, self.number) < (other.due, other.number)
