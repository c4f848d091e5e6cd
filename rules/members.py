"""Which union a worker belongs to, where staff say so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import Refused
from core.visible import tidy
from models.people import Organisation, Staff, Worker
from rules import access, audit, people
from rules.access import Permission


def move(
    db: Session, staff: Staff, worker: Worker, organisation: Organisation, *, now: datetime, reason: str
) -> bool:
    """Let a worker in this member's reach belong to a union in this member's reach; False where they already do.

    Raises Refused: not_found, reason_needed, just_gone.
    """
    access.need(staff, Permission.WORKERS_CHANGE)
    access.need_reach(db, staff, worker, now=now)
    access.need_within(staff, organisation)
    reason = tidy(reason)
    if not reason:
        raise Refused("reason_needed")
    if not people.hold(db, worker):
        raise Refused("just_gone")
    if worker.organisation_id == organisation.id:
        return False
    before = worker.organisation_id
    worker.organisation_id = organisation.id
    audit.note(
        db,
        staff,
        "worker_move",
        f"worker:{worker.id}",
        now=now,
        reason=reason,
        before={"organisation": before},
        after={"organisation": organisation.id},
    )
    return True
