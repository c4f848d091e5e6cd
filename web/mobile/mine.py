"""我的: appointments and sign-ups, and giving them up. Somebody else's number is no page."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.exceptions import NotFound

from core.errors import Refused
from models.appointments import Booking, BookingState
from models.exams import SignUp
from models.waiting import Turn
from rules.appointments import bookings
from rules.appointments.terms import terms
from rules.exams import sign_ups
from web.mobile.gate import Pages, Visit, page, say, to

pages = Pages("mine")


@pages.route("/me/bookings")
def booked(visit: Visit) -> Any:
    """One's own bookings to come."""
    return page("bookings.html", found=bookings.upcoming(visit.db, visit.worker_id, now=visit.now))


@pages.route("/me/bookings/<id:number>")
def booking(visit: Visit, number: int) -> Any:
    """One of them: when, where, who, and until when it can be changed."""
    one = _booking(visit, number)
    is_on = one.state == BookingState.BOOKED and one.starts_at > visit.now
    return page(
        "booking.html",
        one=one,
        is_on=is_on,
        can_move=is_on and visit.now <= bookings.last_move(one),
        can_cancel=is_on and visit.now <= bookings.last_cancel(one),
        until=bookings.last_cancel(one),
    )


@pages.route("/me/bookings/<id:number>/cancel", methods=("GET", "POST"))
def cancel(visit: Visit, number: int) -> Any:
    """Give the time back; asks once more."""
    one = _booking(visit, number)
    if request.method != "POST":
        return page("sure_booking.html", one=one)
    bookings.cancel(visit.db, one, now=visit.now, terms=terms(visit.db, visit.config))
    say("预约取消了，时间让给了别人。")
    return to("mine.booked")


@pages.route("/me/sign-ups")
def signed(visit: Visit) -> Any:
    """What one signed up for and what is still to come."""
    return page("sign_ups.html", found=sign_ups.mine(visit.db, visit.worker_id, now=visit.now))


@pages.route("/me/sign-ups/<id:number>/withdraw", methods=("GET", "POST"))
def withdraw(visit: Visit, number: int) -> Any:
    """Give a sign-up up; asks once more."""
    one = _sign_up(visit, number)
    if request.method != "POST":
        return page("sure_sign_up.html", one=one)
    sign_ups.withdraw(visit.db, visit.worker_id, one.id, now=visit.now, limits=visit.config.waiting)
    say("报名撤回了，名额让给了下一位。")
    return to("mine.signed")


@pages.route("/me/sign-ups/<id:number>/answer", methods=("POST",))
def answer(visit: Visit, number: int) -> Any:
    """A yes or a no to the place on offer."""
    one = _sign_up(visit, number)
    if request.form.get("answer") == "yes":
        sign_ups.accept(visit.db, visit.worker_id, one.id, now=visit.now)
        say("名额是你的了，考试见。")
    else:
        sign_ups.decline(visit.db, visit.worker_id, one.id, now=visit.now, limits=visit.config.waiting)
        say("好，名额让给下一位。")
    return to("mine.signed")


def _booking(visit: Visit, number: int) -> Booking:
    try:
        return bookings.mine(visit.db, visit.worker_id, number)
    except Refused:
        raise NotFound from None


def _sign_up(visit: Visit, number: int) -> SignUp:
    try:
        one = sign_ups.named(visit.db, visit.worker_id, number)
    except Refused:
        raise NotFound from None
    if one.state == Turn.WITHDRAWN:
        raise NotFound
    return one
