"""Which days the pieces of a date may mean, seen from today. A week starts on Monday."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as Date
from typing import Literal, TypeAlias

from forms.understand.numbers import whole
from forms.understand.outcome import Unclear

Past: TypeAlias = Literal["roll", "refuse", "allow"]
"""A day without a year that is over this year: next year's, Unclear("past"), or this year's."""

_WEEKDAYS = "一二三四五六日"


def label_date(day: Date, today: Date) -> str:
    """11月24日 周二, with the year when it is another one."""
    head = "" if day.year == today.year else f"{day.year}年"
    return f"{head}{day.month}月{day.day}日 周{_WEEKDAYS[day.weekday()]}"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a rule needs besides the words: the day it is said on, and what is done with days that are over."""

    today: Date
    past: Past


Found: TypeAlias = "Iterable[Date] | Unclear"


def _day(year: int, month: int, day: int) -> Date | Unclear:
    """That day, or Unclear `no_such_day` with the last day of that month."""
    if not 1 <= month <= 12 or not 1 <= year <= 9999 or day < 1:
        return Unclear("no_such_day", {"month": month, "day": day})
    last = monthrange(year, month)[1]
    return (
        Date(year, month, day)
        if day <= last
        else Unclear("no_such_day", {"month": month, "day": day, "last": last})
    )


def _kept(days: Iterable[Date], ask: Ask) -> Found:
    """The days that may be answered with; `past` when all of them are over."""
    days = list(days)
    left = days if ask.past == "allow" else [d for d in days if d >= ask.today]
    return left or Unclear("past", {"day": days[-1]})


def _one(day: Date | Unclear, ask: Ask) -> Found:
    return day if isinstance(day, Unclear) else _kept([day], ask)


def _int(text: str | None) -> int:
    return (whole(text) if text else None) or 0


def _plus(day: Date, days: int) -> Date:
    """Some days on; years nobody means stay at the end of the calendar."""
    return Date.fromordinal(max(1, min(day.toordinal() + days, Date.max.toordinal())))


def _months_on(day: Date, months: int) -> tuple[int, int]:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return years, month + 1


def full(m: re.Match[str], ask: Ask) -> Found:
    """2026年12月1日, 2026-12-01; two digits of a year are of this century unless that is far ahead."""
    year = whole(m["year"])
    if year is not None and len(m["year"]) == 2:
        century = ask.today.year // 100 * 100
        year += century if century + year <= ask.today.year + 10 else century - 100
    return _one(_day(year or 0, _int(m["month"]), _int(m["day"])), ask)


def month_day(m: re.Match[str], ask: Ask) -> Found:
    """8月8号: this year, or what `past` says when it is over."""
    month, day = _int(m["month"]), _int(m["day"])
    here = _day(ask.today.year, month, day)
    if isinstance(here, Date) and (here >= ask.today or ask.past == "allow"):
        return [here]
    if ask.past == "roll":
        there = _day(ask.today.year + 1, month, day)
        return [there] if isinstance(there, Date) else there
    return here if isinstance(here, Unclear) else Unclear("past", {"day": here})


def year_month_day(m: re.Match[str], ask: Ask) -> Found:
    """明年3月1号."""
    year = ask.today.year + {"去": -1, "今": 0, "明": 1, "后": 2}[m["which"]]
    return _one(_day(year, _int(m["month"]), _int(m["day"])), ask)


def in_month(m: re.Match[str], ask: Ask) -> Found:
    """下个月8号, 三个月后的8号."""
    which = m["which"]
    months = -1 if "上" in which else which.count("下")
    if m["count"]:
        months = _int(m["count"])
    year, month = _months_on(ask.today, months)
    return _one(_day(year, month, _int(m["day"])), ask)


def day_of_month(m: re.Match[str], ask: Ask) -> Found:
    """15号 is this month's, or the next month's when it is over."""
    number = _int(m["day"])
    days = _number(number, ask, ask.past)
    if ask.past == "refuse" and days and days[0] < ask.today:
        return Unclear("past", {"day": days[0]})
    return days or Unclear("no_such_day", {"day": number})


def _number(number: int, ask: Ask, past: Past) -> list[Date]:
    here = _day(ask.today.year, ask.today.month, number)
    if isinstance(here, Date) and (here >= ask.today or past != "roll"):
        return [here]
    for months in (1, 2):  # no two months in a row are short of the same day
        there = _day(*_months_on(ask.today, months), number)
        if isinstance(there, Date):
            return [there]
    return []


_SPOKEN_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}


def spoken(m: re.Match[str], ask: Ask) -> Found:
    """明天, 大后天."""
    return _kept([_plus(ask.today, _SPOKEN_DAYS[m["word"]])], ask)


