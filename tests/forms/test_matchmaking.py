"""The profile form: who may have a card, and what may stand on it."""

from __future__ import annotations

import pytest

from bot.replies import render
from forms.engine import Outcome
from forms.matchmaking import CONSENT_VERSION, PROFILE
from tests.forms.cast import PROFILE_ANSWERS, Talk, at


def test_a_profile_in_a_conversation() -> None:
    talk = Talk(PROFILE)
    for said, then in [
        ("1", "② 哪一年出生？"),
        ("九零年", "③ 身高多少厘米？"),
        ("1米76", "④ 学历是？"),
        ("本科", "⑤ 做什么工作？"),
        ("机械工程师", "⑥ 在哪个区上班？"),
        ("西湖区", "⑦ 老家是哪儿？"),
        ("嘉兴", "⑧ 用一句话说说自己"),
        ("喜欢修老自行车", "⑨ 卡片上怎么称呼你？"),
        ("阿岳", "⑩ 现在的婚姻状况？"),
        ("未婚", "⑪ 想认识哪些年出生的？"),
        ("85-92", "⑫ 两边都愿意以后"),
        ("1", "⑬ 你的微信号？"),
        ("ayue_1990", "⑭ 最后一项"),
        ("同意", "看一眼，对吗？"),
        ("改8 喜欢修老自行车，也会做饭", "改好了。"),
    ]:
        talk.say(said)
        assert then in talk.text
    assert "1 男  2 1990年  3 176cm\n4 本科" in talk.text
    assert "6 杭州·西湖区  7 老家 嘉兴" in talk.text
    assert "8 “喜欢修老自行车，也会做饭”" in talk.text
    assert "ayue_1990" not in talk.text
    assert talk.labels == ["提交", "改 8"]
    talk.say("提交")
    assert talk.outcome is Outcome.SUBMIT
    answers = dict(talk.turn.answers or {})
    assert answers.pop("wants_born").label() == "1985–1992年"
    assert answers == {
        "sex": "m",
        "birth_year": 1990,
        "height_cm": 176,
        "education": "本科",
        "trade": "机械工程师",
        "district": "杭州·西湖区",
        "home_town": "嘉兴",
        "line": "喜欢修老自行车，也会做饭",
        "nickname": "阿岳",
        "marital": "never",
        "contact_kind": "wechat",
        "wechat": "ayue_1990",
        "consent": CONSENT_VERSION,
    }


@pytest.mark.parametrize(
    ("step", "text", "sentence"),
    [
        ("birth_year", "2010", "满 18 岁才能办资料卡"),
        ("birth_year", "2008", "满 18 岁后的第一个元旦起"),
        ("birth_year", "90后", "具体是哪一年"),
        ("height_cm", "17.6", "身高应该在 120 到 230 厘米之间"),
        ("marital", "已婚", "这里只帮单身的朋友牵线"),
        ("marital", "结婚了", "这里只帮单身的朋友牵线"),
        ("nickname", "禾", "至少 2 个字"),
        ("nickname", "一二三四五六七八九", "最多 8 个"),
        ("nickname", "v:abc12", "汉字、字母、数字"),
        ("nickname", "a1380013", "这里先不写联系方式"),
        ("nickname", "工会客服", "容易让人误会"),
        ("nickname", "小禾😀", "印不出来"),
        ("line", "加我微信 xiaohe_1990，慢慢聊", "这里先不写联系方式"),
        ("line", "电话一三八零零一三八零零零", "这里先不写联系方式"),
        ("line", "看我主页 www.xiaohe.cn", "这里先不写联系方式"),
        ("line", "好" * 41, "写了 41 个字，最多 40 个"),
        ("trade", "微信号 ab12345", "这里先不写联系方式"),
        ("wants_born", "2010以后", "只介绍满 18 岁的朋友"),
        ("wants_born", "看缘分", "没看出是哪些年份"),
        ("wechat", "小禾", "微信号是 6 到 20 位"),
        ("consent", "不同意", "不同意也完全可以"),
    ],
)
def test_E2_what_cannot_stand_is_refused_kindly(step: str, text: str, sentence: str) -> None:
    talk = at(PROFILE, step)
    before = talk.draft.answers
    talk.say(text)
    assert talk.outcome is Outcome.ASKED
    assert sentence in talk.text
    assert talk.draft.at == step
    assert talk.draft.answers == before


def test_E2_eighteen_counts_by_the_year() -> None:
    talk = at(PROFILE, "birth_year")
    talk.say("2007")
    assert talk.draft.answers["birth_year"] == 2007


@pytest.mark.parametrize(
    ("kind", "asked"), [("微信", "你的微信号？"), ("手机", "你的手机号？"), ("先不给", "最后一项")]
)
def test_only_the_chosen_contact_is_asked(kind: str, asked: str) -> None:
    talk = at(PROFILE, "contact_kind")
    talk.say(kind)
    assert asked in talk.text


def test_another_contact_leaves_the_first_out() -> None:
    talk = at(PROFILE, "summary")
    talk.say("改12 手机")
    assert "你的手机号？" in talk.text
    talk.all("138 0013 8000", "提交")
    answers = talk.turn.answers
    assert answers is not None
    assert answers["phone"] == "13800138000"
    assert "wechat" not in answers


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("西湖区", "杭州·西湖区"),
        ("西湖", "杭州·西湖区"),
        ("杭州西湖区", "杭州·西湖区"),
        ("浙江省杭州市余杭区", "杭州·余杭区"),
        ("桐庐", "杭州·桐庐县"),
        ("建德市", "杭州·建德市"),
        ("在滨江上班", "杭州·滨江区"),
        ("宁波鄞州区", "宁波鄞州区"),
        ("西湖文化广场", "西湖文化广场"),
    ],
)
def test_districts_here_get_their_full_name(written: str, kept: str) -> None:
    talk = at(PROFILE, "district")
    talk.say(written)
    assert talk.draft.answers["district"] == kept


@pytest.mark.parametrize(
    ("written", "kept"), [("我老家是嘉兴的", "嘉兴"), ("绍兴人", "绍兴"), ("安徽 阜阳", "安徽 阜阳")]
)
def test_home_towns_are_kept_bare(written: str, kept: str) -> None:
    talk = at(PROFILE, "home_town")
    talk.say(written)
    assert talk.draft.answers["home_town"] == kept


def test_a_consent_to_an_older_text_is_asked_again() -> None:
    talk = at(PROFILE, "summary")
    talk.stored = talk.stored.replace(f'"consent": "{CONSENT_VERSION}"', '"consent": "2020-01"')
    talk.say("提交")
    assert talk.outcome is Outcome.ASKED
    assert talk.text.startswith("这段话更新过，请再看一眼：\n⑭ 最后一项")
    assert "回复 0" not in talk.text


def test_everything_is_short_enough_for_a_phone() -> None:
    talk = Talk(PROFILE)
    assert len(PROFILE_ANSWERS) <= 14
    for _, text in PROFILE_ANSWERS:
        assert len(talk.text) <= 45, talk.text
        talk.say(text)
    assert talk.text.count("\n") < 10
    assert "您" not in render(*talk.turn.says)
