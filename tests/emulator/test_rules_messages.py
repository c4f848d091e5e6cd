"""Rules 25 to 29: customer-service windows, typing, template messages, subscription notices."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing import Phone, Running

from .conftest import FILLED, Api, Make
from .robot import Robot

SEND = "/cgi-bin/message/custom/send"
TYPING = "/cgi-bin/message/custom/typing"
TEMPLATE = "/cgi-bin/message/template/send"
BIZSEND = "/cgi-bin/message/subscribe/bizsend"
HOURS_48 = 48 * 3600
CLICK_MENU = {
    "button": [
        {"type": "click", "name": "点", "key": "k"},
        {"type": "view", "name": "看", "url": "http://a.example/"},
    ]
}


def until_refused(api: Api, phone: Phone) -> tuple[int, int]:
    """(how many messages went out, the code that ended it)."""
    for sent in range(20):
        code = api.send(phone.openid)["errcode"]
        if code:
            return sent, code
    raise AssertionError("never refused")


def test_rule_25_five_messages_after_a_user_message_within_48_hours(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    assert until_refused(api, phone) == (0, 45015)
    phone.say("hi")
    assert until_refused(api, phone) == (5, 45047)
    phone.say("hi")
    emulator.advance(HOURS_48 - 5)
    api.renew()
    assert api.send(phone.openid)["errcode"] == 0
    emulator.advance(6)
    assert api.send(phone.openid)["errcode"] == 45015


@pytest.mark.parametrize("trigger", ["follow", "click", "scan", "tap"])
def test_rule_25_three_messages_in_a_minute_after_a_trigger(
    emulator: Running, api: Api, trigger: str
) -> None:
    api.post("/cgi-bin/menu/create", CLICK_MENU)
    phone = emulator.phone(following=trigger != "follow")
    ticket = emulator.do(emulator.state.add_ticket, "wall", 0.0, None)

    def pull() -> None:
        if trigger == "follow":
            phone.follow()
        elif trigger == "click":
            phone.menu(0)
        elif trigger == "scan":
            phone.scan("http://weixin.qq.com/q/" + ticket.code)
        else:
            phone.tap("1", "好的")

    pull()
    assert until_refused(api, phone) == (3, 45047)
    if trigger != "follow":
        pull()
        assert api.send(phone.openid)["errcode"] == 0
    emulator.advance(61)
    assert api.send(phone.openid)["errcode"] == 45015


def test_rule_25_a_view_click_opens_no_window(emulator: Running, api: Api) -> None:
    api.post("/cgi-bin/menu/create", CLICK_MENU)
    phone = emulator.phone(following=True)
    phone.menu(1)
    assert api.send(phone.openid)["errcode"] == 45015


def test_rule_25_unsubscribing_closes_the_window(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    phone.say("hi")
    phone.unfollow()
    assert api.send(phone.openid)["errcode"] == 45015


def test_rule_25_a_refused_call_uses_nothing(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    phone.say("hi")
    assert api.send(phone.openid, "x" * 2049)["errcode"] == 45002
    assert until_refused(api, phone) == (5, 45047)


WRONG: list[tuple[dict[str, Any], int]] = [
    ({"msgtype": "news", "news": {"articles": [{"title": "1"}, {"title": "2"}]}}, 45008),
    ({"msgtype": "news", "news": {"articles": []}}, 44003),
    ({"msgtype": "text", "text": {"content": "长" * 683}}, 45002),
    ({"msgtype": "text", "text": {"content": ""}}, 44004),
    ({"msgtype": "text"}, 44004),
    ({"msgtype": "image", "image": {"media_id": "nope"}}, 40007),
    ({"msgtype": "image", "image": {}}, 41006),
    ({"msgtype": "hologram"}, 40008),
    ({"msgtype": "msgmenu", "msgmenu": {"head_content": "?", "list": []}}, 44005),
]


@pytest.mark.parametrize(("message", "code"), WRONG)
def test_rule_26_what_may_be_sent(emulator: Running, api: Api, message: dict[str, Any], code: int) -> None:
    phone = emulator.phone(following=True)
    phone.say("hi")
    assert api.post(SEND, {"touser": phone.openid, **message})["errcode"] == code


def test_rule_26_unknown_receivers(api: Api) -> None:
    assert api.send("o_nobody")["errcode"] == 40003


def test_rule_26_menus_articles_and_pictures_arrive(emulator: Running, api: Api, png: bytes) -> None:
    phone = emulator.phone(following=True)
    phone.say("hi")
    picture = api.upload("/cgi-bin/media/upload", png, type="image")["media_id"]
    items = [{"id": "yes", "content": "好"}, {"id": "no", "content": "不"}]
    for message in (
        {"msgtype": "msgmenu", "msgmenu": {"head_content": "来吗", "list": items, "tail_content": "点一下"}},
        {
            "msgtype": "news",
            "news": {"articles": [{"title": "t", "description": "d", "url": "u", "picurl": "p"}]},
        },
        {"msgtype": "image", "image": {"media_id": picture}},
    ):
        assert api.post(SEND, {"touser": phone.openid, **message})["errcode"] == 0
    menu, news, image = (one.public() for one in phone.heard)
    assert (menu["kind"], menu["head"], menu["items"], menu["tail"]) == ("msgmenu", "来吗", items, "点一下")
    assert news["articles"] == [{"title": "t", "description": "d", "url": "u", "picurl": "p"}]
    assert api.http.get(emulator.url + image["image_url"]).content == png


def test_rule_27_typing(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    body = {"touser": phone.openid, "command": "Typing"}
    assert api.post(TYPING, body)["errcode"] == 45080
    phone.say("hi")
    assert api.post(TYPING, body)["errcode"] == 0
    assert api.post(TYPING, body)["errcode"] == 45081
    assert api.post(TYPING, {**body, "command": "CancelTyping"})["errcode"] == 0
    assert api.post(TYPING, body)["errcode"] == 0
    assert api.post(TYPING, {**body, "command": "Sing"})["errcode"] == 45072
    emulator.advance(31)
    assert api.post(TYPING, body)["errcode"] == 45080


def template(phone: Phone, **change: Any) -> dict[str, Any]:
    return {
        "touser": phone.openid,
        "template_id": "booked",
        "url": "http://a.example/",
        "data": FILLED,
        **change,
    }


def test_rule_28_template_messages(emulator: Running, api: Api, robot: Robot) -> None:
    phone = emulator.phone(following=True)
    emulator.verify()
    assert api.post(TEMPLATE, template(phone, template_id="other"))["errcode"] == 40037
    long = api.post(TEMPLATE, template(phone, data={**FILLED, "thing1": {"value": "长" * 21}}))
    assert long["errcode"] == 47003
    assert "data.thing1.value" in long["errmsg"]
    empty = api.post(TEMPLATE, template(phone, data={**FILLED, "thing1": {"value": ""}}))
    assert "data.thing1.value is emtpy" in empty["errmsg"]
    sent = api.post(TEMPLATE, template(phone))
    assert sent["errcode"] == 0
    assert robot.events("TEMPLATESENDJOBFINISH") == []
    emulator.advance(2)
    emulator.settle_jobs()
    event = robot.events("TEMPLATESENDJOBFINISH")[0]
    assert (event["MsgID"], event["Status"]) == (str(sent["msgid"]), "success")
    card = phone.heard[0].public()
    assert card["kind"] == "template"
    assert card["fields"] == [
        {"name": "项目", "value": "心理咨询"},
        {"name": "时间", "value": "2026年11月23日 10:00"},
    ]


def test_rule_28_people_who_refuse_or_left(make: Make, robot: Robot) -> None:
    emulator = make()
    api = Api(emulator)
    emulator.verify()
    phone = emulator.phone(following=True)
    phone.person.rest()["refuses_templates"] = True
    assert api.post(TEMPLATE, template(phone))["errcode"] == 0
    emulator.advance(2)
    emulator.settle_jobs()
    assert robot.events("TEMPLATESENDJOBFINISH")[0]["Status"] == "failed:user block"
    assert phone.heard == []
    phone.unfollow()
    assert api.post(TEMPLATE, template(phone))["errcode"] == 43004
    emulator.settings.template_not_following_error = 40003
    assert api.post(TEMPLATE, template(phone))["errcode"] == 40003


def test_rule_28_a_client_msg_id_is_sent_once(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    first = api.post(TEMPLATE, template(phone, client_msg_id="a"))
    assert api.post(TEMPLATE, template(phone, client_msg_id="a"))["msgid"] == first["msgid"]
    assert len(phone.heard) == 1
    assert api.post(TEMPLATE, template(phone, client_msg_id="b"))["msgid"] != first["msgid"]


def test_rule_29_each_accept_is_one_notice(emulator: Running, api: Api, robot: Robot) -> None:
    phone = emulator.phone(following=True)
    body = {"touser": phone.openid, "template_id": "notice", "page": "http://a.example/", "data": FILLED}
    assert api.post(BIZSEND, body)["errcode"] == 43101
    phone.subscribe("notice", answer="reject")
    assert api.post(BIZSEND, body)["errcode"] == 43101
    phone.subscribe("notice")
    phone.subscribe("notice")
    popup = robot.events("subscribe_msg_popup_event")[-1]["SubscribeMsgPopupEvent"]["List"]
    assert popup == {"TemplateId": "notice", "SubscribeStatusString": "accept", "PopupScene": "1"}
    assert api.post(BIZSEND, {**body, "template_id": "booked"})["errcode"] == 40037
    assert api.post(TEMPLATE, {**body, "template_id": "notice"})["errcode"] == 40037
    assert [api.post(BIZSEND, body)["errcode"] for _ in range(3)] == [0, 0, 43101]
    emulator.advance(2)
    emulator.settle_jobs()
    sent = robot.events("subscribe_msg_sent_event")
    assert len(sent) == 2
    assert sent[0]["SubscribeMsgSentEvent"]["List"]["ErrorStatus"] == "success"
    assert [one.kind for one in phone.heard] == ["subscribe", "subscribe"]


LIMITS = [
    ("thing1", "长" * 20, True),
    ("thing1", "长" * 21, False),
    ("number1", "1234.5", True),
    ("number1", "12a", False),
    ("letter1", "abc", True),
    ("letter1", "a1", False),
    ("symbol1", "!?", True),
    ("character_string1", "A-1/2", True),
    ("character_string1", "号1", False),
    ("time1", "15:01", True),
    ("time1", "2019年10月1日 15:01", True),
    ("time1", "2019年10月1日 15:01~2019年10月1日 16:01", True),
    ("time1", "明天", False),
    ("date1", "2019-10-01", True),
    ("amount1", "¥1564.00元", True),
    ("amount1", "很多", False),
    ("phone_number1", "+86-571-88888888", True),
    ("car_number1", "浙A88888", True),
    ("name1", "张" * 10, True),
    ("name1", "张" * 11, False),
    ("phrase1", "已通过", True),
    ("phrase1", "已经通过审核", False),
    ("const1", "通过", True),
]


@pytest.mark.parametrize(("field", "value", "is_fine"), LIMITS)
def test_template_fields_have_their_limits(
    emulator: Running, api: Api, field: str, value: str, is_fine: bool
) -> None:
    made = {"kind": "template", "title": "t", "content": f"x：{{{{{field}.DATA}}}}"}
    template_id = api.post("/emulator/control/templates", made)["template_id"]
    phone = emulator.phone(following=True)
    body = template(phone, template_id=template_id, data={field: {"value": value}})
    assert api.post(TEMPLATE, body)["errcode"] == (0 if is_fine else 47003)
