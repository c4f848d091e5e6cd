"""Holidays and 调休: calendar.yaml, and above it what staff entered in the console."""

from __future__ import annotations

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


def known(db: Session, base: Workdays) -> Workdays:
    """The days of the file with those that staff entered; a year is known when either has a day of it."""
    rows = db.execute(select(CalendarDay.day, CalendarDay.works_as)).all()
    if not rows:
        return base
    holidays, worked, years = set(base.holidays), dict(base.worked), set(base.years)
    for day, works_as in rows:
        years.add(day.year)
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
    if before == works_as and known(db, base).knows(day.year):
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
