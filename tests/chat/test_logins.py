"""Issue 4: a login confirmed in chat by a member of staff's own WeChat, and nothing for anybody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts import logins as texts
from core import crypto
from core.errors import Refused
from models.logins import LoginAttempt
from models.people import Organisation, Staff, Worker
from qr.scenes import BindScene, LoginScene
from rules import logins, organisations
from rules import staff as members
from rules.access import Role
from rules.logins import Way
from tests.chat.account import Account, Phone
from tests.rules.login_cast import HOME


class Desk:
    """A login page, and what is known of it."""

    def __init__(self, account: Account) -> None:
        self.account = account
        crypto.use(account.config)

    def open(self) -> tuple[str, LoginScene]:
        """The page with its code."""
        with Session(self.account.engine) as db:
            made = logins.begin_scan(db, HOME, limits=self.account.config.console, now=self.account.clock())
            db.commit()
            return made

    def poll(self, secret: str) -> str | None:
        """Who is logged in by it."""
        with Session(self.account.engine) as db:
            staff = logins.finish_scan(db, secret, HOME, now=self.account.clock())
            db.commit()
            return staff.login if staff else None

    def attempts(self) -> list[str]:
        with Session(self.account.engine) as db:
            return list(db.scalars(select(LoginAttempt.outcome).order_by(LoginAttempt.id)))


@pytest.fixture
def desk(account: Account) -> Desk:
    return Desk(account)


@pytest.fixture
def hire(account: Account) -> Callable[[Phone | None, str], int]:
    """Somebody on the staff, bound to a phone that wrote before."""

    def add(phone: Phone | None, login: str) -> int:
        with Session(account.engine) as db:
            union = organisations.named(db, "临湖市总工会") or organisations.add(db, "临湖市总工会")
            worker = db.scalar(select(Worker).where(Worker.openid == phone.openid)) if phone else None
            staff = members.add(
                db,
                login,
                name="林老师",
                role=Role.CLERK,
                organisation=union,
                now=account.clock(),
                worker=worker,
            )
            db.commit()
            return staff.id

    return add


@pytest.fixture
def lin(account: Account, hire: Callable[[Phone | None, str], int]) -> Phone:
    """The phone of 林老师."""
    phone = account.phone()
    phone.says("你好")
    hire(phone, "lin")
    return phone


@pytest.mark.parametrize("mode", ["plain", "secure"])
def test_staff_scan_and_confirm(desk: Desk, lin: Phone) -> None:
    secret, scene = desk.open()
    heard = lin.scans(scene.pack())
    for shown in ("登录确认", "203.0.113.7", "火狐 · Windows", "时间：", "«确认登录»", "«不是我»"):
        assert shown in heard
    assert desk.poll(secret) is None
    assert "已确认" in lin.taps("确认登录")
    assert desk.poll(secret) == "lin"


def test_scanning_while_a_form_is_open_leaves_it_open(desk: Desk, lin: Phone) -> None:
    lin.says("做资料卡")
    _, scene = desk.open()
    assert "登录确认" in lin.scans(scene.pack())


def test_not_me(desk: Desk, lin: Phone) -> None:
    secret, scene = desk.open()
    lin.scans(scene.pack())
    again = next(link for link in lin.links if link.label == "确认登录")
    assert "没有登录" in lin.taps("不是我")
    assert "作废" in lin.says(again.says, bizmsgmenuid=again.id)
    with pytest.raises(Refused) as no:
        desk.poll(secret)
    assert no.value.code == "scan_denied"
    assert desk.attempts() == ["denied"]


def test_anybody_else_hears_what_any_dead_code_says(account: Account, desk: Desk, lin: Phone) -> None:
    stranger, newcomer = account.phone(), account.phone()
    dead = stranger.scans("card-AAAAAAAAAAAAAAAAAAAAAA")
    none = stranger.scans("no code of ours")
    _, scene = desk.open()
    assert stranger.scans(scene.pack()) == none
    assert newcomer.follows(scene.pack()) == none
    assert stranger.scans(LoginScene("A" * 22).pack()) == none
    assert stranger.scans(BindScene("A" * 22).pack()) == none
    assert "登录" not in none + dead
    assert desk.attempts() == ["not_staff", "not_staff"]
    assert "登录确认" in lin.scans(scene.pack())


def test_twice_confirmed_expired_and_used_are_said(account: Account, desk: Desk, lin: Phone) -> None:
    secret, scene = desk.open()
    lin.scans(scene.pack())
    yes, no = lin.links
    lin.taps("确认登录")
    assert "已经确认过" in lin.says(yes.says, bizmsgmenuid=yes.id)
    assert desk.poll(secret) == "lin"
    assert "已经完成" in lin.says(yes.says, bizmsgmenuid=yes.id)
    assert "马上告诉系统管理员" in lin.says(no.says, bizmsgmenuid=no.id)
    assert "已经完成" in lin.scans(scene.pack())
    _, second = desk.open()
    lin.scans(second.pack())
    yes = lin.links[0]
    account.clock.move(minutes=2)
    assert "过期" in lin.says(yes.says, bizmsgmenuid=yes.id)
    assert "过期" in lin.scans(second.pack())


def test_a_tap_that_somebody_else_was_given_does_nothing(
    account: Account, desk: Desk, lin: Phone, hire: Callable[[Phone | None, str], int]
) -> None:
    chen = account.phone()
    chen.says("你好")
    hire(chen, "chen")
    secret, scene = desk.open()
    lin.scans(scene.pack())
    yes = lin.links[0]
    assert "用不了" in chen.says(yes.says, bizmsgmenuid=yes.id)
    assert desk.poll(secret) is None


def test_the_same_confirmation_delivered_twice_is_one_answer(
    account: Account, desk: Desk, lin: Phone
) -> None:
    secret, scene = desk.open()
    lin.scans(scene.pack())
    yes = lin.links[0]
    fields = account.wire.fields(lin.openid, "text", Content=yes.says, bizmsgmenuid=yes.id)
    first = lin.hears(account.wire.deliver(fields))
    assert lin.hears(account.wire.deliver(fields)) == first
    assert desk.poll(secret) == "lin"


def test_a_wechat_is_bound_in_chat_and_then_logs_in(
    account: Account, desk: Desk, hire: Callable[[Phone | None, str], int]
) -> None:
    staff_id = hire(None, "chen")
    phone = account.phone()
    limits = account.config.console
    with Session(account.engine) as db:
        staff = db.get_one(Staff, staff_id)
        token = logins.open_login(db, staff, HOME, Way.SCAN, now=account.clock())
        login = logins.current(db, token, limits=limits, now=account.clock())
        assert login is not None
        scene = logins.begin_bind(db, login, limits=limits, now=account.clock())
        db.commit()
    heard = phone.scans(scene.pack())
    assert "林老师（chen）" in heard
    yes = phone.links[0]
    assert "绑定好了" in phone.taps("确认绑定")
    assert "用不了" in phone.says(yes.says, bizmsgmenuid=yes.id)
    secret, code = desk.open()
    phone.scans(code.pack())
    phone.taps("确认登录")
    assert desk.poll(secret) == "chen"


def test_whoever_did_not_mean_to_bind_does_not(
    account: Account, lin: Phone, hire: Callable[[Phone | None, str], int]
) -> None:
    staff_id = hire(None, "chen")
    limits = account.config.console
    with Session(account.engine) as db:
        token = logins.reset(db, None, db.get_one(Staff, staff_id), limits=limits, now=account.clock())
        scene = logins.begin_bind_invited(db, token, limits=limits, now=account.clock())
        db.commit()
    assert "另一位工作人员" in lin.scans(scene.pack())
    phone = account.phone()
    phone.scans(scene.pack())
    yes = phone.links[0]
    assert "没有绑定" in phone.taps("不是我")
    assert "用不了" in phone.says(yes.says, bizmsgmenuid=yes.id)
    with Session(account.engine) as db:
        assert db.get_one(Staff, staff_id).worker_id is None
        assert db.scalar(select(Organisation.id)) is not None


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (HOME.browser, "火狐 · Windows"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/143.0 Safari/537.36 Edg/143.0",
            "Edge · Windows",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18 Safari/605.1.15", "Safari · Mac"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/143.0 Mobile MicroMessenger/8.0", "微信 · 安卓"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Safari/604.1", "Safari · iPad"),
        ("<a href='http://evil.example'>确认登录</a>", "认不出的浏览器"),
        ("", "认不出的浏览器"),
    ],
)
def test_a_browser_is_named_and_never_quoted(agent: str, said: str) -> None:
    assert texts.browser(agent) == said


@pytest.mark.parametrize(
    ("ip", "said"),
    [
        ("203.0.113.7", "网络地址 203.0.113.7"),
        ("2001:db8::1", "网络地址 2001:db8::1"),
        ("<x>", "网络地址不明"),
    ],
)
def test_an_address_is_shown_as_one(ip: str, said: str) -> None:
    assert texts.address(ip) == said
