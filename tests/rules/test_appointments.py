"""Slots by rule, bookings, limits, absences and reminders. NOW is Monday 23 November 2026, ten o'clock."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from core import workdays
from core.errors import Refused
from models.appointments import Booking, BookingMove, BookingState, Tick, YearWarning
from models.messages import Notice
from models.people import Worker
from rules.appointments import bookings, planning, professionals, reminders, slots, years
from rules.appointments.terms import Terms
from tests.rules.cast import Town
from tests.rules.clinic import CALENDAR, LIMITS, TERMS, Clinic, at, open_clinic


@pytest.fixture
def clinic(town: Town) -> Clinic:
    """Services of the northern union; 陈老师 has a phone."""
    phones = {"陈老师": town.worker(town.north)}
    return open_clinic(town.db, town.north, now=town.now, phones=phones)


@pytest.fixture
def worker(town: Town) -> Worker:
    return town.worker(town.north)


def times(found: list[slots.Slot], day: date) -> list[str]:
    return [f"{slot.starts_at:%H:%M} {slot.professional}" for slot in found if slot.day == day]


def told(clinic: Clinic, worker_id: int | None) -> list[str]:
    clinic.db.flush()
    return list(
        clinic.db.scalars(select(Notice.kind).where(Notice.worker_id == worker_id).order_by(Notice.id))
    )


def ticks_of(clinic: Clinic, booking: Booking) -> int:
    return len(clinic.db.scalars(select(Tick).where(Tick.booking_id == booking.id)).all())


def test_slots_follow_from_hours_length_buffer_and_notice(clinic: Clinic) -> None:
    found = clinic.free()
    assert times(found, date(2026, 11, 23)) == ["14:00 陈老师", "15:00 陈老师", "16:00 陈老师"]
    assert times(found, date(2026, 11, 24))[:2] == ["09:00 陈老师", "10:00 陈老师"]
    both = times(found, date(2026, 11, 25))
    assert "09:00 陈老师" in both
    assert "09:00 林老师" in both
    assert times(clinic.free(clinic.law), date(2026, 11, 24))[:2] == ["09:00 高律师", "09:30 高律师"]
    assert max(slot.day for slot in found) <= date(2026, 12, 7)


def test_C7_holidays_are_closed_and_worked_weekends_have_the_hours_of_their_weekday(clinic: Clinic) -> None:
    found = clinic.free()
    assert not times(found, date(2026, 11, 29)), "a Sunday"
    assert "09:00 林老师" in times(found, date(2026, 11, 28)), "a Saturday worked as a Wednesday"
    october = clinic.free(now=at(28, 10, month=9))
    assert not [slot for slot in october if date(2026, 10, 1) <= slot.day <= date(2026, 10, 7)]
    assert times(october, date(2026, 10, 8))


def test_C7_hours_on_a_holiday_can_be_added(clinic: Clinic) -> None:
    planning.open_extra(clinic.db, clinic.chen, at(3, 9, month=10), at(3, 10, month=10), now=clinic.now)
    assert times(clinic.free(now=at(28, 10, month=9)), date(2026, 10, 3)) == ["09:00 陈老师"]


def test_C7_a_year_without_data_gives_a_warning_sixty_days_before_and_no_slots(clinic: Clinic) -> None:
    bare = Terms(LIMITS, workdays.parse({2026: CALENDAR[2026]}))
    found = clinic.free(now=at(28, 8, month=12), terms=bare)
    assert found
    assert max(slot.day for slot in found).year == 2026
    assert years.missing_year(bare.workdays, at(1, 23, month=11), days=60) is None
    assert years.missing_year(bare.workdays, at(2, 1, month=11), days=60) == 2027
    assert years.missing_year(TERMS.workdays, at(2, 1, month=11), days=60) is None
    phone = clinic.chen.staff.worker_id
    for _ in range(2):
        years.warn_missing(clinic.db, at(2, 1, month=11), workdays=bare.workdays, days=60)
    assert told(clinic, phone) == ["year_missing"]
    assert len(clinic.db.scalars(select(YearWarning)).all()) == 1


def test_C7_the_calendar_file_is_sound() -> None:
    from core.config import ROOT

    calendar = workdays.load(ROOT / "calendar.yaml")
    assert calendar.knows(2026)
    assert calendar.weekday(date(2026, 10, 1)) is None
    assert calendar.weekday(date(2026, 10, 10)) == 4
    assert all(day.weekday() >= 5 for day in calendar.worked)
    assert calendar.weekday(date(2031, 3, 4)) is None, "nothing is guessed"


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"2026": {}},
        {2026: {"holiday": []}},
        {2026: {"holidays": ["02-30"]}},
        {2026: {"holidays": ["05-02..05-01"]}},
        {2026: {"holidays": ["05-02"], "workdays": {"05-02": 1}}},
        {2026: {"workdays": {"05-02": 8}}},
    ],
)
def test_C7_a_faulty_calendar_is_named(wrong: object) -> None:
    with pytest.raises(workdays.CalendarError):
        workdays.parse(wrong)


def test_a_booked_slot_is_gone_for_everybody(clinic: Clinic, town: Town, worker: Worker) -> None:
    booking = clinic.book(worker, at(24, 9), reason="睡不好")
    assert booking.code.startswith("A")
    assert "09:00 陈老师" not in times(clinic.free(), date(2026, 11, 24))
    with pytest.raises(Refused, match="slot_taken"):
        clinic.book(town.worker(), at(24, 9))
    assert told(clinic, clinic.chen.staff.worker_id) == ["booking_made"]


def test_the_rest_behind_a_booking_is_the_professionals_alone(clinic: Clinic, worker: Worker) -> None:
    clinic.book(worker, at(24, 9))
    kinds = [str(one.kind) for one in clinic.db.scalars(select(Tick))]
    assert (kinds.count("p"), kinds.count("w"), kinds.count("r")) == (6, 5, 5)


def test_C1_one_room_sees_one_booking_at_a_time(clinic: Clinic, town: Town, worker: Worker) -> None:
    clinic.book(worker, at(25, 9), clinic.chen)
    with pytest.raises(Refused, match="slot_taken"):
        clinic.book(town.worker(), at(25, 9), clinic.lin)
    assert not [one for one in times(clinic.free(), date(2026, 11, 25)) if one.startswith("09:00")]


def test_C1_a_worker_cannot_hold_two_bookings_that_overlap_of_any_kind(
    clinic: Clinic, worker: Worker
) -> None:
    first = clinic.book(worker, at(24, 9))
    with pytest.raises(Refused) as no:
        clinic.book(worker, at(24, 9, 30), clinic.gao)
    assert (no.value.code, no.value.facts) == ("booked_then", {"number": first.code})
    clinic.book(worker, at(24, 10), clinic.gao)


def test_C1_losers_get_the_three_nearest(clinic: Clinic, town: Town, worker: Worker) -> None:
    clinic.book(worker, at(24, 15))
    near = slots.nearest(clinic.free(worker_id=town.worker().id), at(24, 15))
    assert [f"{one.starts_at:%d %H:%M}" for one in near] == ["24 11:00", "24 14:00", "24 16:00"]
    theirs = slots.nearest(clinic.free(), at(24, 15), professional_id=clinic.lin.id)
    assert [one.professional for one in theirs] == ["林老师"] * 3


def test_the_same_draft_twice_is_one_booking(clinic: Clinic, worker: Worker) -> None:
    first = clinic.book(worker, at(24, 9), draft_id="same")
    assert clinic.book(worker, at(24, 10), draft_id="same") is first


@pytest.mark.parametrize(
    "moment",
    [at(24, 9, 10), at(24, 12), at(29, 9), at(23, 11), at(20, 9), at(14, 9, month=12)],
    ids=["off the grid", "noon", "Sunday", "too late", "over", "too far"],
)
def test_only_what_follows_from_the_hours_can_be_booked(
    clinic: Clinic, worker: Worker, moment: object
) -> None:
    with pytest.raises(Refused, match="slot_closed"):
        clinic.book(worker, moment)  # type: ignore[arg-type]


def test_who_holds_enough_bookings_is_told_so(clinic: Clinic, worker: Worker) -> None:
    for hour in (9, 10, 11):
        clinic.book(worker, at(24, hour))
    with pytest.raises(Refused, match="too_many_bookings"):
        clinic.book(worker, at(25, 9))


def test_C6_a_move_takes_the_new_time_and_gives_the_old_back(clinic: Clinic, worker: Worker) -> None:
    booking = clinic.book(worker, at(24, 9))
    held = ticks_of(clinic, booking)
    bookings.move(clinic.db, booking, clinic.chen.id, at(25, 14), now=clinic.now, terms=TERMS)
    assert booking.starts_at == at(25, 14)
    assert ticks_of(clinic, booking) == held
    assert "09:00 陈老师" in times(clinic.free(), date(2026, 11, 24))
    assert "14:00 陈老师" not in times(clinic.free(), date(2026, 11, 25))
    assert booking.sequence == 1


def test_C6_a_move_to_a_taken_time_leaves_all_as_it_was(clinic: Clinic, town: Town, worker: Worker) -> None:
    booking = clinic.book(worker, at(24, 9))
    clinic.book(town.worker(), at(24, 10))
    before = {(one.kind, one.owner_id, one.at) for one in clinic.db.scalars(select(Tick))}
    with pytest.raises(Refused, match="slot_taken"):
        bookings.move(clinic.db, booking, clinic.chen.id, at(24, 10), now=clinic.now, terms=TERMS)
    assert {(one.kind, one.owner_id, one.at) for one in clinic.db.scalars(select(Tick))} == before
    assert booking.starts_at == at(24, 9)


def test_C5_cancel_and_move_have_limits_of_their_own(clinic: Clinic, worker: Worker) -> None:
    booking = clinic.book(worker, at(24, 15))
    late = at(24, 12)
    with pytest.raises(Refused, match="cancel_late") as no:
        bookings.cancel(clinic.db, booking, now=late, terms=TERMS)
    assert no.value.facts["until"] == at(24, 11)
    bookings.move(clinic.db, booking, clinic.chen.id, at(25, 15), now=late, terms=TERMS)
    with pytest.raises(Refused, match="move_late"):
        bookings.move(clinic.db, booking, clinic.chen.id, at(26, 15), now=at(25, 14), terms=TERMS)


def test_C5_staff_may_override_with_a_reason_that_is_kept(clinic: Clinic, town: Town, worker: Worker) -> None:
    booking = clinic.book(worker, at(24, 15))
    officer, stranger = town.staff("zhou", town.north), town.staff("sun", town.south)
    act = {"now": at(24, 14, 30), "terms": TERMS}
    with pytest.raises(Refused, match="reason_needed"):
        bookings.cancel(clinic.db, booking, staff=officer, reason=" ", **act)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="not_found"):
        bookings.cancel(clinic.db, booking, staff=stranger, reason="病了", **act)  # type: ignore[arg-type]
    bookings.cancel(clinic.db, booking, staff=officer, reason="病了", **act)  # type: ignore[arg-type]
    clinic.db.flush()
    last = clinic.db.scalars(select(BookingMove).order_by(BookingMove.id.desc())).first()
    assert last
    assert (last.after, last.is_late, last.reason, last.staff_id) == ("cancelled", True, "病了", officer.id)
    assert told(clinic, worker.id) == ["booking_called_off"]


def test_a_cancel_frees_the_time_and_twice_is_once(clinic: Clinic, town: Town, worker: Worker) -> None:
    booking = clinic.book(worker, at(24, 9))
    for _ in range(2):
        bookings.cancel(clinic.db, booking, now=clinic.now, terms=TERMS)
    assert ticks_of(clinic, booking) == 0
    clinic.book(town.worker(), at(24, 9))
    with pytest.raises(Refused, match="booking_changed"):
        bookings.move(clinic.db, booking, clinic.chen.id, at(24, 10), now=clinic.now, terms=TERMS)


def test_nobody_reads_anothers_booking(clinic: Clinic, town: Town, worker: Worker) -> None:
    booking = clinic.book(worker, at(24, 9), reason="睡不好")
    with pytest.raises(Refused, match="booking_gone"):
        bookings.mine(clinic.db, town.worker().id, booking.id)
    other = town.worker()
    clinic.lin.staff.worker_id = other.id
    clinic.db.flush()
    for reader in (other.id, worker.id):
        with pytest.raises(Refused):
            professionals.visit(clinic.db, reader, booking.id)
    assert clinic.chen.staff.worker_id
    assert professionals.visit(clinic.db, clinic.chen.staff.worker_id, booking.id).reason == "睡不好"


def test_B11_the_reason_is_sealed_in_the_database(clinic: Clinic, worker: Worker) -> None:
    clinic.book(worker, at(24, 9), reason="planted-marker-reason")
    clinic.db.flush()
    (stored,) = clinic.db.execute(text("SELECT reason FROM booking")).scalars().all()
    assert b"planted" not in bytes(stored)


def test_an_absence_cancels_tells_and_blocks(clinic: Clinic, town: Town, worker: Worker) -> None:
    hit, spared = clinic.book(worker, at(27, 15)), clinic.book(worker, at(27, 11))
    span = (at(27, 12), at(27, 18))
    assert professionals.hit_by(clinic.db, clinic.chen, *span, now=clinic.now) == [hit]
    act = {"now": clinic.now, "terms": TERMS}
    with pytest.raises(Refused, match="absence_changed"):
        professionals.be_away(clinic.db, clinic.chen, *span, seen=frozenset(), **act)  # type: ignore[arg-type]
    one = professionals.be_away(clinic.db, clinic.chen, *span, seen=frozenset({hit.id}), **act)  # type: ignore[arg-type]
    assert professionals.be_away(clinic.db, clinic.chen, *span, seen=frozenset(), **act) is one  # type: ignore[arg-type]
    assert (hit.state, spared.state) == (BookingState.CANCELLED, BookingState.BOOKED)
    assert told(clinic, worker.id) == ["booking_called_off"]
    assert times(clinic.free(), date(2026, 11, 27)) == ["09:00 陈老师", "10:00 陈老师"]
    with pytest.raises(Refused, match="slot_taken"):
        clinic.book(town.worker(), at(27, 15))
    assert clinic.chen.staff.worker_id
    professionals.come_back(clinic.db, clinic.chen.staff.worker_id, one.id)
    clinic.book(town.worker(), at(27, 15))


def test_an_absence_right_behind_a_booking_takes_what_its_rest_leaves(clinic: Clinic, worker: Worker) -> None:
    booking = clinic.book(worker, at(27, 11))  # until 11:50, its rest until 12:00
    absence = professionals.be_away(
        clinic.db, clinic.chen, at(27, 11, 50), at(27, 13), seen=frozenset(), now=clinic.now, terms=TERMS
    )
    assert booking.state == BookingState.BOOKED
    held = clinic.db.scalars(select(Tick).where(Tick.exception_id == absence.id)).all()
    assert len(held) == 6


def test_who_takes_one_absence_back_stays_away_for_another(clinic: Clinic, town: Town) -> None:
    act = {"seen": frozenset[int](), "now": clinic.now, "terms": TERMS}
    long = professionals.be_away(clinic.db, clinic.chen, at(27, 9), at(27, 12), **act)  # type: ignore[arg-type]
    professionals.be_away(clinic.db, clinic.chen, at(27, 10), at(27, 16), **act)  # type: ignore[arg-type]
    assert clinic.chen.staff.worker_id
    professionals.come_back(clinic.db, clinic.chen.staff.worker_id, long.id)
    assert times(clinic.free(), date(2026, 11, 27)) == ["09:00 陈老师", "16:00 陈老师"]
    with pytest.raises(Refused, match="slot_taken"):
        clinic.book(town.worker(), at(27, 11))


def test_an_absence_leaves_what_has_begun_already(clinic: Clinic, worker: Worker) -> None:
    over, later = clinic.book(worker, at(24, 9)), clinic.book(worker, at(24, 15))
    span, now = (at(24, 0), at(25, 0)), at(24, 10, 30)
    assert professionals.hit_by(clinic.db, clinic.chen, *span, now=now) == [later]
    professionals.be_away(clinic.db, clinic.chen, *span, seen=frozenset({later.id}), now=now, terms=TERMS)
    assert (over.state, later.state) == (BookingState.BOOKED, BookingState.CANCELLED)
    assert told(clinic, worker.id) == ["booking_called_off"]


def test_staff_of_another_union_learn_nothing_of_a_booking(
    clinic: Clinic, town: Town, worker: Worker
) -> None:
    stranger = town.staff("south", town.south)
    booking = clinic.book(worker, at(24, 9))
    act = {"now": clinic.now, "terms": TERMS, "staff": stranger, "reason": "问问"}
    for time in (at(24, 9), at(24, 10)):
        with pytest.raises(Refused, match="not_found"):
            bookings.move(clinic.db, booking, clinic.chen.id, time, **act)  # type: ignore[arg-type]
    bookings.cancel(clinic.db, booking, now=clinic.now, terms=TERMS)
    with pytest.raises(Refused, match="not_found"):
        bookings.cancel(clinic.db, booking, **act)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="not_found"):
        bookings.move(clinic.db, booking, clinic.chen.id, at(24, 10), **act)  # type: ignore[arg-type]


def test_coming_or_not_is_said_after_it_began_and_may_be_put_right(clinic: Clinic, worker: Worker) -> None:
    booking = clinic.book(worker, at(24, 9))
    phone = clinic.chen.staff.worker_id
    assert phone
    with pytest.raises(Refused, match="not_yet"):
        professionals.mark(clinic.db, phone, booking.id, came=True, now=at(24, 8))
    professionals.mark(clinic.db, phone, booking.id, came=False, now=at(24, 9, 20))
    professionals.mark(clinic.db, phone, booking.id, came=True, now=at(24, 9, 30))
    assert booking.state == BookingState.ATTENDED


def remind(clinic: Clinic, now: object) -> int:
    return reminders.remind_due(clinic.db, now, hours=(24, 2))  # type: ignore[arg-type]


def test_C8_a_reminder_a_day_and_two_hours_before_each_once(clinic: Clinic, worker: Worker) -> None:
    clinic.book(worker, at(26, 15))
    assert remind(clinic, at(25, 14, 59)) == 0
    assert [remind(clinic, at(25, 15)), remind(clinic, at(25, 15, 1))] == [1, 0]
    assert remind(clinic, at(26, 12)) == 0
    assert [remind(clinic, at(26, 13)), remind(clinic, at(26, 14))] == [1, 0]
    assert told(clinic, worker.id) == ["booking_soon", "booking_soon"]


def test_C8_after_a_stop_only_the_nearest_is_told(clinic: Clinic, worker: Worker) -> None:
    clinic.book(worker, at(26, 15))
    assert remind(clinic, at(26, 14)) == 1
    assert remind(clinic, at(26, 14, 30)) == 0


def test_C8_what_was_booked_this_near_needs_no_reminder_of_a_day(clinic: Clinic, worker: Worker) -> None:
    clinic.book(worker, at(23, 16))
    assert remind(clinic, at(23, 10, 1)) == 0
    assert remind(clinic, at(23, 14)) == 1


def test_C6_C8_reminders_follow_a_move_and_the_old_one_never_fires(clinic: Clinic, worker: Worker) -> None:
    from bot.texts import notices

    booking = clinic.book(worker, at(25, 15))
    assert remind(clinic, at(24, 15)) == 1
    clinic.db.flush()
    old = clinic.db.scalars(select(Notice).where(Notice.worker_id == worker.id)).one()
    bookings.move(clinic.db, booking, clinic.chen.id, at(27, 15), now=at(24, 15, 1), terms=TERMS)
    assert notices.words(clinic.db, old, now=at(24, 15, 2)) is None, "written, not sent yet"
    assert remind(clinic, at(25, 13)) == 0
    assert remind(clinic, at(26, 15)) == 1


def test_C8_who_was_reminded_is_known_while_the_booking_is_to_come(clinic: Clinic, worker: Worker) -> None:
    booking = clinic.book(worker, at(25, 15))
    assert reminders.reminded(clinic.db, worker.id, now=at(24, 14)) is None
    remind(clinic, at(24, 15))
    assert reminders.reminded(clinic.db, worker.id, now=at(24, 16)) is booking
    bookings.cancel(clinic.db, booking, now=at(25, 14), terms=TERMS, may_be_late=True)
    assert reminders.reminded(clinic.db, worker.id, now=at(25, 14)) is None
    assert clinic.db.scalars(select(BookingMove).order_by(BookingMove.id.desc())).first().is_late  # type: ignore[union-attr]


def test_the_crisis_notice_goes_to_whoever_is_on_duty(clinic: Clinic, town: Town, worker: Worker) -> None:
    from rules import crisis
    from tests.rules.clinic import CRISIS

    assert crisis.alert(clinic.db, worker.id, now=clinic.now, crisis=CRISIS) == 1
    assert told(clinic, clinic.chen.staff.worker_id) == ["crisis"]
    duty, clinic.gao.staff.worker_id = town.worker(), town.worker().id
    town.staff("wu", town.north, "duty", worker=duty)
    assert crisis.alert(clinic.db, worker.id, now=clinic.now, crisis=CRISIS) == 2, "the lawyer is not"
    assert told(clinic, duty.id) == ["crisis"]
    nobody = CRISIS.model_copy(update={"on_duty": ("nobody",)})
    assert crisis.alert(clinic.db, worker.id, now=clinic.now, crisis=nobody) == 0


def test_hours_and_lengths_fit_the_ticks(clinic: Clinic) -> None:
    with pytest.raises(Refused, match="odd_hours"):
        planning.set_hours(clinic.db, clinic.chen, 0, [(9 * 60 + 5, 12 * 60)])
    with pytest.raises(Refused, match="odd_hours"):
        planning.set_hours(clinic.db, clinic.chen, 0, [(540, 720), (700, 800)])
    facts = {"minutes": 45, "buffer_minutes": 0, "notice_minutes": 0, "cancel_minutes": 0, "move_minutes": 0}
    with pytest.raises(Refused, match="odd_minutes"):
        planning.add_service(clinic.db, clinic.union, "别的", asks="？", **facts)


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"buffer_minutes": -10}, "odd_minutes"),  # would leave the end of each booking to somebody else
        ({"minutes": 100_000_000}, "odd_minutes"),
        ({"notice_minutes": -60}, "odd_minutes"),
        ({"cancel_minutes": -10}, "odd_minutes"),
        ({"name": " \u200b"}, "bad_service"),  # every sentence has an empty name in it
        ({"name": "长" * 41}, "bad_service"),
        ({"asks": ""}, "bad_service"),
    ],
)
def test_a_service_that_makes_no_sense_is_not_set_up(clinic: Clinic, odd: dict[str, Any], code: str) -> None:
    facts = {"name": "别的", "asks": "？", "minutes": 50, "buffer_minutes": 10}
    limits = {"notice_minutes": 0, "cancel_minutes": 0, "move_minutes": 0}
    with pytest.raises(Refused, match=code):
        planning.add_service(clinic.db, clinic.union, **(facts | limits | odd))  # type: ignore[arg-type]
