"""Where lines break: no line starts with a comma or ends with an opening quote, and no word or number is torn."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

Width = Callable[[str, float], float]

# 避头: may not start a line. 避尾: may not end one. After GB/T 15834 and the W3C's requirements for Chinese layout.
CLOSING: Final = "，。、；：？！…—～·）】》〉」』”’〕｝］%％‰℃,.;:?!)]}>°"
OPENING: Final = "（【《〈「『“‘〔｛［￥¥$([{<"

_UNIT: Final = re.compile(
    rf"[{re.escape(OPENING)}]*"
    rf"(?:[A-Za-z0-9\u00c0-\u024f]+(?:['’.,:/+@_&-][A-Za-z0-9\u00c0-\u024f]+)*[+#]*|[^\s])"
    rf"[{re.escape(CLOSING)}]*"
    r"|\s+"
)


class Fitted(NamedTuple):
    """A text set into a box: at which size, in which lines, and whether all of it is there."""

    size: float
    lines: list[str]
    whole: bool


def wrap(text: str, width: float, size: float, measure: Width) -> list[str]:
    """Break a text into lines that are no wider than `width`. An empty text has no lines."""
    return _break(_units(text, measure), width / size, measure)


def fit(
    text: str, width: float, height: float, sizes: Sequence[float], leading: float, measure: Width
) -> Fitted:
    """Set the text at the largest of `sizes` at which it fits the box, its lines evened out.

    What does not fit even at the smallest size ends in "…". A box too low for one line still gets one.
    """
    units = _units(text, measure)
    for size in sizes:
        room = max(1, int(height / (size * leading)))
        lines = _break(units, width / size, measure)
        if len(lines) <= room:
            return Fitted(size, _even(units, lines, width / size, measure), True)
    last = shorten(lines[room - 1] + lines[room], width, size, measure)
    return Fitted(size, [*lines[: room - 1], last], False)


def shorten(text: str, width: float, size: float, measure: Width) -> str:
    """Return the text, or as much of its beginning as leaves room for the "…" it then ends in."""
    if measure(text, size) <= width:
        return text
    while text and measure(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip(CLOSING + OPENING + " ") + "…"


def _units(text: str, measure: Width) -> list[tuple[str, float]]:
    """What may not be torn, each with its width at size 1."""
    return [(unit, measure(unit, 1)) for unit in _UNIT.findall(text.strip())]


def _break(units: list[tuple[str, float]], limit: float, measure: Width) -> list[str]:
    lines: list[str] = []
    line, used = "", 0.0
    for unit, width in units:
        if unit.isspace():
            if line:
                line, used = line + " ", used + width
        elif used + width <= limit:
            line, used = line + unit, used + width
        else:
            if line:
                lines.append(line.rstrip())
            line, used = unit, width
            if width > limit:
                *torn, line = _tear(unit, limit, measure)
                lines += torn
                used = measure(line, 1)
    return [*lines, line.rstrip()] if line else lines


def _tear(unit: str, limit: float, measure: Width) -> list[str]:
    """A word wider than the column, in pieces; a closing sign takes the character before it along."""
    pieces: list[str] = []
    piece, used = "", 0.0
    for char in unit:
        width = measure(char, 1)
        if piece and used + width > limit:
            carried = piece[-1] if char in CLOSING and len(piece) > 1 and piece[-1] not in CLOSING else ""
            pieces.append(piece[: len(piece) - len(carried)])
            piece, used = carried, measure(carried, 1)
        piece, used = piece + char, used + width
    return [*pieces, piece]


def _even(units: list[tuple[str, float]], lines: list[str], limit: float, measure: Width) -> list[str]:
    """As many lines, broken after commas where that can be had, and no word or two alone on the last one."""

    def grace(broken: list[str]) -> int:
        return sum(line[-1] in CLOSING for line in broken[:-1]) - (measure(broken[-1], 1) < 0.4 * limit)

    if len(lines) < 2:
        return lines
    tried = [_break(units, limit * share, measure) for share in (0.55, 0.65, 0.75, 0.85, 0.95)]
    same = [*(other for other in tried if len(other) == len(lines)), lines]
    return max(same, key=grace)
