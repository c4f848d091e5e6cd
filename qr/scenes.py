"""What a WeChat QR code says when it is scanned: one small type per kind of code, and its scene string.

A scene string is ``<prefix>-<field>[-<field>…]``, at most 64 characters, letters, digits, ``-`` and ``_`` only:
nothing more is sure to pass the platform unchanged. Every field type has one way to be written, so a payload has
exactly one string and a string at most one payload. A new kind is a class of three lines:

    @dataclass(frozen=True)
    class SeatScene(Scene, prefix="seat"):
        exam: Number
        token: Token
"""

from __future__ import annotations

import inspect
import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar, get_args, get_type_hints

MAX_LENGTH = 64  # characters of scene_str, in temporary and permanent codes
FOLLOW_PREFIX = "qrscene_"  # WeChat puts it before the scene when the scan made the person follow

# 16 bytes in base64url without padding; the 22nd character carries two bits, so only four letters can stand there.
Token = Annotated[str, r"[A-Za-z0-9_-]{21}[AQgw]", 22]
Number = Annotated[int, r"(?:0|[1-9][0-9]{0,17})", 18]

_kinds: dict[str, type[Scene]] = {}


def new_token() -> str:
    """Return 128 random bits as a `Token`."""
    return secrets.token_urlsafe(16)


class Scene:
    """What all scenes share. A kind of scene is a frozen dataclass that names its prefix and its fields."""

    prefix: ClassVar[str]
    _types: ClassVar[dict[str, type]]
    _pattern: ClassVar[re.Pattern[str]]

    def __init_subclass__(cls, *, prefix: str) -> None:
        """Refuse, when the class is made, a prefix that is taken or a scene that could get too long."""
        if not re.fullmatch("[a-z]{1,12}", prefix):
            raise TypeError(f"{cls.__name__}: a prefix is 1 to 12 small letters, not {prefix!r}")
        if prefix in _kinds:
            raise TypeError(f"{cls.__name__}: prefix {prefix!r} is taken by {_kinds[prefix].__name__}")
        hints = get_type_hints(cls, include_extras=True)
        fields = {name: get_args(hints[name]) for name in inspect.get_annotations(cls)}
        if not fields or any(len(field) != 3 for field in fields.values()):
            raise TypeError(
                f"{cls.__name__}: every field of a scene is a Token or a Number, and there is at least one"
            )
        if len(prefix) + sum(1 + longest for _, _, longest in fields.values()) > MAX_LENGTH:
            raise TypeError(f"{cls.__name__}: the longest scene is over {MAX_LENGTH} characters")
        cls.prefix = prefix
        cls._types = {name: kind for name, (kind, _, _) in fields.items()}
        cls._pattern = re.compile(
            "-".join([prefix, *(f"(?P<{name}>{p})" for name, (_, p, _) in fields.items())])
        )
        _kinds[prefix] = cls

    def __post_init__(self) -> None:
        """Refuse a payload that its string could not give back."""
        if not self._pattern.fullmatch(self.pack()):
            raise ValueError(
                f"{type(self).__name__}: a field is not what its type allows"
            )  # a token is not for logs

    def pack(self) -> str:
        """Return the scene string, the only one of this payload."""
        return "-".join([self.prefix, *(str(getattr(self, name)) for name in self._types)])


def unpack(event_key: str | None) -> Scene | None:
    """Return what was scanned, or None for anything that we never packed. Never raises, whatever comes.

    Takes the EventKey of a ``SCAN`` event (bare) as well as of a ``subscribe`` event (with ``qrscene_``).
    """
    if not isinstance(event_key, str) or len(event_key) > len(FOLLOW_PREFIX) + MAX_LENGTH:
        return None
    return _unpacked(event_key.removeprefix(FOLLOW_PREFIX))


@lru_cache(4096)  # at a fair thousands scan the same codes
def _unpacked(text: str) -> Scene | None:
    kind = _kinds.get(text.partition("-")[0])
    match = kind._pattern.fullmatch(text) if kind else None
    if kind is None or match is None:
        return None
    return kind(**{name: field(match[name]) for name, field in kind._types.items()})


@dataclass(frozen=True)
class CardScene(Scene, prefix="card"):
    """A card on a wall. The token is the card's own and says nothing by itself; a re-issued card has a new one."""

    token: Token


@dataclass(frozen=True)
class CheckInScene(Scene, prefix="checkin"):
    """The poster at the door of an event: whoever scans it is there."""

    event_token: Token


@dataclass(frozen=True)
class LoginScene(Scene, prefix="login"):
    """The code on a login page. Scanning it opens nothing: the browser's own secret is the other half."""

    token: Token


@dataclass(frozen=True)
class BindScene(Scene, prefix="bind"):
    """The code by which a member of staff says which WeChat is theirs."""

    token: Token
