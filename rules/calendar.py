"""Holidays and 调休: calendar.yaml, and above it what staff entered in the console."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Refused
from core.workdays import Workdays
from models.calendar import CalendarDay
from models.people import Staff
from rules import access, audit
from rules.access import Permission

HOLIDAY = 0
LEAST_HOLIDAYS = 11
"""The law gave so many days a year until 2024 and gives 13 since: whoever entered fewer is not done yet."""


def known(db: Session, base: Workdays) -> Workdays:
    """The days of the file with those that staff entered.

    A year is known when the file has it, or staff entered `LEAST_HOLIDAYS` days off: after the first one all others
    would be worked.
    """
    rows = db.execute(select(CalendarDay.day, CalendarDay.works_as)).all()
    if not rows:
        return base
    holidays, worked = set(base.holidays), dict(base.worked)
    entered = Counter(day.year for day, works_as in rows if works_as == HOLIDAY)
    years = base.years | {year for year, days in entered.items() if days >= LEAST_HOLIDAYS}
    for day, works_as in rows:
        holidays.discard(day)
        worked.pop(day, None)
        if works_as == HOLIDAY:
            holidays.add(day)
        elif works_as is not None:
            worked[day] = works_as - 1
    return Workdays(frozenset(holidays), worked, frozenset(years))


def change(
    db: Session, staff: Staff, day: date, works_as: int | None, *, base: Workdays, now: datetime
) -> bool:
    """Say what holds on a day, for all unions: 0 a holiday, 1 to 7 the hours of this weekday, None the usual.

    False where it is so already. Raises Refused: not_found, bad_day.
    """
    access.need(staff, Permission.CALENDAR_CHANGE)
    if works_as not in (None, *range(8)) or not 2000 <= day.year <= 2100:
        raise Refused("bad_day")
    before = _of(known(db, base), day)
    if before == works_as:
        return False
    db.merge(CalendarDay(day=day, works_as=works_as, changed_at=now, staff_id=staff.id))
    db.flush()
    audit.note(
        db,
        staff,
        "calendar_change",
        f"day:{day.isoformat()}",
        now=now,
        before={"works_as": before},
        after={"works_as": works_as},
    )
    return True


def _of(workdays: Workdays, day: date) -> int | None:
    if day in workdays.holidays:
        return HOLIDAY
    weekday = workdays.worked.get(day)
    return None if weekday is None else weekday + 1
