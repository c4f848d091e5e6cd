"""How much the account is used, by week and union, so that nobody can work out what fewer than five people did.

What a week came to is counted for each union by itself (`Tally`), then added up along the tree and thinned out
(`shown`), and only that is kept where staff can see it (`Figure`). So no page, filter or file can tell more than
another one does: docs/decisions/0018-figures.md.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from core.clock import SHANGHAI, local
from core.db import insert_new
from models.appointments import Booking
from models.events import CheckIn
from models.exams import SignUp
from models.figures import CountedWeek, Figure, Tally
from models.matchmaking import Profile
from models.people import Organisation, Staff, Worker
from rules import access, organisations

LEAST: Final = 5
"""Nothing smaller is shown, nor anything from which it could be worked out."""
ROUGH: Final = 10
"""What is not final, or much the same people as the week before, is shown in steps of this: no step tells of one."""
WEEKS: Final = 13
WEEK: Final = timedelta(weeks=1)


class Kind(enum.StrEnum):
    """What is counted."""

    FOLLOWERS = "followers"
    ACTIVE = "active"
    MESSAGES = "messages"
    BOOKINGS = "bookings"
    EXAMS = "exams"
    PROFILES = "profiles"
    CHECKINS = "checkins"


_USED: Final[Mapping[Kind, tuple[Any, Any]]] = {
    Kind.BOOKINGS: (Booking.worker_id, Booking.made_at),
    Kind.EXAMS: (SignUp.worker_id, SignUp.signed_at),
    Kind.PROFILES: (Profile.worker_id, Profile.submitted_at),
    Kind.CHECKINS: (CheckIn.worker_id, CheckIn.at),
}
"""Rows that stand for a service used: whose, and when."""


def monday(moment: datetime) -> date:
    """The Monday of the week that this moment is in, in Shanghai."""
    day = local(moment).date()
    return day - timedelta(days=day.weekday())


def hear(db: Session, heard: Mapping[str, int], *, now: datetime) -> None:
    """Note how many messages came from whom (openid -> number) since the last time."""
    nobodys = organisations.of_nobody(db, now=now)
    week = monday(now)
    counts: dict[int, int] = {}
    for openid, number in heard.items():
        found = db.execute(
            update(Worker)
            .where(Worker.openid == openid)
            .values(heard_at=now)
            .returning(Worker.organisation_id)
            .execution_options(synchronize_session=False)
        ).first()
        union = found and (found[0] or (nobodys.id if nobodys else None))
        if union:
            counts[union] = counts.get(union, 0) + number
    for union, number in counts.items():
        insert_new(db, Tally, week=week, kind=Kind.MESSAGES, organisation_id=union, count=0)
        db.execute(
            update(Tally)
            .where(Tally.week == week, Tally.kind == Kind.MESSAGES, Tally.organisation_id == union)
            .values(count=Tally.count + number)
            .execution_options(synchronize_session=False)
        )


def catch_up(db: Session, *, now: datetime) -> int:
    """Count a week that is over and was not counted yet, the newest first; when there is none, the present one.

    How many weeks that are over were counted: 0 or 1, so that a transaction stays short.
    """
    present = monday(now)
    past = [present - WEEK * number for number in range(1, WEEKS + 1)]
    done = set(db.scalars(select(CountedWeek.week).where(CountedWeek.week >= past[-1])))
    for week in past:
        if week not in done:
            count(db, week, now=now)
            insert_new(db, CountedWeek, week=week)
            return 1
    count(db, present, now=now)
    return 0


def count(db: Session, week: date, *, now: datetime) -> None:
    """Count a week and show what may be shown of it; roughly while it lasts."""
    begins = datetime.combine(week, time(), SHANGHAI)
    ends = begins + WEEK
    tree = _tree(db)
    nobodys = organisations.of_nobody(db, now=now)
    for kind in Kind:
        own = _counted(db, kind, begins, ends, nobodys)
        if kind in (Kind.MESSAGES, Kind.ACTIVE):  # counted as they come, and not seen again later
            known = _tallied(db, week, kind)
            own = {union: max(own.get(union, 0), known.get(union, 0)) for union in {*own, *known}}
        _write(db, week, kind, tree, own, is_over=now >= ends)


def keep(db: Session, week: date, kind: Kind, own: Mapping[int, int]) -> None:
    """Take these numbers (union -> without those below it) for a week that is over, and do not count it any more."""
    _write(db, week, kind, _tree(db), own, is_over=True)
    insert_new(db, CountedWeek, week=week)


def _write(
    db: Session,
    week: date,
    kind: Kind,
    tree: Mapping[int, int | None],
    own: Mapping[int, int],
    *,
    is_over: bool,
) -> None:
    _keep(db, Tally, week, kind, own)
    is_rough = kind is Kind.FOLLOWERS or not is_over
    _keep(db, Figure, week, kind, rough(tree, own) if is_rough else shown(tree, own))


def _counted(
    db: Session, kind: Kind, begins: datetime, ends: datetime, nobodys: Organisation | None
) -> dict[int, int]:
    query: Any = select(Worker.organisation_id, func.count())
    if kind is Kind.MESSAGES:
        return {}
    if kind is Kind.FOLLOWERS:
        query = query.where(
            Worker.followed_at < ends, or_(Worker.unfollowed_at.is_(None), Worker.unfollowed_at >= ends)
        )
    elif kind is Kind.ACTIVE:
        query = query.where(Worker.heard_at >= begins, Worker.heard_at < ends)
    else:
        whose, when = _USED[kind]
        query = query.where(Worker.id == whose, when >= begins, when < ends)
    own: dict[int, int] = {}
    for union, number in db.execute(query.group_by(Worker.organisation_id)):
        at = union or (nobodys.id if nobodys else None)
        if at:
            own[at] = own.get(at, 0) + number
    return own


def _tallied(db: Session, week: date, kind: Kind) -> dict[int, int]:
    rows = db.execute(
        select(Tally.organisation_id, Tally.count).where(Tally.week == week, Tally.kind == kind)
    )
    return {row[0]: row[1] for row in rows}


def _keep(
    db: Session, table: type[Tally] | type[Figure], week: date, kind: Kind, counts: Mapping[int, int]
) -> None:
    db.execute(delete(table).where(table.week == week, table.kind == kind))
    rows = [
        {"week": week, "kind": kind, "organisation_id": union, "count": number}
        for union, number in sorted(counts.items())
        if number
    ]
    if rows:
        db.execute(insert(table), rows)


def _tree(db: Session) -> dict[int, int | None]:
    """Union -> the one above it."""
    return {row[0]: row[1] for row in db.execute(select(Organisation.id, Organisation.parent_id))}


def rough(tree: Mapping[int, int | None], own: Mapping[int, int]) -> dict[int, int]:
    """The count of each union with all below it, in steps of `ROUGH`, never more than it is."""
    return {union: total // ROUGH * ROUGH for union, total in _totals(tree, own).items() if total >= ROUGH}


def shown(tree: Mapping[int, int | None], own: Mapping[int, int]) -> dict[int, int]:
    """The count of each union with all below it, without those that would give away a small one.

    A count that is shown, less those shown below it, is what the rest came to. The rests of all counts part the unions
    into groups, and whatever can be added and taken away is a sum of groups: so it is enough that each group comes to
    nothing or to `LEAST`. Where one doesn't, the smallest count below it is left out, too, and joins it.
    """
    totals = _totals(tree, own)
    below = _below(tree)
    rest: dict[int, int] = {}
    hidden: set[int] = set()

    def tops(union: int) -> Iterator[int]:
        """The counts shown below this one that stand below no other one."""
        for child in below.get(union, ()):
            if child in hidden:
                yield from tops(child)
            else:
                yield child

    for union in _upwards(tree, below):
        rest[union] = own.get(union, 0) + sum(rest[child] for child in _hidden_below(union, below, hidden))
        if totals[union] < LEAST:
            hidden.add(union)
            continue
        while 0 < rest[union] < LEAST:
            found = list(tops(union))
            full = [one for one in found if rest[one]] or found
            taken = min(full, key=lambda one: (totals[one], one))
            hidden.add(taken)
            rest[union] += rest[taken]
    return {union: total for union, total in totals.items() if union not in hidden}


def _hidden_below(union: int, below: Mapping[int, Sequence[int]], hidden: set[int]) -> Iterator[int]:
    """The unions right below that are hidden: what they leave over belongs to this one's rest already."""
    return (child for child in below.get(union, ()) if child in hidden)


