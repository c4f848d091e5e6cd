"""The booking forms with something to choose from, and the times that a sentence blocks."""

from __future__ import annotations

import pytest

from forms import FORMS
from forms.lint import lint
from forms.understand.spans import span
from tests.forms.cast import CONTEXTS, NOW


@pytest.mark.parametrize("name", ["booking", "booking_move"])
def test_B9_the_forms_pass_with_something_to_choose_from(name: str) -> None:
    assert lint(FORMS[name], now=NOW, contexts=(CONTEXTS[name],)) == []


@pytest.mark.parametrize(
    ("said", "starts", "ends"),
    [
        ("周五下午请假", "27 12:00", "27 18:00"),
        ("周五请假", "27 00:00", "28 00:00"),
        ("明天 14:00 到 16:00 请假", "24 14:00", "24 16:00"),
        ("明天下午两点到四点请假", "24 14:00", "24 16:00"),
        ("明天上午九点到十一点半不在", "24 09:00", "24 11:30"),
        ("明天下午三点以后请假", "24 15:00", "25 00:00"),
        ("明天十点之前请假", "24 00:00", "24 10:00"),
        ("周三到周五请假", "25 00:00", "28 00:00"),
        ("周三下午到周五上午请假", "25 12:00", "27 12:00"),
        ("今天晚上请假", "23 18:00", "24 00:00"),
        ("11月27日全天请假", "27 00:00", "28 00:00"),
        ("下午请假", "23 12:00", "23 18:00"),
    ],
)
def test_when_somebody_is_away(said: str, starts: str, ends: str) -> None:
    found = span(said, NOW)
    assert found
    assert (f"{found[0]:%d %H:%M}", f"{found[1]:%d %H:%M}") == (starts, ends)


@pytest.mark.parametrize(
    "said", ["", "请假", "想请假", "昨天请假", "明天三点请假", "嘎嘎", "9" * 500, "25点请假"]
)
def test_when_it_is_not_said(said: str) -> None:
    assert span(said, NOW) is None
