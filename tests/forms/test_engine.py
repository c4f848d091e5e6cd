"""The engine's manners, one by one, mostly in the words of a conversation."""

from __future__ import annotations

import pytest

from forms import engine
from forms.draft import State
from forms.engine import Outcome
from forms.fields import Option
from tests.forms.cast import EXAM, NOW, OPEN, VISIT, Talk, at


def test_B2_back_keeps_answers_and_offers_them() -> None:
    talk = at(EXAM, "trained")
    talk.say("返回")
    assert "队名叫什么？" in talk.text
    assert "之前填的是 东风队，回复 0 保留。" in talk.text
    assert talk.labels == ["不起名", "0 保留"]
    talk.say("０")
    assert talk.draft.at == "trained"
    assert talk.draft.answers["team"] == "东风队"


def test_B2_three_steps_back_and_forward_again_loses_nothing() -> None:
    talk = at(EXAM, "phone")
    before = dict(talk.draft.answers)
    talk.all("返回", "返回", "返回")
    assert talk.draft.at == "trained"
    talk.all("0", "保留", "0")
    assert talk.draft.at == "phone"
    assert talk.draft.answers == before
    assert "你的手机号" in talk.text


def test_B2_back_from_the_summary_walks_forward_to_it_again() -> None:
    talk = at(EXAM, "summary")
    talk.all("返回", "返回", "0")
    assert talk.draft.at == "consent"
    talk.say("0")
    assert talk.draft.at == "summary"


def test_B2_a_changed_answer_on_the_way_asks_only_what_it_opens() -> None:
    talk = at(EXAM, "phone")
    talk.all("返回", "返回", "返回", "不要")
    assert talk.draft.at == "phone", "the day and the hour do not apply any more"
    talk.all("返回")
    assert talk.draft.at == "trained"
    talk.say("要")
    assert "12月1日" in talk.text, "the earlier day is still there to keep"


def test_B1_to_submit_in_the_middle_is_not_taken_for_an_answer() -> None:
    talk = at(EXAM, "team")
    talk.say("提交。")
    assert talk.text.startswith("答完才能提交，接着来：")
    assert talk.draft.at == "team"
    talk.say("提交队")
    assert talk.draft.answers["team"] == "提交队"


def test_B1_a_form_is_left_by_its_own_words_too() -> None:
    talk = at(EXAM, "team")
    talk.say(EXAM.leave)
    assert talk.turn.outcome is Outcome.CANCELLED


def test_B2_the_first_question_has_nothing_before_it() -> None:
    talk = Talk(EXAM)
    talk.say("返回")
    assert talk.text.startswith("这已经是第一项了。")
    assert "报哪一个" in talk.text


def test_B3_the_summary_is_numbered_and_changes_one_item() -> None:
    talk = at(EXAM, "summary")
    assert "1 仓库保管员（四级）  2 3人\n3 东风队" in talk.text
    before = dict(talk.draft.answers)
    talk.say("改3")
    assert "③ 队名叫什么？" in talk.text
    talk.say("西风队")
    assert talk.text.startswith("改好了。\n看一眼，对吗？")
    assert talk.draft.answers == {**before, "team": "西风队"}


@pytest.mark.parametrize(
    "text",
    [
        "改3 西风队",
        "改３ 西风队",
        "改 3，西风队",
        "改三 西风队",
        "我要改第3项：西风队",
        "改队名 西风队",
        "修改3\n西风队",
    ],
)
def test_B3_the_new_value_may_come_in_the_same_message(text: str) -> None:
    talk = at(EXAM, "summary")
    talk.say(text)
    assert talk.text.startswith("改好了。")
    assert talk.draft.answers["team"] == "西风队"


def test_B3_a_wrong_new_value_keeps_the_old_one() -> None:
    talk = at(EXAM, "summary")
    talk.say("改2 很多")
    assert talk.text == "这里填个数字就好。"
    assert talk.labels == ["0 保留"]
    talk.say("0")
    assert talk.text.startswith("好，没改。")
    assert talk.draft.answers["people"] == 3


def test_B3_back_from_a_change_returns_to_the_summary() -> None:
    talk = at(EXAM, "summary")
    talk.all("改2", "返回")
    assert talk.text.startswith("好，没改。\n看一眼，对吗？")


def test_B3_what_depends_on_a_change_is_checked_again_and_asked_alone() -> None:
    talk = at(EXAM, "summary")
    talk.all("改2 8")
    assert "2 8人" in talk.text
    talk.say("改1 电镀工")
    assert talk.text.startswith("改好了。\n电镀工一次最多报 5 个人。\n② 一共几个人？")
    assert "回复 0" not in talk.text, "an answer that does not hold cannot be kept"
    talk.say("5")
    assert talk.draft.at == "summary"
    assert talk.draft.answers["trade"] == "plating"


