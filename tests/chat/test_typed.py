"""What stands on a tap can be typed: some clients show taps as plain words. Transcripts play it at length."""

from __future__ import annotations

from contextlib import closing

import pytest

from bot import offers
from bot.forgetting import forget_phones
from bot.replies import Say, Tap, render
from core.redis import connect
from tests.chat import exam_hall
from tests.chat.account import Account, Phone
from tests.chat.fair import Fair

SURE, STALE = "真的要撤回", "没听懂"


@pytest.fixture
def candidate(account: Account, phone: Phone) -> Phone:
    """Somebody with two sign-ups, who looks at them: 撤回 1 and 撤回 2."""
    exam_hall.plan(account, quota=3)
    exam_hall.plan(account, quota=3, trade="电镀工", level=5)
    exam_hall.signs_up(phone, 1)
    exam_hall.signs_up(phone, 1, level="2")
    phone.says("我的报名")
    return phone


@pytest.mark.parametrize(
    "said", ["撤回 2", "撤回2", "「撤回 2」", "撤回　２", " 撤 回 2。", "«撤回 2»", "【撤回2】", "撤回 2 "]
)
def test_a_label_however_it_is_typed(candidate: Phone, said: str) -> None:
    tapped = candidate.taps("撤回 2")
    candidate.says("我的报名")
    assert candidate.says(said) == tapped
    assert "电镀工" in tapped


@pytest.mark.parametrize("said", ["撤回", "撤回 3", "撤回 12", "2", "不撤回 2", "撤回 2 吗", "撤回 2" * 40])
def test_nothing_but_a_label(candidate: Phone, said: str) -> None:
    assert SURE not in candidate.says(said)


def test_only_the_last_answer_counts(account: Account, candidate: Phone) -> None:
    assert STALE in account.phone().says("撤回 1"), "what somebody else was offered"
    candidate.dialog(("嗯嗯呀", STALE), ("撤回 1", STALE))  # an answer came in between
    candidate.dialog(("我的报名", "撤回"), ("撤回 1", SURE), ("撤回 2", STALE), ("确定撤回", STALE))
    candidate.says("我的报名")
    account.clock.move(seconds=1)
    candidate.event("VIEW", EventKey="http://p.example/m/")  # is answered nothing
    candidate.dialog(("撤回 1", SURE), ("确定撤回", "撤回了"))


def test_a_notice_has_the_last_taps(account: Account, candidate: Phone) -> None:
    with closing(connect(account.config)) as redis:
        told = Say(
            "考场换了。", (Tap("撤回 1", id="exam_stay"), Tap("同名", id="find"), Tap("同名", id="mine"))
        )
        for words, heard in ((Say("铃响了。"), SURE), (told, "报名还在")):
            candidate.says("我的报名")
            offers.pushed(redis, account.config, candidate.openid, render(words))
            candidate.dialog(("撤回 1", heard))
        offers.pushed(redis, account.config, candidate.openid, render(told))
        candidate.dialog(("同名", STALE))  # two of that name: neither
        candidate.says("我的报名")
        key = offers.offers_key(account.config, candidate.openid)
        sealed = redis.get(key)
        assert isinstance(sealed, bytes)
        assert "撤回" not in sealed.decode(errors="ignore")
        assert 0 < int(str(redis.ttl(key))) <= account.config.limits.form_minutes * 60
        forget_phones(redis, account.config, [candidate.openid])
        assert not redis.exists(key)


def test_a_question_that_waits_comes_first(candidate: Phone) -> None:
    candidate.dialog(
        ("现在做", "你的性别"),
        ("男", "哪一年"),
        ("我的报名", "哪一年"),
        ("撤回 1", SURE),  # no year
        ("1990", "身高"),
        ("176", "学历"),
        ("本科", "做什么"),
    )
    assert "«女生»" in candidate.clicks("find")
    candidate.dialog(("女生", "在哪个区"))  # a trade, of a kind


def test_a_keyword_means_what_the_tap_with_its_name_means(fair: Fair, her: Phone, him: Phone) -> None:
    him.scans(fair.code(her))
    earlier = him.content
    assert "木木" in him.scans(fair.code(fair.person("木木")))
    him.reads(earlier)
    assert "小禾" in him.taps("收藏")
    assert "小禾" in him.says("想认识TA"), "木木 is who was looked at last"
