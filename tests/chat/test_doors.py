"""A12: the words of the real handlers, one door each, found however they are written."""

from __future__ import annotations

import pytest

import handlers
from bot.chat import Chat
from bot.replies import Say
from bot.router import Claimed, Handler, Router, Table
from bot.words import overlaps
from handlers import basics, guide, matchmaking
from tests.chat.account import Account, Phone
from tests.chat.hung import hang


def test_A12_no_two_handlers_claim_one_word() -> None:
    report = overlaps((keyword.word, keyword.handler) for keyword in handlers.table().keywords)
    assert report == [], "\n".join(map(str, report))


@pytest.mark.parametrize(
    "word", ["找对象", "找對象", "　找对象！", "请帮我找对象", "我的资枓卡", "ｈｅｌｌｏ"]
)
def test_A12_a_clash_stops_the_start(word: str) -> None:
    clash = Router("clash")

    @clash.keyword(word)
    def other(chat: Chat, _: object) -> Say:
        return Say("x")

    with pytest.raises(Claimed):
        Table([*handlers.ROUTERS, clash])


@pytest.mark.parametrize("door", ["menu", "tap", "event", "submitted"])
def test_A12_every_kind_of_door_has_one_owner(door: str) -> None:
    names = {"menu": "find", "tap": "meet", "event": "subscribe", "submitted": "profile"}
    clash = Router("clash")
    getattr(clash, door)(names[door])(lambda chat, _: Say("x"))
    with pytest.raises(Claimed):
        Table([*handlers.ROUTERS, clash])


@pytest.mark.parametrize(
    ("said", "handler"),
    [
        ("找对象", matchmaking.find),
        ("相亲", matchmaking.find),
        ("牵线", matchmaking.find),
        ("相親", matchmaking.find),
        ("找對象", matchmaking.find),
        ("　找对象　", matchmaking.find),
        ("请问，我要找对象", matchmaking.find),
        ("找对像", matchmaking.find),
        ("我的资料卡", matchmaking.my_profile),
        ("我的資料卡", matchmaking.my_profile),
        ("我的料卡", matchmaking.my_profile),
        ("我的消息", basics.messages),
        ("我的消息！！", basics.messages),
        ("我的信息", basics.messages),
        ("ＨＥＬＰ", guide.help_),
        ("Help", guide.help_),
        ("hepl", guide.help_),
        ("幫助", guide.help_),
        ("转人工", basics.human),
        ("轉人工", basics.human),
        ("想认识ＴＡ", matchmaking.meet),
        ("想認識ta", matchmaking.meet),
        ("愿意见见", matchmaking.accept),
    ],
)
def test_A12_a_word_reaches_its_handler_however_it_is_written(said: str, handler: Handler) -> None:
    found = handlers.table().words.find(said)
    assert found is not None
    assert found.value is handler


@pytest.mark.parametrize("said", ["不愿意", "不愿意见见", "愿不愿意", "不想认识", "没收藏", "取消了吗"])
def test_A12_the_opposite_of_a_word_is_not_the_word(said: str) -> None:
    assert handlers.table().words.find(said) is None


@pytest.mark.parametrize("mode", ["plain", "secure"])
def test_A12_through_the_wire(phone: Phone) -> None:
    heard = phone.says("找对象")
    for said in ("相親", "找對象", "　找对象。", "找对像"):
        assert phone.says(said) == heard


def test_words_menu_taps_and_scans_lead_to_one_function(account: Account, phone: Phone) -> None:
    table = handlers.table()
    assert table.menu_keys["find"] is table.taps["find"] is matchmaking.find
    by_word = phone.says("找对象")
    assert phone.clicks("find") == by_word
    assert phone.says("x", bizmsgmenuid="find") == by_word


def test_help_is_made_of_what_the_routers_declare(phone: Phone) -> None:
    heard = phone.says("帮助")
    declared = [(word.word, word.about) for word in handlers.table().keywords if word.about]
    assert len(declared) > 4
    for word, about in declared:
        assert f"«{word}»：{about}" in heard
    for link in phone.links:
        assert handlers.table().words.find(link.says), link


def test_every_menu_button_leads_somewhere(account: Account, phone: Phone) -> None:
    buttons = [b for top in account.config.wechat.menu for b in (top, *top.children)]
    keys = [button.key for button in buttons if button.key]
    assert keys
    for key in keys:
        assert "没听懂" not in phone.clicks(key), key


def test_everything_with_a_menu_key_is_found_by_tapping_and_in_one_place(account: Account) -> None:
    tops = account.config.wechat.menu
    keys = [button.key for top in tops for button in (top, *top.children) if button.key]
    assert sorted(keys) == sorted(handlers.table().menu_keys)
    by_name = {button.name: button.key for top in tops for button in top.children}
    said = {"我的预约": "bookings", "我的报名": "signups", "我的消息": "messages", "我的资料卡": "profile"}
    assert {name: by_name[name] for name in said} == said
    assert {button.key for top in tops if top.name == "办事" for button in top.children} >= {"book", "exams"}


def test_the_first_words_lead_to_everything_without_typing(account: Account) -> None:
    for door, leads_to in (("找对象", "想看看谁"), ("预约", "预约"), ("考试", "报名"), ("帮助", "点一下")):
        for said in ("你好", "嗯嗯呀"):
            phone = account.phone()
            phone.says(said)
            assert leads_to in phone.taps(door)


def test_every_keyword_is_answered_by_somebody_new(account: Account) -> None:
    for keyword in handlers.table().keywords:
        assert account.phone().says(keyword.word), keyword.word
    assert account.lines() == []


def test_every_tap_with_nonsense_behind_it_is_answered(account: Account, phone: Phone) -> None:
    for name in handlers.table().taps:
        for argument in ("", "x", "1", "-1", "999999999999999999", "9" * 30, "a.b", "é", "\x7f"):
            assert phone.says("点", bizmsgmenuid=f"{name}.{argument}"), name
    assert account.lines() == []


def test_cards_that_were_kept_are_found_again(account: Account) -> None:
    card, _ = hang(account, nickname="小禾")
    phone = account.phone()
    phone.scans(card)
    phone.dialog(("«收藏»", "小禾"), ("我的收藏", "小禾 · 护士"), ("«看 1»", "小禾"))
    assert "小禾 · 女 · 91年" in phone.heard
