"""Holidays and 调休: calendar.yaml, and above it what staff entered in the console."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import insert_free
from core.errors import Outcome, Refused, all_are_right, changed, outcomes
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
    return bool(changed(change_all(db, staff, {day: works_as}, base=base, now=now)))


def change_all(
    db: Session,
    staff: Staff,
    days: Mapping[date, int | None],
    *,
    base: Workdays,
    now: datetime,
    dry: bool = False,
) -> list[Outcome]:
    """Say what holds on many days, in a few statements however many there are.

    All or none: where one is refused, or with `dry`, nothing is done, only said what would be. Refused: bad_day.
    """
    access.need(staff, Permission.CALENDAR_CHANGE)
    before = known(db, base)

    def judge(day: date) -> bool:
        if days[day] not in (None, *range(8)) or not 2000 <= day.year <= 2100:
            raise Refused("bad_day")
        return _of(before, day) != days[day]

    found = outcomes(judge, days)
    if not dry and all_are_right(found):
        changing = [day for day, changes in zip(days, found, strict=True) if changes]
        if changing:  # rows first, unless somebody else enters the same new day at this moment
            facts = {"changed_at": now, "staff_id": staff.id}
            new = [{"day": day, "works_as": days[day], **facts} for day in changing]
            db.execute(insert_free(db, CalendarDay).values(new))
        deeds = []
        for row in db.scalars(
            select(CalendarDay).where(CalendarDay.day.in_(changing)).order_by(CalendarDay.day)
        ):
            row.works_as, row.changed_at, row.staff_id = days[row.day], now, staff.id
            was, is_now = {"works_as": _of(before, row.day)}, {"works_as": days[row.day]}
            deeds.append(audit.Deed(f"day:{row.day.isoformat()}", before=was, after=is_now))
        db.flush()
        audit.note_all(db, staff, "calendar_change", deeds, now=now)
    return found


def _of(workdays: Workdays, day: date) -> int | None:
    if day in workdays.holidays:
        return HOLIDAY
    weekday = workdays.worked.get(day)
    return None if weekday is None else weekday + 1
