"""我的: what is one's own can be seen and given up here; what is somebody else's is no page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.appointments import Booking, BookingState
from models.broadcasts import Topic
from models.exams import SignUp
from models.matchmaking import Profile, ProfileState
from models.messages import Consent, Notice, NoticeState
from models.people import Organisation, Worker
from models.waiting import Turn
from rules import notices, organisations
from rules.broadcasts import mutes
from rules.matchmaking import profiles
from tests.rules import exam_cast
from tests.rules.clinic import open_clinic
from tests.web.mobile.hall import Browser, Hall
from tests.web.mobile.test_export import FILLED


@pytest.fixture
def me(hall: Hall) -> Browser:
    """Somebody with a listed profile, a booking, a sign-up, a message and a consent."""
    browser = hall.browser()
    hall.chat(browser).dialog(*FILLED)
    settle(hall, browser)
    return browser


def settle(hall: Hall, browser: Browser) -> None:
    now = hall.account.clock.now
    with Session(hall.account.engine) as db:
        worker = db.scalars(select(Worker).where(Worker.openid == browser.phone.openid)).one()
        union = db.scalars(select(Organisation)).first() or organisations.add(db, "临湖市总工会")
        profiles.move(db, profile_of(db, worker), ProfileState.LISTED, now=now)
        clinic = open_clinic(db, union, now=now, phones={})
        day = now + timedelta(days=3)
        db.add(
            Booking(
                service_id=clinic.law.id, professional_id=clinic.gao.id, place_id=1, worker_id=worker.id,
                starts_at=day, ends_at=day + timedelta(minutes=30), state=BookingState.BOOKED, made_at=now,
                timed_at=now, token=f"t{worker.id}" * 8, draft_id=f"d{worker.id}", reason="欠薪MK",
            )
        )  # fmt: skip
        sitting = exam_cast.plan(db, union, now=now, quota=1)
        exam_cast.enter(db, worker, sitting, worker.id, now=now)
        notices.keep(db, worker.id, "staff_answer", now=now, who="吴老师", words="材料收到了\n下周来取")
        db.add(Consent(worker_id=worker.id, template_id="tmpl", credit=3))
        db.commit()


def profile_of(db: Session, worker: Worker) -> Profile:
    return db.scalars(select(Profile).where(Profile.worker_id == worker.id)).one()


def one(hall: Hall, table: type, browser: Browser) -> object:
    with Session(hall.account.engine) as db:
        worker = db.scalars(select(Worker.id).where(Worker.openid == browser.phone.openid)).one()
        return db.scalars(select(table).where(table.worker_id == worker)).first()  # type: ignore[attr-defined]


def test_everything_of_ones_own_is_there(me: Browser) -> None:
    me.opens("/m/me")
    for said in ("资料卡已上墙", "预约1 个", "考试报名1 个", "消息1 条没看"):
        assert said in me.words, me.words
    for path, said in (
        ("/m/me/card", "爱爬山"), ("/m/me/bookings", "法律咨询"), ("/m/me/sign-ups", "有名额"),
        ("/m/me/messages", "没看"), ("/m/me/consents", "单身承诺"), ("/m/me/mutes", "在收"),
        ("/m/me/export", "考过的留 5 年"), ("/m/me/erase", "会留下"),
    ):  # fmt: skip
        assert me.opens(path).status_code == 200, path
        assert said in me.words, (path, me.words)
        assert "欠薪MK" not in me.page


def test_what_can_be_done_is_done_after_asking_again(hall: Hall, me: Browser) -> None:
    me.opens("/m/me/card")
    me.sends("/card/pause")
    assert "暂停中" in me.words
    me.sends("/card/resume")
    assert "已上墙" in me.words
    me.opens("/m/me/card/withdraw")
    assert "真的要撤下" in me.words
    me.sends("/card/withdraw")
    assert "资料卡撤下了" in me.words
    booking, sign_up = one(hall, Booking, me), one(hall, SignUp, me)
    assert isinstance(booking, Booking)
    assert isinstance(sign_up, SignUp)
    me.opens(f"/m/me/bookings/{booking.id}")
    assert "高律师" in me.words
    me.opens(f"/m/me/bookings/{booking.id}/cancel")
    me.sends("/cancel")
    assert "没有约好的" in me.words
    me.opens(f"/m/me/sign-ups/{sign_up.id}/withdraw")
    me.sends("/withdraw")
    assert "现在没有报名" in me.words
    with Session(hall.account.engine) as db:
        assert db.get_one(Booking, booking.id).state == BookingState.CANCELLED
        assert db.get_one(SignUp, sign_up.id).state == Turn.WITHDRAWN
    me.opens("/m/me/consents")
    me.sends("/consents/end")
    assert one(hall, Consent, me) is None
    me.opens("/m/me/mutes")
    me.sends("/mutes")
    assert "不收" in me.words
    with Session(hall.account.engine) as db:
        worker = hall.worker(me)
        assert worker
        assert mutes.muted(db, worker.id) == {Topic.ACTIVITY}


def test_a_message_is_read_once_it_was_opened(hall: Hall, me: Browser) -> None:
    notice = one(hall, Notice, me)
    assert isinstance(notice, Notice)
    me.opens(f"/m/me/messages/{notice.id}")
    assert "下周来取" in me.words
    assert "要回应的话" not in me.words, "it has a way on, and no question"
    booking = one(hall, Booking, me)
    assert isinstance(booking, Booking)
    with Session(hall.account.engine) as db:
        starts, now = booking.starts_at.isoformat(), hall.account.clock.now
        asked = notices.keep(
            db, booking.worker_id, "booking_soon", now=now, booking=booking.id, starts=starts
        )
        db.commit()
        me.opens(f"/m/me/messages/{asked.id}")
    assert "来不了回 2" in me.words
    assert "要回应的话" in me.words
    me.opens("/m/me/messages")
    assert "没看" not in me.words
    with Session(hall.account.engine) as db:
        assert db.get_one(Notice, notice.id).state == NoticeState.SHOWN
    assert "材料收到了" not in hall.chat(me).says("你好"), "nor is it said again unasked"


def test_what_is_somebody_elses_is_no_page(hall: Hall, me: Browser) -> None:
    other = hall.browser("小禾")
    hall.chat(other).says("你好")
    mine = {name: one(hall, table, me).id for name, table in (("b", Booking), ("s", SignUp), ("n", Notice))}  # type: ignore[attr-defined]
    paths = [
        f"/m/me/bookings/{mine['b']}", f"/m/me/bookings/{mine['b']}/cancel", f"/m/me/messages/{mine['n']}",
        f"/m/me/sign-ups/{mine['s']}/withdraw",
    ]  # fmt: skip
    for path in paths:
        found = other.opens(path)
        nothing = other.opens("/".join("999999" if part.isdecimal() else part for part in path.split("/")))
        assert (found.status_code, found.text) == (404, nothing.text), path
    for path in (paths[1], paths[3], f"/m/me/sign-ups/{mine['s']}/answer"):
        other.opens("/m/me/mutes")  # a page with a token
        assert other.post(path, answer="yes").status_code == 404, path
    with Session(hall.account.engine) as db:
        assert db.get_one(Booking, mine["b"]).state == BookingState.BOOKED
        assert db.get_one(SignUp, mine["s"]).state == Turn.PLACED
        assert db.get_one(Notice, mine["n"]).state == NoticeState.KEPT


def test_erasing_on_a_page_asks_twice_and_is_at_once(hall: Hall, me: Browser) -> None:
    me.opens("/m/me/export")
    me.sends("/me/export")
    assert "只能下载一次" in me.words
    me.opens("/m/me/erase")
    assert "留 5 年" in me.words
    me.opens("/m/me/erase/sure")
    answer = me.post("/m/me/erase/sure", words="注销")
    assert (answer.status_code, "一字不差" in me.words) == (422, True)
    me.post("/m/me/erase/sure", words="确认注销")
    assert "注销好了" in me.words
    assert hall.worker(me) is None
    assert me.get("/m/me").status_code == 302, "and nobody is logged in"
    me.opens("/m/me")
    assert "资料卡还没有" in me.words, "whoever comes back is new"
