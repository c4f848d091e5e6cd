"""A12: words that reach a feature, however they are spelled, and the report on words claimed twice."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.words import Match, WordIndex, compact, normalise, overlaps

ENTRIES = [
    ("找对象", "find"),
    ("相亲", "find"),
    ("约心理咨询", "counsellor"),
    ("预约", "book"),
    ("取消预约", "cancel"),
    ("我的消息", "messages"),
    ("想认识TA", "meet"),
    ("已收到", "received"),
    ("没收到", "missing"),
    ("愿意见见", "accept"),
    ("不愿意见见", "decline"),
    ("上一页", "previous"),
    ("下一页", "next"),
    ("帮助", "help"),
    ("签到", "checkin"),
    ("退订", "mute"),
    ("menu", "menu"),
    ("考试1", "exam"),
]
INDEX = WordIndex(ENTRIES)


@pytest.fixture(scope="module")
def words() -> WordIndex[str]:
    return INDEX


@pytest.mark.parametrize(
    ("said", "owner"),
    [
        ("找对象", "find"),
        ("相亲", "find"),
        ("相親", "find"),
        ("找對象", "find"),
        ("預約", "book"),
        ("約心理諮詢", "counsellor"),
        ("找 对象", "find"),
        ("　找对象　", "find"),
        ("找对象！！", "find"),
        ("“找对象”", "find"),
        ("【找对象】", "find"),
        ("帮助？", "help"),
        ("幫助。", "help"),
        ("ＭＥＮＵ", "menu"),
        ("Menu", "menu"),
        ("考试１", "exam"),
        ("考試①", "exam"),
        ("想认识ta", "meet"),
        ("想认识 TA", "meet"),
        ("我想认识TA", "meet"),
        ("我的消息", "messages"),
        ("我要预约", "book"),
        ("请问，我要预约一下", "book"),
        ("你好 我想预约", "book"),
        ("麻烦帮我预约一下吧，谢谢", "book"),
        ("预约[微笑]", "book"),
        ("预约😊", "book"),
        ("签到吧", "checkin"),
        ("我要取消预约", "cancel"),
    ],
)
def test_A12_a_word_is_found_however_it_is_spelled(words: WordIndex[str], said: str, owner: str) -> None:
    found = words.find(said)
    assert found is not None
    assert (found.value, found.kind) == (owner, "exact")


@pytest.mark.parametrize(
    ("said", "owner"),
    [
        ("找对像", "find"),
        ("找对象象", "find"),
        ("对找象", "find"),
        ("约心里咨询", "counsellor"),
        ("约心理咨旬", "counsellor"),
        ("约心理咨", "counsellor"),
        ("取消予约", "cancel"),
        ("我要取消予约", "cancel"),
        ("mneu", "menu"),
        ("menuu", "menu"),
    ],
)
def test_A12_one_slip_is_forgiven_and_said_so(words: WordIndex[str], said: str, owner: str) -> None:
    found = words.find(said)
    assert found is not None
    assert (found.value, found.kind) == (owner, "typo")
    assert words.exact(said) is None


@pytest.mark.parametrize(
    "said",
    [
        "",
        "　",
        "👌",
        "我",
        "我要",
        "请问",
        "谢谢",
        "预订",  # two characters are never guessed
        "相见",
        "签收",
        "对象",
        "找对",
        "men",
        "收到",  # 已 or 没: not for us to say
        "不收到",
        "没收到了",
        "不预约",
        "不取消预约",
        "取消预约吗",
        "取消预约了",
        "取消了预约",
        "愿不愿意见见",
        "一页",
        "考试2",
        "考试",
        "活着没什么意思，不想活了",
        "明天下午三点约心理咨询",
        "孩子出生以后总是睡不着",
        "改 3",
        "3",
        "找" * 500,
        "\ud800",
        "\0",
    ],
)
def test_A12_what_is_no_word_is_not_made_one(words: WordIndex[str], said: str) -> None:
    assert words.find(said) is None


def test_A12_a_slip_between_two_owners_belongs_to_neither() -> None:
    words = WordIndex([("看讲座", "a"), ("看讲台", "b"), ("听讲座", "a")])
    assert words.find("看讲做") is None
    assert words.find("看讲座") == Match("a", "看讲座", "exact")


def test_A12_a_slip_between_two_words_of_one_owner_is_theirs() -> None:
    words = WordIndex([("报名考试", "exam"), ("报考考试", "exam")])
    found = words.find("报明考试")
    assert found is not None
    assert found.value == "exam"


def test_A12_the_report_names_both_owners_of_one_word() -> None:
    assert overlaps(ENTRIES) == []
    planted = overlaps([*ENTRIES, ("預約", "lawyer")])
    assert [(o.word, o.owner, o.other_word, o.other_owner, o.kind) for o in planted] == [
        ("预约", "book", "預約", "lawyer", "same")
    ]


def test_A12_the_report_names_a_word_that_is_another_with_manners() -> None:
    planted = overlaps([*ENTRIES, ("我要签到", "class")])
    assert [(o.word, o.owner, o.other_word, o.other_owner, o.kind) for o in planted] == [
        ("签到", "checkin", "我要签到", "class", "same")
    ]


@pytest.mark.parametrize("near", ["找对象吖", "找好对象", "看对象", "找象对"])
def test_A12_the_report_names_words_one_slip_apart(near: str) -> None:
    planted = overlaps([*ENTRIES, (near, "other")])
    assert {(o.owner, o.other_owner, o.kind) for o in planted} == {("find", "other", "near")}
    assert overlaps([(near, "other"), *ENTRIES]) != []


def test_A12_the_report_allows_what_differs_in_a_word_of_weight_or_has_one_owner() -> None:
    assert (
        overlaps([("上一页", "a"), ("下一页", "b"), ("已收到", "c"), ("没收到", "d"), ("报名考试", "e")])
        == []
    )
    assert overlaps([("找对象", "a"), ("找對象", "a"), ("看对象", "a")]) == []


def opcodes(call: Callable[[], object]) -> int:
    """How many byte code instructions of Python a call takes: the same on every machine, whatever runs beside."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def made_up(count: int) -> list[tuple[str, int]]:
    """Words of five characters that are more than a slip apart from the ones asked for."""
    return [
        (f"{chr(0x4E80 + i // 100)}{chr(0x5200 + i % 100)}项目{chr(0x6000 + i % 97)}", i)
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def few() -> WordIndex[int]:
    return WordIndex([("找对象", -1), *made_up(9)])


@pytest.fixture(scope="module")
def many() -> WordIndex[int]:
    return WordIndex([("找对象", -1), *made_up(9_999)])


@pytest.mark.parametrize(
    "said",
    [
        "找对象",
        "找對象",
        "请问，我要找对象",
        "找对像",
        "找 85-92 女",
        "今天天气真好",
        "喜欢修老自行车，也会做饭",
    ],
)
def test_A12_a_lookup_costs_the_same_with_ten_and_ten_thousand_words(
    said: str, few: WordIndex[int], many: WordIndex[int]
) -> None:
    assert few.find(said) == many.find(said)
    assert opcodes(lambda: many.find(said)) == opcodes(lambda: few.find(said))


def test_A12_a_lookup_asks_hash_tables_only() -> None:
    words = WordIndex(made_up(100))
    held = [value for value in vars(words).values() if not isinstance(value, int)]
    assert {type(value) for value in held} == {dict}


@settings(deadline=None)  # a busy machine is no bug
@given(st.text())
def test_A12_normalising_never_raises_and_settles_at_once(text: str) -> None:
    said = normalise(text)
    assert normalise(said) == said
    assert compact(compact(text)) == compact(text)


@settings(deadline=None)  # a busy machine is no bug
@given(st.text(max_size=80))
def test_A12_no_text_makes_the_index_raise(text: str) -> None:
    INDEX.find(text)


@settings(deadline=None)  # a busy machine is no bug
@given(
    st.sampled_from(ENTRIES),
    st.sampled_from(["{}", " {} ", "{}。", "请问{}", "我要{}", "{}一下", "{}！！！"]),
)
def test_A12_every_word_is_found_in_every_dress(entry: tuple[str, str], dress: str) -> None:
    found = INDEX.find(dress.format(entry[0]))
    assert found is not None
    assert found.value == entry[1]
