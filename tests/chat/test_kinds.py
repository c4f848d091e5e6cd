"""A8, A9: every kind of message and event finds an answer, in a form and outside."""

from __future__ import annotations

from typing import Any

import pytest

from bot.texts import basics as texts
from tests.chat.account import Account, Phone
from tests.chat.hung import ANSWERS, hang

in_all_modes = pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])

MESSAGES: dict[str, dict[str, Any]] = {
    "image": {"PicUrl": "http://x.example/1.jpg", "MediaId": "m1"},
    "voice": {"MediaId": "m2", "Format": "amr", "Recognition": ""},
    "video": {"MediaId": "m3", "ThumbMediaId": "m4"},
    "shortvideo": {"MediaId": "m3", "ThumbMediaId": "m4"},
    "location": {"Location_X": 30.25, "Location_Y": 120.15, "Scale": 15, "Label": "湖边"},
    "link": {"Title": "题", "Description": "文", "Url": "http://x.example/"},
    "hologram": {"Shape": "cube"},
    "unknown": {},
    "event_like_event": {},
}
CODE = [("ScanType", "qrcode"), ("ScanResult", "http://x.example/")]
PICTURES = [("Count", 1), ("PicList", [("item", [("PicMd5Sum", "a")])])]
TWO_PICTURES = [
    ("Count", 2),
    ("PicList", [("item", [("PicMd5Sum", "a")]), ("item", [("PicMd5Sum", "b")])]),
]
POPUP = [("List", [("TemplateId", "t1"), ("SubscribeStatusString", "accept"), ("PopupScene", 1)])]
PLACE = [("Location_X", "30"), ("Location_Y", "120"), ("Scale", "15"), ("Label", "湖边"), ("Poiname", "")]
SENT = [("List", [("TemplateId", "t1"), ("MsgID", 1), ("ErrorCode", 0), ("ErrorStatus", "success")])]
SILENT: dict[str, dict[str, Any]] = {
    "LOCATION": {"Latitude": 30.25, "Longitude": 120.15, "Precision": 65.0},
    "VIEW": {"EventKey": "http://x.example/", "MenuId": 1},
    "view_miniprogram": {"EventKey": "pages/index", "MenuId": 1},
    "pic_sysphoto": {"EventKey": "k", "SendPicsInfo": PICTURES},
    "pic_photo_or_album": {"EventKey": "k", "SendPicsInfo": TWO_PICTURES},
    "pic_weixin": {"EventKey": "k", "SendPicsInfo": PICTURES},
    "location_select": {"EventKey": "k", "SendLocationInfo": PLACE},
    "TEMPLATESENDJOBFINISH": {"MsgID": 200163836, "Status": "success"},
    "MASSSENDJOBFINISH": {"MsgID": 1, "Status": "send success", "TotalCount": 1, "FilterCount": 1},
    "subscribe_msg_popup_event": {"SubscribeMsgPopupEvent": POPUP},
    "subscribe_msg_change_event": {"SubscribeMsgChangeEvent": POPUP},
    "subscribe_msg_sent_event": {"SubscribeMsgSentEvent": SENT},
    "kf_create_session": {"KfAccount": "a@b"},
    "kf_close_session": {"KfAccount": "a@b"},
    "kf_switch_session": {"FromKfAccount": "a@b", "ToKfAccount": "c@d"},
    "PUBLISHJOBFINISH": {"PublishEventInfo": [("publish_id", 1), ("publish_status", 0)]},
    "user_info_modified": {"OpenID": "o1", "AppID": "wx1", "RevokeInfo": "1"},
    "qualification_verify_success": {"ExpiredTime": 1},
    "some_event_of_next_year": {"What": [("ever", [("it", "is")])]},
    "unsubscribe": {"EventKey": ""},
}
SAID: dict[str, dict[str, Any]] = {
    "subscribe": {"EventKey": ""},
    "SCAN": {"EventKey": "of another time", "Ticket": "t"},
    "CLICK": {"EventKey": "a key that no button has"},
    "scancode_waitmsg": {"EventKey": "k", "ScanCodeInfo": CODE},
    "scancode_push": {"EventKey": "k", "ScanCodeInfo": CODE},
}


def begin(phone: Phone) -> None:
    phone.dialog(*ANSWERS[:3])


@in_all_modes
@pytest.mark.parametrize("kind", MESSAGES)
def test_A9_a_message_we_can_not_read_is_answered_with_what_helps(phone: Phone, kind: str) -> None:
    assert texts.ONLY_TEXT.text in phone.sends(kind, **MESSAGES[kind])
    assert phone.links


