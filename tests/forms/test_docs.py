"""The example in docs/forms.md is a form that works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from forms.engine import Outcome
from forms.lint import lint
from tests.forms.cast import NOW, Talk

DOCS = Path(__file__).resolve().parents[2] / "docs" / "forms.md"


def test_the_example_of_the_docs() -> None:
    example = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
    names: dict[str, Any] = {}
    exec(compile(example, str(DOCS), "exec"), names)  # our own page
    form = names["LECTURE"]
    assert lint(form, now=NOW) == []
    talk = Talk(form)
    talk.all("小间", "12")
    assert talk.text == "小间最多坐 8 个人，换大间或少来几位？"
    talk.all("六个人", "下周二", "不想写", "改1 大间", "改2 12")
    assert "2 12人" in talk.text
    assert talk.say("提交").outcome is Outcome.SUBMIT
    assert talk.turn.answers is not None
    assert talk.turn.answers["people"] == 12
