"""Somebody waits for a person: what they say is there for whoever answers, and gone when it is answered."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import Audit
from models.messages import Handover, Said
from models.people import Worker
from rules import retention
from rules.conversations import LAST
from tests.chat.account import Phone
from tests.web.console.office import Office


def waiting(office: Office) -> tuple[Phone, int]:
    """A worker of the north who has just asked for somebody, and the number of the conversation."""
    phone = office.account.phone()
    phone.says("人工")
    with Session(office.account.engine) as db:
        worker = db.scalars(select(Worker).where(Worker.openid == phone.openid)).one()
        worker.organisation_id = office.ids["north"]
        db.commit()
        return phone, db.scalars(select(Handover.id).where(Handover.worker_id == worker.id)).one()


def kept(office: Office) -> list[str]:
    with Session(office.account.engine) as db:
        return [row.words for row in db.scalars(select(Said).order_by(Said.id))]


def test_what_is_said_meanwhile_is_shown_and_gone_with_the_answer(office: Office) -> None:
    phone, number = waiting(office)
    assert "转给工作人员" in phone.says("上回那笔钱一直没有到账")
    office.account.clock.move(minutes=1)
    seat = office.seat("north_review")
    page = seat.get(f"/conversations/{number}").text
    assert "上回那笔钱一直没有到账" in page
    assert "现在能直接发到 TA 的微信" in page
    with Session(office.account.engine) as db:
        assert db.scalars(select(Audit.subject).where(Audit.act == "handover_read")).all() == [
            f"handover:{number}"
        ]
        stored = db.connection().exec_driver_sql("SELECT words FROM said").fetchall()
        assert all("钱".encode() not in bytes(row[0]) for row in stored), "sealed"
    assert office.seat("south_review").get(f"/conversations/{number}").status_code == 404
    seat.post(f"/conversations/{number}/answer", words="您好，我查一下")
    assert kept(office) == []
    assert "没听懂" in phone.says("上回那笔钱一直没有到账"), "nobody waits any more"


def test_what_people_do_by_the_program_is_not_kept(office: Office) -> None:
    phone, _ = waiting(office)
    for words in ("帮助", "我的消息", "做资料卡"):
        phone.says(words)
    phone.taps("现在做")
    phone.says("这句话是答表里那一问的")
    phone.says("取消")
    phone.says("不想活了")
    assert kept(office) == []


def test_only_the_last_ones_stay_and_none_for_long(office: Office) -> None:
    phone, _ = waiting(office)
    for number in range(LAST):
        office.account.clock.move(seconds=5)
        phone.says(f"我想说说第{number}件麻烦事")
    assert len(kept(office)) == LAST
    assert "第9件" in kept(office)[-2]
    with Session(office.account.engine) as db:
        assert retention.forget_said(db, office.account.clock.now + timedelta(days=8)) == LAST
        db.rollback()


def test_after_two_days_the_answer_is_said_to_wait_in_the_inbox(office: Office) -> None:
    _, number = waiting(office)
    office.account.clock.move(hours=49)
    seat = office.seat("north_review")
    assert "超过 48 小时" in seat.get(f"/conversations/{number}").text
    seat.post(f"/conversations/{number}/answer", words="您好，我查到了")
    assert re.search("过了 48 小时，回复放进了", seat.get("/conversations").text)
