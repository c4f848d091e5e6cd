"""Fields on their own: what they read, keep and show."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from bot.texts import answers as texts
from core.clock import SHANGHAI
from forms.answers import Answers, Given, Json
from forms.checks import has_contact
from forms.engine import Outcome
from forms.fields import Choice, Consent, Date, Field, Got, Option, Photos, Text, Unheard, YearSpan, YesNo
from forms.fields.photos import PHOTOS
from forms.form import Form
from forms.understand.years import YearRange
from forms.words import change, plain
from tests.forms.cast import ALL, NOW, Talk

GIVEN = Given(Answers(), NOW)
ROOT = Path(__file__).resolve().parents[2]


def heard(one: Field, text: str) -> Any:
    what = one.hear(text, GIVEN)
    return what.value if isinstance(what, Got) else what


SEX = Choice("sex", "性别", "？", (Option("m", "男"), Option("f", "女")))
SCHOOL = Choice("school", "学历", "？", (Option("h", "高中/中专"), Option("b", "本科"), Option("m", "硕士")))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("男", "m"),
        ("女的", "f"),
        ("我是女生", "f"),
        ("2 女", "f"),
        ("2女", "f"),
        ("第二个", "f"),
        ("二", "f"),
        ("2.", "f"),
    ],
)
def test_a_choice_in_many_ways(text: str, value: str) -> None:
    assert heard(SEX, text) == value


@pytest.mark.parametrize("text", ["3", "0", "男女都行", "不是男", "2 男", "一二", "？", "12", "随便"])
def test_no_choice_is_guessed(text: str) -> None:
    assert isinstance(heard(SEX, text), Unheard)


def test_the_beginning_of_one_label_is_enough() -> None:
    assert heard(SCHOOL, "高中") == "h"
    assert heard(SCHOOL, "本科毕业") == "b"
    assert isinstance(heard(SCHOOL, "中专和本科"), Unheard)


def test_yes_and_no() -> None:
    one = YesNo("ok", "可以", "？")
    assert [heard(one, text) for text in ("是", "好的呀", "1", "不用了", "2", "不是")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert heard(one, "再说") == Unheard(texts.SENTENCES["unsure"])  # type: ignore[arg-type]
    assert isinstance(heard(one, "不知道"), Unheard)


def test_agreement_is_to_a_version() -> None:
    one = Consent("c", "承诺", "？", version="2")
    assert heard(one, "同意") == "2"
    assert heard(one, "不同意") == Unheard(texts.NO_CONSENT, is_clear=True)
    assert heard(one, "我不想同意") == Unheard(texts.SENTENCES["not_yes_or_no"])  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        one.load("1", GIVEN)


def test_texts_are_one_line_of_visible_characters() -> None:
    one = Text("t", "文", "？", longest=6)
    assert heard(one, "  你\n好\u202e \u200b啊 ") == "你 好 啊"
    assert heard(one, "\u200b \t") == Unheard("好像什么也没写，再发一次？")
    assert heard(one, "一二三四五六七") == Unheard("写了 7 个字，最多 6 个，短一点？")
    assert heard(Text("t", "文", "？", shortest=2), "a") == Unheard("有点短，至少 2 个字。")


def test_a_date_is_kept_as_iso_and_shown_with_its_weekday() -> None:
    one = Date("d", "日", "？", past="refuse")
    day = heard(one, "明天")
    assert day == dt.date(2026, 11, 24)
    assert one.load(one.dump(day), GIVEN) == day
    assert one.show(day, GIVEN) == "11月24日 周二"
    assert heard(one, "昨天") == Unheard("11月22日已经过去了，换一天？")


def test_a_span_of_years_may_be_open() -> None:
    one = YearSpan("y", "年", "？")
    assert heard(one, "都可以") == YearRange(None, None)
    spans: list[Json] = [[1985, None], [None, None], [1985, 1992]]
    for stored in spans:
        assert one.dump(one.load(stored, GIVEN)) == stored
    for broken in ("85-92", [1], [1985, "x"], None):
        with pytest.raises(ValueError):
            one.load(broken, GIVEN)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "one", [pytest.param(one, id=f"{f.name}-{one.key}") for f in ALL for one in f.fields]
)
def test_answers_survive_storing_and_strange_stored_values_are_refused(one: Field) -> None:
    for value in one.tried(GIVEN):
        assert one.load(one.dump(value), GIVEN) == value
    for strange in (object(), 3.5, [], {}, "\x00", True, -1, ["x"], {"a": 1}):
        try:
            one.load(strange, GIVEN)  # type: ignore[arg-type]
        except ValueError:
            continue


def test_B12_every_code_of_the_parsers_has_a_kind_sentence() -> None:
    codes = set()
    for path in (ROOT / "forms" / "understand").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unclear":
                assert isinstance(node.args[0], ast.Constant), path
                codes.add(node.args[0].value)
    assert len(codes) > 25
    assert codes - set(texts.SENTENCES) == set()


def test_sentences_say_你_and_stay_short() -> None:
    facts = {
        "low": 1,
        "high": 9,
        "first": dt.date(2026, 1, 1),
        "last": dt.date(2026, 1, 31),
        "earliest": 1926,
        "latest": 2026,
        "wanted": 18,
        "digits": 10,
        "length": 17,
        "day": dt.date(2026, 8, 8),
        "month": 2,
        "part": "下午",
        "at": dt.datetime(2026, 8, 8, 8, tzinfo=SHANGHAI),
        "start": "12",
        "number": "3",
    }
    for code in texts.SENTENCES:
        sentence = texts.unclear(code, facts)
        assert 4 <= len(sentence) <= 40, sentence
        assert not set("您！!") & set(sentence), sentence
    assert texts.unclear("no_such_day", {"month": 2, "day": 30, "last": 28}) == "2月只有 28 天，再看一眼？"
    assert texts.unclear("something new", {}) == texts.UNCLEAR


@pytest.mark.parametrize(
    "text",
    [
        "微信abc123",
        "加我vx",
        "V信 xiaohe",
        "一三八零零一三八零零零",
        "138 0013 8000",
        "1-3-8-0-0-1-3-8-0-0-0",
        "qq 12345",
        "找我：xiaohe_1990",
        "www.abc.com",
        "a@b.cn",
        "https://x.y",
        "微信号是小禾",
        "①③⑧００１３８000",
        "幺三八〇〇一三八〇〇〇",
        "加微信聊",
        "扣扣123456",
        "薇信同号",
        "手机号：1380",
        "小红书号是mm",
        "威：hello66",
        "v:abcde",
        "壹叁捌零零壹叁捌零零零",
        "１３８００１３８０００",
        "138，0013，8000",
    ],
)
def test_contacts_are_found(text: str) -> None:
    assert has_contact(text)


@pytest.mark.parametrize(
    "text",
    [
        "周末多半在爬山，想找个愿意慢慢聊的人。",
        "喜欢修老自行车，也会做饭",
        "2019年开始跑马拉松，5次完赛",
        "身高180，体重70，88年",
        "不爱刷微信，喜欢面对面",
        "一心一意，七上八下，三三两两",
        "2019、2020、2021都在杭州",
        "会Python和C++，打switch",
        "iphone15摄影爱好者",
        "我加班不多",
        "更喜欢我妈做的菜",
        "1990-2000年生",
        "月薪10000左右，有房",
        "机械工程师",
        "护士",
        "杭州·西湖区",
        "IT",
        "4S店顾问",
    ],
)
def test_ordinary_lines_hold_no_contact(text: str) -> None:
    assert not has_contact(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("改8", (8, "")),
        ("改 8 项目经理", (8, "项目经理")),
        ("改第十二项", (12, "")),
        ("改二十", (20, "")),
        ("再改一下8", (8, "")),
        ("改１２ 好", (12, "好")),
        ("改", None),
        ("改一下", None),
        ("改天", None),
        ("我想改", None),
        ("改2 1991", (2, "1991")),
        ("改2，1991年", (2, "1991年")),
        ("改1991", None),
        ("改五五", (0, "")),
    ],
)
def test_change_words(text: str, found: tuple[int, str] | None) -> None:
    assert change(text) == found


def test_one_spelling() -> None:
    assert plain(" 《提 交》。 ") == "提交"
    assert plain("ＯＫ！") == "ok"
    assert plain("重來") == "重来"


TRIP = Form(
    "trip",
    "出游",
    1,
    (
        Text("who", "名字", "怎么称呼？", example="小禾"),
        Photos("photos", "照片", "拍了什么？", most=2, optional=True),
        Text("why", "为什么", "为什么去？", example="散心"),
    ),
)


def test_photos_are_gathered_until_it_is_enough() -> None:
    talk = Talk(TRIP, context={PHOTOS: {1: True, 2: False, 3: True}})
    talk.say("小禾")
    assert talk.labels == ["跳过"]
    for said in ("看这里", "好了", "[照片 9]"):
        assert talk.say(said).reason == "unclear"
    talk.say("[照片 1]")
    assert ("收到 1 张。接着发" in talk.text, talk.labels) == (True, ["好了", "去掉上一张", "跳过"])
    talk.say("[照片 1]")
    assert "收到 1 张" in talk.text, "the same is one"
    talk.say("[照片 2]")
    assert "收到 2 张，够了" in talk.text
    assert "最多 2 张，这张没有收" in talk.say("[照片 3]").says[0].text
    talk.all("返回", "0")
    assert "② 收到 2 张" in talk.text
    talk.all("好了", "散心")
    assert "2 照片：2 张" in talk.text
    talk.all("改 2", "去掉上一张", "好了")
    assert "2 照片：1 张" in talk.text
    talk.all("改 2", "返回")
    assert "没改" not in talk.text, "it may have been changed"
    talk.context = {PHOTOS: {2: True}}
    talk.say("提交")
    assert (talk.outcome, talk.draft.at) == (Outcome.ASKED, "photos"), "the one that was left was lost"
    assert "照片没有收到" in talk.text
    talk.all("[照片 2]", "好了", "提交")
    assert dict(talk.turn.answers or {}) == {"who": "小禾", "photos": (2,), "why": "散心"}
    again = Talk(TRIP, context={PHOTOS: {1: True}})
    again.all("小禾", "[照片 1]", "去掉上一张")
    assert "② 拍了什么？" in again.text
    assert "照片 不填" in again.all("跳过", "散心").says[0].text
