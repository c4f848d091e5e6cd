"""The linter finds each fault, and none in the forms there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from forms import FORMS
from forms.fields import Choice, Date, Field, Number, Option, Phone, Text, YesNo
from forms.form import Confirm, Form
from forms.lint import lint, lint_all
from tests.forms.cast import ALL, CONTEXTS, NOW

ONE = Choice("one", "一", "选哪个？", (Option("a", "甲"), Option("b", "乙")))
TWO = Text("two", "二", "写什么？", example="你好")


def form(*fields: Field, **changes: Any) -> Form:
    return replace(Form("sample", "样表", 1, fields or (ONE, TWO)), **changes)


def test_B9_every_form_passes() -> None:
    assert FORMS
    contexts = {name: [context] for name, context in CONTEXTS.items()}
    assert lint_all(FORMS.values(), now=NOW, contexts=contexts) == []
    assert lint_all(ALL, now=NOW, contexts=contexts) == []
    assert all(name == one.name for name, one in FORMS.items())


@pytest.mark.parametrize(
    ("faulty", "fault"),
    [
        (form(ONE, replace(TWO, prompt=" ")), "sample.two: has no prompt"),
        (form(ONE, replace(TWO, example="")), "sample.two: has no example"),
        (form(ONE, Number("n", "数", "几个？", example="很多")), "its parser does not understand its example"),
        (form(ONE, Number("n", "数", "几个？", example="30", high=20)), "its checks refuse its example"),
        (form(ONE, replace(TWO, said={"blank": " ", "too_long": " "})), "says nothing about an answer"),
        (form(deadline=timedelta(0)), "needs a deadline"),
        (form(deadline=timedelta(days=8)), "keep drafts at least as long"),
        (form(ONE, replace(TWO, when=lambda a: a["one"] == "c", depends_on=("one",))), "two: can never be asked"),
        (form(ONE, replace(TWO, when=lambda a: a["one"] == "a")), "has `when`, but depends on nothing"),
        (form(ONE, replace(TWO, when=lambda a: a["one"][0] == "a", depends_on=("one",))), "raises TypeError"),
        (
            form(ONE, YesNo("yes", "是否", "要吗？"), replace(TWO, when=lambda a: a["yes"], depends_on=("one",))),
            "`when` looks at yes, not named",
        ),
        (form(ONE, replace(TWO, prompt=lambda given: f"{given.answers['one']}？")), "looks at one, not named"),
        (form(replace(TWO, depends_on=("one",)), ONE), "depends on one, which is not asked before it"),
        (form(ONE, replace(TWO, prompt="长" * 700)), "fit"),
        (form(replace(ONE, choices=(Option("a", "返回"), Option("b", "乙")))), "'返回' is a global word"),
        (form(replace(ONE, choices=(Option("a", "甲"), Option("b", " 甲。")))), "two choices have the same label"),
        (form(replace(ONE, choices=())), "has no choices"),
        (form(ONE, replace(TWO, optional=True, skip="取消")), "'取消' is a global word"),
        (form(ONE, replace(TWO, label="人工")), "the label is a global word"),
        (form(ONE, replace(TWO, label="一")), "needs a label of its own"),
        (form(ONE, replace(TWO, key="one")), "two fields have this key"),
        (form(ONE, replace(TWO, key="summary")), "this key cannot be used"),
        (form(ONE, replace(TWO, key="a.b")), "this key cannot be used"),
        (form(ONE, Date("day", "日子", "哪天？", example="明天", suggest=("那天",))), "understand its suggestion 那天"),
        (form(ONE, Phone("p", "手机号", "多少？", example="13800138000", sensitive=True, style="13800138000 {}")),
         "a sensitive answer shows"),
        (form(version=3, migrations={1: dict}), "migrations have a gap at [2]"),
        (form(version=2, migrations={2: dict}), "versions count from 1"),
        (form(confirm=Confirm(hint="three")), "hint three is no field"),
        (replace(form(), fields=()), "has no fields"),
        (replace(form(), name="Sample Form"), "needs a plain name"),
    ],
)  # fmt: skip
def test_B9_the_linter_names_the_fault(faulty: Form, fault: str) -> None:
    assert [line for line in lint(faulty, now=NOW) if fault in line], lint(faulty, now=NOW)


def test_B9_a_step_behind_two_answers_that_exclude_each_other_is_unreachable() -> None:
    second = replace(
        ONE, key="second", label="次", when=lambda answers: answers["one"] == "a", depends_on=("one",)
    )
    never = replace(
        TWO,
        when=lambda answers: answers["one"] == "b" and answers["second"] == "a",
        depends_on=("one", "second"),
    )
    assert lint(form(ONE, second, never), now=NOW) == ["sample.two: can never be asked"]


def test_B9_forms_have_names_of_their_own() -> None:
    assert lint_all([form(), form()], now=NOW) == ["sample: two forms have this name"]
