"""Exam sign-up through the real callback: what must not be left anywhere, and what one phone may not do to another."""

from __future__ import annotations

import json

from sqlalchemy import text

from tests.chat import exam_hall
from tests.chat.account import Account, Phone
from tests.chat.exam_hall import id_number, signs_up

SECRETS = (id_number(7), "李小样", "13800138000", "临湖仪表厂")


def test_B11_what_was_answered_is_in_no_log_and_gone_from_the_draft(account: Account, phone: Phone) -> None:
    exam_hall.plan(account, quota=1)
    assert "报好了" in signs_up(phone, 7)
    state = json.dumps(account.state(phone), ensure_ascii=False)
    log = account.log.getvalue()
    with account.engine.connect() as db:
        stored = repr(db.execute(text("SELECT * FROM exam_sign_up")).all())
        stored += repr(db.execute(text("SELECT * FROM notice")).all())
    for secret in SECRETS:
        assert secret not in state
        assert secret not in log
        assert secret not in stored


def test_B8_the_same_person_on_two_phones_is_one_sign_up(account: Account, phone: Phone) -> None:
    sitting = exam_hall.plan(account, quota=5)
    signs_up(phone, 7)
    other = account.phone()
    heard = signs_up(other, 7)
    assert "已经报过名了" in heard
    assert "01-0001" not in heard, "the number is its owner's business"
    assert exam_hall.counts(account, sitting) == (1, 5)
    assert "没有报着名" in other.says("我的报名")
    assert not any(secret in json.dumps(account.state(other)) for secret in SECRETS), "nothing is left of it"


def test_taps_of_one_phone_move_nothing_of_another(account: Account, phone: Phone) -> None:
    sitting = exam_hall.plan(account, quota=1)
    signs_up(phone, 7)
    thief = account.phone()
    for tap in (
        "exam_withdraw.1",
        "exam_withdraw.1.yes",
        "exam_yes.1",
        "exam_no.1",
        "exam_no.x",
        "exam_withdraw.",
    ):
        assert "不在了" in thief.says("撤回", bizmsgmenuid=tap)
    assert exam_hall.counts(account, sitting) == (1, 1)


def test_a_sentence_opens_the_sign_up_and_others_do_not(account: Account, phone: Phone) -> None:
    exam_hall.plan(account, quota=1)
    for said in ("怎么报考试", "我想考电工", "报考电工证"):
        assert "报哪一" in phone.says(said), said
        phone.says("取消")
    for said in ("孩子这次考砸了", "谢谢"):
        assert "报哪一" not in phone.says(said), said
    assert "不客气" in phone.says("谢谢")
