"""节假日: holidays of a year and the weekends that are worked instead."""

from __future__ import annotations

from collections.abc import Sequence

from core import workdays
from core.errors import Outcome
from forms.answers import Answers, Given
from forms.fields import Choice, Date, Option
from forms.form import Form
from forms.imports.base import Import, Work
from rules import calendar
from rules.access import Permission

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
KINDS = {"off": calendar.HOLIDAY, "usual": None}


def _fits(value: str, given: Given) -> str | None:
    day = given.answers["day"]
    if value == "work" and day is not None and day.weekday() < 5:
        return f"这一天是{WEEKDAYS[day.weekday()]}，本来就上班。"
    return None


FORM = Form(
    "holidays",
    "节假日和调休",
    1,
    (
        Date("day", "日期", "哪一天？", example="2027-02-14"),
        Choice(
            "kind",
            "安排",
            "放假还是上班？",
            (Option("off", "放假"), Option("work", "上班", words=("调休", "补班")), Option("usual", "照常")),
            depends_on=("day",),
            checks=(_fits,),
        ),
        Choice(
            "works_as",
            "按周几上班",
            "按周几的时间上班？",
            tuple(
                Option(number, name, words=(f"星期{name[1]}", f"礼拜{name[1]}"))
                for number, name in enumerate(WEEKDAYS, 1)
            ),
            depends_on=("kind",),
            when=lambda answers: answers["kind"] == "work",
        ),
    ),
)


def put(work: Work, rows: Sequence[Answers]) -> Sequence[Outcome]:
    """Enter the days."""
    days = {row["day"]: KINDS.get(row["kind"], row["works_as"]) for row in rows}
    base = workdays.load(work.config.calendar_file)
    return calendar.change_all(work.db, work.staff, days, base=base, now=work.now, dry=work.dry)


IMPORT = Import(
    FORM,
    "国务院公布的放假和调休，一行一天。对所有单位都有效，预约马上照这个排。",
    Permission.CALENDAR_CHANGE,
    key=lambda answers: answers["day"],
    put=put,
    said={"bad_day": "这一天太远了。"},
    examples=(("2027-02-14", "上班", "周五"), ("2027-02-16", "放假", "")),
)
