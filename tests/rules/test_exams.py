"""Signing up for exams, and the one waiting list behind them: what is given, to whom, in which order, until when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.db import engine_for
from models.exams import SignUp, Sitting
from models.messages import Notice
from models.waiting import Turn
from rules import waiting
from rules.exams import eligibility, sign_ups, sittings
from rules.exams.sign_ups import LINE
from tests.rules.cast import NOW, Town
from tests.rules.exam_cast import ADULT, LIMITS, enter, faults, person, plan
from tests.rules.test_profile_moves import refused


def told(town: Town, worker_id: int) -> list[str]:
    return list(town.db.scalars(select(Notice.kind).where(Notice.worker_id == worker_id).order_by(Notice.id)))


def test_places_first_then_the_line_in_order(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=2)
    signed = [enter(town.db, town.worker(town.north), sitting, n, now=NOW) for n in range(5)]
    assert [one.is_placed for one in signed] == [True, True, False, False, False]
    assert [one.ahead for one in signed] == [0, 0, 0, 1, 2]
    assert [one.number for one in signed] == [f"{sitting.id:02d}-{n:04d}" for n in range(1, 6)]
    assert faults(town.db, sitting.id) == []


def test_one_person_signs_up_once_whichever_phone_they_use(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=9)
    first, second = town.worker(), town.worker()
    signed = enter(town.db, first, sitting, 1, now=NOW)
    with refused("person_signed_up"):
        enter(town.db, second, sitting, 1, now=NOW)
    with refused("signed_up"):
        enter(town.db, first, sitting, 2, now=NOW)
    sign_ups.withdraw(town.db, first.id, signed.id, now=NOW, limits=LIMITS)
    enter(town.db, second, sitting, 1, now=NOW)
    other = plan(town.db, town.city, now=NOW, quota=9)
    enter(town.db, first, other, 1, now=NOW)
    assert faults(town.db, sitting.id) == faults(town.db, other.id) == []


def test_the_database_refuses_one_place_too_many(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=1)
    enter(town.db, town.worker(), sitting, 1, now=NOW)
    with pytest.raises(IntegrityError):
        town.db.execute(update(Sitting).where(Sitting.id == sitting.id).values(taken=Sitting.taken + 1))


def test_the_database_refuses_the_same_person_twice(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=9)
    one = enter(town.db, town.worker(), sitting, 1, now=NOW)
    two = enter(town.db, town.worker(), sitting, 2, now=NOW)
    same = town.db.get_one(SignUp, one.id).id_hash
    with pytest.raises(IntegrityError):
        town.db.execute(update(SignUp).where(SignUp.id == two.id).values(id_hash=same))


def test_B11_what_identifies_is_sealed_and_found_by_its_hash_alone(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=9)
    one = enter(town.db, town.worker(), sitting, 7, now=NOW)
    town.db.commit()
    who = person(7)
    engine = engine_for(town.engine.url)
    with engine.connect() as raw:
        row = raw.exec_driver_sql(f"SELECT * FROM exam_sign_up WHERE id = {one.id}").one()
    engine.dispose()
    stored = b" ".join(
        bytes(cell) if isinstance(cell, (bytes, memoryview)) else str(cell).encode() for cell in row
    )
    for secret in (who.name, who.id_number, who.phone, who.employer):
        assert secret.encode() not in stored
    assert town.db.get_one(SignUp, one.id).id_number == who.id_number
    assert who.id_number not in repr(who)


@pytest.mark.parametrize(
    ("minutes", "code"), [(-61, "sitting_not_open"), (-60, ""), (14399, ""), (14400, "sitting_closed")]
)
def test_it_opens_and_closes_to_the_minute(town: Town, minutes: int, code: str) -> None:
    sitting = plan(town.db, town.city, now=NOW)
    now = NOW + timedelta(minutes=minutes)
    if code:
        with refused(code):
            enter(town.db, town.worker(), sitting, 1, now=now)
    else:
        assert enter(town.db, town.worker(), sitting, 1, now=now).is_placed


@pytest.mark.parametrize(("born", "is_old_enough"), [(date(2008, 12, 13), True), (date(2008, 12, 14), False)])
def test_age_is_that_on_the_day_of_the_exam_in_shanghai(town: Town, born: date, is_old_enough: bool) -> None:
    starts_at = datetime(2026, 12, 12, 17, 0, tzinfo=UTC)  # one in the morning of the 13th
    sitting = plan(town.db, town.city, now=NOW, starts_at=starts_at)
    if is_old_enough:
        assert enter(town.db, town.worker(), sitting, 1, now=NOW, person=person(1, born)).is_placed
    else:
        with refused("not_eligible"):
            enter(town.db, town.worker(), sitting, 1, now=NOW, person=person(1, born))


def test_requirements_explain_themselves() -> None:
    service = {"kind": "service", "months": 12, "words": "做这个工种满 1 年"}
    assert eligibility.checked([ADULT, service]) == [ADULT, service]
    assert eligibility.stated([ADULT, service]) == ["做这个工种满 1 年"]
    for wrong in (
        {"kind": "height", "words": "一米六"},
        {"kind": "age", "least": 18},
        {"kind": "age", "words": "成年"},
        {"kind": "prior", "level": 0, "words": "五级"},
        {"kind": "other", "words": " "},
    ):
        with refused("bad_requirement"):
            eligibility.checked([wrong])


def test_sittings_of_another_district_are_not_on_offer(town: Town) -> None:
    here = plan(town.db, town.north, now=NOW)
    city = plan(town.db, town.city, now=NOW)
    elsewhere = plan(town.db, town.south, now=NOW)
    worker, stranger = town.worker(town.north), town.worker()
    assert {one.id for one in sittings.on_offer(town.db, worker.id, now=NOW)} == {here.id, city.id}
    assert len(sittings.on_offer(town.db, stranger.id, now=NOW)) == 3
    with refused("sitting_gone"):
        enter(town.db, worker, elsewhere, 1, now=NOW)


def test_C4_a_freed_place_is_held_for_the_first_in_line_and_for_nobody_else(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=1)
    holder, first, second, late = (town.worker() for _ in range(4))
    had = enter(town.db, holder, sitting, 1, now=NOW)
    waits = enter(town.db, first, sitting, 2, now=NOW)
    enter(town.db, second, sitting, 3, now=NOW)
    sign_ups.withdraw(town.db, holder.id, had.id, now=NOW, limits=LIMITS)
    assert told(town, first.id) == ["exam_offer"]
    assert told(town, second.id) == []
    assert not enter(town.db, late, sitting, 4, now=NOW).is_placed
    with refused("sign_up_gone"):
        sign_ups.accept(town.db, second.id, waits.id, now=NOW)
    with refused("no_offer"):
        sign_ups.accept(town.db, second.id, None, now=NOW)
    assert faults(town.db, sitting.id) == []
    for _twice in range(2):
        assert sign_ups.accept(town.db, first.id, waits.id, now=NOW).state == Turn.PLACED
    assert faults(town.db, sitting.id) == []


def test_C4_an_offer_ends_at_its_moment_and_passes_on(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=1)
    holder, first, second = (town.worker() for _ in range(3))
    had = enter(town.db, holder, sitting, 1, now=NOW)
    one = enter(town.db, first, sitting, 2, now=NOW)
    two = enter(town.db, second, sitting, 3, now=NOW)
    sign_ups.withdraw(town.db, holder.id, had.id, now=NOW, limits=LIMITS)
    almost, over = NOW + timedelta(minutes=119, seconds=59), NOW + timedelta(minutes=120)
    assert waiting.end_due(town.db, almost, line=LINE, limits=LIMITS) == 0
    with refused("offer_over"):
        sign_ups.accept(town.db, first.id, one.id, now=over)
    assert waiting.end_due(town.db, over, line=LINE, limits=LIMITS) == 1
    assert waiting.end_due(town.db, over, line=LINE, limits=LIMITS) == 0
    assert told(town, first.id) == ["exam_offer", "exam_offer_over"]
    assert told(town, second.id) == ["exam_offer"]
    with refused("offer_over"):
        sign_ups.accept(town.db, first.id, one.id, now=over)
    assert sign_ups.accept(town.db, second.id, two.id, now=over).state == Turn.PLACED
    assert faults(town.db, sitting.id) == []


def test_C4_who_refused_or_left_is_not_offered_again(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=1)
    holder, first, second, third = (town.worker() for _ in range(4))
    had = enter(town.db, holder, sitting, 1, now=NOW)
    one, two, three = (
        enter(town.db, worker, sitting, serial, now=NOW)
        for serial, worker in enumerate((first, second, third), 2)
    )
    sign_ups.withdraw(town.db, first.id, one.id, now=NOW, limits=LIMITS)
    sign_ups.withdraw(town.db, holder.id, had.id, now=NOW, limits=LIMITS)
    sign_ups.decline(town.db, second.id, two.id, now=NOW, limits=LIMITS)
    sign_ups.withdraw(town.db, third.id, three.id, now=NOW, limits=LIMITS)
    assert [told(town, w.id) for w in (first, second, third)] == [[], ["exam_offer"], ["exam_offer"]]
    assert town.db.get_one(Sitting, sitting.id, populate_existing=True).free == 1
    assert enter(town.db, first, sitting, 2, now=NOW).is_placed
    assert faults(town.db, sitting.id) == []


@pytest.mark.parametrize(
    ("freed", "told_at", "until"),
    [
        ("2026-11-24 10:00", "2026-11-24 10:00", "2026-11-24 12:00"),
        ("2026-11-24 20:59", "2026-11-24 20:59", "2026-11-24 22:59"),
        ("2026-11-24 21:00", "2026-11-25 08:00", "2026-11-25 10:00"),
        ("2026-11-25 03:00", "2026-11-25 08:00", "2026-11-25 10:00"),
        ("2026-11-25 07:59", "2026-11-25 08:00", "2026-11-25 10:00"),
        ("2026-12-12 08:00", "2026-12-12 08:00", "2026-12-12 09:00"),  # the exam is at nine
        ("2026-12-11 23:00", "2026-12-12 08:00", "2026-12-12 09:00"),
    ],
)
def test_C4_a_place_is_held_by_day_and_never_beyond_the_exam(freed: str, told_at: str, until: str) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(f"{text}+08:00")

    assert waiting.hold(at(freed), at("2026-12-12 09:00"), LIMITS) == (at(told_at), at(until))


def test_at_an_early_exam_the_night_does_not_eat_the_offer(town: Town) -> None:
    now = datetime(2026, 12, 11, 22, 0, tzinfo=UTC)  # six in the morning
    starts = datetime(2026, 12, 12, 0, 0, tzinfo=UTC)
    assert waiting.hold(now, starts, LIMITS) == (now, starts)


def test_when_the_exam_has_begun_nothing_moves_any_more(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=1)
    holder, first = town.worker(), town.worker()
    had = enter(town.db, holder, sitting, 1, now=NOW)
    enter(town.db, first, sitting, 2, now=NOW)
    with refused("exam_begun"):
        sign_ups.withdraw(town.db, holder.id, had.id, now=sitting.starts_at, limits=LIMITS)
    assert sign_ups.mine(town.db, holder.id, now=sitting.starts_at) == []


def test_nobody_reads_or_moves_what_is_anothers(town: Town) -> None:
    sitting = plan(town.db, town.city, now=NOW, quota=1)
    owner, other = town.worker(), town.worker()
    had = enter(town.db, owner, sitting, 1, now=NOW)
    for act in (
        partial(sign_ups.named, town.db, other.id, had.id),
        partial(sign_ups.withdraw, town.db, other.id, had.id, now=NOW, limits=LIMITS),
        partial(sign_ups.accept, town.db, other.id, had.id, now=NOW),
        partial(sign_ups.decline, town.db, other.id, had.id, now=NOW, limits=LIMITS),
        partial(sign_ups.named, town.db, other.id, 10**9),
    ):
        with refused("sign_up_gone"):
            act()
    assert sign_ups.mine(town.db, other.id, now=NOW) == []
    assert sign_ups.last_of(town.db, other.id) is None


def test_states_move_by_their_tables_alone() -> None:
    ends = {after for moves in waiting.MOVES.values() for after in moves} - set(waiting.LIVE)
    assert ends == {Turn.WITHDRAWN, Turn.LAPSED}
