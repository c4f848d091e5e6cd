"""The tree of unions, and who belongs where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, or_, select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.events import Event
from models.people import LEVELS, Organisation, Worker


def add(db: Session, name: str, parent: Organisation | None = None) -> Organisation:
    """Put a union below another one, or at the top."""
    made = planned(name, parent, named(db, name))
    place(db, [(made, parent)])
    return made


def planned(name: str, parent: Organisation | None, there: Organisation | None) -> Organisation:
    """The union that would be, not in the database before `place`; `there` has its name already.

    Raises Refused: too_deep, name_taken.
    """
    level = parent.level + 1 if parent else 1
    if level not in LEVELS:
        raise Refused("too_deep")
    if there is not None:
        raise Refused("name_taken")
    return Organisation(name=name, level=level, path=f"{_path(parent)}?/")


def place(db: Session, made: Sequence[tuple[Organisation, Organisation | None]]) -> None:
    """Put planned unions below theirs, level by level: a path has the numbers of all above."""
    for level in LEVELS:
        here = [(one, parent) for one, parent in made if one.level == level]
        for one, parent in here:
            one.parent_id = parent.id if parent else None
            db.add(one)
        db.flush()
        for one, parent in here:
            one.path = f"{_path(parent)}{one.id}/"
    db.flush()


def _path(parent: Organisation | None) -> str:
    return parent.path if parent else "/"


def named(db: Session, name: str) -> Organisation | None:
    """The union of exactly this name."""
    return by_name(db, (name,)).get(name)


def by_name(db: Session, names: Iterable[str]) -> dict[str, Organisation]:
    """The unions of exactly these names, as they are now."""
    query = select(Organisation).where(Organisation.name.in_(set(names)))
    return {one.name: one for one in db.scalars(query.execution_options(populate_existing=True))}


def fair_for(db: Session, organisation: Organisation | None, *, now: datetime) -> Event | None:
    """The fair where people of this union meet: the one that is on, else the next one; None when none is planned.

    A union's fairs are its own and those of the unions above it. Somebody without a union meets at any.
    """
    has_begun = case((Event.starts_at <= now, 0), else_=1)
    fairs = (
        select(Event)
        .where(Event.kind == "fair", Event.ends_at > now)
        .order_by(has_begun, Event.starts_at, Event.id)
        .limit(1)
    )
    if organisation:
        fairs = fairs.where(
            Event.organisation_id.in_([int(part) for part in organisation.path.strip("/").split("/")])
        )
    return db.scalar(fairs)


def of_worker(db: Session, worker: Worker, *, now: datetime) -> Organisation | None:
    """The union that answers for this person.

    Somebody who named none came for the fair, so the union that holds it answers; when there is no fair either, the
    union at the top does, so that nobody is out of everybody's reach.
    """
    if worker.organisation_id is not None:
        return db.get(Organisation, worker.organisation_id)
    return of_nobody(db, now=now)


def of_nobody(db: Session, *, now: datetime) -> Organisation | None:
    """The union that answers for people without one."""
    fair = fair_for(db, None, now=now)
    if fair:
        return db.get(Organisation, fair.organisation_id)
    return db.scalar(
        select(Organisation).where(Organisation.parent_id.is_(None)).order_by(Organisation.id).limit(1)
    )


def answers_for(db: Session, organisation: Organisation, *, now: datetime) -> ColumnElement[bool]:
    """Whom this union answers for, as a condition on a query that joins Worker and, outer, Organisation."""
    below = Organisation.path.startswith(organisation.path, autoescape=True)
    nobodys = of_nobody(db, now=now)
    if nobodys and organisation.has_within(nobodys):
        return or_(below, Worker.organisation_id.is_(None))
    return below
