"""./niangjia staff: links, resets, who is logged in."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from core.clock import utcnow
from core.config import Config
from core.errors import Refused
from models.audit import Audit
from models.logins import Login
from models.people import Staff
from rules import logins
from rules.access import Role
from rules.logins import Way
from tests.commands.conftest import Niangjia
from tests.rules.cast import Town
from tests.rules.login_cast import CAFE, HOME, PASSWORD, plain


def acts(town: Town) -> list[tuple[int | None, str]]:
    town.db.rollback()
    return [(one.staff_id, one.act) for one in town.db.scalars(select(Audit).order_by(Audit.id))]


def token_of(out: str) -> str:
    found = re.search(r"/console/invitation/(\S+)", out)
    assert found
    return found[1]


def test_the_first_administrator_comes_in_by_the_printed_link(town: Town, niangjia: Niangjia) -> None:
    town.db.commit()
    code, out, _ = niangjia(
        *("staff", "add", "lin", "--name", "林老师"),
        *("--organisation", "临湖市总工会", "--role", "administrator"),
    )
    assert code == 0
    town.db.rollback()
    assert logins.accept(town.db, token_of(out), PASSWORD, now=utcnow()).login == "lin"
    assert acts(town) == [(None, "staff_add")]


def test_a_lost_phone_is_reset(town: Town, niangjia: Niangjia, settings: Config) -> None:
    worker = town.worker(town.north)
    staff = plain(town.db, town.north, "chen", Role.CLERK, now=town.now)
    staff.worker_id = worker.id
    token = logins.open_login(town.db, staff, HOME, Way.SCAN, now=utcnow())
    town.db.commit()
    code, out, _ = niangjia("staff", "reset", "chen")
    assert code == 0
    assert "作废" in out
    assert "7 天内有效，只能用一次" in out
    town.db.rollback()
    assert staff.worker_id is None
    assert logins.current(town.db, token, limits=settings.console, now=utcnow()) is None
    assert logins.accept(town.db, token_of(out), PASSWORD, now=utcnow()) is staff


def test_a_forgotten_password_leaves_the_wechat(town: Town, niangjia: Niangjia) -> None:
    worker = town.worker(town.north)
    staff = plain(town.db, town.north, "chen", Role.CLERK, now=town.now)
    staff.worker_id = worker.id
    town.db.commit()
    assert niangjia("staff", "reset", "chen", "--keep-wechat")[0] == 0
    town.db.rollback()
    assert staff.worker_id == worker.id


def test_somebody_is_disabled_and_let_in_again(town: Town, niangjia: Niangjia) -> None:
    plain(town.db, town.north, "chen", Role.MANAGER, now=town.now)
    town.db.commit()
    assert niangjia("staff", "disable", "chen")[:2] == (0, "chen（chen）已停用，已经全部退出。\n")
    assert niangjia("staff", "list")[1].splitlines()[1].endswith("停用")
    assert "没有这个登录名" in niangjia("staff", "waiting", "--as", "chen")[2]
    assert "停用了" in niangjia("staff", "reset", "chen")[2]
    assert niangjia("staff", "enable", "chen")[:2] == (0, "chen（chen）已恢复。\n")
    assert niangjia("staff", "waiting", "--as", "chen")[0] == 0


def test_open_logins_and_refused_tries_are_shown_and_ended(
    town: Town, niangjia: Niangjia, settings: Config
) -> None:
    staff = plain(town.db, town.north, "chen", Role.CLERK, now=town.now)
    logins.open_login(town.db, staff, HOME, Way.SCAN, now=utcnow())
    with pytest.raises(Refused):
        logins.by_password(town.db, "chen", "x", CAFE, limits=settings.console, now=utcnow())
    town.db.commit()
    code, out, _ = niangjia("staff", "logins", "chen")
    assert code == 0
    for shown in ("现在登录着 1 处", "微信扫码", HOME.ip, "火狐 · Windows", "还没有设密码", CAFE.ip):
        assert shown in out
    assert "已经全部退出（1 处）" in niangjia("staff", "logins", "chen", "--end")[1]
    town.db.rollback()
    assert town.db.scalars(select(Login.ended_why)).all() == ["sent_out"]
    assert "现在登录着 0 处" in niangjia("staff", "logins", "chen")[1]


@pytest.mark.parametrize(
    "words", [("reset", "lin"), ("disable", "lin"), ("enable", "lin"), ("logins", "lin")]
)
def test_another_unions_staff_act_on_nobody(town: Town, niangjia: Niangjia, words: tuple[str, ...]) -> None:
    plain(town.db, town.north, "lin", Role.CLERK, now=town.now)
    plain(town.db, town.south, "chen", Role.ADMINISTRATOR, now=town.now)
    plain(town.db, town.north, "wu", Role.REVIEWER, now=town.now)
    town.db.commit()
    for by in ("chen", "wu"):
        code, out, err = niangjia("staff", *words, "--as", by)
        assert (code, out) == (1, "")
        assert "没有找到" in err
    assert acts(town) == []
    assert town.db.scalars(select(Staff.disabled_at).where(Staff.login == "lin")).one() is None


def test_nobody_gives_more_than_they_have(town: Town, niangjia: Niangjia) -> None:
    plain(town.db, town.north, "lin", Role.MANAGER, now=town.now)
    town.db.commit()
    new = ("staff", "add", "new", "--name", "新", "--organisation", "城北区总工会", "--as", "lin", "--role")
    assert "比自己还大" in niangjia(*new, "administrator")[2]
    assert niangjia(*new, "clerk")[0] == 0
    town.db.rollback()
    lin = town.db.scalars(select(Staff.id).where(Staff.login == "lin")).one()
    assert acts(town) == [(lin, "staff_add")]


def test_an_unknown_login_is_one_line(niangjia: Niangjia) -> None:
    for words in (("reset", "x"), ("disable", "x"), ("enable", "x"), ("logins", "x")):
        code, out, err = niangjia("staff", *words)
        assert (code, out) == (1, "")
        assert "没有这个登录名" in err
