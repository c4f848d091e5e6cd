"""职工归属: which union workers belong to."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Outcome
from forms.answers import Answers
from forms.fields import Number, Text
from forms.form import Form
from forms.imports.base import Import, Work
from rules import members, organisations
from rules.access import Permission

FORM = Form(
    "members",
    "职工归属",
    1,
    (
        Number("worker", "职工编号", "职工编号是多少？", example="1024", low=1, high=10**12),
        Text("union", "单位", "归到哪个单位？", example="城南区总工会", longest=100),
        Text("reason", "原因", "为什么？", example="入会登记", longest=100),
    ),
)


def put(work: Work, rows: Sequence[Answers]) -> Sequence[Outcome]:
    """Let workers belong to unions; the rule asks whether both are in reach."""
    unions = organisations.by_name(work.db, {row["union"] for row in rows})
    moves = [members.Move(row["worker"], unions.get(row["union"]), row["reason"]) for row in rows]
    return members.move(work.db, work.staff, moves, now=work.now, dry=work.dry)


IMPORT = Import(
    FORM,
    "把职工归到单位，一行一位，编号在“职工”列表里。",
    Permission.WORKERS_CHANGE,
    key=lambda answers: answers["worker"],
    put=put,
    said={
        "not_found": "没有找到这位职工。",
        "just_gone": "这位职工刚刚注销或者合并了。",
        "no_such_union": "没有找到这个单位。",
    },
    examples=(("1024", "城南区总工会", "入会登记"),),
)
