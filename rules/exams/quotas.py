"""A quota that staff change after the sitting was planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import config
from core.errors import Refused
from models.exams import Sitting
from models.people import Staff
from rules import access, audit, waiting
from rules.access import Permission
from rules.exams import sittings
from rules.exams.sign_ups import LINE


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change came to: the quota before, and how many in line were offered one of the new places."""

    before: int
    offered: int


def change(
    db: Session, staff: Staff, sitting_id: int, quota: int, *, now: datetime, limits: config.Waiting
) -> Changed:
    """Give a sitting more places or fewer. New ones are offered to those in line, in order; the rest is free.

    Never fewer than are had or offered: nobody loses a place. The same quota again changes nothing. Raises Refused:
    not_found, bad_quota, exam_begun, quota_taken.
    """
    access.need(staff, Permission.EXAMS_PLAN)
    sitting = sittings.need(db, staff, sitting_id)
    if quota < 1:
        raise Refused("bad_quota")
    if now >= sitting.starts_at:
        raise Refused("exam_begun")
    LINE.lock(db, sitting_id)  # from here on nobody else takes, frees or waits for a place of it
    db.refresh(sitting)
    before = sitting.quota
    if quota == before:
        return Changed(before, 0)
    if quota < sitting.taken:
        raise Refused("quota_taken", taken=sitting.taken)
    offered = min(sitting.waiting, max(quota - before, 0))
    # A place on offer counts as taken, so that no newcomer is faster than those who wait.
    db.execute(
        update(Sitting)
        .where(Sitting.id == sitting_id)
        .values(quota=quota, taken=Sitting.taken + offered)
        .execution_options(synchronize_session=False)
    )
    for _ in range(offered):
        waiting.pass_on(db, LINE, sitting_id, now=now, limits=limits)
    db.refresh(sitting)
    audit.note(
        db,
        staff,
        "exam_quota",
        f"exam:{sitting_id}",
        now=now,
        before={"quota": before},
        after={"quota": quota},
    )
    return Changed(before, offered)
