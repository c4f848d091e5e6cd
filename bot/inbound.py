"""A message or event as the rest of the program sees it: checked, typed, with the key that makes it act once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from werobot.messages.events import WeChatEvent

_NAME = re.compile(r"[A-Za-z0-9_@.-]+")


class Malformed(Exception):
    """Well-formed or not, this is no message of the platform."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message. `kind` is the MsgType, or "event:" and the event's name in lower case.

    `key` is FromUserName + MsgId, or FromUserName + CreateTime + Event + EventKey where there is none: the pages
    接收普通消息 and 接收事件推送 say so; Event and EventKey are added since two events may share a second.
    """

    openid: str
    account: str
    key: str
    kind: str
    at: int
    text: str = ""
    tap: str = ""
    event_key: str = ""
    media_id: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """What a log may call it."""
        return name_of(self.key)


def name_of(key: str) -> str:
    """A message's key without what it tells of a person or a code."""
    openid, _, rest = key.partition(":")
    return f"…{openid[-6:]}:{':'.join(rest.split(':')[:2])}"


def read(message: Any) -> Inbound:
    """Type the message that WeRoBot parsed. Raises Malformed when something needed is missing or not text."""
    # not the properties of the message class: an element of the same name in the XML would shadow them
    raw: dict[str, Any] = message.__dict__
    openid = _word(raw, "FromUserName")
    account = _word(raw, "ToUserName")
    at = _integer(raw, "CreateTime")
    kind = raw.get("type")
    if not isinstance(kind, str) or not 0 < len(kind) <= 64:
        raise Malformed("MsgType")
    if isinstance(message, WeChatEvent):
        name = kind.removesuffix("_event")
        event_key = _text(raw, "EventKey", 512)
        job = _text(raw, "MsgID", 32)
        return Inbound(
            openid=openid,
            account=account,
            key=_key(f"{openid}:{at}:{name}:{event_key}{job}"),
            kind=f"event:{name}",
            at=at,
            event_key=event_key,
            raw=raw,
        )
    number = _text(raw, "MsgId", 32)
    if not number.isdecimal():
        raise Malformed("MsgId")
    return Inbound(
        openid=openid,
        account=account,
        key=f"{openid}:{number}",
        kind=kind,
        at=at,
        text=_text(raw, "Content", 1 << 16),
        tap=_text(raw, "bizmsgmenuid", 200),
        media_id=_text(raw, "MediaId", 500),
        raw=raw,
    )


def _text(raw: dict[str, Any], name: str, limit: int) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limit:
        raise Malformed(name)
    return value


def _word(raw: dict[str, Any], name: str) -> str:
    value = _text(raw, name, 64)
    if not _NAME.fullmatch(value):
        raise Malformed(name)
    return value


def _key(long: str) -> str:
    """At most 200 characters, and different for what differs only behind them: some EventKeys are whole URLs."""
    if len(long) <= 200:
        return long
    return f"{long[:135]}#{hashlib.sha256(long.encode()).hexdigest()}"


def _integer(raw: dict[str, Any], name: str) -> int:
    value = _text(raw, name, 12)
    if not (value.isascii() and value.isdecimal()):
        raise Malformed(name)
    return int(value)
