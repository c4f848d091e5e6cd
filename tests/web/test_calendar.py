"""加到日历: the file behind an unguessable link, before and after a move and a cancel."""

from __future__ import annotations

from typing import Any

from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import Client

from core.config import Config
from models.appointments import Booking
from models.people import Organisation, Worker
from rules import organisations
from rules.appointments import bookings
from tests.chat.account import in_mode, opened
from tests.rules.cast import NOW
from tests.rules.clinic import TERMS, at, open_clinic


def test_the_link_follows_the_booking_and_says_little(config: Config) -> None:
    with opened(in_mode(config, "plain"), pages=True) as account:
        account.clock.now = NOW
        phone = account.phone()
        phone.says("你好")
        with Session(account.engine) as db:
            union = organisations.add(db, "云栖省总工会")
            clinic = open_clinic(db, db.get_one(Organisation, union.id), now=NOW, phones={})
            worker = db.scalars(select(Worker)).one()
            booking = clinic.book(worker, at(24, 15), reason="planted-marker-reason")
            db.commit()
            token, who = booking.token, clinic.chen.id
        web = Client(account.app)

        def read() -> tuple[str, int, str]:
            answer = web.get(f"/calendar/{token}.ics")
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "planted" not in answer.text
            assert "心理" not in answer.text
            event: Any = Calendar.from_ical(answer.data).events[0]
            start = event["dtstart"].dt.astimezone(NOW.tzinfo)
            return f"{start:%d %H:%M}", int(event["sequence"]), str(event["status"])

        assert read() == ("24 07:00", 0, "CONFIRMED")
        with Session(account.engine) as db:
            moved = db.scalars(select(Booking)).one()
            bookings.move(db, moved, who, at(25, 14), now=NOW, terms=TERMS)
            db.commit()
        assert read() == ("25 06:00", 1, "CONFIRMED")
        with Session(account.engine) as db:
            bookings.cancel(db, db.scalars(select(Booking)).one(), now=NOW, terms=TERMS)
            db.commit()
        assert read() == ("25 06:00", 2, "CANCELLED")
        for wrong in ("x", token[:-1], token.upper() + "x", "%00", "a" * 5000):
            assert web.get(f"/calendar/{wrong}.ics").status_code == 404
