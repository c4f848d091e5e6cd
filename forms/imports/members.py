"""职工归属: which union workers belong to."""

from __future__ import annotations

from core.errors import Refused
from forms.answers import Answers
from forms.fields import Number, Text
from forms.form import Form
from forms.imports.base import Import, Work
from models.people import Worker
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


def put(work: Work, answers: Answers) -> bool:
    """Let one worker belong to a union; the rule asks whether both are in reach."""
    worker = work.db.get(Worker, answers["worker"])
    if worker is None:
        raise Refused("not_found")
    union = organisations.named(work.db, answers["union"])
    if union is None or not work.staff.organisation.has_within(union):
        raise Refused("no_such_union")
    return members.move(work.db, work.staff, worker, union, now=work.now, reason=answers["reason"])


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
