"""F1 to F4, F10: who gets a broadcast, what becomes of each, and what the platform's answers mean."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.texts import notices as texts
from core.errors import Refused
from emulator.testing import Phone
from models.broadcasts import Batch, Broadcast, Recipient, RecipientState, Topic, Way
from models.messages import Notice
from models.people import Staff, Worker
from rules import inbox, organisations, people, staff
from rules.access import Role
from rules.broadcasts import audience, batches, life, mutes, results, rows
from tests.tasks.campaign import CUSTOM, MASS, Campaign
from tests.wechat import heard, open_window

TEXT = "周六下午体育馆有活动"


def test_F1_one_row_for_each_person_and_the_counts_add_up(campaign: Campaign) -> None:
    phones = campaign.people(11)
    with Session(campaign.engine) as db:
        workers = db.scalars(select(Worker).order_by(Worker.id)).all()
        people.unfollow(db, workers[0], now=campaign.now)
        mutes.mute(db, workers[1].id, (Topic.ACTIVITY,), now=campaign.now)
        mutes.mute(db, workers[2].id, (Topic.NEWS,), now=campaign.now)
        db.commit()
    one = campaign.write()
    with Session(campaign.engine) as db:
        before = audience.count(db, db.get_one(Broadcast, one), now=campaign.now)
    assert (before.all, before.unfollowed, before.muted, before.receive) == (11, 1, 1, 9)
    campaign.work(one)
    assert campaign.counts(one) == {"sending": 9, "skipped": 2}
    assert [batch.size for batch in campaign.batches(one)] == [4, 3, 2]  # nobody is left alone
    assert campaign.row(one, phones[0]) == ("skipped", "unfollowed", None)
    assert campaign.row(one, phones[1]) == ("skipped", "muted", None)
    assert campaign.get(one).state == "sending"
    campaign.finish_jobs(one)
    assert campaign.counts(one) == {"sent": 9, "skipped": 2}
    assert campaign.get(one).state == "done"
    campaign.check(one)
    with Session(campaign.engine) as db:
        first = db.scalars(select(Recipient.worker_id)).first()
        twice = {"broadcast_id": one, "worker_id": first, "state": "waiting", "way": "mass", "attempts": 0}
        with pytest.raises(IntegrityError):
            db.execute(insert(Recipient).values(**twice))


def test_F1_the_audience_is_who_is_there_at_the_start(campaign: Campaign) -> None:
    campaign.people(4)
    one = campaign.write()
    assert campaign.step(one)
    campaign.people(3)
    campaign.work(one)
    assert campaign.counts(one) == {"sending": 4}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {0, 1, 2, 3}),
        ({"organisation": "城北区总工会"}, {2, 3}),
        ({"followed_since": "2026-11-20T00:00:00+00:00"}, {0, 1, 2}),
        ({"service": "fair"}, set()),
        ({"organisation": "城北区总工会", "followed_since": "2026-11-20T00:00:00+00:00"}, {2}),
    ],
)
def test_an_audience_is_chosen_by_data(
    campaign: Campaign, chosen: dict[str, Any], expected: set[int]
) -> None:
    phones = campaign.people(2) + campaign.people(2, union="城北区总工会")
    with Session(campaign.engine) as db:
        last = db.scalars(select(Worker).where(Worker.openid == phones[3].openid)).one()
        last.followed_at = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
        if "organisation" in chosen:
            home = db.scalars(select(Staff)).first()
            assert home
            found = organisations.named(db, chosen["organisation"])
            assert found
            chosen = {**chosen, "organisation": found.id}
        db.commit()
    one = campaign.write(**chosen)
    while not campaign.get(one).is_frozen:
        campaign.step(one)
    with Session(campaign.engine) as db:
        written = set(
            db.scalars(
                select(Worker.openid)
                .join(Recipient, Recipient.worker_id == Worker.id)
                .where(Recipient.broadcast_id == one)
            )
        )
    assert written == {phones[number].openid for number in expected}


def test_staff_write_only_to_people_of_their_union(campaign: Campaign) -> None:
    campaign.people(2)
    campaign.people(3, union="城北区总工会")
    with Session(campaign.engine) as db:
        north = organisations.named(db, "城北区总工会")
        assert north
        chen = staff.add(db, "chen", name="chen", role=Role.MANAGER, organisation=north, now=campaign.now)
        body = {"text": TEXT}
        more: dict[str, Any] = {"topic": Topic.NEWS, "way": Way.MASS, "now": campaign.now}
        one = life.new(db, chen, "text", body, audience={}, **more)
        assert audience.count(db, one, now=campaign.now).all == 3
        with pytest.raises(Refused, match="no_such_union"):
            life.new(db, chen, "text", body, audience={"organisation": 1}, **more)
        citys = life.new(db, staff.by_login(db, "lin"), "text", body, audience={}, **more)
        with pytest.raises(Refused, match="not_found"):
            life.find(db, chen, citys.id)


def test_nothing_goes_out_before_a_preview_and_a_second_pair_of_eyes(campaign: Campaign) -> None:
    with Session(campaign.engine) as db:
        lin, wang = staff.by_login(db, "lin"), staff.by_login(db, "wang")
        now, more = campaign.now, {"topic": Topic.NEWS, "way": Way.MASS, "audience": {}}
        one = life.new(db, lin, "text", {"text": TEXT}, now=now, **more)  # type: ignore[arg-type]
        with pytest.raises(Refused, match="approval_needed"):
            life.start(db, one, lin, now=now)
        with pytest.raises(Refused, match="preview_needed"):
            life.approve(db, one, wang, now=now)
        life.previewed(db, one, lin, version=one.version, now=now)
        with pytest.raises(Refused, match="own_broadcast"):
            life.approve(db, one, lin, now=now)
        life.approve(db, one, wang, now=now)
        life.edit(db, one, wang, "text", {"text": "改了"}, now=now)
        with pytest.raises(Refused, match="approval_needed"):
            life.start(db, one, lin, now=now)
        life.previewed(db, one, wang, version=one.version, now=now)
        for login in (lin, wang):  # one chose the people, the other wrote the words
            with pytest.raises(Refused, match="own_broadcast"):
                life.approve(db, one, login, now=now)


def test_F3_a_pause_holds_everything_and_other_words_are_for_the_rest(campaign: Campaign) -> None:
    campaign.people(8)
    one = campaign.write()
    while not campaign.batches(one):
        campaign.step(one)
    campaign.change(one, life.pause)
    for _ in range(5):
        campaign.step(one)
    assert campaign.counts(one) == {"sending": 4, "waiting": 4}
    with Session(campaign.engine) as db:
        broadcast, wang = db.get_one(Broadcast, one), staff.by_login(db, "wang")
        life.edit(db, broadcast, wang, "text", {"text": "改到周日"}, now=campaign.now)
        third = staff.add(
            db, "zhao", name="z", role=Role.MANAGER, organisation=wang.organisation, now=campaign.now
        )
        campaign.agree(db, broadcast, wang, third)
        life.start(db, broadcast, wang, now=campaign.now)
        db.commit()
    campaign.work(one)
    campaign.finish_jobs(one)
    assert campaign.get(one).state == "done"
    assert sorted(said for phone in campaign.phones for said in heard(phone)) == [TEXT] * 4 + ["改到周日"] * 4
    campaign.check(one)


def test_F3_done_is_said_only_when_nobody_is_open(campaign: Campaign) -> None:
    campaign.people(8)
    one = campaign.write()
    campaign.work(one)
    first, second = campaign.batches(one)
    assert first.message_id
    assert second.message_id
    campaign.tell(first.message_id)
    campaign.work(one)
    assert campaign.get(one).state == "sending"
    campaign.tell(second.message_id)
    campaign.work(one)
    assert campaign.get(one).state == "done"


def test_F3_who_is_settled_while_it_ends_is_not_left_behind(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign.people(4)
    one = campaign.write()
    campaign.work(one)
    with Session(campaign.engine) as db:
        db.execute(update(Batch).values(state="unknown"))
        db.execute(update(Recipient).values(state="unknown"))
        db.commit()
    real, calls = results.has_open, itertools.count()

    def meanwhile(db: Session, broadcast_id: int) -> bool:
        found = real(db, broadcast_id)
        if next(calls) == 0:  # it has just been seen that nobody is open
            with Session(campaign.engine) as other:
                wang, same = staff.by_login(other, "wang"), other.get_one(Broadcast, one)
                assert results.settle_unknown(other, same, wang, arrived=False, now=campaign.now) == 4
                other.commit()
        return found

    monkeypatch.setattr(results, "has_open", meanwhile)
    with Session(campaign.engine) as db:
        assert not results.finish(db, db.get_one(Broadcast, one), now=campaign.now)
        db.commit()
    assert campaign.get(one).state == "sending"
    campaign.work(one)
    campaign.finish_jobs(one)
    assert campaign.get(one).state == "done"
    assert campaign.counts(one) == {"sent": 4}


@pytest.mark.postgres  # SQLite lets nobody else write meanwhile
def test_F4_staff_pause_it_in_the_moment_in_which_the_quota_is_gone(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign.people(4)
    campaign.platform.fault(MASS, errcode=45028, times=1)
    one = campaign.write()
    real, calls = life.pause, itertools.count()

    def meanwhile(*args: Any, **more: Any) -> None:
        if next(calls) == 0:
            campaign.change(one, real)
        real(*args, **more)

    monkeypatch.setattr(life, "pause", meanwhile)
    campaign.work(one)
    held = campaign.get(one)
    assert (held.state, held.pause_reason) == ("paused", "staff")
    assert campaign.counts(one) == {"waiting": 4}
    assert [batch.state for batch in campaign.batches(one)] == ["void"]


def test_F2_a_mass_call_whose_answer_was_lost_is_settled_by_its_clientmsgid(campaign: Campaign) -> None:
    campaign.people(8)
    campaign.platform.fault(MASS, reset_after=True, times=1)
    one = campaign.write()
    campaign.work(one)
    doubtful = campaign.batches(one)[0]
    assert (doubtful.state, doubtful.is_in_doubt) == ("calling", True)
    campaign.platform.advance(30)  # too early: the platform would say 45066
    campaign.work(one)
    campaign.platform.advance(40)
    campaign.work(one)
    campaign.finish_jobs(one)
    assert campaign.counts(one) == {"sent": 8}
    campaign.check(one)


def test_F2_a_dead_callers_batch_is_called_again_with_the_same_clientmsgid(campaign: Campaign) -> None:
    campaign.people(4)
    for was_made in (True, False):
        one = campaign.write(f"{TEXT}{was_made}")
        while not campaign.get(one).is_frozen:
            campaign.step(one)
        with Session(campaign.engine) as db:  # a worker that dies between two lines of tasks/broadcasts.py
            call = batches.take(db, db.get_one(Broadcast, one), now=campaign.now, pace=campaign.post.pace())
            db.commit()
            assert call
            people_of = batches.openids(db, call.batch_id)
        if was_made:
            campaign.client.send_mass(
                people_of, {"msgtype": "text", "text": {"content": f"{TEXT}{was_made}"}}, call.client_id
            )
        campaign.work(one)
        assert len(campaign.batches(one)) == 1
        campaign.platform.advance(70)
        campaign.work(one)
        campaign.finish_jobs(one)
        assert campaign.counts(one) == {"sent": 4}
        assert [said for said in heard(campaign.phones[0]) if said.endswith(str(was_made))] == [
            f"{TEXT}{was_made}"
        ]


def test_F2_after_a_day_nobody_can_say_and_staff_settle_it(campaign: Campaign) -> None:
    campaign.people(4)
    campaign.platform.fault(MASS, reset_before=True, times=1)
    one = campaign.write()
    campaign.work(one)
    campaign.change(one, life.pause)
    campaign.platform.advance(86400)
    campaign.change(one, life.resume)
    campaign.work(one)
    assert campaign.counts(one) == {"unknown": 4}
    assert campaign.get(one).state == "done"
    with Session(campaign.engine) as db:
        wang = staff.by_login(db, "wang")
        broadcast = db.get_one(Broadcast, one)
        assert results.settle_unknown(db, broadcast, wang, arrived=False, now=campaign.now) == 4
        db.commit()
    campaign.work(one)
    campaign.finish_jobs(one)
    assert campaign.counts(one) == {"sent": 4}
    campaign.check(one)


def test_F2_by_customer_service_whoever_may_have_it_is_unknown_and_not_written_to_again(
    campaign: Campaign,
) -> None:
    campaign.people(6, window=True)
    campaign.platform.fault(CUSTOM, reset_after=True, times=2)
    one = campaign.write(way=Way.CUSTOMER)
    campaign.work(one)
    assert campaign.counts(one) == {"sent": 4, "unknown": 2}
    assert [len(phone.heard) for phone in campaign.phones] == [1] * 6
    with Session(campaign.engine) as db:
        broadcast = db.get_one(Broadcast, one)
        results.settle_unknown(db, broadcast, staff.by_login(db, "lin"), arrived=True, now=campaign.now)
        db.commit()
    assert campaign.counts(one) == {"sent": 6}


CODES: list[tuple[int, tuple[str, str | None, int | None]]] = [
    (43004, ("skipped", "refused", 43004)),
    (43101, ("skipped", "refused", 43101)),
    (40003, ("skipped", "refused", 40003)),
    (45015, ("skipped", "window", 45015)),
    (45047, ("skipped", "window", 45047)),
    (47003, ("failed", None, 47003)),
    (99999, ("failed", None, 99999)),
]


@pytest.mark.parametrize(("code", "row"), CODES)
def test_F4_what_a_no_means_for_a_person(
    campaign: Campaign, code: int, row: tuple[str, str | None, int | None]
) -> None:
    phones = campaign.people(2, window=True)
    campaign.platform.fault(CUSTOM, errcode=code, times=1)
    one = campaign.write(way=Way.CUSTOMER)
    campaign.work(one)
    assert campaign.row(one, phones[0]) == row
    assert campaign.row(one, phones[1]) == ("sent", None, 0)
    assert campaign.get(one).state == "done"


def test_F4_A6_with_no_other_way_a_closed_window_leads_to_the_inbox_once(campaign: Campaign) -> None:
    open_, closed, muted = campaign.people(1, window=True) + campaign.people(2)
    one = campaign.write(TEXT, way=Way.CUSTOMER)
    campaign.work(one)
    campaign.work(one)
    assert campaign.counts(one) == {"sent": 1, "skipped": 2}
    assert campaign.row(one, closed) == ("skipped", "window", 45015)
    assert campaign.get(one).state == "done"
    campaign.check(one)
    with Session(campaign.engine) as db:

        def worker(phone: Phone) -> int:
            return db.scalars(select(Worker.id).where(Worker.openid == phone.openid)).one()

        kept = db.scalars(select(Notice).order_by(Notice.id)).all()
        assert [(row.worker_id, row.state, row.channel, row.errcode) for row in kept] == [
            (worker(phone), "kept", "inbox", 45015) for phone in (closed, muted)
        ]
        mutes.mute(db, worker(muted), (Topic.ACTIVITY,), now=campaign.now)
        words = [texts.words(db, row, now=campaign.now) for row in kept]
        assert words[0]
        assert words[0].text == f"11月23日发给大家的：\n{TEXT}"
        assert words[1] is None
        assert inbox.take_kept(db, worker(open_), now=campaign.now) == []
        assert inbox.take_kept(db, worker(closed), now=campaign.now) == [kept[0]]
        assert inbox.take_kept(db, worker(closed), now=campaign.now) == []


def test_F4_the_inbox_has_the_words_of_the_version_that_was_to_be_sent(campaign: Campaign) -> None:
    first, second = campaign.people(2)
    one = campaign.write(TEXT, way=Way.CUSTOMER)
    with Session(campaign.engine) as db:
        claimed = rows_of(db, campaign, one)
        gone = rows.Outcome(RecipientState.SKIPPED, 45015, rows.WINDOW)
        for _twice in range(2):
            rows.settle(db, one, 1, claimed[0], gone, now=campaign.now)
        rows.release(db, one, claimed[1:])
        db.commit()
    campaign.change(one, life.pause)
    campaign.change(
        one, lambda db, b, *, staff, now: life.edit(db, b, staff, "text", {"text": "改"}, now=now)
    )
    with Session(campaign.engine) as db:
        broadcast = db.get_one(Broadcast, one)
        campaign.agree(db, broadcast, staff.by_login(db, "lin"), staff.by_login(db, "wang"))
        life.start(db, broadcast, staff.by_login(db, "lin"), now=campaign.now)
        db.commit()
    campaign.work(one)
    with Session(campaign.engine) as db:
        kept = db.scalars(select(Notice).order_by(Notice.worker_id)).all()
        said = [texts.words(db, row, now=campaign.now) for row in kept]
        assert [say.text.partition("\n")[2] for say in said if say] == [TEXT, "改"]
    assert (first.heard, second.heard) == ([], [])


def rows_of(db: Session, campaign: Campaign, one: int) -> list[rows.Person]:
    """Everybody, claimed, the first being written to."""
    while not db.get_one(Broadcast, one).is_frozen:
        audience.freeze_slice(db, db.get_one(Broadcast, one), now=campaign.now, size=100)
    lease = timedelta(seconds=60)
    people = rows.claim(db, db.get_one(Broadcast, one), now=campaign.now, limit=9, lease=lease)
    assert rows.open_(db, one, 1, people[0], until=campaign.now + lease)
    return people


def test_F4_a_closed_window_leads_to_the_next_channel(campaign: Campaign) -> None:
    campaign.people(3, window=True)
    campaign.people(5)
    one = campaign.write(way=Way.BOTH)
    campaign.work(one)
    assert [batch.size for batch in campaign.batches(one)] == [3, 2]
    campaign.finish_jobs(one)
    assert campaign.counts(one) == {"sent": 8}
    campaign.check(one)


@pytest.mark.parametrize("way", [Way.MASS, Way.CUSTOMER])
def test_F4_a_used_up_quota_holds_it_until_the_quota_is_back(campaign: Campaign, way: Way) -> None:
    campaign.people(8, window=True)
    campaign.platform.fault(MASS if way is Way.MASS else CUSTOM, errcode=45009, times=1)
    one = campaign.write(way=way)
    campaign.work(one)
    held = campaign.get(one)
    assert (held.state, held.pause_reason, held.pause_errcode) == ("paused", "quota", 45009)
    assert held.resume_at
    assert held.resume_at.isoformat() == "2026-11-23T16:05:00+00:00"
    campaign.platform.advance(14 * 3600 + 301)
    for phone in campaign.phones:
        open_window(phone)
    campaign.work(one)
    if way is Way.MASS:
        campaign.finish_jobs(one)
    assert campaign.counts(one) == {"sent": 8}
    campaign.check(one)


def test_F4_a_refused_token_is_renewed_once(campaign: Campaign) -> None:
    campaign.people(4)
    campaign.client.get_access_token()
    campaign.platform.fault(MASS, errcode=40001, times=1)
    one = campaign.write()
    campaign.work(one)
    assert campaign.counts(one) == {"sending": 4}
    assert len(campaign.platform.calls(MASS)) == 2


def test_F4_too_many_failures_stop_it(campaign: Campaign) -> None:
    campaign.people(60, window=True)
    campaign.platform.fault(CUSTOM, errcode=99999, percent=100)
    one = campaign.write(way=Way.CUSTOMER)
    campaign.work(one)
    held = campaign.get(one)
    assert (held.state, held.pause_reason) == ("paused", "failures")
    assert campaign.counts(one)["failed"] <= 50


def test_F4_what_needs_a_hand_waits_for_one(campaign: Campaign) -> None:
    campaign.people(4)
    campaign.platform.fault(MASS, errcode=48001, times=1)
    one = campaign.write()
    campaign.work(one)
    held = campaign.get(one)
    assert (held.pause_reason, held.pause_errcode, held.resume_at) == ("platform", 48001, None)
    assert campaign.counts(one) == {"waiting": 4}
    campaign.change(one, life.resume)
    campaign.work(one)
    campaign.finish_jobs(one)
    campaign.check(one)


def test_a_busy_platform_is_tried_again(campaign: Campaign) -> None:
    campaign.people(2, window=True)
    campaign.platform.fault(CUSTOM, errcode=-1, times=2)
    one = campaign.write(way=Way.CUSTOMER)
    campaign.work(one)
    assert campaign.counts(one) == {"waiting": 2}
    campaign.platform.advance(20)
    campaign.work(one)
    assert campaign.counts(one) == {"sent": 2}
    campaign.check(one)


def test_somebody_alone_gets_a_customer_service_message(campaign: Campaign) -> None:
    campaign.people(1, window=True)
    one = campaign.write()
    campaign.work(one)
    assert campaign.counts(one) == {"sent": 1}
    campaign.check(one)


def test_somebody_alone_whom_no_way_reaches_is_left_out(campaign: Campaign) -> None:
    (phone,) = campaign.people(1)
    one = campaign.write(way=Way.BOTH)
    campaign.work(one)
    assert campaign.row(one, phone) == ("skipped", "window", 45015)
    with Session(campaign.engine) as db:
        assert db.scalar(select(Recipient.attempts)) == 2
    assert campaign.get(one).state == "done"
    campaign.check(one)


def test_F3_whoever_goes_back_to_waiting_meanwhile_is_still_open(campaign: Campaign) -> None:
    campaign.people(2)
    one = campaign.write()
    while not campaign.batches(one):
        campaign.step(one)

    def goes_back(*_: Any) -> None:
        """Another worker, between two looks of ours."""
        with Session(campaign.engine) as other, other.begin():
            other.execute(update(Recipient).values(state=RecipientState.WAITING))

    with Session(campaign.engine) as db:
        event.listen(campaign.engine, "after_cursor_execute", goes_back, once=True)
        assert results.has_open(db, one)


def test_who_leaves_or_mutes_while_it_goes_out_is_left_out(campaign: Campaign) -> None:
    campaign.people(8)
    one = campaign.write()
    while not campaign.batches(one):
        campaign.step(one)
    with Session(campaign.engine) as db:
        workers = db.scalars(select(Worker).order_by(Worker.id)).all()
        people.unfollow(db, workers[6], now=campaign.now)
        mutes.mute(db, workers[7].id, tuple(Topic), now=campaign.now)
        db.commit()
    campaign.work(one)
    campaign.finish_jobs(one)
    assert campaign.counts(one) == {"sent": 6, "skipped": 2}
    assert campaign.row(one, campaign.phones[7]) == ("skipped", "muted", None)
    campaign.check(one)


def test_F10_reports_may_come_twice_and_before_our_own_answer(campaign: Campaign) -> None:
    campaign.people(4)
    campaign.platform.fault(MASS, reset_after=True, times=1)
    one = campaign.write()
    campaign.work(one)
    number = int(next(iter(campaign.platform.state.misc["mass"])))
    for _ in range(2):
        campaign.tell(number, size=4)
    assert campaign.counts(one) == {"sending": 4}
    campaign.platform.advance(70)
    campaign.work(one)
    assert campaign.counts(one) == {"sent": 4}
    campaign.tell(number)
    batch = campaign.batches(one)[0]
    assert (batch.state, batch.total, batch.sent, batch.is_different) == ("done", 4, 4, False)


def test_F10_a_difference_is_told_to_staff_once(campaign: Campaign) -> None:
    phones = campaign.people(5)
    with Session(campaign.engine) as db:
        worker = db.scalars(select(Worker).where(Worker.openid == phones[4].openid)).one()
        staff.by_login(db, "wang").worker_id = worker.id
        db.commit()
    one = campaign.write(followed_since="2026-01-01T00:00:00+00:00")
    campaign.work(one)
    first, second = campaign.batches(one)
    assert first.message_id
    assert second.message_id
    for _ in range(2):
        campaign.tell(first.message_id, filtered=2, sent=2)
    campaign.tell(second.message_id, status="err(20013)", filtered=0, sent=0)
    campaign.work(one)
    assert campaign.counts(one) == {"sent": 3, "failed": 2}
    with Session(campaign.engine) as db:
        assert [batch.number for batch in results.different(db, one)] == [1, 2]
        told = db.scalars(select(Notice).where(Notice.kind == "broadcast_differs")).all()
        assert [notice.facts["batch"] for notice in told] == [first.id, second.id]
        assert results.unlooked(db) == {one: {first.id, second.id}}
        broadcast, wang = db.get_one(Broadcast, one), staff.by_login(db, "wang")
        assert results.look(db, broadcast, wang, now=campaign.now) == 2
        assert results.look(db, broadcast, wang, now=campaign.now) == 0
        assert results.unlooked(db) == {}


def test_F10_what_differs_again_after_somebody_looked_is_open_again(campaign: Campaign) -> None:
    campaign.people(4)
    one = campaign.write()
    campaign.work(one)
    (batch,) = campaign.batches(one)
    with Session(campaign.engine) as db:
        results.ended(db, db.get_one(Batch, batch.id), "send fail", None, now=campaign.now)
        results.look(db, db.get_one(Broadcast, one), staff.by_login(db, "wang"), now=campaign.now)
        db.commit()
        assert results.unlooked(db) == {}
    campaign.platform.advance(5)
    assert batch.message_id
    campaign.tell(batch.message_id, status="err(20013)", sent=0)
    with Session(campaign.engine) as db:
        assert results.unlooked(db) == {one: {batch.id}}


def test_F10_a_lost_report_is_asked_for(campaign: Campaign) -> None:
    campaign.people(4)
    one = campaign.write()
    campaign.work(one)
    campaign.finish_jobs(one)
    batch = campaign.batches(one)[0]
    assert (batch.state, batch.status, batch.total) == ("done", "send success", None)
    assert batch.message_id
    campaign.tell(batch.message_id, sent=3)  # late, with counts
    assert campaign.batches(one)[0].is_different
    assert campaign.counts(one) == {"sent": 4}


@pytest.mark.slow
def test_many_workers_share_one_broadcast(campaign: Campaign) -> None:
    campaign.people(40, window=True)
    for way in (Way.MASS, Way.CUSTOMER):
        one = campaign.write(f"{TEXT}{way}", way=way)
        threads = [threading.Thread(target=campaign.work, args=(one,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        campaign.work(one)
        if way is Way.MASS:
            campaign.finish_jobs(one)
        assert campaign.counts(one) == {"sent": 40}
        for phone in campaign.phones:
            assert heard(phone).count(f"{TEXT}{way}") == 1
        for phone in campaign.phones:
            open_window(phone)


def test_an_article_is_sent_by_a_draft_of_its_own_in_each_call(campaign: Campaign) -> None:
    campaign.people(8)
    thumb = campaign.client.post(
        "https://api.weixin.qq.com/cgi-bin/material/add_material",
        params={"access_token": campaign.client.token, "type": "image"},
        files={"media": ("a.png", PNG)},
    )["media_id"]
    article = {"title": "新课开班", "content": "<p>正文</p>", "thumb_media_id": thumb}
    media_id = campaign.client.add_draft([article])
    with Session(campaign.engine) as db:
        lin, wang = staff.by_login(db, "lin"), staff.by_login(db, "wang")
        body = {"media_id": media_id, "articles": campaign.client.draft(media_id)}
        one = life.new(
            db, lin, "article", body, topic=Topic.NEWS, way=Way.MASS, audience={}, now=campaign.now
        )
        campaign.agree(db, one, lin, wang)
        life.start(db, one, lin, now=campaign.now)
        db.commit()
        number = one.id
    campaign.work(number)
    campaign.finish_jobs(number)
    assert campaign.counts(number) == {"sent": 8}
    assert [phone.heard[0].kind for phone in campaign.phones] == ["news"] * 8
    with Session(campaign.engine) as db:
        used = db.scalars(select(Batch.media_id)).all()
    assert len(set(used)) == 2
    assert media_id not in used


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
