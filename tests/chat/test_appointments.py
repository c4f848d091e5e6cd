"""What a booking leaves behind, and what somebody else can do with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import SHANGHAI
from core.config import Config
from models.appointments import Booking
from models.messages import Notice
from tests.chat.account import Account, Phone, in_mode, opened
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


@pytest.fixture
def december(config: Config, tmp_path: Path) -> Iterator[Stage]:
    """28 December of a year whose next is not in the calendar; two weeks ahead reach into it."""
    file = tmp_path / "calendar.yaml"
    file.write_text("2026: {}\n")
    appointments = config.appointments.model_copy(update={"calendar": file})
    with opened(in_mode(config.model_copy(update={"appointments": appointments}), "plain")) as account:
        stage = Stage(account)
        account.clock.now = datetime(2026, 12, 28, 10, tzinfo=SHANGHAI)
        yield stage


UNKNOWN = "2027年的放假安排还没排进来，那年的日子要等排好才能约。着急的话回“人工”。"


def test_C7_across_the_turn_of_the_year_people_hear_why(december: Stage) -> None:
    phone = december.account.phone()
    phone.dialog(("预约", "①"), ("1", "②"), ("都可以", "③ 哪一天"))
    assert "12月31日" in phone.heard
    assert "1月" not in phone.heard
    assert UNKNOWN in phone.says("1月5日")
    assert "«4 12月31日 周四»" in phone.heard
    assert "几点方便" in phone.says("12月31日")
    assert "2027" not in phone.heard
    for said in ("1月5日下午三点约心理咨询", "约1月5日的心理咨询"):
        other = december.account.phone()
        assert UNKNOWN in other.says(said)
        assert "约满" not in other.heard
    near = december.account.phone().says("1月5日下午三点约陈老师的心理咨询")
    assert "离得最近的" in near
    assert "12月31日" in near


def test_C7_when_only_the_missing_year_is_left_nobody_is_told_that_all_is_taken(december: Stage) -> None:
    phone = december.account.phone()
    december.account.clock.now = datetime(2026, 12, 31, 18, tzinfo=SHANGHAI)
    phone.dialog(("预约", "①"), ("1", "②"), ("都可以", f"今年能约的日子都满了。{UNKNOWN}"))
    december.account.clock.now = datetime(2027, 1, 2, 10, tzinfo=SHANGHAI)
    late = december.account.phone()
    late.dialog(("预约", "①"), ("1", "②"), ("都可以", UNKNOWN))
    assert "满了" not in late.heard
    december.account.config.calendar_file.write_text("2026: {}\n2027: {holidays: ['01-01..01-03']}\n")
    late = december.account.phone()
    late.dialog(("预约", "①"), ("1", "②"), ("都可以", "1月4日"))


def test_a_day_too_far_away_is_said_to_be_so(stage: Stage, phone: Phone) -> None:
    phone.dialog(("预约", "①"), ("1", "②"), ("都可以", "③"), ("12月24日", "现在最远能约到12月7日 周一"))
    assert "最远能约到12月7日" in stage.account.phone().says("约12月24日的心理咨询")