@pytest.mark.parametrize("kind", MESSAGES)
def test_A9_in_a_form_the_pending_question_follows_once(account: Account, phone: Phone, kind: str) -> None:
    begin(phone)
    before = account.state(phone)
    heard = phone.sends(kind, **MESSAGES[kind])
    assert texts.ONLY_TEXT.text in heard
    assert heard.count("多少厘米") == 1
    assert account.state(phone)["draft"]["answers"] == before["draft"]["answers"]
    assert "学历" in phone.says("176")


@pytest.mark.parametrize("name", SILENT)
def test_A9_events_that_want_no_answer_get_success(account: Account, phone: Phone, name: str) -> None:
    assert phone.event(name, **SILENT[name]) == ""
    begin(phone)
    assert phone.event(name, **SILENT[name]) == ""
    assert account.lines() == []
    assert "学历" in phone.says("176"), "the form goes on"


@pytest.mark.parametrize("name", SAID)
def test_A9_events_that_want_one_are_answered(account: Account, phone: Phone, name: str) -> None:
    assert phone.event(name, **SAID[name])
    begin(phone)
    heard = phone.event(name, **SAID[name])
    assert heard
    assert heard.count("多少厘米") == (0 if name == "subscribe" else 1)
    assert account.lines() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"MsgID": "9" * 31},
        {"MsgID": ""},
        {"MsgID": "x"},
        {"SubscribeMsgPopupEvent": "x"},
        {"SubscribeMsgPopupEvent": [("List", "x")]},
        {"SubscribeMsgPopupEvent": [("List", [("TemplateId", [("a", "b")])])]},
        {"SubscribeMsgPopupEvent": [("List", [("TemplateId", "t" * 5000)])]},
        {"SubscribeMsgSentEvent": [("List", [("MsgID", "9" * 5000), ("ErrorCode", 1)])]},
        {"SubscribeMsgSentEvent": [("List", [("MsgID", 10**18), ("ErrorCode", 1)]), ("List", "x")]},
    ],
)
@pytest.mark.parametrize(
    "name", ["TEMPLATESENDJOBFINISH", "subscribe_msg_popup_event", "subscribe_msg_sent_event"]
)
def test_A9_events_with_nonsense_in_them_do_nothing(
    account: Account, phone: Phone, name: str, wrong: dict[str, Any]
) -> None:
    assert phone.event(name, **wrong) == ""
    assert account.lines() == []


# -- A8 ----------------------------------------------------------------------------------------------------


@in_all_modes
def test_A8_a_scan_lands_on_the_same_card_with_or_without_following(account: Account) -> None:
    card, _ = hang(account, nickname="小禾")
    follower, stranger = account.phone(), account.phone()
    follower.follows()
    scanned = follower.scans(card)
    followed = stranger.follows(card)
    assert "小禾 · 女 · 91年 · 护士 · 168cm" in scanned
    assert followed.endswith(scanned.partition("：\n")[2]), "the same card, with a word of welcome"
    assert followed.startswith("欢迎")
    assert [link.label for link in follower.links] == [link.label for link in stranger.links]
    assert [link.label for link in stranger.links] == ["想认识TA", "收藏", "不合适", "举报", "拉黑"]


def test_A8_whoever_follows_by_a_code_goes_on_with_it_after_registering(account: Account) -> None:
    card, _ = hang(account, nickname="小禾")
    phone = account.phone()
    phone.follows(card)
    phone.dialog(("«想认识TA»", "先让别人认识你"), ("«现在做»", "你的性别"), *ANSWERS[1:])
    phone.dialog(("先不给", "我现在单身"), ("同意", "看一眼，对吗"), ("提交", "心意带给小禾"))


def test_A8_the_code_at_the_door_checks_in_a_new_follower_too(account: Account) -> None:
    _, door = hang(account)
    for arrive in (account.phone().follows, account.phone().scans):
        assert "签到" in arrive(door)
    again = account.phone()
    again.scans(door)
    assert again.scans(door) != ""


def test_A8_a_scan_in_the_middle_of_a_form_is_answered_and_the_question_asked_again(account: Account) -> None:
    card, _ = hang(account, nickname="小禾")
    phone = account.phone()
    begin(phone)
    heard = phone.scans(card)
    assert "小禾" in heard
    assert heard.count("多少厘米") == 1
    assert "学历" in phone.says("176")


@pytest.mark.parametrize(
    "scene", ["", "0", "card-", "card-" + "A" * 22, "card-" + "é" * 22, "x" * 64, "123123"]
)
def test_codes_that_are_not_ours_or_gone_are_no_bug(account: Account, phone: Phone, scene: str) -> None:
    hang(account)
    assert phone.scans(scene)
    assert account.phone().follows(scene)
    assert account.lines() == []
