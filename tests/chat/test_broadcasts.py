"""退订 and 恢复订阅 in chat, and the platform's reports through the real callback."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.broadcasts import MassReport, Mute, Topic, Way
from models.people import Worker
from rules import notices, organisations, staff
from rules.access import Role
from rules.broadcasts import life
from tests.chat.account import Account, Phone


def muted(account: Account, phone: Phone) -> set[str]:
    with Session(account.engine) as db:
        mine = (
            select(Mute.topic).join(Worker, Worker.id == Mute.worker_id).where(Worker.openid == phone.openid)
        )
        return {str(topic) for topic in db.scalars(mine)}


def test_退订_is_obeyed_at_once_and_can_be_narrowed_and_taken_back(account: Account, phone: Phone) -> None:
    phone.dialog(("退订", "都不再发给你"))
    assert muted(account, phone) == {str(topic) for topic in Topic}
    phone.dialog(("«只退活动»", "活动类的群发不再发给你"))
    assert muted(account, phone) == {"activity"}
    phone.dialog(("退订福利", "活动、福利类"), ("«恢复订阅»", "又会发给你了"), ("恢复订阅", "没有退订过"))
    assert muted(account, phone) == set()


def test_退订_is_heard_however_it_is_written(account: Account) -> None:
    for said in ("TD", "td", "T退订", "请退订", "退订吧", "退订！", "退訂"):
        phone = account.phone()
        assert "不再发给你" in phone.says(said), said
    for said in ("不退订", "退订了吗", "怎么退订福利卡"):
        phone = account.phone()
        phone.says(said)
        assert muted(account, phone) == set(), said


def test_F10_two_jobs_of_one_second_are_two_reports_and_twice_is_once(account: Account) -> None:
    operator = account.phone()
    told = {
        "Status": "send success",
        "TotalCount": "4",
        "FilterCount": "3",
        "SentCount": "3",
        "ErrorCount": "0",
    }
    account.clock.move(seconds=1)
    for number in ("1000000001", "1000000002", "1000000001"):
        assert operator.sends("event", Event="MASSSENDJOBFINISH", MsgID=number, **told) == ""
    operator.sends("event", Event="MASSSENDJOBFINISH", MsgID="x", **told)
    operator.sends("event", Event="MASSSENDJOBFINISH", MsgID="1000000003")
    with Session(account.engine) as db:
        reports = db.scalars(select(MassReport).order_by(MassReport.message_id)).all()
        assert [(one.message_id, one.total, one.sent) for one in reports] == [
            (1000000001, 4, 3),
            (1000000002, 4, 3),
        ]
        mine = select(Worker).where(Worker.openid == operator.openid)
        assert db.scalars(mine).all() == [], "told in the name of somebody who runs the account"
    operator.says("你好")
    operator.sends("event", Event="PUBLISHJOBFINISH")
    operator.sends("event", Event="MASSSENDJOBFINISH", MsgID="1000000004", **told)
    with Session(account.engine) as db:
        assert db.scalars(mine).one().is_following, "who writes is a worker, and stays one"
    assert account.lines() == []


def test_A6_what_could_not_be_sent_to_somebody_is_read_when_they_come(account: Account, phone: Phone) -> None:
    phone.says("你好")
    now = account.clock()
    with Session(account.engine) as db:
        union = organisations.add(db, "云栖省总工会")
        lin = staff.add(db, "lin", name="林老师", role=Role.MANAGER, organisation=union, now=now)
        text = {"text": "周六体育馆有活动\n带上水壶"}
        one = life.new(db, lin, "text", text, topic=Topic.ACTIVITY, way=Way.CUSTOMER, audience={}, now=now)
        worker = db.scalars(select(Worker).where(Worker.openid == phone.openid)).one()
        notices.keep(db, worker.id, "broadcast", now=now, errcode=45015, broadcast=one.id, version=1)
        db.commit()
    heard = phone.says("找对象")
    assert "—— 你不在的时候 ——" in heard
    assert "日发给大家的：\n周六体育馆有活动\n带上水壶" in heard
    assert "周六体育馆" not in phone.says("找对象")
    phone.dialog(("我的消息", "发给大家的"), ("«看 1»", "带上水壶"), ("退订", "都不再发给你"))
    assert "发给大家的" not in phone.says("我的消息")
