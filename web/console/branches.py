"""单位: one union changed: called something else, hung elsewhere, or given new ones below it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from core.errors import Refused
from models.people import LEVELS, Organisation, Staff, Worker
from rules import access, tree
from rules.access import Permission
from web.console import words
from web.console.forms import Form, Length, SelectField, StringField, line, needed
from web.console.gate import Desk, Pages, page, say, to

pages = Pages("organisations")
_P = Permission.ORGANISATIONS_CHANGE


_NAMED = (
    needed("写单位的全称。"),
    Length(min=2, max=tree.NAME_LENGTH, message="写 %(min)d 到 %(max)d 个字。"),
)


class NameForm(Form):
    """What a union is called."""

    name = StringField("名称", _NAMED, filters=[line])


class BelowForm(Form):
    """A new union."""

    below = StringField("下级单位的名称", _NAMED, filters=[line])


class AboveForm(Form):
    """Where it hangs."""

    above = SelectField("上级单位", coerce=str)


@pages.route("/organisations/<small:number>", needs=_P)
def one(desk: Desk, number: int) -> Any:
    """One union, and what can be changed."""
    return _shown(desk, _one(desk, number))


@pages.route("/organisations/<small:number>/name", needs=_P, methods=("POST",))
def rename(desk: Desk, number: int) -> Any:
    """Call it something else."""
    union, form = _one(desk, number), NameForm()
    if not form.read():
        return _shown(desk, union, 422, name=form)
    try:
        tree.rename(desk.db, desk.staff, union, form.name.data or "", now=desk.now)
    except Refused as refused:
        form.refuse(refused, "name")
        return _told(desk, number, refused, name=form)
    say(f"现在叫“{union.name}”。")
    return to("organisations.one", number=number)


@pages.route("/organisations/<small:number>/below", needs=_P, methods=("POST",))
def add(desk: Desk, number: int) -> Any:
    """Put a new union below it."""
    union, form = _one(desk, number), BelowForm()
    if not form.read():
        return _shown(desk, union, 422, below=form)
    try:
        made = tree.add(desk.db, desk.staff, form.below.data or "", union, now=desk.now)
    except Refused as refused:
        form.refuse(refused, "below")
        return _told(desk, number, refused, below=form)
    say(f"{made.name} 建好了。")
    return to("organisations.one", number=number)


@pages.route("/organisations/<small:number>/above", needs=_P, methods=("POST",))
def move(desk: Desk, number: int) -> Any:
    """Hang it under another union, with all below it."""
    union, form = _one(desk, number), AboveForm()
    form.above.choices = _aboves(desk, union)
    if not form.read():
        return _shown(desk, union, 422, above=form)
    to_union = access.find(desk.db, desk.staff, Organisation, int(form.above.data), now=desk.now)
    try:
        tree.move(desk.db, desk.staff, union, to_union, now=desk.now)
    except Refused as refused:
        form.refuse(refused, "above")
        return _told(desk, number, refused, above=form)
    say(f"{union.name} 挂到 {to_union.name} 下面了，下级单位、职工和同事一起过去。")
    return to("organisations.one", number=number)


def _one(desk: Desk, number: int) -> Organisation:
    return access.find(desk.db, desk.staff, Organisation, number, now=desk.now)


def _aboves(desk: Desk, union: Organisation) -> list[tuple[str, str]]:
    """Where a union may hang: in one's own branch, not below itself, with room for one more level."""
    found = desk.db.scalars(
        access.scoped(desk.db, desk.staff, Organisation, now=desk.now)
        .where(~Organisation.path.startswith(union.path, autoescape=True), Organisation.level < max(LEVELS))
        .order_by(Organisation.path)
    ).all()
    top = min((one.level for one in found), default=1)
    return [(str(one.id), "\u3000" * (one.level - top) + one.name) for one in found]


def _told(desk: Desk, number: int, refused: Refused, **forms: Any) -> Any:
    if refused.code == "not_found":
        raise refused
    desk.db.rollback()
    return _shown(desk, _one(desk, number), 422, problem=words.refusal(refused), **forms)


def _shown(
    desk: Desk,
    union: Organisation,
    status: int = 200,
    *,
    name: NameForm | None = None,
    below: BelowForm | None = None,
    above: AboveForm | None = None,
    problem: str = "",
) -> Any:
    db = desk.db
    if name is None:
        name = NameForm()
        name.process(data={"name": union.name})
    if above is None:
        above = AboveForm()
        above.above.choices = _aboves(desk, union)
        above.process(data={"above": str(union.parent_id)})
    return page(
        "organisation.html",
        status,
        union=union,
        parent=db.get(Organisation, union.parent_id) if union.parent_id else None,
        is_own=union.id == desk.staff.organisation_id,
        children=db.scalars(
            select(Organisation).where(Organisation.parent_id == union.id).order_by(Organisation.id)
        ).all(),
        workers=db.scalar(select(func.count()).where(Worker.organisation_id == union.id)),
        colleagues=db.scalar(select(func.count()).where(Staff.organisation_id == union.id)),
        has_room=union.level < max(LEVELS),
        name=name,
        below=below or BelowForm(),
        above=above,
        problem=problem,
        name_length=tree.NAME_LENGTH,
    )