def test_B3_an_answer_holds_again_when_what_it_depends_on_is_put_back() -> None:
    talk = at(EXAM, "summary")
    talk.all("改2 8", "改1 2", "返回", "1")
    assert "之前填的是 8人，回复 0 保留。" in talk.text
    talk.say("0")
    assert talk.draft.at == "summary"


def test_B3_a_check_of_the_whole_form_names_its_item() -> None:
    talk = at(EXAM, "summary")
    talk.say("改2 1")
    assert talk.text.startswith("改好了。\n一个人报名就不用写队名啦。\n③ 队名叫什么？")
    talk.tap("不起名")
    assert talk.draft.at == "summary"
    assert "3 队名 不填" in talk.text


@pytest.mark.parametrize("text", ["改 27", "改0", "0", "改十九"])
def test_B3_an_item_that_is_not_there(text: str) -> None:
    talk = at(EXAM, "summary")
    talk.say(text)
    assert talk.text.startswith("没有这一项，数字是 1 到 10。")


@pytest.mark.parametrize("text", ["提交", "确定", "好", "好的！", "是", "對", "OK", " 提 交 。"])
def test_B3_words_that_submit(text: str) -> None:
    talk = at(EXAM, "summary")
    talk.say(text)
    assert talk.outcome is Outcome.SUBMIT


def test_a_submit_has_typed_answers_of_what_applies() -> None:
    talk = at(EXAM, "summary")
    talk.all("改4 不要", "提交")
    answers = talk.turn.answers
    assert answers is not None
    assert answers["trained"] is False
    assert "day" not in answers
    assert answers["day"] is None
    assert answers["id_number"].born.year == 1990
    assert answers["phone"] == "13800138000"
    assert answers["fee"] == 50000


def test_B8_submitting_twice_is_one_draft_and_shows_the_first_result() -> None:
    talk = at(EXAM, "summary")
    stored, old = talk.stored, talk.said
    first = talk.tap("提交").draft
    talk.stored = stored  # the other device read the draft before it was submitted
    second = talk.press(old.taps[0]).draft
    assert first is not None
    assert second is not None
    assert first.id == second.id
    done = engine.done(second, "编号 A0317")
    again = engine.hear(EXAM, done, "提交", now=NOW, tap=old.taps[0].id)
    assert again.outcome is Outcome.ALREADY
    assert "编号 A0317" in again.says[0].text
    assert engine.hear(EXAM, done, "提交", now=NOW).outcome is Outcome.ALREADY
    assert engine.hear(EXAM, done, "你好", now=NOW).outcome is Outcome.PASSED
    assert engine.hear(EXAM, done, "好", now=NOW).outcome is Outcome.PASSED


def test_drafts_have_ids_of_their_own() -> None:
    assert len({Talk(EXAM).draft.id for _ in range(50)}) == 50


def test_a_refused_submit_asks_for_the_item_again() -> None:
    talk = at(EXAM, "summary")
    draft = talk.say("提交").draft
    assert draft is not None
    talk.turn = engine.refuse(EXAM, draft, {"trade": "刚刚报满了，换一个？"}, now=NOW)
    assert talk.text.startswith("刚刚报满了，换一个？\n① 正在报名")
    assert "回复 0" not in talk.text
    talk._store()
    talk.say("2")
    assert talk.draft.at == "summary"


def test_a_choice_that_is_gone_by_the_submit_is_asked_again() -> None:
    talk = at(EXAM, "summary")
    talk.context = {"trades": OPEN["trades"][1:]}
    talk.say("提交")
    assert talk.outcome is Outcome.ASKED
    assert talk.text.startswith("之前选的现在没有了，再选一个？")
    assert talk.labels == ["1 电镀工（五级）"]


def test_numbers_count_in_the_list_that_was_shown() -> None:
    talk = Talk(EXAM, context=OPEN)
    talk.context = {"trades": [Option("chef", "厨师"), *OPEN["trades"]]}
    talk.say("2")
    assert talk.draft.answers["trade"] == "plating"


def test_a_choice_that_went_while_it_was_looked_at_shows_what_is_left() -> None:
    talk = Talk(EXAM, context=OPEN)
    talk.context = {"trades": OPEN["trades"][1:]}
    talk.say("1")
    assert talk.text == "之前选的现在没有了，再选一个？"
    assert talk.labels == ["1 电镀工（五级）"]
    talk.say("1")
    assert talk.draft.answers["trade"] == "plating"


def test_nothing_to_choose_is_said() -> None:
    talk = Talk(EXAM, context={"trades": []})
    assert "这会儿没有可以选的" in talk.text


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "１",
        "1 仓库保管员（四级）",
        "①",
        "一",
        "第一个",
        "选1",
        "1号",
        "仓库保管员(四级)",
        "1、仓库保管员",
    ],
)
def test_numbers_labels_and_taps_answer_a_choice(text: str) -> None:
    talk = Talk(EXAM)
    talk.say(text)
    assert talk.draft.answers["trade"] == "store"