def later(m: re.Match[str], ask: Ask) -> Found:
    """三天后, 两周后, 一个月后."""
    count = _int(m["count"])
    if "月" in m["unit"]:
        year, month = _months_on(ask.today, count)
        return [Date(year, month, min(ask.today.day, monthrange(year, month)[1]))]
    return [_plus(ask.today, count * (1 if m["unit"] in "天日" else 7))]


def weekday_index(word: str) -> int:
    """一 is 0, 天 and 7 are 6."""
    return 6 if word in "日天7" else ("123456".find(word) if word.isascii() else _WEEKDAYS.index(word))


def weekday(m: re.Match[str], ask: Ask) -> Found:
    """A bare 周三 is the next one; said on a Wednesday it may be today or in a week. With 这/下 it is a week's.

    On a Sunday some count the week from that day: 下周二 may then be in two days or in nine.
    """
    monday = _plus(ask.today, -ask.today.weekday())
    which = m["which"] or ""
    names = (5, 6) if m["day"] == "末" else (weekday_index(m["day"]),)
    sunday = ask.today.weekday() == 6
    days: list[Date] = []
    for index in names:
        this = _plus(monday, index)
        if "下" in which:
            weeks = which.count("下")
            days.append(_plus(this, 7 * weeks))
            if sunday and index != 6 and m["day"] != "末":
                days.append(_plus(this, 7 * weeks + 7))
        elif "上" in which:
            days.append(_plus(this, -7))
        elif which:
            late = sunday and index != 6 and ask.past != "allow"
            days.append(_plus(this, 7) if late else this)
        elif m["day"] == "末":
            days += [this, _plus(this, 7)] if sunday else [this]
        elif this == ask.today:
            days += [this, _plus(this, 7)]
        else:
            days.append(this if this > ask.today or ask.past == "allow" else _plus(this, 7))
    return _kept(sorted(days), ask)


def week(m: re.Match[str], ask: Ask) -> Found:
    """下周 alone: which day of it?"""
    weeks = -1 if "上" in m["which"] else m["which"].count("下")
    monday = _plus(ask.today, 7 * weeks - ask.today.weekday())
    return Unclear("which_day", {"first": monday, "last": _plus(monday, 6)})


def holiday(m: re.Match[str], ask: Ask) -> Found:
    """A holiday of the solar calendar: its first day."""
    month, day = _HOLIDAYS[m["name"]]
    if m["name"] == "十一" and not m["sure"]:  # the first of October, or the 11th
        return [*_rolled(month, day, ask), *_number(11, ask, "roll")]
    return _rolled(month, day, ask) or Unclear("past", {"day": Date(ask.today.year, month, day)})


def _rolled(month: int, day: int, ask: Ask) -> list[Date]:
    here = Date(ask.today.year, month, day)
    if here >= ask.today or ask.past == "allow":
        return [here]
    return [here.replace(year=here.year + 1)] if ask.past == "roll" else []


_HOLIDAYS = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "三八": (3, 8), "植树节": (3, 12), "劳动节": (5, 1),
    "五一": (5, 1), "青年节": (5, 4), "五四": (5, 4), "儿童节": (6, 1), "六一": (6, 1), "建党节": (7, 1),
    "建军节": (8, 1), "八一": (8, 1), "教师节": (9, 10), "国庆": (10, 1), "十一": (10, 1),
    "双十一": (11, 11), "双十二": (12, 12), "平安夜": (12, 24), "圣诞": (12, 25), "跨年": (12, 31),
}  # fmt: skip


def vague(m: re.Match[str], ask: Ask) -> Found:
    """月底, 过两天: some day."""
    word = m["which"]
    if "月" in m[0]:
        year, month = _months_on(ask.today, 1 if "下" in m[0] else 0)
        last = monthrange(year, month)[1]
        first, end = {"初": (1, 10), "中": (11, 20), "底": (21, last), "末": (21, last)}[word]
        return Unclear("vague_day", {"first": Date(year, month, first), "last": Date(year, month, end)})
    return Unclear("vague_day")


def month_only(m: re.Match[str], ask: Ask) -> Found:
    """8月 alone: which day of it?"""
    month = _int(m["month"])
    if not 1 <= month <= 12:
        return Unclear("no_such_day", {"month": month})
    year = ask.today.year + (month < ask.today.month and ask.past == "roll")
    return Unclear(
        "which_day", {"first": Date(year, month, 1), "last": Date(year, month, monthrange(year, month)[1])}
    )


def lunar(m: re.Match[str], ask: Ask) -> Found:
    """Days of the lunar calendar are not computed."""
    return Unclear("lunar")
