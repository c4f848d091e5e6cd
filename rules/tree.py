"""The tree of unions, as staff change it, within their own branch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db import hold
from core.errors import Outcome, Refused, all_are_right, outcomes
from core.visible import tidy
from models.people import LEVELS, Organisation, Staff
from rules import access, audit, organisations
from rules.access import Permission

NAME_LENGTH: Final = 100


def add(db: Session, staff: Staff, name: str, above: Organisation, *, now: datetime) -> Organisation:
    """A new union below one in this member's reach. Raises Refused: not_found, bad_name, too_deep, name_taken."""
    access.need(staff, Permission.ORGANISATIONS_CHANGE)
    access.need_within(staff, above)
    _hold(db, above)
    db.refresh(above)
    name = _name(name)
    made = organisations.planned(name, above, organisations.named(db, name))
    _place(db, staff, [(made, above)], now)
    return made


def add_all(
    db: Session, staff: Staff, wanted: Sequence[tuple[str, str]], *, now: datetime, dry: bool = False
) -> list[Outcome]:
    """New unions, each with the name of the one above it, which is there or comes before it; those that hang there
    already are left as they are.

    All or none: where one is refused, or with `dry`, nothing is done, only said what would be. Refused: no_such_union,
    elsewhere (below which one, where this member may know), bad_name, too_deep.
    """
    access.need(staff, Permission.ORGANISATIONS_CHANGE)
    if not dry:
        _hold(db, staff.organisation)
        db.refresh(staff.organisation)
    known = organisations.by_name(db, (tidy(name) for pair in wanted for name in pair))
    ids = {one.parent_id for one in known.values()}
    parents = {one.id: one for one in db.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
    above_of = {name: parents.get(one.parent_id or 0) for name, one in known.items()}
    made: list[tuple[Organisation, Organisation]] = []

    def judge(pair: tuple[str, str]) -> bool:
        name, above = _name(pair[0]), known.get(tidy(pair[1]))
        if above is None or not staff.organisation.has_within(above):
            raise Refused("no_such_union")
        there = known.get(name)
        if there is None:
            known[name], above_of[name] = organisations.planned(name, above, None), above
            made.append((known[name], above))
            return True
        if above_of[name] is not above:
            may_know = staff.organisation.has_within(there)
            hangs_below = above_of[name] if may_know else None
            raise Refused("elsewhere", above=hangs_below.name if hangs_below else None)
        return False

    found = outcomes(judge, wanted)
    if not dry and all_are_right(found):
        _place(db, staff, made, now)
    return found


def _place(
    db: Session, staff: Staff, made: Sequence[tuple[Organisation, Organisation]], now: datetime
) -> None:
    organisations.place(db, made)
    deeds = (
        audit.Deed(f"organisation:{one.id}", after={"name": one.name, "above": above.id})
        for one, above in made
    )
    audit.note_all(db, staff, "organisation_add", deeds, now=now)


def rename(db: Session, staff: Staff, one: Organisation, name: str, *, now: datetime) -> None:
    """Call a union something else; the same name changes nothing. Raises Refused: not_found, bad_name, name_taken."""
    access.need(staff, Permission.ORGANISATIONS_CHANGE)
    access.need_within(staff, one)
    before, name = one.name, _name(name)
    if name == before:
        return
    _hold(db, one)
    if organisations.named(db, name):
        raise Refused("name_taken")
    one.name = name
    audit.note(
        db,
        staff,
        "organisation_rename",
        f"organisation:{one.id}",
        now=now,
        before={"name": before},
        after={"name": name},
    )


def move(db: Session, staff: Staff, one: Organisation, to: Organisation, *, now: datetime) -> None:
    """Hang a union with all below it under another one; where it hangs already nothing changes.

    Whoever works there, belongs there and what it holds moves along: all of it is found by the path. One's own union
    moves only by those above it. Raises Refused: not_found, into_itself, too_deep.
    """
    access.need(staff, Permission.ORGANISATIONS_CHANGE)
    access.need_within(staff, one)
    access.need_within(staff, to)
    _hold(db, one)
    for found in (one, to, staff.organisation):
        db.refresh(found)
    if one.id == staff.organisation_id or one.parent_id is None:
        raise Refused("not_found")
    if one.parent_id == to.id:
        return
    if one.has_within(to):
        raise Refused("into_itself")
    step = to.level + 1 - one.level
    below = Organisation.path.startswith(one.path, autoescape=True)
    deepest = db.scalar(select(func.max(Organisation.level)).where(below)) or one.level
    if deepest + step > max(LEVELS):
        raise Refused("too_deep")
    before, path = one.parent_id, one.path
    db.execute(
        update(Organisation)
        .where(below)
        .values(
            path=f"{to.path}{one.id}/" + func.substr(Organisation.path, len(path) + 1),
            level=Organisation.level + step,
        )
        .execution_options(synchronize_session=False)
    )
    db.execute(
        update(Organisation)
        .where(Organisation.id == one.id)
        .values(parent_id=to.id)
        .execution_options(synchronize_session=False)
    )
    for moved in db.scalars(
        select(Organisation).where(Organisation.path.startswith(to.path, autoescape=True))
    ).all():
        db.refresh(moved)
    audit.note(
        db,
        staff,
        "organisation_move",
        f"organisation:{one.id}",
        now=now,
        before={"above": before},
        after={"above": to.id},
    )


def _name(name: str) -> str:
    name = tidy(name)
    if not 2 <= len(name) <= NAME_LENGTH:
        raise Refused("bad_name", limit=NAME_LENGTH)
    return name


def _hold(db: Session, one: Organisation) -> None:
    """Keep others from changing the tree until commit: all of them touch its root."""
    root = int(one.path.split("/")[1])
    hold(db, Organisation.level, Organisation.id == root)