def test_a_tap_answers_its_question() -> None:
    talk = Talk(EXAM)
    assert talk.labels == ["1 仓库保管员（四级）（还有 12 个名额）", "2 电镀工（五级）"]
    talk.tap("电镀工")
    assert talk.draft.answers["trade"] == "plating"


def test_an_old_tap_of_the_summary_does_not_submit_what_changed_since() -> None:
    talk = at(EXAM, "summary")
    old = talk.said.taps[0]
    talk.say("改3 西风队")
    new = talk.said.taps[0]
    talk.press(old)
    assert talk.turn.reason == "stale_tap"
    assert "西风队" in talk.text
    talk.press(new)
    assert talk.outcome is Outcome.SUBMIT


def test_a_tap_of_before_重来_is_old() -> None:
    talk = Talk(EXAM)
    old = talk.said.taps[0]
    talk.say("重来")
    talk.press(old)
    assert talk.turn.reason == "stale_tap"


def test_a_tap_that_nobody_remembers_is_answered_gently() -> None:
    assert "已经过去了" in engine.orphan().says[0].text


def test_B7_ambiguous_answers_give_choices() -> None:
    talk = at(EXAM, "hour")
    talk.say("上午九点或上午十点")
    assert "你说的是哪一个？" in talk.text
    assert talk.labels == ["1 上午 9:00", "2 上午 10:00"]
    assert engine.repeat(EXAM, talk.draft, now=NOW) is not None
    assert talk.draft.wrong == 0
    talk.say("2")
    assert talk.draft.answers["hour"] == "10:00"


def test_B7_a_meaning_that_the_checks_refuse_is_not_offered() -> None:
    talk = at(EXAM, "people")
    talk.draft.answers.clear()
    talk = Talk(EXAM)
    talk.say("2")
    talk.say("五六个人")
    assert talk.draft.answers["people"] == 5


def test_B7_an_ambiguous_answer_may_be_said_again_in_other_words() -> None:
    talk = at(EXAM, "hour")
    talk.all("九点或十点", "下午三点半")
    assert talk.draft.answers["hour"] == "15:30"


def test_a_default_is_offered_and_taken() -> None:
    talk = at(EXAM, "fee")
    assert "回复 0 就填 300.00 元。" in talk.text
    talk.say("0")
    assert talk.draft.answers["fee"] == 30000


def test_what_is_known_is_not_asked_and_stays_after_重来() -> None:
    talk = Talk(EXAM, prefill={"trade": "store", "people": 3, "phone": "13800138000"})
    assert talk.draft.at == "team"
    assert "phone" in talk.draft.secrets
    talk.all("返回")
    assert talk.draft.at == "people"
    talk.all("4", "东风队", "重来")
    assert talk.draft.at == "people", "the changed one is asked, the known ones are not"
    talk.all("3", "跳过", "不要")
    assert talk.draft.at == "id_number"


def test_known_answers_that_do_not_hold_are_asked() -> None:
    talk = Talk(EXAM, prefill={"trade": "plating", "people": 9})
    assert talk.draft.at == "people"
    assert "最多报 5 个人" in talk.text


def test_a_form_without_a_summary_submits_after_its_last_answer() -> None:
    talk = Talk(VISIT)
    talk.fill()
    assert talk.outcome is Outcome.SUBMIT
    assert talk.turn.answers is not None
    assert talk.turn.answers["why"] == "孩子出生以后总是睡不着"


def test_skipping_has_a_tap_and_a_word() -> None:
    for text in ("不想写", "跳过"):
        talk = at(VISIT, "why")
        assert talk.labels == ["不想写"]
        talk.say(text)
        assert talk.outcome is Outcome.SUBMIT
        assert talk.turn.answers is not None
        assert talk.turn.answers["why"] is None


def test_a_handed_over_draft_leaves_other_words_alone() -> None:
    talk = at(EXAM, "phone")
    talk.all("人工", "在吗")
    assert talk.outcome is Outcome.PASSED
    assert talk.draft.state is State.HANDED_OVER
    assert talk.say("取消").outcome is Outcome.CANCELLED


def test_help_says_which_form_and_how_far() -> None:
    talk = at(EXAM, "phone")
    assert engine.where(EXAM, talk.draft, now=NOW) == (
        "你正在填“技能报名”，填到第 7 项，共 10 项。\n随时可以说：返回 · 取消 · 重来 · 人工"
    )
    again = engine.repeat(EXAM, talk.draft, now=NOW)
    assert again is not None
    assert again.text == "接着来：你的手机号？"
