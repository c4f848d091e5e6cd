"""单位: the tree of unions below one's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from models.people import Organisation, Staff, Worker
from rules import access
from web.console.gate import Desk, Door, Pages, page

pages = Pages("organisations")


@dataclass
class Branch:
    """A union with those below it; the numbers are its own, without theirs."""

    union: Organisation
    workers: int
    staff: int
    below: list[Branch] = field(default_factory=list)

    @property
    def all_workers(self) -> int:
        """The workers of the whole branch."""
        return self.workers + sum(branch.all_workers for branch in self.below)


@pages.route("/organisations", needs=Door.STAFF)
def index(desk: Desk) -> Any:
    """The tree."""
    db = desk.db
    unions = db.scalars(
        access.scoped(db, desk.staff, Organisation, now=desk.now).order_by(Organisation.path)
    ).all()
    ids = [union.id for union in unions]
    workers = _counts(desk, Worker.organisation_id, ids)
    staff = _counts(desk, Staff.organisation_id, ids)
    branches: dict[int, Branch] = {}
    tops: list[Branch] = []
    for union in sorted(unions, key=lambda union: (union.level, union.id)):
        branch = branches[union.id] = Branch(union, workers.get(union.id, 0), staff.get(union.id, 0))
        above = branches.get(union.parent_id or 0)
        (above.below if above else tops).append(branch)
    return page("organisations.html", tops=tops, count=len(ids))


def _counts(desk: Desk, column: Any, ids: list[int]) -> dict[int, int]:
    """Union by union, so that an index has them counted; grouped, the whole table would be read for it."""
    union = Organisation.id
    number = select(func.count()).where(column == union).correlate(Organisation).scalar_subquery()
    rows = desk.db.execute(select(union, number).where(union.in_(ids)))
    return {row[0]: row[1] for row in rows}
