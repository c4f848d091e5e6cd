"""Days and moments as people read them, on a clock in Shanghai."""

from __future__ import annotations

from datetime import date, datetime

from core.clock import local

_WEEKDAYS = "一二三四五六日"
_NEAR = ("今天", "明天", "后天")


def month_day(at: datetime) -> str:
    """11月24日."""
    here = local(at)
    return f"{here.month}月{here.day}日"


def clock(at: datetime) -> str:
    """09:40."""
    return f"{local(at):%H:%M}"


def dated(at: datetime) -> str:
    """11月27日 周五 15:40, for what may be read on another day."""
    return f"{_plain(local(at).date())} {clock(at)}"


def date_words(day: date, today: date) -> str:
    """明天（11月24日 周二）."""
    ahead = (day - today).days
    return f"{_NEAR[ahead]}（{_plain(day)}）" if 0 <= ahead < len(_NEAR) else _plain(day)


def day_label(day: date, today: date) -> str:
    """明天 11月24日 周二, on a tap."""
    return date_words(day, today).replace("（", " ").rstrip("）")


def when(at: datetime, now: datetime) -> str:
    """明天 15:40, or 11月27日 周五 15:40."""
    ahead = (local(at).date() - local(now).date()).days
    return f"{_NEAR[ahead]} {clock(at)}" if 0 <= ahead < len(_NEAR) else dated(at)


def span(starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    """明天 15:40–16:30."""
    return f"{when(starts_at, now)}–{clock(ends_at)}"


def _plain(day: date) -> str:
    return f"{day.month}月{day.day}日 周{_WEEKDAYS[day.weekday()]}"
