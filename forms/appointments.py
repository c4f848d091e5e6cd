"""Booking a professional, and moving a booking: what is asked. Services, people and times are looked up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from bot.texts import appointments as texts
from bot.texts.times import date_words, day_label, when
from core.clock import local
from forms.answers import Given, Json
from forms.desk import ANYBODY, Desk, Time
from forms.fields import Choice, Option, Text
from forms.fields.base import Got, Heard, Unheard, named
from forms.form import Asker, Confirm, Form
from forms.understand import dates, moment, times
from forms.understand.outcome import Reading, meanings
from rules.appointments import slots
from rules.appointments.slots import Slot

DAYS_SHOWN, SLOTS_SHOWN = 6, 12
OPENS, CLOSES = dt.time(8), dt.time(20)
"""What a bare 三点 means lies between these."""


Wanted = Callable[[Given], tuple[int, int] | None]
"""The service and the professional (or ANYBODY) that the answers so far name."""


def near(at: dt.datetime) -> str:
    """The answer to "which day" that means: whichever is nearest to this moment."""
    return f"~{at.isoformat()}"


@dataclass(frozen=True)
class _Day(Choice):
    """A day with free slots, or `near` a moment. People may write any day."""

    _: KW_ONLY
    wanted: Wanted = lambda given: None

    def question(self, given: Given) -> str:
        """Which day; where none is left, the true reason."""
        desk = _desk(given)
        if desk is None or self.options(given) or desk.is_known(desk.last_day):
            return super().question(given)
        year = desk.last_day.year
        return texts.year_unknown(year) if year == given.today.year else texts.full_until(year)

    def beside(self, value: Any, text: str, given: Given) -> Mapping[str, Json]:
        """The time as well, where it was said with the day and is free: 后天上午十点."""
        slot = _slot_at(self.wanted, given, value, moment(text, given.now, opens=OPENS, closes=CLOSES).time)
        return {"slot": slot} if slot else {}

    def load(self, stored: Json, given: Given) -> str:
        """A day that is not over, or a moment."""
        if isinstance(stored, str) and stored.startswith("~"):
            dt.datetime.fromisoformat(stored[1:])
            return stored
        if not isinstance(stored, str) or dt.date.fromisoformat(stored) < given.today:
            raise named(self.key, "a day to come")
        return stored

    def show(self, value: Any, given: Given) -> str:
        """明天（11月24日 周二）."""
        if value.startswith("~"):
            return "离得最近的"
        return date_words(dt.date.fromisoformat(value), given.today)


@dataclass(frozen=True)
class _Slot(Choice):
    """A free slot of the day. Whether it still is free is for the rule to say."""

    _: KW_ONLY
    wanted: Wanted = lambda given: None

    def load(self, stored: Json, given: Given) -> str:
        """A time to come of what was chosen before."""
        if not isinstance(stored, str):
            raise named(self.key, "a time")
        time, chosen, day = Time.unpack(stored), self.wanted(given), given.answers["day"]
        if chosen is None or time.service_id != chosen[0] or time.starts_at <= given.now:
            raise named(self.key, "a time")
        is_near = day is not None and day.startswith("~")
        is_that_day = day == time.starts_at.date().isoformat()
        if not is_near and not (is_that_day and chosen[1] in (ANYBODY, time.professional_id)):
            raise named(self.key, "a time of that day")
        return stored

    def show(self, value: Any, given: Given) -> str:
        """15:40."""
        return f"{Time.unpack(value).starts_at:%H:%M}"


def _desk(given: Given) -> Desk | None:
    return given.context.get("desk")


def _open(asker: Asker) -> Mapping[str, Any]:
    return {"desk": Desk(asker)}


def _by_answers(given: Given) -> tuple[int, int] | None:
    service, who = given.answers["service"], given.answers["who"]
    return None if service is None or who is None else (service, who)


def _by_booking(given: Given) -> tuple[int, int] | None:
    booking_id, desk = given.answers["booking"], _desk(given)
    booking = desk.booking(booking_id) if desk and booking_id is not None else None
    return None if booking is None else (booking.service_id, booking.professional_id)


def _services(given: Given) -> Sequence[Option]:
    desk = _desk(given)
    return [
        Option(one.id, one.name, f"{one.minutes} 分钟", tuple(one.words.split()))
        for one in (desk.services if desk else [])
    ]


def _people(given: Given) -> Sequence[Option]:
    desk, service = _desk(given), given.answers["service"]
    if desk is None or service is None:
        return []
    people = [Option(number, name) for number, name in desk.people(service)]
    return [Option(ANYBODY, texts.ANYBODY, words=("随便", "谁都行", "都行")), *people] if people else []


def _bookings(given: Given) -> Sequence[Option]:
    desk = _desk(given)
    return [
        Option(one.id, f"{one.code} {when(one.starts_at, given.now)}")
        for one in (desk.bookings if desk else [])
    ]


def _free(wanted: Wanted, given: Given) -> list[Slot]:
    desk, chosen = _desk(given), wanted(given)
    return desk.free(*chosen) if desk and chosen else []


def _days(wanted: Wanted) -> Callable[[Given], Sequence[Option]]:
    def options(given: Given) -> Sequence[Option]:
        days = dict.fromkeys(slot.day for slot in _free(wanted, given))
        return [Option(day.isoformat(), day_label(day, given.today)) for day in list(days)[:DAYS_SHOWN]]

    return options


def not_bookable(desk: Desk | None, day: dt.date, today: dt.date) -> str | None:
    """Why nobody can book that day: its year is not in the calendar yet, or it is too far away."""
    if desk is None or day < today:
        return None
    if not desk.is_known(day):
        return texts.year_unknown(day.year)
    return texts.too_far(desk.last_day, today) if day > desk.last_day else None


def _any_day(wanted: Wanted) -> Callable[[str, Given], Heard]:
    def beyond(text: str, given: Given) -> Heard:
        free = {slot.day for slot in _free(wanted, given)}
        passing = moment(text, given.now, opens=OPENS, closes=CLOSES).day  # as in 最好后天上午吧
        said = meanings(dates.date(text, given.today)) or (meanings(passing) if passing else [])
        day = next((day for day in said if day in free), None)
        if day is not None:
            return Got(day.isoformat())
        why = not_bookable(_desk(given), said[0], given.today) if said else None
        return Unheard(why or (texts.NOT_THAT_DAY if said or passing else texts.WHICH_DAY))

    return beyond


def _slots(wanted: Wanted) -> Callable[[Given], Sequence[Option]]:
    def options(given: Given) -> Sequence[Option]:
        chosen, day = wanted(given), given.answers["day"]
        if chosen is None or day is None:
            return []
        found = _of_day(wanted, given, day)
        is_near, with_name = day.startswith("~"), chosen[1] == ANYBODY or day.startswith("~")
        return [
            Option(
                Time(chosen[0], slot.professional_id, slot.starts_at).pack(),
                texts.slot_label(slot, given.now, with_day=is_near, with_name=with_name),
            )
            for slot in found[:SLOTS_SHOWN]
        ]

    return options


def _of_day(wanted: Wanted, given: Given, day: str) -> list[Slot]:
    if day.startswith("~"):
        desk, chosen = _desk(given), wanted(given)
        if desk is None or chosen is None:
            return []
        moment = dt.datetime.fromisoformat(day[1:])
        return slots.nearest(desk.free(chosen[0], ANYBODY), moment, professional_id=chosen[1] or None)
    return slots.one_each(slot for slot in _free(wanted, given) if slot.day.isoformat() == day)


def _slot_at(wanted: Wanted, given: Given, day: str | None, said: Reading[dt.time] | None) -> str | None:
    """The free slot of that day at the time that was said, stored."""
    chosen = wanted(given)
    if chosen is None or day is None or said is None:
        return None
    for slot in _of_day(wanted, given, day):
        if local(slot.starts_at).time() in meanings(said):
            return Time(chosen[0], slot.professional_id, slot.starts_at).pack()
    return None


def _any_time(wanted: Wanted) -> Callable[[str, Given], Heard]:
    def beyond(text: str, given: Given) -> Heard:
        said = times.time_of_day(text, opens=OPENS, closes=CLOSES)
        slot = _slot_at(wanted, given, given.answers["day"], said)
        return Got(slot) if slot else Unheard(texts.NOT_THAT_TIME if meanings(said) else texts.WHICH_TIME)

    return beyond


def _ask_slot(given: Given) -> str:
    day = given.answers["day"]
    return texts.PICK_NEAR if day and day.startswith("~") else texts.PICK_SLOT


def _ask_reason(given: Given) -> str:
    desk, chosen = _desk(given), given.answers["service"]
    service = desk.service(chosen) if desk and chosen is not None else None
    return f"{service.asks if service else '想聊哪方面？'}一句话就好，{texts.ONLY_THEM}"


def _booked(given: Given) -> Mapping[str, str]:
    """Who it is, also where anybody would do, and when it ends."""
    desk, time = _desk(given), Time.unpack(given.answers["slot"])
    service = desk.service(time.service_id) if desk else None
    if desk is None or service is None:
        return {}
    ends_at = time.starts_at + dt.timedelta(minutes=service.minutes)
    return {
        "who": dict(desk.people(service.id)).get(time.professional_id, ""),
        "day": date_words(time.starts_at.date(), given.today),
        "slot": f"{time.starts_at:%H:%M}–{ends_at:%H:%M}",
    }


def _where(given: Given) -> str:
    desk, time = _desk(given), Time.unpack(given.answers["slot"])
    return texts.where(desk.place(time.service_id, time.professional_id)) if desk else ""


def _where_and_until(given: Given) -> str:
    desk, time = _desk(given), Time.unpack(given.answers["slot"])
    service = desk.service(time.service_id) if desk else None
    if service is None:
        return ""
    cancel = time.starts_at - dt.timedelta(minutes=service.cancel_minutes)
    move = time.starts_at - dt.timedelta(minutes=service.move_minutes)
    return f"{_where(given)}\n{texts.limits(cancel, move, given.now)}"


def _moved(given: Given) -> Mapping[str, str]:
    desk, time = _desk(given), Time.unpack(given.answers["slot"])
    booking = desk.booking(given.answers["booking"]) if desk else None
    if booking is None:
        return {}
    return {
        "booking": texts.before(f"{booking.code} {when(booking.starts_at, given.now)}"),
        "day": texts.after(date_words(time.starts_at.date(), given.today)),
    }


def _when(wanted: Wanted, *looks_at: str) -> tuple[Choice, Choice]:
    """The two questions about day and time."""
    return (
        _Day("day", "日期", texts.PICK_DAY, _days(wanted), example="1", depends_on=looks_at,
             empty=texts.NO_DAY, beyond=_any_day(wanted), wanted=wanted),
        _Slot("slot", "时间", _ask_slot, _slots(wanted), example="1", depends_on=(*looks_at, "day"),
              empty=texts.NO_SLOT, beyond=_any_time(wanted), wanted=wanted),
    )  # fmt: skip


BOOKING = Form(
    "booking",
    "预约",
    1,
    (
        Choice("service", "项目", texts.PICK_SERVICE, _services, example="1", empty=texts.NO_SERVICE),
        Choice("who", "找谁", texts.PICK_PERSON, _people, example="1", depends_on=("service",)),
        *_when(_by_answers, "service", "who"),
        Text(
            "reason",
            "想聊的",
            _ask_reason,
            example="晚上总是睡不好",
            longest=200,
            optional=True,
            skip="不想写",
            sensitive=True,
            depends_on=("service",),
        ),
    ),
    confirm=Confirm(head="确认一下：", shows=_booked, after=_where_and_until, hint="slot"),
    leave=texts.LEAVE,
    context=_open,
)

MOVE = Form(
    "booking_move",
    "改约",
    1,
    (
        Choice("booking", "预约", texts.PICK_BOOKING, _bookings, example="1", empty=texts.NO_BOOKING),
        *_when(_by_booking, "booking"),
    ),
    confirm=Confirm(head="确认一下：", shows=_moved, after=_where, hint="slot"),
    leave="不改了",
    context=_open,
)
