"""预约: booking a professional, one's own bookings, and a professional's day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zlib import crc32

from bot.chat import Chat
from bot.replies import Say
from bot.router import Router, quick
from bot.texts import appointments as texts
from core.clock import SHANGHAI, local
from core.errors import Refused
from forms import chat as forms
from forms.appointments import BOOKING, CLOSES, MOVE, OPENS, near, not_bookable
from forms.desk import ANYBODY, Desk, Time
from forms.understand import moment
from forms.understand.outcome import meanings
from forms.understand.spans import span
from forms.words import plain
from handlers import taps
from models.appointments import Booking, Service
from rules.appointments import bookings, professionals, reminders, slots
from rules.appointments.terms import terms

router = Router("appointments")

_BOOKS = re.compile(
    "约|(?<!的)找(?![的过了])|想(?:做|要|去|咨询)|咨询一下|能不能|可不可以|需要|有没有空|有空"
)
_BACK = re.compile("(?:撤回|撤销|取消)了?(?:请|休)?假|不(?:请|休)假")
_AWAY = re.compile("请(?:个?|一?[天次]?)假|休假|不在|不能来")
_YES, _NO = frozenset({"1", "1会来", "会来", "确认"}), frozenset({"2", "2取消", "来不了", "不来了"})


@router.keyword("预约", "约咨询", about="约心理咨询、法律咨询")
@router.menu("book")
@router.tap("book")
@router.begins("booking", about="心理咨询、法律咨询")
@quick
def begin(chat: Chat, _: Any) -> Say:
    """Start to book."""
    if not Desk(chat).services:
        return Say(texts.NO_SERVICE)
    return forms.begin(chat, BOOKING)


@router.sentence
def asked_in_a_sentence(chat: Chat, text: str) -> Say | None:
    """明天下午三点约心理咨询."""
    said = plain(text)
    named = [(service, name) for service in Desk(chat).services for name in _names(service) if name in said]
    if not named or not (_BOOKS.search(said) or any(said == name for _, name in named)):
        return None
    service = max(named, key=lambda pair: len(pair[1]))[0]
    desk = Desk(chat)
    who = next((number for number, name in desk.people(service.id) if name in said), None)
    found = moment(text, chat.now, opens=OPENS, closes=CLOSES)
    prefill: dict[str, Any] = {"service": service.id}
    wanted = meanings(found.at) if found.at else []
    if wanted:
        return _at(chat, desk, service, wanted, ANYBODY if who is None else who)
    if who is not None:
        prefill["who"] = who
    days = {slot.day for slot in desk.free(service.id, who or ANYBODY)}
    asked = meanings(found.day) if found.day else []
    day = next((day for day in asked if day in days), None)
    if day is not None:
        prefill |= {"who": who or ANYBODY, "day": day.isoformat()}
    elif asked:
        today = local(chat.now).date()
        why = not_bookable(desk, asked[0], today)
        if why is None and days:
            why = texts.not_that_day(asked[0], today)
            prefill |= {"who": who or ANYBODY, "day": near(_noon(asked[0]))}
        says = forms.begin(chat, BOOKING, prefill=prefill, anew=True)
        return replace(says, text=f"{why}\n{says.text}") if why else says
    return forms.begin(chat, BOOKING, prefill=prefill, anew=True)


@router.tap("slot")
def pick(chat: Chat, packed: str) -> Say:
    """One of the times that were offered in a notice."""
    try:
        time = Time.unpack(packed)
    except ValueError:
        raise Refused("nothing") from None
    service = Desk(chat).service(time.service_id)
    if service is None:
        raise Refused("slot_closed")
    return _at(chat, Desk(chat), service, [time.starts_at], time.professional_id)


@router.submitted("booking")
def book(chat: Chat, answers: Any) -> Say:
    """The booking form was confirmed."""
    time = Time.unpack(answers["slot"])
    service = chat.db.get_one(Service, time.service_id)
    try:
        booking = bookings.book(
            chat.db,
            chat.worker_id,
            service,
            time.professional_id,
            time.starts_at,
            reason=answers["reason"],
            draft_id=forms.draft_id(chat),
            now=chat.now,
            terms=terms(chat.db, chat.config),
        )
    except Refused as refused:
        return _ask_again(chat, refused, time)
    forms.done(chat, receipt=texts.receipt(booking))
    return texts.booked(booking, **_until(booking), now=chat.now, link=_link(chat, booking))


@router.submitted("booking_move")
def moved(chat: Chat, answers: Any) -> Say:
    """The form that moves a booking was confirmed."""
    time = Time.unpack(answers["slot"])
    booking = bookings.mine(chat.db, chat.worker_id, answers["booking"])
    try:
        bookings.move(
            chat.db,
            booking,
            time.professional_id,
            time.starts_at,
            now=chat.now,
            terms=terms(chat.db, chat.config),
        )
    except Refused as refused:
        return _ask_again(chat, refused, time)
    forms.done(chat, receipt=texts.receipt(booking))
    return texts.moved(booking, **_until(booking), now=chat.now, link=_link(chat, booking))


@router.keyword("我的预约", "预约记录", about="看、改、取消预约")
@router.menu("bookings")
@router.tap("bookings")
@quick
def mine(chat: Chat, _: Any) -> Say:
    """One's own bookings to come."""
    found = bookings.upcoming(chat.db, chat.worker_id, now=chat.now)
    if not found:
        return texts.NONE_TO_COME
    return texts.mine(found, chat.now, links=[_link(chat, booking) for booking in found])


