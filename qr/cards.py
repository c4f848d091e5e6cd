"""A card: what stands on it, and how it is drawn, small on a wall's sheet or large on a page of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final, Literal

from reportlab.lib.units import mm

from qr import words
from qr.fonts import UNKNOWN
from qr.paper import DARK, LEADING, SOFT, WHITE, Paper
from qr.typeset import Fitted

NAME_SIZES: Final = (20, 18, 16, 14, 12)
TRADE_SIZES: Final = (15, 13.5, 12, 10.5)
LINE_SIZES: Final = (
    13,
    12,
    11,
    10,
    9,
    8,
    7,
    6,
)  # the last two for large cards, where all is three times the size


@dataclass(frozen=True)
class PrintedCard:
    """All that hangs on a wall about a person."""

    nickname: str
    age: int
    sex: Literal["f", "m"]
    trade: str
    line: str
    wall: int
    position: str  # on the wall, such as A-17
    code_url: str  # what the code encodes
    section: str = ""  # of the wall, such as 90后
    serial: str = ""  # the card's number, small, for the service desk


@dataclass(frozen=True)
class _Look:
    """How a card says 女 or 男 from afar, in grey too: the band lighter or darker, the mark round or square."""

    ink: str
    text: str
    tint: str
    is_round: bool


_LOOKS: Final = {
    "f": _Look("#d24761", "#b32d49", "#fdeef1", True),
    "m": _Look("#1b4a80", "#1b4a80", "#eaf1f9", False),
}


def content_hash(cards: Sequence[PrintedCard]) -> str:
    """Return eight characters that change when anything printed on these cards does."""
    return hashlib.sha256(repr([astuple(card) for card in cards]).encode()).hexdigest()[:8].upper()


def draw_card(paper: Paper, card: PrintedCard, x: float, top: float, width: float, height: float) -> None:
    """Draw a card for the wall: who and where in the band, the rest below, the code at the right."""
    look = _LOOKS[card.sex]
    band, pad = 15 * mm, 4 * mm
    room = height - band - 2 * pad
    code = room - 4.4 * mm
    column = width - code - 4 * pad
    paper.box(x, top, width, height, look.tint, radius=3 * mm)
    white = code + 2 * pad + 1.2 * mm
    paper.box(x + width - white, top, white, height, WHITE)
    paper.tab(x, top, width, band, 3 * mm, look.ink)
    paper.box(x, top, width, height, look.ink, radius=3 * mm, line=1)

    left, right, upper = x + pad, x + width - pad, top + band + pad
    _mark(paper, card, left, top + 2.5 * mm, 10 * mm)
    paper.text(left + 12.5 * mm, top + 2.6 * mm, words.age(card.age), paper.bold, 27, WHITE)
    paper.text(right, top + 1.9 * mm, card.position, paper.bold, 21, WHITE, "right")
    _place(paper, card, right, top + 9.9 * mm, 10, 44 * mm)

    paper.code(right - code, upper, code, card.code_url)
    paper.text(right - code / 2, upper + code + 1.7 * mm, words.SCAN, paper.regular, 8.5, SOFT, "center")
    serial = paper.clean(card.serial, card.position)
    paper.text(left, top + height - 3.6 * mm, serial, paper.regular, 7, SOFT, most=column)
    _about(paper, card, left, upper - 1 * mm, column, room + 1 * mm, 1)


def draw_poster(paper: Paper, card: PrintedCard, x: float, top: float, width: float, height: float) -> None:
    """Draw a card that fills a page: the same things larger, the code below in the middle."""
    look = _LOOKS[card.sex]
    band, pad, code = 50 * mm, 14 * mm, 80 * mm
    paper.box(x, top, width, height, look.tint, radius=6 * mm)
    paper.tab(x, top, width, band, 6 * mm, look.ink)
    paper.box(x, top, width, height, look.ink, radius=6 * mm, line=1.5)

    left, right = x + pad, x + width - pad
    _mark(paper, card, left, top + 9 * mm, 32 * mm)
    paper.text(left + 40 * mm, top + 9.2 * mm, words.age(card.age), paper.bold, 88, WHITE)
    paper.text(right, top + 11 * mm, card.position, paper.bold, 44, WHITE, "right")
    _place(paper, card, right, top + 31 * mm, 20, 54 * mm)

    middle, foot = x + width / 2, top + height - pad - code - 12 * mm
    _about(paper, card, left, top + band + 12 * mm, right - left, foot - top - band - 26 * mm, 3)
    white = code + 20 * mm
    paper.box(middle - white / 2, foot - 10 * mm, white, white + 8 * mm, WHITE, radius=5 * mm)
    paper.code(middle - code / 2, foot, code, card.code_url)
    paper.text(middle, foot + code + 4 * mm, words.SCAN, paper.bold, 20, DARK, "center")


def _about(
    paper: Paper, card: PrintedCard, x: float, top: float, width: float, height: float, scale: float
) -> None:
    """Write nickname, trade and line below each other, the first two smaller where the third is long."""
    look = _LOOKS[card.sex]
    nickname, trade, line = (
        paper.clean(text, card.position) for text in (card.nickname, card.trade, card.line)
    )
    gap = 1.2 * mm * scale
    for smaller in (1.0, 0.85, 0.7):
        heads = [
            (paper.fit(text, paper.bold, sizes, smaller * scale, width, height / 3), paper.bold, ink)
            for text, sizes, ink in ((nickname or UNKNOWN, NAME_SIZES, DARK), (trade, TRADE_SIZES, look.text))
            if text
        ]
        room = height - sum(_height(head) + gap for head, _, _ in heads)
        said = paper.fit(words.quoted(line), paper.regular, LINE_SIZES, scale, width, room)
        if said.whole and said.size >= LINE_SIZES[2] * scale:
            break
    for block, face, ink in [*heads, *([(said, paper.regular, DARK)] if line else [])]:
        top += paper.write(x, top, block, face, ink) + gap


def _height(fitted: Fitted) -> float:
    return len(fitted.lines) * fitted.size * LEADING


def _mark(paper: Paper, card: PrintedCard, x: float, top: float, size: float) -> None:
    """女 in a round mark, 男 in a square one."""
    look = _LOOKS[card.sex]
    paper.box(x, top, size, size, WHITE, radius=size / 2 if look.is_round else size / 6)
    letter = 0.66 * size
    paper.text(
        x + size / 2,
        top + (size - letter) / 2 - 0.01 * size,
        words.SEX[card.sex],
        paper.bold,
        letter,
        look.ink,
        "center",
    )


def _place(paper: Paper, card: PrintedCard, right: float, top: float, size: float, most: float) -> None:
    """The wall, and the section of it if there is one."""
    wall = words.wall(card.wall)
    if section := paper.clean(card.section, card.position):
        wall = f" · {wall}"
        most -= paper.text(right, top, wall, paper.bold, size, WHITE, "right")
        paper.text(
            right - paper.bold.width(wall, size), top, section, paper.bold, size, WHITE, "right", most=most
        )
    else:
        paper.text(right, top, wall, paper.bold, size, WHITE, "right")
