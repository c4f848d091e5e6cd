"""节假日: the years that are known, what was entered here, and one day changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from core import workdays
from core.workdays import Workdays
from forms.imports.holidays import WEEKDAYS
from models.calendar import CalendarDay
from rules import calendar
from rules.access import Permission
from rules.appointments import years
from web.console.forms import DateField, Form, SelectField
from web.console.gate import Desk, Pages, page, say, to

pages = Pages("days")
_USUAL = "usual"


@dataclass(frozen=True)
class Year:
    """One year: its holidays as spans, and the weekends that are worked with whose weekday's hours."""

    number: int
    holidays: Sequence[tuple[date, date]]
    worked: Sequence[tuple[date, str]]


class DayForm(Form):
    """What holds on a day."""

    day = DateField("日期")
    works_as = SelectField("安排", coerce=str)


@pages.route("/days", needs=Permission.APPOINTMENTS_PLAN)
def index(desk: Desk) -> Any:
    """All years that are known, the newest first."""
    return _shown(desk)


@pages.route("/days", needs=Permission.CALENDAR_CHANGE, methods=("POST",))
def change(desk: Desk) -> Any:
    """Say what holds on one day."""
    form = _form()
    if not form.read() or form.day.data is None:
        form.day.errors = form.day.errors or ["写成 2027-02-14 这样。"]
        return _shown(desk, form, 422)
    works_as = None if form.works_as.data == _USUAL else int(form.works_as.data)
    is_new = calendar.change(desk.db, desk.staff, form.day.data, works_as, base=_base(desk), now=desk.now)
    say(f"{form.day.data} 改好了，预约马上照这个排。" if is_new else "本来就是这样，没有改。")
    return to("days.index")


def _base(desk: Desk) -> Workdays:
    return workdays.load(desk.config.calendar_file)


def _form() -> DayForm:
    form = DayForm()
    form.works_as.choices = [
        (str(calendar.HOLIDAY), "放假"),
        *((str(number), f"上班，按{name}的时间") for number, name in enumerate(WEEKDAYS, 1)),
        (_USUAL, "照常"),
    ]
    return form


def _shown(desk: Desk, form: DayForm | None = None, status: int = 200) -> Any:
    known = calendar.known(desk.db, _base(desk))
    if form is None:
        form = _form()  # no day is chosen: one careless tap must not close today for everybody
    return page(
        "days.html",
        status,
        years=[_year(known, number) for number in sorted(_years(known), reverse=True)],
        least=calendar.LEAST_HOLIDAYS,
        missing=years.missing_year(known, desk.now, days=desk.config.appointments.year_warning_days),
        entered=desk.db.scalars(
            select(CalendarDay).order_by(CalendarDay.changed_at.desc(), CalendarDay.day.desc()).limit(20)
        ).all(),
        weekdays=WEEKDAYS,
        form=form,
    )


def _years(known: Workdays) -> set[int]:
    """All of which a day was entered, known or not."""
    return {*known.years, *(day.year for day in (*known.holidays, *known.worked))}


def _year(known: Workdays, number: int) -> Year:
    spans: list[tuple[date, date]] = []
    for day in sorted(day for day in known.holidays if day.year == number):
        if spans and spans[-1][1] + timedelta(days=1) == day:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    worked = [(day, WEEKDAYS[known.worked[day]]) for day in sorted(known.worked) if day.year == number]
    return Year(number, spans, worked)