@router.keyword("改约", "改时间")
@router.tap("booking_move")
@quick
def move(chat: Chat, booking_id: str = "") -> Say:
    """Start to move a booking."""
    booking = _meant(chat, booking_id)
    if booking is None:
        return mine(chat, "")
    if chat.now > bookings.last_move(booking):
        raise Refused("move_late", until=bookings.last_move(booking))
    asked = forms.begin(chat, MOVE, prefill={"booking": booking.id}, anew=True)
    return replace(asked, text=f"{texts.moving(booking, chat.now)}\n{asked.text}")


@router.begins("booking_move")
def move_on_page(chat: Chat, booking_id: str = "") -> Say:
    """Start to move a booking, the one named or one of them to be chosen."""
    return move(chat, booking_id) if booking_id else forms.begin(chat, MOVE)


@router.keyword("取消预约", "退约")
@router.tap("booking_cancel")
def cancel(chat: Chat, argument: str = "") -> Say:
    """Cancel a booking; asks once more."""
    booking_id, _, sure = argument.partition(".")
    booking = _meant(chat, booking_id)
    if booking is None:
        return mine(chat, "")
    if sure != "yes":
        if booking.state == "booked" and chat.now > bookings.last_cancel(booking):
            raise Refused("cancel_late", until=bookings.last_cancel(booking))
        return texts.sure_to_cancel(booking, chat.now)
    bookings.cancel(chat.db, booking, now=chat.now, terms=terms(chat.db, chat.config))
    return texts.cancelled(booking, chat.now)


@router.tap("booking_confirm")
def confirm(chat: Chat, booking_id: str) -> Say:
    """A reminder is answered: yes."""
    booking = bookings.mine(chat.db, chat.worker_id, taps.number(booking_id))
    bookings.confirm(chat.db, booking, now=chat.now)
    return texts.confirmed(booking, chat.now)


@router.tap("booking_drop")
def drop(chat: Chat, booking_id: str) -> Say:
    """A reminder is answered: no. The seat is free at once."""
    booking = bookings.mine(chat.db, chat.worker_id, taps.number(booking_id))
    bookings.cancel(chat.db, booking, now=chat.now, terms=terms(chat.db, chat.config), may_be_late=True)
    return texts.cancelled(booking, chat.now)


@router.sentence
def answers_a_reminder(chat: Chat, text: str) -> Say | None:
    """A bare 1 or 2 while no form asks anything."""
    said = plain(text)
    if said not in _YES | _NO or forms.is_asking(chat):
        return None
    booking = reminders.reminded(chat.db, chat.worker_id, now=chat.now)
    if booking is None:
        return None
    return confirm(chat, str(booking.id)) if said in _YES else drop(chat, str(booking.id))


@router.keyword("今日安排", "今天安排", "明日安排", "明天安排", "我的安排")
@router.tap("day")
@quick
def day(chat: Chat, _: Any) -> Say:
    """A professional's day."""
    professional = professionals.need(chat.db, chat.worker_id)
    on = local(chat.now).date() + timedelta(days="明" in chat.message.text)
    return texts.day_plan(professionals.day(chat.db, professional, on), on, chat.now)


@router.tap("visit")
@quick
def visit(chat: Chat, booking_id: str) -> Say:
    """One booking of a professional, with what it is about."""
    return texts.visit(professionals.visit(chat.db, chat.worker_id, taps.number(booking_id)), chat.now)


@router.tap("visit_came")
def came(chat: Chat, booking_id: str) -> Say:
    """到场."""
    return texts.marked(
        professionals.mark(chat.db, chat.worker_id, taps.number(booking_id), came=True, now=chat.now)
    )


