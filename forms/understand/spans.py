"""From when to when, in a sentence: 周五下午请假, 明天 14:00 到 16:00, 周一到周三, 周一下午到周三上午."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from core.clock import SHANGHAI, local
from forms.understand.dates import find_days
from forms.understand.days import Ask
from forms.understand.outcome import tidy
from forms.understand.times import Hit, find_times

_DAY = 24 * 60
_PARTS = (
    ("凌晨|清|早|晨|上午", (0, 12 * 60)),
    ("中午|正午|晌午", (12 * 60, 14 * 60)),
    ("下午|午后|傍晚|黄昏", (12 * 60, 18 * 60)),
    ("晚|夜", (18 * 60, _DAY)),
)
_OPENS, _CLOSES = 7 * 60, 21 * 60
_FROM = re.compile("(?:以后|之后|后|起|开始)")
_UNTIL = re.compile("(?:以前|之前|前)")


def span(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    """The time that a sentence blocks, in Shanghai; whole days where it says no time. None: it does not say when."""
    text = tidy(text)
    today = local(now).date()
    days = find_days(text, Ask(today, "roll"))
    times = [
        one
        for one in find_times(text)
        if not any(day.start < one.end and one.start < day.end for day in days)
    ]
    if not days and not times:
        return None
    said = [[day for day in hit.days if day >= today] for hit in days]
    if not all(said):
        return None
    first = said[0][0] if said else today
    last = next((day for day in said[-1] if day >= first), None) if said else first
    spans = _times(text, times)
    if last is None or spans is None:
        return None
    starts, ends = _at(first, spans[0]), _at(last, spans[1])
    return (starts, ends) if ends > starts else None


def _times(text: str, hits: list[Hit]) -> tuple[int, int] | None:
    """When it starts on its first day and ends on its last, in minutes."""
    if not hits:
        return 0, _DAY
    first = _range(text, hits[0], after=0)
    if first is None:
        return None
    if len(hits) > 1:
        last = _range(text, hits[-1], after=first[0])
        return None if last is None else (first[0], last[1])
    if first[0] != first[1]:
        return first
    behind = text[hits[0].end : hits[0].end + 2]
    if _FROM.match(behind):
        return first[0], _DAY
    return (0, first[0]) if _UNTIL.match(behind) else None


def _range(text: str, hit: Hit, *, after: int) -> tuple[int, int] | None:
    """A part of the day from its beginning to its end, or one time."""
    if hit.slots and not re.fullmatch("中午|正午|晌午", text[hit.start : hit.end]):
        open_hours = [slot for slot in hit.slots if _OPENS <= slot <= _CLOSES and slot >= after]
        slot = (open_hours or list(hit.slots))[0]
        return slot, slot
    words = text[hit.start : hit.end]
    return next((span for pattern, span in _PARTS if re.search(pattern, words)), None)


def _at(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time(), SHANGHAI) + timedelta(minutes=minutes)
