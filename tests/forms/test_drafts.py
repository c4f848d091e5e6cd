"""Drafts over time: deadlines, upgrades, and what must never be seen."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from forms import engine
from forms.draft import Draft, State
from forms.engine import Outcome
from forms.fields import Text
from tests.forms.cast import EXAM, ID_NUMBER, NOW, VISIT, Talk, at


def test_B4_the_deadline_runs_from_the_last_message() -> None:
    talk = Talk(EXAM)
    for text in ("1", "3", "东风队"):
        talk.later(minutes=29)
        talk.say(text)
        assert talk.outcome is Outcome.ASKED
    assert talk.draft.deadline_at == talk.now + timedelta(minutes=30)
    assert talk.draft.keep_until == talk.draft.deadline_at + timedelta(days=7)


def test_B4_four_days_later() -> None:
    talk = at(EXAM, "phone")
    talk.later(days=4)
    talk.say("你好")
    assert talk.text == "上次的“技能报名”填到“手机号”，还留着。"
    assert talk.labels == ["接着填", "不报了"]
    talk.say("接着填")
    assert talk.text == "接着来：\n⑦ 你的手机号？"


def test_B4_the_late_message_itself_is_no_answer() -> None:
    talk = at(EXAM, "phone")
    talk.later(minutes=31)
    talk.say("13800138000")
    assert talk.outcome is Outcome.EXPIRED
    assert "phone" not in talk.draft.secrets


def test_B4_it_is_offered_once_and_then_out_of_the_way() -> None:
    talk = at(EXAM, "phone")
    talk.later(days=1)
    talk.all("你好", "找对象")
    assert talk.outcome is Outcome.PASSED
    assert talk.turn.says == ()
    assert talk.say("继续").outcome is Outcome.ASKED


@pytest.mark.parametrize("text", ["不报了", "不填了", "放弃", "取消"])
def test_B4_an_expired_draft_can_be_dropped(text: str) -> None:
    talk = at(EXAM, "phone")
    talk.later(days=1)
    talk.all("你好", text)
    assert talk.outcome is Outcome.CANCELLED
    assert talk.turn.draft is None


def test_B4_after_seven_days_it_is_gone_and_this_is_said_once_if_asked() -> None:
    talk = at(EXAM, "fee")
    talk.later(days=7, minutes=31)
    talk.say("你好")
    assert talk.outcome is Outcome.PASSED
    assert talk.draft.state is State.GONE
    assert not talk.draft.answers
    assert not talk.draft.secrets
    assert talk.say("接着填").outcome is Outcome.CLOSED
    assert "已经清掉了" in talk.text
    assert talk.turn.draft is None


def test_B6_an_added_question_is_asked_of_an_old_draft() -> None:
    talk = at(EXAM, "phone")
    more = Text("unit", "单位", "在哪家单位？", example="东风厂")
    talk.upgraded(version=3, fields=(*EXAM.fields[:3], more, *EXAM.fields[3:]), migrations={2: dict})
    talk.say("13800138000")
    assert talk.outcome is Outcome.MIGRATED
    assert talk.text.startswith("“技能报名”刚刚更新过，你填的都还在，接着来：")
    assert talk.draft.version == 3
    assert talk.draft.answers["team"] == "东风队"
    assert "你的手机号" in talk.text
    talk.all("13800138000", ID_NUMBER, "0", "同意")
    assert talk.draft.at == "unit"
    talk.say("东风厂")
    assert talk.draft.at == "summary"


def test_B6_a_removed_question_moves_an_old_draft_on() -> None:
    talk = at(EXAM, "phone")
    kept = tuple(one for one in EXAM.fields if one.key not in ("phone", "team"))
    talk.upgraded(version=3, fields=kept, migrations={2: dict}, check=None)
    talk.say("13800138000")
    assert talk.outcome is Outcome.MIGRATED
    assert talk.draft.at == "id_number"
    assert "team" not in talk.draft.answers
    assert "13800138000" not in talk.stored


def test_B6_every_version_in_between_is_migrated() -> None:
    old = at(EXAM, "phone").draft.to_json() | {"version": 1}
    old["answers"].pop("people")
    turn = engine.resume(EXAM, Draft.from_json(old), now=NOW)
    assert turn.outcome is Outcome.MIGRATED
    assert turn.draft is not None
    assert turn.draft.answers["people"] == 1


def test_B6_global_words_work_on_an_old_draft() -> None:
    for word, outcome in (
        ("取消", Outcome.CANCELLED),
        ("人工", Outcome.HANDED_OVER),
        ("帮助", Outcome.PASSED),
    ):
        talk = at(EXAM, "phone")
        talk.upgraded(version=3, migrations={2: dict})
        assert engine.where(EXAM, talk.draft, now=NOW) is not None
        talk.say(word)
        assert talk.outcome is outcome


def _broken(answers: dict[str, Any]) -> dict[str, Any]:
    return {"people": answers["seats"]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 3}, "version_unknown"),
        ({"version": 1, "migrations": {}}, "version_newer"),
        ({"version": 3, "migrations": {2: _broken}}, "migration_failed:2:KeyError"),
    ],
)
def test_B6_a_draft_that_cannot_be_carried_over_is_closed_with_words(
    changes: dict[str, Any], reason: str
) -> None:
    for state in (State.OPEN, State.EXPIRED, State.HANDED_OVER):
        talk = at(EXAM, "phone")
        talk.upgraded(**changes)
        talk.stored = json.dumps(talk.draft.to_json() | {"state": state})
        assert talk.form is not None
        assert engine.repeat(talk.form, talk.draft, now=NOW) is None
        assert engine.where(talk.form, talk.draft, now=NOW) is None
        talk.say("接着填")
        assert talk.outcome is Outcome.CLOSED
        assert talk.turn.reason == reason
        assert talk.turn.draft is None
        assert "“技能报名”已经换了新的" in talk.text


def test_B6_a_form_that_is_no_more_closes_its_drafts_with_words() -> None:
    talk = at(EXAM, "phone")
    talk.form = None
    assert engine.repeat(None, talk.draft, now=NOW) is None
    assert engine.resume(None, talk.draft, now=NOW).outcome is Outcome.CLOSED
    talk.say("13800138000")
    assert talk.outcome is Outcome.CLOSED
    assert "“技能报名”" in talk.text
    assert talk.turn.draft is None
    finished = engine.hear(None, engine.done(at(EXAM, "phone").draft), "提交", now=NOW)
    assert (finished.outcome, finished.draft) == (Outcome.PASSED, None)


def test_B6_stored_answers_of_another_kind_are_asked_again() -> None:
    talk = at(EXAM, "summary")
    data = talk.draft.to_json()
    data["answers"] |= {"trade": 7, "people": "drei", "day": 5, "hour": "25:99", "fee": True, "consent": "0"}
    data["secrets"] |= {"phone": ["x"], "id_number": "1"}
    talk.stored = json.dumps(data)
    talk.say("提交")
    assert talk.outcome is Outcome.ASKED
    assert talk.draft.at == "trade"
    talk.all("1", "3", "下周二", "下午两点", "13800138000", ID_NUMBER, "0")
    assert talk.draft.at == "consent"
    assert talk.say("同意").says[0].text.startswith("看一眼，对吗？")


def test_a_draft_reads_what_a_newer_program_wrote_and_refuses_what_is_none() -> None:
    draft = at(EXAM, "phone").draft
    assert Draft.from_json({**draft.to_json(), "colour": "red"}) == draft
    bare = {key: draft.to_json()[key] for key in ("id", "form", "version", "title", "at")}
    times = {key: draft.to_json()[key] for key in ("started_at", "deadline_at", "keep_until")}
    assert Draft.from_json({**bare, **times}).state is State.OPEN
    for broken in ({}, bare, {**bare, **times, "version": "x"}, {**bare, **times, "answers": 3}):
        with pytest.raises(ValueError):
            Draft.from_json(broken)


def test_B11_sensitive_answers_are_in_no_repr_no_log_and_no_public_view(
    caplog: pytest.LogCaptureFixture,
) -> None:
    markers = (ID_NUMBER, "13800138000", "孩子出生以后总是睡不着", "330106", "138 0013")
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    for form in (EXAM, VISIT):
        talk = Talk(form)
        talk.fill()
        for text in (
            "返回",
            "返回",
            "返回",
            "返回",
            "0",
            "0",
            "帮助",
            "嗯？",
            "改8 33010619900307293",
            "返回",
            "提交",
        ):
            if talk.turn.draft is None or talk.outcome is Outcome.SUBMIT:
                break
            talk.say(text)
            seen += [repr(talk.turn), repr(talk.draft), str(talk.draft.public()), str(talk.turn.answers)]
            seen += [f"{talk.draft!s}", repr(talk.draft.secrets), repr(talk.draft.answers)]
    assert len(seen) > 50
    for marker in markers:
        assert not [line for line in seen if marker in line]
        assert marker not in caplog.text
    assert caplog.records == []


def test_B11_sensitive_answers_are_gone_after_the_submit() -> None:
    talk = at(EXAM, "summary")
    draft = talk.say("提交").draft
    assert draft is not None
    assert ID_NUMBER in talk.stored, "they survive a crash before the submit"
    stored = json.dumps(engine.done(draft, "编号 A0317").to_json(), ensure_ascii=False)
    assert ID_NUMBER not in stored
    assert "13800138000" not in stored
    assert "东风队" not in stored


def test_B11_error_messages_hold_no_answers() -> None:
    data = at(EXAM, "summary").draft.to_json() | {"started_at": ID_NUMBER * 2, "answers": [ID_NUMBER]}
    with pytest.raises(ValueError) as caught:
        Draft.from_json({**data, "deadline_at": None})
    assert ID_NUMBER not in str(caught.value)


def test_B11_an_ambiguous_sensitive_answer_stays_hidden_too() -> None:
    talk = at(EXAM, "phone")
    talk.say("13800138000或13900139000")
    assert talk.labels == ["1 138****8000", "2 139****9000"]
    assert "13900139000" not in repr(talk.turn) + repr(talk.draft) + str(talk.draft.public())
    talk.say("2")
    assert talk.draft.secrets["phone"] == "13900139000"
    assert talk.draft.offers == ()
