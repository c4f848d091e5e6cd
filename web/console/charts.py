"""A bar for each week, drawn on the server: no script, and no style that the Content-Security-Policy would forbid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 520
HEIGHT: Final = 148
TALL: Final = 300
"""For the wall, where nothing stands below."""
TOP: Final = 20
FOOT: Final = 22


@dataclass(frozen=True)
class Bar:
    """One bar, in units of the drawing. `words` is what stands above it, and `label` below."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    words: str
    title: str
    is_hidden: bool
    is_rough: bool


@dataclass(frozen=True)
class Chart:
    """All bars, and the lines behind them."""

    bars: Sequence[Bar]
    lines: Sequence[tuple[float, str]]
    width: int = WIDTH
    height: int = HEIGHT


def draw(
    counts: Sequence[int | None], labels: Sequence[str], titles: Sequence[str], height: int = HEIGHT
) -> Chart:
    """A chart of these counts; the last one is of a week that is not over. None is a week that is not shown."""
    most = max((count for count in counts if count), default=0)
    scale = _round_up(most)
    floor = height - FOOT
    room = floor - TOP
    step = WIDTH / len(counts)
    worded = {counts.index(most) if most else 0, len(counts) - 2}  # the highest, and the newest that is over
    if len(counts) - 3 in worded:
        worded = {len(counts) - 2}  # there is no room for two side by side
    bars = []
    for place, (count, label, title) in enumerate(zip(counts, labels, titles, strict=True)):
        tall = room * count / scale if count else 0
        is_last = place == len(counts) - 1
        bars.append(
            Bar(
                x=round(place * step + step * 0.14, 1),
                y=round(floor - tall, 1),
                width=round(step * 0.72, 1),
                height=round(tall, 1),
                middle=round((place + 0.5) * step, 1),
                label=label if (len(counts) - 1 - place) % 2 == 0 else "",
                words=short(count) if count is not None and place in worded else "",
                title=title,
                is_hidden=count is None,
                is_rough=is_last,
            )
        )
    lines = [(round(floor - room * part, 1), short(int(scale * part))) for part in (0.5, 1)] if most else []
    return Chart(bars, lines, height=height)


def short(number: int) -> str:
    """A number as it fits above a bar: 1,234 and 1.2 万."""
    return f"{number:,}" if number < 10_000 else f"{number / 10_000:.1f} 万"


def _round_up(number: int) -> int:
    """The end of the scale: the next even and round number."""
    step = 10
    while step * 10 < number:
        step *= 10
    steps = (1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 7, 8, 10)
    return next(int(step * part) for part in steps if step * part >= number)