@router.tap("visit_missed")
def missed(chat: Chat, booking_id: str) -> Say:
    """未到."""
    return texts.marked(
        professionals.mark(chat.db, chat.worker_id, taps.number(booking_id), came=False, now=chat.now)
    )


@router.sentence
def is_away(chat: Chat, text: str) -> Say | None:
    """周五下午请假, said by a professional: what it would hit, before anything is done."""
    if not _AWAY.search(text):
        return None
    professional = professionals.of_worker(chat.db, chat.worker_id)
    if professional is None:
        return None
    if _BACK.search(text):
        return texts.HOW_BACK
    said = span(text, chat.now)
    if said is None:
        return texts.WHEN_AWAY
    professionals.check_absence(*said, now=chat.now)
    hit = professionals.hit_by(chat.db, professional, *said, now=chat.now)
    sure = f"away.{int(said[0].timestamp())}.{int(said[1].timestamp())}.{_mark(hit)}"
    return texts.away_sure(*said, hit, chat.now, sure)


@router.tap("away")
def away(chat: Chat, argument: str) -> Say:
    """The professional is sure."""
    professional = professionals.need(chat.db, chat.worker_id)
    parts = [taps.number(part) for part in argument.split(".")]
    if len(parts) != 3 or not all(0 <= part < 2**33 for part in parts):
        raise Refused("nothing")
    starts_at, ends_at = (datetime.fromtimestamp(part, UTC) for part in parts[:2])
    hit = professionals.hit_by(chat.db, professional, starts_at, ends_at, now=chat.now)
    seen = frozenset(booking.id for booking in hit) if _mark(hit) == parts[2] else frozenset({-1})
    absence = professionals.be_away(
        chat.db, professional, starts_at, ends_at, seen=seen, now=chat.now, terms=terms(chat.db, chat.config)
    )
    told = len(hit) if absence.made_at == chat.now else 0
    return texts.away(starts_at, ends_at, told, absence.id, chat.now)


@router.tap("back")
def back(chat: Chat, absence_id: str) -> Say:
    """The professional takes an absence back."""
    professionals.come_back(chat.db, chat.worker_id, taps.number(absence_id))
    return texts.BACK


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), SHANGHAI)


def _names(service: Service) -> list[str]:
    return [plain(name) for name in (service.name, *service.words.split())]


def _at(chat: Chat, desk: Desk, service: Service, wanted: Sequence[datetime], who: int) -> Say:
    """Book at one of these moments, if that is free; else offer what is nearest."""
    free = desk.free(service.id, who)
    slot = next(iter(slots.one_each(slot for slot in free if slot.starts_at in wanted)), None)
    prefill: dict[str, Any] = {"service": service.id, "who": who}
    if slot is None:
        asked = forms.begin(chat, BOOKING, prefill=prefill | {"day": near(wanted[0])}, anew=True)
        why = not_bookable(desk, local(wanted[0]).date(), local(chat.now).date())
        return replace(asked, text=f"{texts.not_then(wanted[0], chat.now, why)}\n{asked.text}")
    time = Time(service.id, slot.professional_id, slot.starts_at)
    prefill |= {"day": slot.day.isoformat(), "slot": time.pack()}
    asked = forms.begin(chat, BOOKING, prefill=prefill, anew=True)
    return replace(asked, text=f"{texts.there_is(slot, chat.now)}\n{asked.text}")


def _ask_again(chat: Chat, refused: Refused, time: Time) -> Say:
    """The time is not to be had: offer the nearest. Other refusals are for the entrance."""
    words = {
        "slot_taken": texts.just_gone(time.starts_at, chat.now),
        "slot_closed": texts.TOO_LATE,
        "booked_then": texts.overlaps(refused.facts.get("number", "")),
    }.get(refused.code)
    if words is None:
        raise refused
    return forms.refuse(chat, {"slot": words}, put={"day": near(time.starts_at)})


def _meant(chat: Chat, booking_id: str) -> Booking | None:
    """The booking that a tap names; for the word alone the only one there is."""
    if booking_id:
        return bookings.mine(chat.db, chat.worker_id, taps.number(booking_id))
    found = bookings.upcoming(chat.db, chat.worker_id, now=chat.now)
    return found[0] if len(found) == 1 else None


def _until(booking: Booking) -> dict[str, datetime]:
    return {"cancel": bookings.last_cancel(booking), "move": bookings.last_move(booking)}


def _link(chat: Chat, booking: Booking) -> str:
    return f"{chat.config.web.base_url.rstrip('/')}/calendar/{booking.token}.ics"


def _mark(hit: Sequence[Booking]) -> int:
    """A number that is another one when other bookings are hit."""
    return crc32(".".join(str(booking.id) for booking in hit).encode())
