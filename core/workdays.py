"""Holidays and 调休 by year, from a file that staff edit (calendar.yaml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


class CalendarError(Exception):
    """The file cannot be used; the message names the year and the entry."""


@dataclass(frozen=True)
class Workdays:
    """Which days are worked, in the years that are known."""

    holidays: frozenset[date]
    worked: Mapping[date, int]
    years: frozenset[int]

    def knows(self, year: int) -> bool:
        """Whether the holidays of that year were announced and entered."""
        return year in self.years

    def weekday(self, day: date) -> int | None:
        """Whose weekday's hours hold on that day, Monday is 0; None on a holiday and in an unknown year."""
        if day.year not in self.years or day in self.holidays:
            return None
        return self.worked.get(day, day.weekday())


def load(file: Path) -> Workdays:
    """Read the file, again when it has changed. Raises CalendarError."""
    try:
        return _load(file, file.stat().st_mtime_ns)
    except OSError as error:
        raise CalendarError(f"{file}: {error.strerror}") from None


@lru_cache(4)
def _load(file: Path, _changed: int) -> Workdays:
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CalendarError(f"{file}: {error}") from None
    return parse(data, str(file))


def parse(data: Any, where: str = "calendar") -> Workdays:
    """The same from what the file holds."""
    holidays: set[date] = set()
    worked: dict[date, int] = {}
    if not isinstance(data, dict):
        raise CalendarError(f"{where}: years are missing")
    for year, entry in data.items():
        if not isinstance(year, int) or not isinstance(entry, dict) or set(entry) - {"holidays", "workdays"}:
            raise CalendarError(f"{where}: {year}: holidays and workdays are expected")
        for span in entry.get("holidays") or ():
            holidays.update(_days(year, span, where))
        for day, weekday in (entry.get("workdays") or {}).items():
            if weekday not in range(1, 8):
                raise CalendarError(f"{where}: {year}: {day}: a weekday is 1 to 7")
            worked[_day(year, day, where)] = weekday - 1
    if both := holidays & worked.keys():
        raise CalendarError(f"{where}: both a holiday and worked: {min(both)}")
    return Workdays(frozenset(holidays), worked, frozenset(data))


def _days(year: int, span: Any, where: str) -> Iterator[date]:
    first, _, last = str(span).partition("..")
    day, end = _day(year, first, where), _day(year, last or first, where)
    if end < day:
        raise CalendarError(f"{where}: {year}: {span}: ends before it begins")
    while day <= end:
        yield day
        day += timedelta(days=1)


def _day(year: int, text: Any, where: str) -> date:
    try:
        return date.fromisoformat(f"{year:04d}-{text}")
    except ValueError:
        raise CalendarError(f"{where}: {year}: {text}: no such day; write MM-DD") from None
