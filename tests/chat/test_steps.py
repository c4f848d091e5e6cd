"""B1, B5 through the real callback: at every step of the profile form, whatever comes in between."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.chat.account import Account, Phone
from tests.chat.fair import Fair

ANSWERS = {
    "性别": "1",
    "哪一年出生": "1990",
    "身高": "176",
    "学历": "本科",
    "做什么工作": "电工",
    "哪个区上班": "西湖",
    "老家": "嘉兴",
    "一句话": "喜欢修老自行车",
    "怎么称呼": "老周",
    "婚姻状况": "未婚",
    "哪些年出生": "85-95",
    "哪种联系方式": "手机号",
    "你的手机号": "138 0013 8000",
    "单身": "同意",
    "看一眼": "提交",
}
"""What is answered to the question with these words, in the order of the form; the last is the summary."""

ASIDES: dict[str, tuple[Callable[[Phone, str], str], str]] = {
    "help": (lambda phone, _: phone.says("帮助"), "返回 · 取消 · 重来 · 人工"),
    "help-traditional": (lambda phone, _: phone.says("幫助"), "返回 · 取消 · 重来 · 人工"),
    "menu": (lambda phone, _: phone.says("菜单"), "你正在填“资料卡”"),
    "help-button": (lambda phone, _: phone.clicks("help"), "你正在填“资料卡”"),
    "find-button": (lambda phone, _: phone.clicks("find"), "想看看谁的卡片？"),
    "profile-button": (lambda phone, _: phone.clicks("profile"), "你还没有资料卡"),
    "check-in-button": (lambda phone, _: phone.clicks("checkin"), "签到请扫门口的签到码"),
    "messages-button": (lambda phone, _: phone.clicks("messages"), "这里还没有消息"),
    "human-button": (lambda phone, _: phone.clicks("human"), "工作人员看到就来找你"),
    "unknown-button": (lambda phone, _: phone.clicks("of an older menu"), "没听懂"),
    "scan": (lambda phone, code: phone.scans(code), "小禾 · 女"),
    "picture": (
        lambda phone, _: phone.sends("image", PicUrl="http://p.example/1", MediaId="1"),
        "这类消息我还看不了",
    ),
    "location": (
        lambda phone, _: phone.sends(
            "location", Location_X="30.2", Location_Y="120.1", Scale="15", Label="某地"
        ),
        "这类消息我还看不了",
    ),
}


def question(heard: str) -> str:
    """The question itself, without its number and what leads to it."""
    found = re.search(r"^(?:[①-⑳] )(.*)$", heard, re.MULTILINE)
    return found[1] if found else "看一眼，对吗？"


@pytest.mark.parametrize("aside", ASIDES)
def test_B1_B5_an_aside_is_answered_and_the_question_follows_once_at_every_step(
    account: Account, phone: Phone, aside: str
) -> None:
    act, answered = ASIDES[aside]
    fair = Fair(account)
    code = fair.code(fair.person("小禾"))
    heard = phone.says("现在做")
    for asked, answer in ANSWERS.items():
        pending = question(heard)
        assert asked in pending
        taps = [link.label for link in phone.links]
        before = {**account.state(phone)["draft"]}
        heard = act(phone, code)
        assert answered in heard
        assert heard.count(pending) == 1, heard
        assert heard.index(answered) < heard.index(pending), "the answer first, then the question"
        assert [link.label for link in phone.links][-len(taps) :] == taps if taps else True
        assert account.state(phone)["draft"] == before, "nothing of the form is touched"
        heard = phone.says(answer)
    assert "收到" in heard


@pytest.mark.parametrize("word", ["返回", "重来", "人工", "取消"])
def test_B1_global_words_work_at_every_step(account: Account, phone: Phone, word: str) -> None:
    for steps in range(len(ANSWERS)):
        heard = phone.says("现在做")
        for answer in list(ANSWERS.values())[:steps]:
            heard = phone.says(answer)
        pending = question(heard)
        heard = phone.says(word)
        if word == "返回":
            before = "这已经是第一项了" if steps == 0 else list(ANSWERS)[steps - 1]
            assert before in heard
        elif word == "重来":
            assert "① 你的性别？" in heard
            assert "之前填的" not in heard
        elif word == "人工":
            assert "已经请工作人员来帮你" in heard
            assert pending in phone.taps("接着填")
        else:
            assert "先不填了" in heard
            assert "draft" not in account.state(phone)
        phone.says("取消")
