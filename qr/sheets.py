"""What is printed for a wall: A4 sheets of cards to cut up, and large single cards.

A page carries the fields of its `PrintedCard`s, where and when it was printed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from reportlab.lib.units import mm

from qr import words
from qr.cards import PrintedCard, content_hash, draw_card, draw_poster
from qr.paper import DARK, FAINT, HEIGHT, SOFT, WIDTH, Paper

__all__ = ["Printed", "PrintedCard", "card_posters", "content_hash", "wall_sheet"]

COLUMNS, ROWS = 2, 4
SIDE: Final = 10 * mm  # white at the left and right: printers leave 5 mm, and the cutting marks need room
TOP: Final = 20 * mm
BOTTOM: Final = 17 * mm
CELL_WIDTH: Final = (WIDTH - 2 * SIDE) / COLUMNS
CELL_HEIGHT: Final = (HEIGHT - TOP - BOTTOM) / ROWS
GAP: Final = 2 * mm  # from a cut to the card's frame, so that a crooked cut shows nothing of the neighbour


@dataclass(frozen=True)
class Printed:
    """What was printed: how many pages, and by position the characters that the typeface does not have."""

    pages: int
    unprintable: dict[str, str]


def wall_sheet(
    cards: Sequence[PrintedCard],
    out: BinaryIO,
    *,
    wall_title: str,
    event_title: str,
    printed_at: datetime,
    font_dir: Path,
    codes_until: datetime | None = None,
) -> Printed:
    """Print a wall's cards, in the order given, on A4 sheets with cutting marks.

    Each sheet names its wall, its number, when it was printed and a hash of its cards, by which a sheet that needs
    printing again is told from one that does not. An empty wall is refused.
    """
    if not cards:
        raise ValueError("no cards to print")
    paper = Paper(
        out, title=f"{event_title} {wall_title}", subject=wall_title, at=printed_at, font_dir=font_dir
    )
    pages = [cards[start : start + COLUMNS * ROWS] for start in range(0, len(cards), COLUMNS * ROWS)]
    for number, page in enumerate(pages, 1):
        title = words.page(number, len(pages))
        _header(paper, wall_title, event_title, title)
        hints = [words.valid_until(codes_until) if codes_until else "", words.CUT]
        _footer(
            paper,
            HEIGHT - 11.5 * mm,
            SIDE + GAP,
            [words.printed(printed_at), words.version(content_hash(page))],
            hints,
        )
        _cutting_marks(paper)
        for place, card in enumerate(page):
            row, column = divmod(place, COLUMNS)
            x, top = SIDE + column * CELL_WIDTH, TOP + row * CELL_HEIGHT
            draw_card(paper, card, x + GAP, top + GAP, CELL_WIDTH - 2 * GAP, CELL_HEIGHT - 2 * GAP)
        paper.turn()
    paper.close()
    return Printed(len(pages), paper.unprintable)


def card_posters(
    cards: Sequence[PrintedCard],
    out: BinaryIO,
    *,
    event_title: str,
    printed_at: datetime,
    font_dir: Path,
    codes_until: datetime | None = None,
) -> Printed:
    """Print each card large, one to an A4 page, for an easel or the entrance."""
    if not cards:
        raise ValueError("no cards to print")
    paper = Paper(out, title=event_title, subject=words.POSTERS, at=printed_at, font_dir=font_dir)
    for card in cards:
        draw_poster(paper, card, 12 * mm, 12 * mm, WIDTH - 24 * mm, HEIGHT - 30 * mm)
        facts = [event_title, words.printed(printed_at), words.version(content_hash([card]))]
        hints = [card.serial, words.valid_until(codes_until) if codes_until else ""]
        _footer(paper, HEIGHT - 14 * mm, 12 * mm, facts, hints)
        paper.turn()
    paper.close()
    return Printed(len(cards), paper.unprintable)


def _header(paper: Paper, wall_title: str, event_title: str, page: str) -> None:
    left, right = SIDE + GAP, WIDTH - SIDE - GAP
    right -= paper.text(right, 9.6 * mm, page, paper.regular, 10, SOFT, "right") + 4 * mm
    left += paper.text(left, 8.2 * mm, paper.clean(wall_title), paper.bold, 15, DARK, most=75 * mm) + 4 * mm
    paper.text(left, 9.6 * mm, paper.clean(event_title), paper.regular, 10, SOFT, most=right - left)


def _footer(paper: Paper, top: float, side: float, facts: Sequence[str], hints: Sequence[str]) -> None:
    left, right = (" · ".join(filter(None, map(paper.clean, parts))) for parts in (facts, hints))
    taken = paper.text(WIDTH - side, top, right, paper.regular, 8.5, SOFT, "right", most=WIDTH / 2 - side)
    paper.text(side, top, left, paper.regular, 8.5, SOFT, most=WIDTH - 2 * side - taken - 4 * mm)


def _cutting_marks(paper: Paper) -> None:
    """Crosses where cards meet, and ticks in the margin for the blade."""
    arm, tick = 1.6 * mm, 5 * mm
    lines: list[tuple[float, float, float, float]] = []
    for row in range(ROWS + 1):
        for column in range(COLUMNS + 1):
            x, top = SIDE + column * CELL_WIDTH, TOP + row * CELL_HEIGHT
            left, right = (tick if column == 0 else arm), (tick if column == COLUMNS else arm)
            upper, lower = (tick if row == 0 else arm), (tick if row == ROWS else arm)
            lines += [(x - left, top, x + right, top), (x, top - upper, x, top + lower)]
    paper.lines(lines, FAINT, 0.4)
