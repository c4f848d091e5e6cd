"""Random people: whatever is typed and tapped, in whatever order, nothing raises and no answer is lost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.replies import TEXT_LIMIT, Tap, pages, render
from forms import asking, engine, words
from forms.draft import SUMMARY, Draft, State, Veiled
from forms.engine import Outcome, Turn
from forms.form import Form
from tests.forms.cast import ALL, ANSWERS, NOW

SAID = sorted(
    {text for answers in ANSWERS.values() for _, text in answers}
    | words.GLOBAL.keys()
    | words.SUBMIT
    | words.KEEP
    | words.SKIP
    | words.RESUME
    | {
        "1",
        "2",
        "3",
        "4",
        "１",
        "改1",
        "改2 5",
        "改3 好",
        "改7",
        "改 12 2",
        "改99",
        "不想写",
        "不要",
        "九点",
        "8",
        "已婚",
    }
    | {
        "九零",
        "90后",
        "2012",
        "三四个",
        "138 0013 800",
        "都可以",
        "2026-02-30",
        "不同意",
        "加我微信 abc12345",
    }
)


class Person(RuleBasedStateMachine):
    """One person and one form. Every message is given twice: to the draft, and to its copy out of JSON."""

    form: Form
    turn: Turn

    @initialize(form=st.sampled_from(ALL))
    def begin(self, form: Form) -> None:
        self.form, self.now = form, NOW
        self.taps: list[Tap] = []
        self.turn = engine.start(form, now=NOW)
        self.keep()

    @property
    def draft(self) -> Draft:
        assert self.turn.draft is not None
        return self.turn.draft

    def is_over(self) -> bool:
        return self.turn.draft is None

    @precondition(lambda self: not self.is_over())
    @rule(text=st.sampled_from(SAID))
    def type_words(self, text: str) -> None:
        self.hear(text, None)

    @precondition(lambda self: not self.is_over() and self.draft.at != SUMMARY)
    @rule()
    def answer_rightly(self) -> None:
        self.hear(dict(ANSWERS[self.form.name]).get(self.draft.at, "138 0013 8000"), None)

    @precondition(lambda self: not self.is_over())
    @rule(text=st.text(max_size=60))
    def type_anything(self, text: str) -> None:
        self.hear(text, None)

    @precondition(lambda self: not self.is_over() and self.taps)
    @rule(pick=st.integers(0, 10**6))
    def tap_something_old_or_new(self, pick: int) -> None:
        tap = self.taps[-1 - pick % min(len(self.taps), 12)]
        self.hear(tap.says or tap.label, tap.id)

    @precondition(lambda self: not self.is_over())
    @rule(minutes=st.sampled_from([1, 29, 31, 60 * 24 * 4, 60 * 24 * 8]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.is_over())
    @rule()
    def begin_again(self) -> None:
        self.turn = engine.start(self.form, now=self.now)
        self.keep()

    def hear(self, text: str, tap: str | None) -> None:
        before, said = self.draft, words.plain(text)
        copy = Draft.from_json(json.loads(json.dumps(before.to_json())))
        turn = engine.hear(self.form, before, text, now=self.now, tap=tap)
        assert engine.hear(self.form, copy, text, now=self.now, tap=tap) == turn
        assert self.answers(before) == self.answers(copy), "a draft is never changed"
        is_other = tap is not None and asking.is_form_tap(tap) and tap != asking.tap_id(before, before.at)
        if is_other and turn.draft is not None and turn.draft.state is not State.GONE:
            assert self.answers(turn.draft) == self.answers(before), "an old tap answers nothing"
        self.turn = turn
        self.check(before, said)
        self.keep()

    def check(self, before: Draft, said: str) -> None:
        """What one message may do to what was answered."""
        turn, after = self.turn, self.turn.draft
        if turn.outcome is Outcome.PASSED:
            assert turn.says == ()
        elif turn.outcome is Outcome.SUBMIT:
            assert turn.answers is not None
            if self.form.confirm is not None:
                assert before.at == SUMMARY
        else:
            (say,) = turn.says
            assert say.text.strip()
            assert turn.outcome is Outcome.CANCELLED or turn.outcome is Outcome.CLOSED or after is not None
        if after is None:
            assert turn.outcome in (Outcome.CANCELLED, Outcome.CLOSED)
            return
        if after.state is State.GONE:
            return
        if words.GLOBAL.get(said) is words.Word.RESTART and after.id != before.id:
            assert set(self.answers(after)) <= set(before.prefilled)
            return
        old, new = self.answers(before), self.answers(after)
        assert old.keys() <= new.keys(), "no answer is ever lost"
        changed = {key for key in new if key not in old or old[key] != new[key]}
        assert len(changed) <= 1, "one message answers one question"
        if turn.reason in ("stale_tap", "unclear", "ambiguous", "no_such_item") or turn.outcome in (
            Outcome.PASSED,
            Outcome.EXPIRED,
            Outcome.HANDED_OVER,
        ):
            assert not changed

    def keep(self) -> None:
        self.taps += [tap for say in self.turn.says for tap in say.taps]
        if self.turn.outcome is Outcome.SUBMIT:
            self.turn = Turn(engine.done(self.draft, "编号 1"), (), Outcome.PASSED)

    @staticmethod
    def answers(draft: Draft) -> dict[str, Any]:
        return {**draft.answers, **draft.secrets}

    @invariant()
    def what_is_said_can_be_sent(self) -> None:
        if not hasattr(self, "turn"):
            return
        for say in self.turn.says:
            assert len(render(say).encode()) <= TEXT_LIMIT
            assert len(pages(say)) == 1

    @invariant()
    def the_pending_question_can_be_repeated(self) -> None:
        if not hasattr(self, "turn") or self.turn.draft is None:
            return
        again = engine.repeat(self.form, self.draft, now=self.now)
        is_pending = self.draft.state is State.OPEN and self.now < self.draft.deadline_at
        assert (again is not None) == is_pending
        assert (engine.where(self.form, self.draft, now=self.now) is not None) == is_pending

    @invariant()
    def secrets_are_never_seen(self) -> None:
        if not hasattr(self, "turn") or self.turn.draft is None:
            return
        seen = repr(self.turn) + str(self.draft.public())
        examples = {one.example for one in self.form.fields}  # shown to everybody, so somebody may type one
        for value in self.draft.secrets.values():
            if value in examples:
                continue
            assert not isinstance(value, str) or len(value) < 4 or value not in seen
        assert isinstance(self.draft.secrets, Veiled)


TestPerson = Person.TestCase
TestPerson.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


class Crowd(Person):
    """The same for longer."""


TestCrowd = pytest.mark.slow(pytest.mark.timeout(600)(Crowd.TestCase))
TestCrowd.settings = settings(TestPerson.settings, max_examples=600, stateful_step_count=60)
