"""Somebody with two phones: after a merge both are theirs, and nothing that either says is lost."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.people import Staff, Worker
from models.persons import Erasure
from rules import notices
from rules.persons import merging
from tests.chat.account import Account, Phone
from tests.chat.fair import Fair


def number(db: Session, phone: Phone) -> int:
    return db.scalars(select(Worker.id).where(Worker.openid == phone.openid)).one()


def test_both_phones_are_one_person_after_a_merge(account: Account) -> None:
    fair = Fair(account)
    first, second = fair.person("小禾", contact="xiaohe_wx"), account.phone()
    second.dialog(("预约", ""), ("我的资料卡", "现在做"))
    with fair.db() as db:
        officer = db.get_one(Staff, fair.officer)
        keep = number(db, first)
        merging.merge(db, officer, keep, number(db, second), reason="换了手机", now=account.clock())
        notices.tell(db, keep, "staff_answer", now=account.clock(), who="吴老师", words="来取材料")
    assert "小禾" in second.says("我的资料卡")
    assert "小禾" in first.says("我的资料卡")
    second.dialog(("我的资料卡", "小禾"), ("帮助", "点一下"))
    assert "来取材料" in account.notices(second)[0], "said to the phone used last"
    second.unfollows()
    with fair.db() as db:
        worker = db.get_one(Worker, keep)
        assert (worker.openid, worker.is_following) == (first.openid, True)
    first.dialog(("注销", "会删掉"), ("1", "确认注销"), ("确认注销", "已经注销了"))
    with fair.db() as db:
        assert sorted(db.scalars(select(Erasure)).one().openids or []) == sorted(
            [first.openid, second.openid]
        )
    for phone in (first, second):
        assert "小禾" not in phone.says("我的资料卡")


def test_who_leaves_as_a_stranger_is_not_remembered(account: Account) -> None:
    phone = account.phone()
    phone.unfollows()
    with Session(account.engine) as db:
        assert not db.scalars(select(Worker)).all()
    phone.says("你好")
    phone.unfollows()
    with Session(account.engine) as db:
        assert db.scalars(select(Worker.unfollowed_at)).one() is not None
