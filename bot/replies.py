"""What is said back: values that know nothing of the message they answer.

The limits and the link form of taps are those of the platform's page 被动回复用户消息 and of the
customer-service page (a link `weixin://bizmsgmenu` sends its words as a text message with `bizmsgmenuid`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

TEXT_LIMIT = 2048
"""Bytes of UTF-8 that one text may hold, passive or pushed."""

SUCCESS = "success"
"""The body that tells the platform: taken, nothing to show."""

ROW_CELLS = 40
"""How wide a row of taps may stand, in half characters: about what a phone shows in one and a half lines."""

MORE = "更多"
TAP = "weixin://bizmsgmenu"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = re.compile(r"<(?=[a-zA-Z/!])")
_LINK = re.compile(r"(<a [^>]*>[^<]*</a>)")
_TAG = re.compile(r"</?a\b[^>]*>")
_IN_LINK = str.maketrans("", "", "<>\"'&\n\r")


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap inside a text.

    Shows `label`; sends `says` (the label when empty) and carries `id` to the router, or opens `url`.
    """

    label: str
    says: str = ""
    id: str = ""
    url: str = ""

    def render(self) -> str:
        """The link as WeChat reads it."""
        label = _in_link(self.label)
        if self.url:
            return f'<a href="{self.url}">{label}</a>'
        says = _in_link(self.says) if self.says else label
        return f'<a href="{TAP}?msgmenucontent={says}&msgmenuid={self.id or says}">{label}</a>'


@dataclass(frozen=True, slots=True)
class Say:
    """One text with its taps. `is_rendered`: the text has its links in it already and is said as it is."""

    text: str
    taps: tuple[Tap, ...] = ()
    is_rendered: bool = False

    def to_json(self) -> dict[str, Any]:
        """All of it, to be kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Say:
        """What `to_json` gave."""
        return cls(data["text"], tuple(Tap(**tap) for tap in data["taps"]), data["is_rendered"])


@lru_cache(1024)  # nearly all labels are said again and again
def _in_link(text: str) -> str:
    return carried(text).translate(_IN_LINK)


def carried(text: str) -> str:
    """The text without the characters that no XML may hold, wherever they came from."""
    return _NOT_XML.sub("", text)


def clean(text: str) -> str:
    """The text as WeChat can carry it: no characters that XML forbids, and no markup but our own."""
    return _MARKUP.sub("＜", carried(text))


def bare(say: Say) -> str:
    """The words alone, for where no tap of a chat works."""
    return _TAG.sub("", say.text) if say.is_rendered else say.text


def render(*says: Say) -> str:
    """The whole answer with its links, however long."""
    return "\n".join(_lines(says))


def pages(*says: Say) -> list[str]:
    """The answer cut into texts of at most TEXT_LIMIT bytes; all but the last end with a tap for the next.

    Cuts between lines where it can, never inside a character or a link.
    """
    whole = render(*says)
    if len(whole.encode()) <= TEXT_LIMIT:
        return [whole]
    more = "\n" + Tap(MORE).render()
    room = TEXT_LIMIT - len(more.encode())
    result: list[str] = []
    page = ""
    for line in _lines(says):
        for piece in _pieces(line, room):
            longer = f"{page}\n{piece}" if page else piece
            if len(longer.encode()) > room:
                result.append(page)
                longer = piece
            page = longer
    result.append(page)
    return [text + more for text in result[:-1]] + result[-1:]


def _lines(says: tuple[Say, ...]) -> list[str]:
    lines: list[str] = []
    for say in says:
        if lines:
            lines.append("")
        lines += (say.text if say.is_rendered else clean(say.text)).split("\n")
        row, width = "", 0
        for tap in say.taps:
            link, wide = tap.render(), _cells(tap.label)
            if row and width + wide > ROW_CELLS:
                lines.append(row)
                row, width = "", 0
            row = f"{row}  {link}" if row else link
            width += wide + 2
        if row:
            lines.append(row)
    return lines


@lru_cache(1024)
def _cells(label: str) -> int:
    """How wide a label stands on a phone: a Chinese character is two cells."""
    return sum(1 if character < "\u2000" else 2 for character in label)


def _pieces(line: str, room: int) -> list[str]:
    """The line in pieces that fit, cut before a link or between characters."""
    if len(line.encode()) <= room:
        return [line]
    pieces = [""]
    for part in _LINK.split(line):
        raw = part.encode()
        if len(pieces[-1].encode()) + len(raw) > room and (len(raw) <= room or part.startswith("<a ")):
            pieces.append("")
        while len(pieces[-1].encode()) + len(raw) > room:
            piece = raw[: room - len(pieces[-1].encode())].decode(errors="ignore")
            pieces[-1] += piece
            pieces.append("")
            raw = raw[len(piece.encode()) :]
        pieces[-1] += raw.decode()
    return [piece for piece in pieces if piece]
