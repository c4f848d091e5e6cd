"""/calendar/TOKEN.ics: one booking for the calendar of a phone. Whoever has the link reads it, so it says little."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Blueprint, Response
from icalendar import Alarm, Calendar, Event
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.texts import appointments as texts
from core.clock import local
from core.config import Config
from models.appointments import Booking, BookingState
from rules.appointments import bookings

_TOKEN = re.compile("[A-Za-z0-9_-]{20,64}")


def blueprint(config: Config, engine: Engine) -> Blueprint:
    """The page behind 加到日历. A token that names nothing is 404, whatever it looks like."""
    pages = Blueprint("calendar", __name__)

    @pages.get("/calendar/<token>.ics")
    def booking(token: str) -> Response:
        with Session(engine) as db:
            # PostgreSQL takes no text with a NUL in it, so what could not be a token is not asked for
            found = bookings.by_token(db, token) if _TOKEN.fullmatch(token) else None
            if found is None:
                return Response("not found\n", 404, mimetype="text/plain")
            body = ics(found, account=config.wechat.app_id, hours=config.appointments.reminder_hours)
        return Response(
            body,
            content_type="text/calendar; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{found.code}.ics"',
                "Cache-Control": "private, no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )

    return pages


def ics(booking: Booking, *, account: str, hours: tuple[int, ...]) -> bytes:
    """The booking as iCalendar: a moved or cancelled one replaces what a phone took before. Never what it is about."""
    calendar = Calendar()
    calendar.add("prodid", "-//Niangjia//Appointments//ZH")
    calendar.add("version", "2.0")
    is_on = booking.state != BookingState.CANCELLED
    calendar.add("method", "PUBLISH" if is_on else "CANCEL")
    event = Event()
    event.add("uid", f"booking-{booking.id}@{account}")
    event.add("sequence", booking.sequence)
    event.add("dtstamp", booking.timed_at)
    event.add("dtstart", local(booking.starts_at))
    event.add("dtend", local(booking.ends_at))
    event.add("summary", texts.calendar_title(booking.code))
    event.add("location", booking.place.name)
    event.add("status", "CONFIRMED" if is_on else "CANCELLED")
    for distance in hours if is_on else ():
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", texts.calendar_title(booking.code))
        alarm.add("trigger", timedelta(hours=-distance))
        event.add_component(alarm)
    calendar.add_component(event)
    calendar.add_missing_timezones()
    body: bytes = calendar.to_ical()
    return body
