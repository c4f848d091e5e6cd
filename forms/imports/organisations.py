"""单位: the tree of unions, each after the one above it."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Outcome
from forms.answers import Answers
from forms.fields import Text
from forms.form import Form
from forms.imports.base import Import, Work
from rules import tree
from rules.access import Permission

FORM = Form(
    "organisations",
    "单位",
    1,
    (
        Text(
            "name", "单位名称", "单位叫什么？", example="白鹭街道总工会", shortest=2, longest=tree.NAME_LENGTH
        ),
        Text("above", "上级单位", "上级是哪个单位？", example="城南区总工会", longest=tree.NAME_LENGTH),
    ),
)


def put(work: Work, rows: Sequence[Answers]) -> Sequence[Outcome]:
    """Add the unions; those that hang there already are left as they are."""
    wanted = [(row["name"], row["above"]) for row in rows]
    return tree.add_all(work.db, work.staff, wanted, now=work.now, dry=work.dry)


IMPORT = Import(
    FORM,
    "新增单位，一行一个，上级写在下级前面。已经有的不会重复。",
    Permission.ORGANISATIONS_CHANGE,
    key=lambda answers: answers["name"],
    put=put,
    said={
        "no_such_union": "没有找到上级单位，上级要写在前面的行里，或者已经有了。",
        "elsewhere": lambda above: f"这个单位已经有了，在“{above or '别的单位'}”下面。",
        "too_deep": "单位最多四级，这一个太深了。",
        "name_taken": "这个名字已经有单位用了。",
        "bad_name": "名字太短或者太长。",
    },
    examples=(("白鹭街道总工会", "城南区总工会"), ("白鹭纺织厂工会", "白鹭街道总工会")),
)
