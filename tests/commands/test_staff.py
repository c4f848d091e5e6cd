"""./niangjia staff: who acts is written down, and nobody sees or does anything beyond their union."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bot.texts import notices
from core.config import Config
from models.audit import Audit
from models.matchmaking import Profile
from models.messages import Handover, Notice
from models.people import Staff
from rules.matchmaking import cards
from tests.commands.conftest import Niangjia
from tests.rules.cast import NOW, Town


def acts(town: Town) -> list[str]:
    town.db.rollback()
    return list(town.db.scalars(select(Audit.act).order_by(Audit.id)))


def test_staff_are_added_and_listed(town: Town, niangjia: Niangjia) -> None:
    town.db.commit()
    code, out, _ = niangjia(
        "staff", "add", "chen", "--name", "陈老师", "--organisation", "城北区总工会", "--role", "professional"
    )
    assert code == 0
    added, said, link = out.splitlines()
    assert added == "添加好了：陈老师（chen），专业人士，城北区总工会"
    assert "7 天内有效，只能用一次" in said
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/console/invitation/[\w-]{43}", link)
    code, out, _ = niangjia("staff", "list")
    assert code == 0
    assert out.splitlines() == [
        "登录名  姓名    角色      单位          级别  登录",
        "chen    陈老师  专业人士  城北区总工会  区县",
    ]


@pytest.mark.parametrize(
    ("login", "organisation", "said"),
    [
        ("chen", "没有的总工会", "没有“没有的总工会”。有：云栖省总工会、临湖市总工会"),
        ("Chen!", "城北区总工会", "登录名用小写字母开头"),
        ("lin", "城北区总工会", "已经有人用了"),
    ],
)
def test_a_wrong_addition_is_one_line(
    town: Town, niangjia: Niangjia, login: str, organisation: str, said: str
) -> None:
    town.staff("lin", town.city)
    town.db.commit()
    code, out, err = niangjia(
        "staff", "add", login, "--name", "某", "--organisation", organisation, "--role", "clerk"
    )
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_waiting_shows_what_a_reviewer_needs_and_no_contact(town: Town, niangjia: Niangjia) -> None:
    town.staff("lin", town.city)
    profile = town.profile()
    draft = {"phone": "13900000000"}
    handed = Handover(worker_id=profile.worker_id, at=NOW, about="profile", draft=draft, message_key="k1")
    town.db.add(handed)
    openid = profile.worker.openid
    town.db.commit()
    code, out, _ = niangjia("staff", "waiting", "--as", "lin")
    assert code == 0
    assert "待审资料卡 1 份" in out
    for shown in ("小禾", "女", "1991", "护士", "未婚", "周末多半在爬山"):
        assert shown in out
    assert "等人工的对话 1 个" in out
    for secret in ("13800000000", "13900000000", openid):
        assert secret not in out
    assert acts(town) == ["waiting_read"]


def test_approving_by_number_and_all(town: Town, niangjia: Niangjia) -> None:
    town.staff("lin", town.city)
    town.wall(1, "90后")
    first, second = town.profile(), town.profile()
    town.db.commit()
    code, out, _ = niangjia("staff", "approve", first.id, "--as", "lin")
    assert (code, out) == (0, f"{first.id}：通过，1号墙 A-01\n")
    code, out, _ = niangjia("staff", "approve", "--all", "--as", "lin")
    assert (code, out) == (0, f"{second.id}：通过，1号墙 A-02\n")
    code, out, _ = niangjia("staff", "approve", "--all", "--as", "lin")
    assert (code, out) == (0, "没有待审的资料卡。\n")
    assert acts(town) == ["profile_approve"] * 2
    town.db.rollback()
    assert town.db.scalars(select(Notice.kind)).all() == ["profile_listed"] * 2


def test_a_reviewer_may_choose_the_wall(town: Town, niangjia: Niangjia) -> None:
    town.staff("lin", town.city)
    town.wall(1, "90后")
    town.wall(8, "优质单身")
    profile = town.profile()
    town.db.commit()
    code, _, err = niangjia("staff", "approve", profile.id, "--wall", 9, "--as", "lin")
    assert (code, "没有这面墙" in err) == (1, True)
    code, out, _ = niangjia("staff", "approve", profile.id, "--wall", 8, "--as", "lin")
    assert (code, out) == (0, f"{profile.id}：通过，8号墙 A-01\n")


def test_one_that_cannot_be_approved_does_not_stop_the_others(town: Town, niangjia: Niangjia) -> None:
    town.staff("lin", town.city)
    done, waiting = town.profile(), town.profile()
    town.db.commit()
    niangjia("staff", "approve", done.id, "--as", "lin")
    code, out, err = niangjia("staff", "approve", done.id, 999, waiting.id, "--as", "lin")
    assert code == 1
    assert out == f"{waiting.id}：通过，还没有相亲会，先不上墙\n"
    assert err.splitlines() == [
        f"{done.id}：这份资料卡刚才已经有人处理了，或者现在不在待审状态。",
        "999：没有找到，或者不在你的管辖范围内。",
    ]


def test_the_next_district_can_neither_see_nor_act(town: Town, niangjia: Niangjia) -> None:
    town.staff("chen", town.south)
    profile = town.profile(town.worker(town.north))
    town.db.commit()
    _, out, _ = niangjia("staff", "waiting", "--as", "chen")
    assert "待审资料卡 0 份" in out
    absent = niangjia("staff", "approve", 999, "--as", "chen")[2].replace("999", "N")
    for words in (("approve", profile.id), ("refuse", profile.id, "--reason", "不行")):
        code, out, err = niangjia("staff", *words, "--as", "chen")
        assert (code, out) == (1, "")
        assert err.replace(str(profile.id), "N") == absent
    assert niangjia("staff", "approve", "--all", "--as", "chen")[:2] == (0, "没有待审的资料卡。\n")
    town.db.rollback()
    assert town.db.get_one(Profile, profile.id).state == "in_review"


def test_nobody_approves_themself(town: Town, niangjia: Niangjia) -> None:
    worker = town.worker(town.north)
    town.staff("lin", town.city, worker=worker)
    profile = town.profile(worker)
    town.db.commit()
    code, _, err = niangjia("staff", "approve", profile.id, "--as", "lin")
    assert (code, "请别的同事来审" in err) == (1, True)
    assert niangjia("staff", "approve", "--all", "--as", "lin")[:2] == (0, "没有待审的资料卡。\n")


def test_refusing_needs_a_reason_that_the_person_reads(town: Town, niangjia: Niangjia) -> None:
    town.staff("lin", town.city)
    profile = town.profile()
    town.db.commit()
    assert niangjia("staff", "refuse", profile.id, "--as", "lin")[0] == 2
    assert niangjia("staff", "refuse", profile.id, "--reason", " ", "--as", "lin")[0] == 1
    code, out, _ = niangjia("staff", "refuse", profile.id, "--reason", "称呼像真名", "--as", "lin")
    assert (code, out) == (0, f"{profile.id}：已退回\n")
    town.db.rollback()
    notice = town.db.scalars(select(Notice)).one()
    assert notice.facts["reason"] == "称呼像真名"


@pytest.mark.parametrize("words", [("approve",), ("approve", "1", "--all"), ("refuse", "--reason", "某")])
def test_what_to_review_must_be_said(niangjia: Niangjia, words: tuple[str, ...]) -> None:
    assert niangjia("staff", *words, "--as", "lin")[0] == 2


def test_an_unknown_login_does_nothing(town: Town, niangjia: Niangjia) -> None:
    profile = town.profile()
    town.db.commit()
    code, _, err = niangjia("staff", "approve", profile.id, "--as", "nobody")
    assert (code, "没有这个登录名" in err) == (1, True)
    town.db.rollback()
    assert cards.live_card(town.db, profile) is None
    assert town.db.scalars(select(Staff)).all() == []


def test_a_conversation_handed_over_is_answered_once(town: Town, niangjia: Niangjia) -> None:
    town.staff("lin", town.city)
    town.staff("chen", town.south)
    worker = town.worker(town.north)
    handed = Handover(worker_id=worker.id, at=NOW, about="profile", draft={"phone": "1"}, message_key="k1")
    others = [
        Handover(worker_id=town.worker(town.south).id, at=NOW, about=about, draft=None, message_key=about)
        for about in ("crisis", "report:7")
    ]
    town.db.add_all([handed, *others])
    town.db.commit()
    words = ("staff", "answer", handed.id, "--words")
    assert "资料卡" in niangjia("staff", "waiting", "--as", "lin")[1]
    told = niangjia("staff", "waiting", "--as", "chen")[1]
    assert "情绪关怀" in told
    assert "举报资料卡 7" in told
    assert niangjia(*words, "你好", "--as", "chen")[0] == 1
    assert "要写回什么话" in niangjia(*words, " ", "--as", "lin")[2]
    assert "最多 300 个字" in niangjia(*words, "好" * 301, "--as", "lin")[2]
    assert niangjia(*words, "请到服务台找我", "--as", "lin")[:2] == (0, f"{handed.id}：已回\n")
    assert "已经有人回了" in niangjia(*words, "再说一遍", "--as", "lin")[2]
    assert "等人工的对话 2 个" in niangjia("staff", "waiting", "--as", "lin")[1]
    town.db.rollback()
    assert town.db.get_one(Handover, handed.id).draft is None
    notice = town.db.scalars(select(Notice)).one()
    said = notices.words(town.db, notice)
    assert notice.worker_id == worker.id
    assert said is not None
    assert said.text.endswith("请到服务台找我")
    assert acts(town).count("handover_answer") == 1


def test_a_union_begins_with_nothing(settings: Config, niangjia: Niangjia) -> None:
    assert niangjia("staff", "union", "市总工会")[:2] == (0, "添加好了：市总工会（省级）\n")
    assert niangjia("staff", "union", "区总工会", "--below", "市总工会")[0] == 0
    assert "没有这个单位" in niangjia("staff", "union", "镇总工会", "--below", "县总工会")[2]
    assert "这个名字已经有了" in niangjia("staff", "union", "区总工会")[2]
    add = ("staff", "add", "--name", "林老师", "--role", "administrator", "--organisation")
    assert niangjia(*add, "市总工会", "lin")[0] == niangjia(*add, "区总工会", "wu")[0] == 0
    assert "管辖范围" in niangjia("staff", "union", "县总工会", "--below", "市总工会", "--as", "wu")[2]
    assert "没有找到" in niangjia("staff", "union", "省总工会", "--as", "lin")[2]
    assert niangjia("staff", "union", "县总工会", "--below", "市总工会", "--as", "lin")[0] == 0
    plan = ("wall", "fair", "相亲会", "--union", "区总工会", "--place", "体育馆", "--tables", 9, "--as", "wu")
    assert "结束要晚于开始" in niangjia(*plan, "--from", "2099-05-01 09:00", "--until", "2099-05-01 09:00")[2]
    code, out, _ = niangjia(*plan, "--from", "2099-05-01 09:00", "--until", "2099-05-02 17:00")
    assert (code, out) == (0, "相亲会（1）定好了，9 张桌子。\n")
    assert niangjia("wall", "add", 1, "90后", "--as", "lin")[:2] == (0, "1号墙 90后 建好了。\n")
    assert "05-01 至 05-02" in niangjia("wall", "list", "--as", "lin")[1]
