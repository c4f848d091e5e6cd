"""Rules 1 to 9: verification, retries, replies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from wechatpy.crypto import WeChatCrypto

from emulator.crypto import sign
from emulator.testing import Running

from .conftest import Make
from .robot import AES_KEY, TOKEN, Answer, Heard, Post, Robot, envelope, news, seal, text


def answer_text(post: Post) -> Answer:
    return text(post.message, "你好")


def test_rule_01_pushes_start_only_after_a_true_echo(emulator: Running, robot: Robot) -> None:
    robot.echo = lambda echostr: b"something else"
    assert emulator.verify() is False
    assert emulator.world.verify_note == "token check failed"
    phone = emulator.phone(following=True)
    assert phone.say("在吗").verdict == "not verified"
    assert robot.posts == []
    robot.echo = lambda echostr: echostr.encode()
    robot.answer = answer_text
    assert phone.say("在吗").verdict == "reply"
    query = robot.gets[-1]
    assert query["signature"] == sign(TOKEN, query["timestamp"], query["nonce"])


def test_rule_02_silence_is_repeated_with_the_same_body_and_then_shown_once(make: Make, robot: Robot) -> None:
    emulator = make(reply_timeout=0.3)

    def silent(post: Post) -> Answer:
        robot.hold.wait(3)
        return b"success"

    robot.answer = silent
    phone = emulator.phone(following=True)
    result = phone.say("在吗")
    assert result.verdict == "timeout"
    assert len(robot.posts) == len(result.attempts) == 3
    assert len({post.body for post in robot.posts}) == 1
    assert len({post.query["nonce"] for post in robot.posts}) == 3
    assert robot.posts[1].at - robot.posts[0].at > 0.25
    assert [one.text for one in phone.failures] == ["该公众号提供的服务出现故障，请稍后再试"]


def test_rule_02_an_answer_to_a_repeat_counts_and_the_number_is_configurable(
    make: Make, robot: Robot
) -> None:
    emulator = make(reply_timeout=1.0, retry_count=2)

    def slow_once(post: Post) -> Answer:
        if len(robot.posts) == 1:
            robot.hold.wait(3)
        return text(post.message, "来了")

    robot.answer = slow_once
    phone = emulator.phone(following=True)
    assert len(phone.say("在吗").attempts) == 2
    assert [one.text for one in phone.heard] == ["来了"]
    assert phone.failures == []


def test_rule_02_a_bot_that_is_not_there_is_tried_again(emulator: Running, robot: Robot) -> None:
    phone = emulator.phone(following=True)
    phone.say("在吗")
    emulator.settings.callback_url = "http://127.0.0.1:1/wechat"
    result = phone.say("还在吗")
    assert [one.verdict for one in result.attempts] == ["no connection"] * 3
    assert len(phone.failures) == 1


@pytest.mark.parametrize("answer", [b"success", b""])
def test_rule_03_success_and_empty_show_nothing(emulator: Running, robot: Robot, answer: bytes) -> None:
    robot.answer = lambda post: answer
    phone = emulator.phone(following=True)
    phone.say("在吗")
    assert len(robot.posts) == 1
    assert [one.side for one in phone.chat] == ["worker"]


BAD: dict[str, Callable[[Heard], bytes]] = {
    "json": lambda m: b'{"errcode":0}',
    "malformed": lambda m: b"<xml><MsgType>text</MsgType>",
    "leading space": lambda m: b"\n" + text(m, "hi"),
    "wrong sender": lambda m: text({**m, "ToUserName": "gh_other"}, "hi"),
    "wrong receiver": lambda m: text({**m, "FromUserName": "o_other"}, "hi"),
    "no content": lambda m: envelope(m, "text", ""),
    "empty content": lambda m: text(m, ""),
    "too long": lambda m: text(m, "长" * 683),
    "unknown type": lambda m: envelope(m, "hologram", "<Content>x</Content>"),
    "unknown media": lambda m: envelope(m, "image", "<Image><MediaId>nope</MediaId></Image>"),
    "no articles": lambda m: envelope(m, "news", "<ArticleCount>0</ArticleCount>"),
    "dtd": lambda m: b'<!DOCTYPE x [<!ENTITY a "b">]><xml/>',
}


@pytest.mark.parametrize("name", BAD)
def test_rule_04_a_bad_reply_shows_the_failure_line_at_once(
    emulator: Running, robot: Robot, name: str
) -> None:
    robot.answer = lambda post: BAD[name](post.message)
    phone = emulator.phone(following=True)
    result = phone.say("在吗")
    assert result.verdict == "bad reply"
    assert len(robot.posts) == 1
    assert len(phone.failures) == 1
    assert phone.heard == []


def test_rule_04_an_error_status_is_a_failed_answer(emulator: Running, robot: Robot) -> None:
    robot.answer = lambda post: (500, b"oops")
    phone = emulator.phone(following=True)
    assert phone.say("在吗").verdict == "http 500"
    assert len(robot.posts) == 1
    assert len(phone.failures) == 1


def test_rule_05_secure_mode_wants_a_sealed_reply(make: Make, robot: Robot) -> None:
    emulator = make(mode="secure")
    phone = emulator.phone(following=True)
    robot.answer = lambda post: seal(text(post.message, "你好"), post.query)
    assert phone.say("在吗").verdict == "reply"
    post = robot.posts[-1]
    assert b"MsgType" not in post.body
    assert b"<ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><Encrypt>" in post.body
    assert post.query["encrypt_type"] == "aes"
    robot.answer = lambda post: b"success"
    assert phone.say("在吗").verdict == "success"
    robot.answer = answer_text
    assert phone.say("在吗").reason == "plain reply in secure mode"
    robot.answer = lambda post: seal(text(post.message, "你好"), post.query).replace(
        b"</Nonce>", b"0</Nonce>"
    )
    assert phone.say("在吗").verdict == "bad reply"
    robot.answer = lambda post: seal(text(post.message, "你好"), post.query).replace(
        b"<MsgSignature><![CDATA[", b"<MsgSignature><![CDATA[0"
    )
    assert phone.say("在吗").reason == "wrong MsgSignature"
    assert len(phone.failures) == 3


def test_rule_05_a_reply_sealed_for_another_account_fails(make: Make, robot: Robot) -> None:
    emulator = make(mode="secure")
    other = WeChatCrypto(TOKEN, AES_KEY, "wx0000000000000001")
    robot.answer = lambda post: other.encrypt_message(
        text(post.message, "hi").decode(), post.query["nonce"], post.query["timestamp"]
    ).encode()
    assert emulator.phone(following=True).say("在吗").reason == "AppID inside does not match"


def test_rule_06_compatible_mode_takes_plain_and_sealed_replies(make: Make, robot: Robot) -> None:
    emulator = make(mode="compatible")
    phone = emulator.phone(following=True)
    robot.answer = answer_text
    assert phone.say("一").verdict == "reply"
    assert b"<Content>" in robot.posts[-1].body
    assert b"<Encrypt>" in robot.posts[-1].body
    robot.answer = lambda post: seal(text(post.message, "你好"), post.query)
    assert phone.say("二").verdict == "reply"


def test_rule_07_a_wrong_signature_passes_only_when_refused(emulator: Running, robot: Robot) -> None:
    phone = emulator.phone(following=True)
    robot.answer = lambda post: (403, b"no")
    push = {"person": phone.person.id, "content": "hi", "signature": "bad"}
    control = emulator.url + "/emulator/control/push"
    assert requests.post(control, json=push).json()["passed"] == 1
    robot.answer = answer_text
    answer = requests.post(control, json=push).json()
    assert answer["passed"] == 0
    assert answer["deliveries"][0]["verdict"] == "accepted a bad signature"
    assert phone.chat == []


def test_rule_08_news_after_a_message_shows_one_article_after_an_event_eight(
    emulator: Running, robot: Robot
) -> None:
    robot.answer = lambda post: news(post.message, 10)
    phone = emulator.phone(following=True)
    phone.say("新闻")
    assert [one["title"] for one in (phone.heard[-1].more or {})["articles"]] == ["t0"]
    ticket = emulator.do(emulator.state.add_ticket, "wall", 0.0, None)
    phone.scan("http://weixin.qq.com/q/" + ticket.code)
    assert len((phone.heard[-1].more or {})["articles"]) == 8


def test_rule_09_deliveries_can_be_repeated_and_made_at_once(emulator: Running, robot: Robot) -> None:
    phone = emulator.phone(following=True)
    control = emulator.url + "/emulator/control/push"
    push = {"person": phone.openid, "content": "hi", "msg_id": 77, "times": 3, "concurrent": True}
    assert len(requests.post(control, json=push).json()["deliveries"]) == 3
    assert [post.message["MsgId"] for post in robot.posts] == ["77"] * 3
    push = {
        "person": phone.openid,
        "kind": "event",
        "event": "CLICK",
        "event_key": "k",
        "create_time": 5,
        "times": 2,
    }
    requests.post(control, json=push)
    assert len({post.body for post in robot.posts[3:]}) == 1
    robot.posts.clear()
    emulator.fault("callback", times=1, duplicate=2)
    phone.say("三次")
    assert len({post.body for post in robot.posts}) == 1
    assert len(robot.posts) == 3


def test_what_people_type_arrives_whole(emulator: Running, robot: Robot) -> None:
    phone = emulator.phone(following=True)
    phone.say("a]]>b <xml> & 😀\x00")
    assert robot.posts[-1].message["Content"] == "a]]>b <xml> & 😀"


def test_replies_to_events_without_an_answer_are_not_shown(emulator: Running, robot: Robot) -> None:
    robot.answer = answer_text
    phone = emulator.phone(following=True)
    phone.unfollow()
    assert phone.heard == []
    assert len(robot.events("unsubscribe")) == 1