def _below(tree: Mapping[int, int | None]) -> dict[int, list[int]]:
    below: dict[int, list[int]] = {}
    for union, above in tree.items():
        if above is not None:
            below.setdefault(above, []).append(union)
    return below


def _upwards(tree: Mapping[int, int | None], below: Mapping[int, Sequence[int]]) -> list[int]:
    """All unions, each after those below it."""
    order: list[int] = []
    waiting = [union for union, above in tree.items() if above is None or above not in tree]
    while waiting:
        union = waiting.pop()
        order.append(union)
        waiting.extend(below.get(union, ()))
    return order[::-1]


def _totals(tree: Mapping[int, int | None], own: Mapping[int, int]) -> dict[int, int]:
    totals = {union: own.get(union, 0) for union in tree}
    for union in _upwards(tree, _below(tree)):
        above = tree[union]
        if above is not None:
            totals[above] += totals[union]
    return totals


@dataclass(frozen=True, slots=True)
class Line:
    """What is shown of one kind for one union: a count for each week, None where it is not shown."""

    kind: Kind
    union: Organisation
    counts: tuple[int | None, ...]


def weeks(now: datetime) -> list[date]:
    """The weeks that are shown, oldest first; the last one is the present one, which is not over."""
    present = monday(now)
    return [present - WEEK * number for number in range(WEEKS, -1, -1)]


def lines(db: Session, staff: Staff, unions: Sequence[Organisation], *, now: datetime) -> list[Line]:
    """What this member may see of these unions, kind by kind."""
    wanted = weeks(now)
    rows = db.scalars(
        access.scoped(db, staff, Figure, now=now).where(
            Figure.week >= wanted[0], Figure.organisation_id.in_([union.id for union in unions])
        )
    )
    known = {(row.kind, row.organisation_id, row.week): row.count for row in rows}
    return [
        Line(kind, union, tuple(known.get((kind, union.id, week)) for week in wanted))
        for kind in Kind
        for union in unions
    ]
