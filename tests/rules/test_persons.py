"""A person's data as a whole: every table is named for taking it away, for erasing it and for merging two records."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.config import Config
from core.errors import Refused
from models.appointments import Booking, BookingState, Tick, TickKind
from models.audit import Audit
from models.exams import SignUp
from models.matchmaking import Card, MeetRequest, RequestState
from models.messages import Dialog, Notice, Received
from models.people import Staff, Worker
from models.persons import Erasure, Merge, OtherPhone
from models.photos import Photo
from models.waiting import Turn
from rules import people, retention
from rules.access import Role
from rules.exams import sign_ups
from rules.matchmaking import blocking, looking, photos, requests
from rules.persons import consents, erasing, exporting, links, merging, moving
from rules.persons.consents import Kind
from rules.persons.erasing import Fate
from tests.rules import exam_cast
from tests.rules.cast import NOW, Town
from tests.rules.clinic import faults
from tests.rules.persons_cast import (
    KEPT,
    MARK,
    Lives,
    everything,
    hanging,
    left_of,
    lives,
    say,
)


@pytest.fixture
def it(town: Town, config: Config) -> Lives:
    return lives(town, config)


@pytest.fixture
def manager(town: Town) -> Staff:
    return town.staff("zhu", town.north, "manager")


def exported(it: Lives, worker: Worker | None = None) -> str:
    held = exporting.collect(it.db, worker or it.worker, words=say, now=NOW)
    return json.dumps(held, ensure_ascii=False, default=str)


# Every table is named


def test_every_table_that_hangs_on_a_person_is_exported_or_named_with_a_reason() -> None:
    shown = {table for _, tables in exporting.SECTIONS.values() for table in tables}
    named = {one.__name__ for one in shown | set(exporting.NOT_EXPORTED)}
    assert named == {one.__name__ for one in hanging() | {Received, Tick}}
    assert not shown & set(exporting.NOT_EXPORTED)


def test_every_table_that_hangs_on_a_person_has_a_fate() -> None:
    assert {one.__name__ for one in erasing.FATES} == {one.__name__ for one in hanging() | {Received, Tick}}
    assert all(why for fate, why in erasing.FATES.values() if fate is not Fate.DELETED)


def test_every_table_that_hangs_on_a_person_follows_or_is_named_with_a_reason() -> None:
    named = set(moving.MOVES) | set(moving.NOT_MOVED)
    assert {one.__name__ for one in named} == {one.__name__ for one in hanging() | {Received, Tick}}
    assert not set(moving.MOVES) & set(moving.NOT_MOVED)


# 导出


def test_an_export_has_one_of_everything_and_nothing_of_others(it: Lives) -> None:
    it.db.add(Merge(gone_id=it.shy.id, kept_id=it.worker.id, staff_id=1, at=NOW))
    held = exporting.collect(it.db, it.worker, words=say, now=NOW)
    assert [name for name, rows in held.items() if not rows] == []
    said = exported(it)
    for mine in (f"您好{MARK}", KEPT, f"{MARK}{1:018d}", "oMK-second"):
        assert mine in said
    for secret in ("ayue_secret", "ashi_secret", "blocked"):
        assert secret not in said


def test_E6_an_export_tells_no_more_than_its_person_knows(it: Lives) -> None:
    """A no looks like no answer; a wish that was not put is not there; who looked and blocked is not there."""
    wish = it.db.scalars(select(MeetRequest).where(MeetRequest.asker_id == it.shy.id)).one()
    before = exported(it, it.shy)
    requests.decline(it.db, wish, now=NOW)
    it.db.flush()
    assert exported(it, it.shy) == before, "a no"
    held = exporting.collect(it.db, it.worker, words=say, now=NOW)
    assert len(held["wishes"]) == 1, "their own no they know"
    for state in (RequestState.WAITING, RequestState.EXPIRED):
        for notice in it.db.scalars(select(Notice).where(Notice.worker_id == it.worker.id)):
            if notice.kind == "meet_asked":
                it.db.delete(notice)
        wish.state = state
        it.db.flush()
        assert exporting.collect(it.db, it.worker, words=say, now=NOW)["wishes"] == [], state


def _live_token(it: Lives, worker: Worker) -> str:
    profile = erasing.profile_of(it.db, worker.id)
    assert profile
    return it.db.scalars(
        select(Card.token).where(Card.profile_id == profile.id, Card.revoked_at.is_(None))
    ).one()


def test_a_link_works_once_for_half_an_hour_and_not_too_often(it: Lives) -> None:
    limits = it.config.persons
    token = links.make(it.db, it.other.id, limits=limits, now=NOW)
    assert token not in str(everything(it.db))
    assert links.is_open(it.db, token, now=NOW)
    assert links.use(it.db, token, now=NOW) is it.other
    late = links.make(it.db, it.other.id, limits=limits, now=NOW)
    for bad, moment in ((token, NOW), (late, NOW + timedelta(minutes=30)), ("x", NOW)):
        assert not links.is_open(it.db, bad, now=moment)
        with pytest.raises(Refused, match="export_gone"):
            links.use(it.db, bad, now=moment)
    links.make(it.db, it.other.id, limits=limits, now=NOW)
    with pytest.raises(Refused, match="export_often"):
        links.make(it.db, it.other.id, limits=limits, now=NOW + timedelta(hours=23))
    links.make(it.db, it.other.id, limits=limits, now=NOW + timedelta(hours=25))
    assert retention.forget_links(it.db, NOW + timedelta(days=9)) == 5


# 注销


def test_erased_is_erased_everywhere(it: Lives) -> None:
    worker, db = it.worker, it.db
    number, request = (
        worker.id,
        db.scalars(select(MeetRequest).where(MeetRequest.asker_id == it.shy.id)).one(),
    )
    assert erasing.erase(db, worker, config=it.config, now=NOW)
    (erasure,) = db.scalars(select(Erasure)).all()
    assert sorted(erasure.openids or []) == ["oMK-phone", "oMK-second"], "until all have forgotten them"
    assert erasing.is_just_gone(db, "oMK-phone")
    assert erasing.due(db, NOW + timedelta(seconds=19)) == []
    db.add(Notice(worker_id=number, kind="late_answer", facts={"text": MARK}, made_at=NOW, due_at=NOW))
    db.add(Received(key="oMK-phone:9", at=NOW, reply=MARK))  # was under way at that moment
    db.flush()
    later = NOW + timedelta(seconds=20)
    for one in erasing.due(db, later):
        erasing.finish(db, one, config=it.config, now=later)
    db.flush()
    held = everything(db)
    assert {
        table for table, rows in held.items() if MARK in rows or "oMK-phone" in rows or "oMK-second" in rows
    } == set()
    assert {table for table, rows in held.items() if KEPT in rows} == {"exam_sign_up"}, "what the law keeps"
    for table, (fate, _) in erasing.FATES.items():
        if fate is Fate.DELETED and hasattr(table, "worker_id"):
            assert not db.scalars(select(table).where(table.worker_id == number)).all(), table
    assert worker.gone_at == NOW
    assert not worker.is_following
    assert people.of_openid(db, "oMK-phone") is None, "whoever writes with it now is new"
    assert people.of_openid(db, "oMK-second") is None
    booking = db.scalars(select(Booking).where(Booking.worker_id == number)).one()
    assert booking.state == BookingState.CANCELLED
    assert faults(db) == [], "the time is free"
    assert exam_cast.faults(db, it.coming.id) == []
    offered = db.scalars(
        select(SignUp).where(SignUp.worker_id == it.other.id, SignUp.sitting_id == it.coming.id)
    )
    assert offered.one().state == Turn.OFFERED, "the place passed on"
    db.refresh(request)
    assert (request.state, request.told_at) == (RequestState.OPEN, None), (
        "told when it would have been anyway"
    )
    assert requests.expire_due(db, NOW + timedelta(days=3)) == 1
    lan = db.scalars(select(Staff).where(Staff.login == "lan")).one()
    assert lan.worker_id is None
    with pytest.raises(Refused, match="card_gone"):
        looking.card(db, it.other.id, _any_token(it, number))
    assert retention.forget_candidates(db, NOW - timedelta(days=6)) == 0
    assert retention.forget_candidates(db, NOW, unplaced=True) == 0, "they had a place"
    assert retention.forget_candidates(db, NOW) == 1
    assert retention.forget_candidates(db, NOW) == 0
    assert KEPT not in str(everything(db))


def _any_token(it: Lives, worker_id: int) -> str:
    profile = erasing.profile_of(it.db, worker_id)
    assert profile
    return it.db.scalars(select(Card.token).where(Card.profile_id == profile.id)).first() or ""


def test_erasing_twice_is_once(it: Lives) -> None:
    assert erasing.erase(it.db, it.worker, config=it.config, now=NOW)
    before = everything(it.db)["erasure"]
    assert not erasing.erase(it.db, it.worker, config=it.config, now=NOW + timedelta(hours=1))
    assert everything(it.db)["erasure"] == before


def test_staff_erase_on_request_with_a_reason_within_their_reach(
    town: Town, config: Config, manager: Staff
) -> None:
    it = lives(town, config, is_staff=False)
    clerk, south = town.staff("jing", town.north, "clerk"), town.staff("nan", town.south, "manager")
    for who in (clerk, south):
        with pytest.raises(Refused, match="not_found"):
            erasing.erase(it.db, it.worker, config=config, now=NOW, staff=who, reason="本人来信")
    with pytest.raises(Refused, match="reason_needed"):
        erasing.erase(it.db, it.worker, config=config, now=NOW, staff=manager, reason=" ")
    held = exporting.on_request(it.db, manager, it.worker, reason="本人来信", words=say, now=NOW)
    assert held["photos"]
    assert "given" not in held, "what is not handed in is nobody else's to see"
    colleague = town.staff("qiu", town.north, worker=town.worker(town.north))
    assert colleague.worker_id
    mine = it.db.get_one(Worker, colleague.worker_id)
    with pytest.raises(Refused, match="bound_staff"):
        erasing.erase(it.db, mine, config=config, now=NOW, staff=manager, reason="本人来信")
    number = it.worker.id
    assert erasing.erase(it.db, it.worker, config=config, now=NOW, staff=manager, reason="本人来信")
    noted = it.db.scalars(select(Audit).where(Audit.act == "worker_erase")).one()
    assert (noted.subject, noted.reason, noted.staff_id) == (f"worker:{number}", "本人来信", manager.id)
    with pytest.raises(Refused, match="not_found"):
        erasing.erase(it.db, it.worker, config=config, now=NOW, staff=manager, reason="再来一次")


# 合并


def test_merged_two_records_are_one(town: Town, config: Config, manager: Staff) -> None:
    it = lives(town, config, is_staff=False)
    db, gone, keep = it.db, it.worker, town.worker(town.north)
    keep_id, gone_id = keep.id, gone.id
    assert merging.problems(db, keep, gone, now=NOW) == []
    merging.merge(db, manager, keep.id, gone.id, reason="换了手机", now=NOW)
    assert left_of(db, gone_id) == {"worker_merge.gone_id": 1}
    assert not db.scalars(select(Tick).where(Tick.kind == TickKind.WORKER, Tick.owner_id == gone_id)).all()
    assert faults(db) == []
    keep = db.get_one(Worker, keep_id)
    held = exporting.collect(db, keep, words=say, now=NOW)
    assert {name for name, rows in held.items() if not rows} == {"staff"}
    assert merging.kept_of(db, gone_id) == keep_id
    first = keep.openid
    assert people.of_openid(db, "oMK-phone") is keep, "the other phone lands on the record that stays"
    assert keep.openid == "oMK-phone", "and what we have to say goes there"
    assert people.of_openid(db, first) is keep
    people.unfollow(db, keep, now=NOW)
    assert keep.is_following, "one phone put away"
    with pytest.raises(Refused, match="not_found"):
        merging.merge(db, manager, keep_id, gone_id, reason="再来", now=NOW)
    db.add(Notice(worker_id=gone_id, kind="late_answer", facts={}, made_at=NOW, due_at=NOW))
    db.flush()
    assert merging.settle_due(db, NOW + timedelta(seconds=29)) == 0
    assert merging.settle_due(db, NOW + timedelta(seconds=30)) == 1
    assert left_of(db, gone_id) == {"worker_merge.gone_id": 1}, "what was under way followed"
    noted = db.scalars(select(Audit.subject).where(Audit.act == "worker_merge")).all()
    assert set(noted) == {f"worker:{keep_id}", f"worker:{gone_id}"}
    with pytest.raises(Refused, match="just_gone"):  # or 注销 said at that moment would be lost
        erasing.erase(db, db.get_one(Worker, gone_id), config=config, now=NOW)
    erasing.erase(db, keep, config=config, now=NOW)
    assert not db.scalars(select(OtherPhone)).all()
    db.get_one(Merge, gone_id).settled_at, later = None, NOW + timedelta(minutes=1)
    db.flush()
    assert erasing.due(db, later) == [], "something may still follow"
    assert merging.settle_due(db, later) == 1
    assert [one.worker_id for one in erasing.due(db, later)] == [keep_id]


def test_two_full_records_are_merged_after_what_clashes_is_settled(
    town: Town, config: Config, manager: Staff
) -> None:
    it = lives(town, config, is_staff=False)
    db = it.db
    twin = town.listed(worker=town.worker(town.north), nickname="分身", contact="x").profile.worker
    mine = db.scalars(select(Booking).where(Booking.worker_id == it.worker.id)).one()
    same_time = Booking(
        service_id=it.clinic.law.id, professional_id=it.clinic.gao.id, place_id=mine.place_id, worker_id=twin.id,
        starts_at=mine.starts_at + timedelta(minutes=40), ends_at=mine.ends_at + timedelta(minutes=40),
        state=BookingState.BOOKED, made_at=NOW, timed_at=NOW, token="t", draft_id="d",
    )  # fmt: skip
    db.add(same_time)
    exam_cast.enter(db, twin, it.coming, 9, now=NOW)
    card = looking.card(db, twin.id, _live_token(it, it.other))
    requests.ask(db, twin.id, card, now=NOW, limits=config.matchmaking)
    looking.mark(db, twin.id, card.profile_id, "kept", now=NOW)
    theirs = erasing.profile_of(db, it.worker.id)
    assert theirs
    looking.mark(db, twin.id, theirs.id, "kept", now=NOW)
    other_look = erasing.profile_of(db, twin.id)
    assert other_look
    blocking.block(db, it.other.id, other_look, now=NOW)
    codes = {problem.code for problem in merging.problems(db, it.worker, twin, now=NOW)}
    assert codes == {"two_profiles", "bookings_overlap", "same_sitting"}
    db.delete(same_time)
    with pytest.raises(Refused, match="two_profiles"):
        merging.merge(db, manager, it.worker.id, twin.id, reason="同一个人", now=NOW)
    consents.withdraw(db, twin.id, Kind.PROFILE, "", now=NOW)
    other_way = {problem.code for problem in merging.problems(db, twin, it.worker, now=NOW)}
    assert "profile_on_other" in other_way
    for one in db.scalars(select(SignUp).where(SignUp.worker_id == twin.id)):
        sign_ups.withdraw(db, twin.id, one.id, now=NOW, limits=config.waiting)
    gone_id = twin.id
    earlier = NOW - timedelta(hours=1)
    db.add(Dialog(worker_id=gone_id, state={}, changed_at=earlier, erase_at=NOW + timedelta(days=7)))
    db.add(Photo(worker_id=gone_id, media_id="m", made_at=earlier, due_at=NOW))
    [given] = photos.given(db, it.worker.id)
    merging.merge(db, manager, it.worker.id, gone_id, reason="同一个人", now=NOW)
    assert [*photos.given(db, it.worker.id)] == [given], "a photo goes with the conversation it was for"
    assert left_of(db, gone_id) == {"worker_merge.gone_id": 1, "profile.worker_id": 1}
    empty = erasing.profile_of(db, gone_id)
    assert empty
    assert (empty.nickname, empty.contact) == ("", None)
    assert [one.profile_id for one in blocking.blocked(db, it.other.id)] == [theirs.id], (
        "a block is of a person"
    )
    live = [
        one.state
        for one in db.scalars(select(MeetRequest).where(MeetRequest.asker_id == it.worker.id))
        if one.state in moving.LIVE
    ]
    assert live == [RequestState.ACCEPTED], "the further one of two wishes"


def test_nobody_merges_a_phone_into_a_colleagues_login_or_beyond_their_reach(
    town: Town, config: Config, manager: Staff
) -> None:
    one, two, bound = town.worker(town.north), town.worker(town.south), town.worker(town.north)
    boss = town.staff("boss", town.city, Role.ADMINISTRATOR, worker=bound)
    for keep, gone in ((one, two), (two, one), (one, one)):
        with pytest.raises(Refused, match="not_found"):
            merging.merge(town.db, manager, keep.id, gone.id, reason="同一个人", now=NOW)
    for keep, gone in ((one, bound), (bound, one)):
        with pytest.raises(Refused, match="bound_staff"):
            merging.merge(town.db, boss, keep.id, gone.id, reason="同一个人", now=NOW)
    with pytest.raises(Refused, match="reason_needed"):
        merging.merge(town.db, boss, one.id, two.id, reason="", now=NOW)


@pytest.mark.parametrize("state", [Turn.PLACED, Turn.WITHDRAWN])
def test_nobody_is_named_for_ever_at_an_exam_that_was_held(it: Lives, state: Turn) -> None:
    held = it.db.scalars(
        select(SignUp).where(SignUp.worker_id == it.worker.id, SignUp.sitting_id == it.held.id)
    ).one()
    held.state = state
    number = held.number
    is_unplaced = state != Turn.PLACED
    assert retention.forget_candidates(it.db, NOW, unplaced=True) == is_unplaced
    assert retention.forget_candidates(it.db, NOW) == (not is_unplaced)
    assert retention.forget_candidates(it.db, NOW) == 0
    it.db.expire_all()
    assert (held.number, held.name, held.id_number, held.phone, held.employer) == (number, "", "", "", "")
    assert len([one for one in consents.agreed(it.db, it.worker.id) if one.kind == Kind.EXAM]) == 2
    assert exporting.collect(it.db, it.worker, words=say, now=NOW)["sign_ups"]


# 同意过的


def test_E10_taking_consent_back_takes_the_card_down(it: Lives) -> None:
    agreed = consents.agreed(it.db, it.worker.id)
    assert [one.kind for one in agreed] == [Kind.PROFILE, Kind.EXAM, Kind.EXAM, Kind.EXAM, Kind.NOTICES]
    for one in agreed:
        if one.can_end:
            consents.withdraw(it.db, it.worker.id, one.kind, one.key, now=NOW)
            consents.withdraw(it.db, it.worker.id, one.kind, one.key, now=NOW)
    assert {one.kind for one in consents.agreed(it.db, it.worker.id)} == {Kind.EXAM}
    with pytest.raises(Refused, match="card_gone"):
        looking.card(it.db, it.other.id, _any_token(it, it.worker.id))
    with pytest.raises(Refused, match="not_found"):
        consents.withdraw(it.db, it.worker.id, Kind.EXAM, "01-0001", now=NOW)


def test_a_phone_changed_at_the_same_moment_is_neither_lost_nor_kept(
    town: Town, config: Config, manager: Staff
) -> None:
    db = town.db
    keep, gone = town.worker(town.north), town.worker(town.north)
    first = gone.openid
    db.add(OtherPhone(openid="oSecond", worker_id=gone.id))
    db.flush()
    assert people.change_phone(db, "oSecond")  # which what was read before does not know of
    keep_id = merging.merge(db, manager, keep.id, gone.id, reason="换了手机", now=NOW).id
    assert people.of_openid(db, "oSecond") is people.of_openid(db, first) is db.get(Worker, keep_id)
    keep = db.get_one(Worker, keep_id)
    phones = {keep.openid, *db.scalars(select(OtherPhone.openid))}
    assert len(phones) == 3
    assert people.change_phone(db, next(one for one in phones if one != keep.openid))
    erasing.erase(db, keep, config=config, now=NOW)
    assert set(db.get_one(Erasure, keep_id).openids or ()) == phones
