"""What holds at every step of every form: each test below is made for each of them."""

from __future__ import annotations

import pytest

from bot.replies import TEXT_LIMIT, render
from forms import engine, words
from forms.draft import State
from forms.engine import Outcome
from forms.form import Form
from tests.forms.cast import ALL, Talk, at, states

STEPS = [pytest.param(form, step, id=f"{form.name}-{step}") for form in ALL for step in states(form)]
STEP = pytest.mark.parametrize(("form", "step"), STEPS)


def answers(talk: Talk) -> dict[str, object]:
    return {**talk.draft.answers, **talk.draft.secrets}


@STEP
@pytest.mark.parametrize("word", [word for word, what in words.GLOBAL.items() if what is words.Word.CANCEL])
def test_B1_cancel_ends_it_anywhere(form: Form, step: str, word: str) -> None:
    talk = at(form, step)
    talk.say(word)
    assert talk.outcome is Outcome.CANCELLED
    assert talk.turn.draft is None
    assert form.title in talk.text


@STEP
def test_B1_back_goes_one_step_back_anywhere_and_loses_nothing(form: Form, step: str) -> None:
    talk = at(form, step)
    before, order = answers(talk), states(form)
    talk.say(" 返回。")
    assert talk.outcome is Outcome.ASKED
    assert talk.draft.at == order[max(0, order.index(step) - 1)]
    assert answers(talk) == before


@STEP
def test_B1_restart_asks_the_first_question_anywhere(form: Form, step: str) -> None:
    talk = at(form, step)
    old = talk.draft.id
    talk.say("重来")
    assert talk.outcome is Outcome.ASKED
    assert talk.draft.at == states(form)[0]
    assert answers(talk) == {}
    assert talk.draft.id != old
    assert "①" in talk.text


@STEP
def test_B1_a_person_takes_over_anywhere_with_the_draft(form: Form, step: str) -> None:
    talk = at(form, step)
    before = answers(talk)
    talk.say("转人工")
    assert talk.outcome is Outcome.HANDED_OVER
    assert talk.draft.state is State.HANDED_OVER
    assert answers(talk) == before
    assert talk.draft.at == step
    assert talk.say("接着填").outcome is Outcome.ASKED
    assert talk.draft.at == step


@STEP
@pytest.mark.parametrize("word", ["菜单", "帮助", "菜單", "帮 助"])
def test_B1_B5_menu_and_help_are_the_routers_and_the_question_is_repeated_once(
    form: Form, step: str, word: str
) -> None:
    talk = at(form, step)
    asked, before = talk.text, talk.draft
    talk.say(word)
    assert talk.outcome is Outcome.PASSED
    assert talk.turn.says == ()
    assert talk.draft == before, "an answer to the router's words counts as no wrong answer"
    where = engine.where(form, talk.draft, now=talk.now, context=talk.context)
    assert where is not None
    assert "返回 · 取消 · 重来 · 人工" in where
    again = engine.repeat(form, talk.draft, now=talk.now, context=talk.context)
    assert again is not None
    question = asked.split("\n")[0].split(" ", 1)[-1]
    assert again.text.count(question) == 1
    assert again.text.startswith("接着来：")
    assert [tap.label for tap in again.taps] == [tap.label for tap in at(form, step).said.taps]


@STEP
def test_every_question_fits_one_text_and_names_its_number(form: Form, step: str) -> None:
    talk = at(form, step)
    assert len(render(*talk.turn.says).encode()) <= TEXT_LIMIT
    if step != "summary":
        assert talk.text.startswith(chr(0x2460 + states(form).index(step)))


@STEP
@pytest.mark.parametrize(
    "text", ["", " \n", "。", "😀" * 700, "\x00\u202e", "]]>", "<a href='x'>x</a>", "9" * 2000]
)
def test_odd_messages_are_met_with_words_anywhere(form: Form, step: str, text: str) -> None:
    talk = at(form, step)
    before = answers(talk)
    talk.say(text)
    assert talk.outcome in (Outcome.ASKED, Outcome.SUBMIT)
    assert talk.outcome is Outcome.SUBMIT or talk.text.strip()
    assert before.items() <= answers(talk).items()


@STEP
def test_taps_of_other_questions_and_other_drafts_never_answer(form: Form, step: str) -> None:
    talk, other = at(form, step), at(form, step)
    for label, tap in [("1", f"f.{talk.draft.id}.elsewhere"), ("提交", f"f.{other.draft.id}.{step}")]:
        before = answers(talk)
        asked = talk.draft.at
        talk.say(label, tap)
        assert talk.turn.reason == "stale_tap"
        assert talk.text.startswith("这个是前面的选项了")
        assert talk.draft.at == asked
        assert talk.draft.wrong == 0
        assert answers(talk) == before


@STEP
def test_B12_example_after_two_wrong_answers_a_person_after_three(form: Form, step: str) -> None:
    talk = at(form, step)
    wrong = "\ufffe" * 500
    first = talk.say(wrong).says[0]
    assert "比如：" not in first.text
    assert "人工" not in [tap.label for tap in first.taps]
    second = talk.say(wrong).says[0]
    assert step == "summary" or "比如：" in second.text
    third = talk.say(wrong).says[0]
    assert "人工" in [tap.label for tap in third.taps]
    assert first.text in second.text
    assert second.text in third.text
    before = answers(talk)
    talk.tap("人工")
    assert talk.outcome is Outcome.HANDED_OVER
    assert answers(talk) == before


@STEP
def test_B4_a_draft_rests_after_its_deadline_and_goes_on_at_the_same_question(form: Form, step: str) -> None:
    talk = at(form, step)
    before = answers(talk)
    talk.later(days=4)
    talk.say("你好")
    assert talk.outcome is Outcome.EXPIRED
    assert "还留着" in talk.text
    assert talk.labels == ["接着填", form.leave]
    assert talk.tap("接着填").outcome is Outcome.ASKED
    assert talk.draft.at == step
    assert answers(talk) == before
