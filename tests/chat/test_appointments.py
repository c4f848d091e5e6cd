"""What a booking leaves behind, and what somebody else can do with it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.appointments import Booking
from models.messages import Notice
from tests.chat.account import Account, Phone
from tests.chat.test_transcripts import Stage

MARKER = "孩子半夜哭闹PLANTEDMARKER"


@pytest.fixture
def stage(account: Account) -> Stage:
    return Stage(account)


def booked(stage: Stage, phone: Phone) -> Booking:
    phone.dialog(("明天下午三点约心理咨询", "有空"), (MARKER, "确认一下"), ("确定", "约好了"))
    with Session(stage.account.engine, expire_on_commit=False) as db:
        return db.scalars(select(Booking).order_by(Booking.id.desc())).first()  # type: ignore[return-value]


def test_B11_the_reason_is_in_no_log_no_draft_and_no_notice(stage: Stage, phone: Phone) -> None:
    booking = booked(stage, phone)
    assert booking.reason == MARKER
    assert "PLANTED" not in stage.account.log.getvalue()
    assert "PLANTED" not in str(stage.account.state(phone))
    with Session(stage.account.engine) as db:
        assert not [one for one in db.scalars(select(Notice)) if "PLANTED" in str(one.facts)]


def test_C11_what_was_said_in_need_is_in_no_log_no_draft_and_no_notice(stage: Stage, phone: Phone) -> None:
    assert "不用一个人扛" in phone.says("不想活了PLANTEDMARKER")
    assert "PLANTED" not in stage.account.log.getvalue()
    assert "PLANTED" not in str(stage.account.state(phone))
    with Session(stage.account.engine) as db:
        assert not [one for one in db.scalars(select(Notice)) if "PLANTED" in str(one.facts)]


@pytest.mark.parametrize(
    "tap", ["booking_cancel.{}.yes", "booking_move.{}", "booking_confirm.{}", "booking_drop.{}"]
)
def test_nobody_touches_anothers_booking_by_its_number(stage: Stage, phone: Phone, tap: str) -> None:
    booking = booked(stage, phone)
    other = stage.account.phone()
    assert "没有找到这个预约" in other.says("x", bizmsgmenuid=tap.format(booking.id))
    for name in ("visit", "visit_came", "visit_missed", "away.1.2.3", "back.1"):
        heard = other.says("x", bizmsgmenuid=f"{name}.{booking.id}")
        assert "咨询师和律师用的" in heard
        assert "PLANTED" not in heard
    colleague = stage.phones["高律师"]
    assert "没有找到这个预约" in colleague.says("x", bizmsgmenuid=f"visit.{booking.id}")
    assert "明天 15:00" in phone.says("我的预约")


@pytest.mark.parametrize("tap", ["slot.", "slot.1", "slot.1.2.x", "slot.9.9.9", "away.a.b", "booking_move.x"])
def test_odd_taps_are_met_with_words(stage: Stage, tap: str) -> None:
    assert stage.phones["陈老师"].says("x", bizmsgmenuid=tap)
    assert not [line for line in stage.account.lines() if line["level"] in ("error", "critical")]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("我想约个律师", "② 想找哪位"),
        ("约林老师的心理咨询", "③ 哪一天"),
        ("周三约心理咨询", "④ 几点方便"),
        ("约周三上午十点林老师心理咨询", "11月25日"),
        ("昨天三点约心理咨询", "② 想找哪位"),
        ("半夜三点约心理咨询", "约不到。离得最近的"),
        ("心理咨询", "② 想找哪位"),
        ("后天上午想找律师聊聊", "没有空的时间。离得最近的："),
        ("明天上午找律师聊聊", "④ 几点方便"),
        ("法律咨询有空吗", "② 想找哪位"),
        ("上次找过的律师不错", "没听懂"),
    ],
)
def test_sentences(stage: Stage, phone: Phone, said: str, heard: str) -> None:
    if "11月25日" in heard:
        heard = "后天 10:00–10:50，林老师，有空"
    assert heard in phone.says(said)
