"""Which union a worker belongs to, where staff say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from core.errors import Outcome, Refused, all_are_right, outcomes
from core.visible import tidy
from models.people import Organisation, Staff, Worker
from rules import access, audit, people
from rules.access import Permission


class Move(NamedTuple):
    """Who is to belong where, and why. None: there is no such union."""

    worker_id: int
    to: Organisation | None
    reason: str


def move(
    db: Session, staff: Staff, moves: Sequence[Move], *, now: datetime, dry: bool = False
) -> list[Outcome]:
    """Let workers in this member's reach belong to unions in this member's reach, in a few statements for many.

    All or none: where one is refused, or with `dry`, nothing is done, only said what would be. Refused: not_found,
    no_such_union, reason_needed, just_gone.
    """
    access.need(staff, Permission.WORKERS_CHANGE)
    in_reach = access.scoped(db, staff, Worker, now=now).where(
        Worker.id.in_([one.worker_id for one in moves])
    )
    workers = {one.id: one for one in db.scalars(in_reach.order_by(Worker.id))}
    there = workers.keys() if dry else people.held(db, workers.values())

    def judge(one: Move) -> bool:
        if one.worker_id not in workers:
            raise Refused("not_found")
        if one.to is None or not staff.organisation.has_within(one.to):
            raise Refused("no_such_union")
        if not tidy(one.reason):
            raise Refused("reason_needed")
        if one.worker_id not in there:
            raise Refused("just_gone")
        return workers[one.worker_id].organisation_id != one.to.id

    found = outcomes(judge, moves)
    if not dry and all_are_right(found):
        deeds = []
        for one, changes in zip(moves, found, strict=True):
            if changes and one.to is not None:
                worker = workers[one.worker_id]
                before, after = {"organisation": worker.organisation_id}, {"organisation": one.to.id}
                deeds.append(audit.Deed(f"worker:{worker.id}", tidy(one.reason), before, after))
                worker.organisation_id = one.to.id
        audit.note_all(db, staff, "worker_move", deeds, now=now)
    return found
