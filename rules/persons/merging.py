"""Two records of one person are made one: somebody came with two phones.

What hangs on the one that goes moves to the one that stays, and its phone becomes a second phone of that person: the
next message from it lands on the record that stays. What cannot be decided for them is refused, and shown before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.errors import Refused
from core.visible import tidy
from models import broadcasts, events, messages
from models.appointments import Booking, BookingState
from models.base import Base
from models.exams import SignUp
from models.matchmaking import Profile, ProfileState
from models.people import Staff, Worker
from models.persons import Merge, OtherPhone
from rules import access, waiting
from rules import audit as audits
from rules import people as phones
from rules.access import Permission
from rules.persons import erasing
from rules.persons.moving import move_all

AT_REST: Final = timedelta(seconds=30)
"""After so long nothing that was under way can still write to the record that is gone."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why two records can't be merged: a code for words, and what they name."""

    code: str
    facts: Mapping[str, Any]


def both(db: Session, staff: Staff, keep_id: int, gone_id: int, *, now: datetime) -> tuple[Worker, Worker]:
    """The two records, in the reach of somebody who may merge. Raises Refused: not_found."""
    access.need(staff, Permission.WORKERS_CHANGE)
    keep = access.find(db, staff, Worker, keep_id, now=now)
    gone = access.find(db, staff, Worker, gone_id, now=now)
    if keep.id == gone.id:
        raise Refused("not_found")
    return keep, gone


def problems(db: Session, keep: Worker, gone: Worker, *, now: datetime) -> list[Problem]:
    """What staff have to settle first; nothing of it is decided for the person."""
    found: list[Problem] = []
    pair = (keep.id, gone.id)
    if db.scalar(select(Staff.id).where(Staff.worker_id.in_(pair)).limit(1)) is not None:
        found.append(Problem("bound_staff", {}))  # or a phone could be merged into somebody's console
    kept, moved = erasing.profile_of(db, keep.id), erasing.profile_of(db, gone.id)
    if kept is not None and moved is not None and moved.state != ProfileState.WITHDRAWN:
        is_other = kept.state == ProfileState.WITHDRAWN
        found.append(Problem("profile_on_other" if is_other else "two_profiles", {}))
    one, other = aliased(Booking), aliased(Booking)
    overlapping = (
        select(one, other)
        .join(other, (other.worker_id == gone.id) & (one.starts_at < other.ends_at) & (other.starts_at < one.ends_at))
        .where(
            one.worker_id == keep.id,
            one.ends_at > now,
            one.state == BookingState.BOOKED,
            other.state == BookingState.BOOKED,
        )
    )  # fmt: skip
    found += [
        Problem("bookings_overlap", {"first": first.code, "second": second.code})
        for first, second in db.execute(overlapping)
    ]
    mine, theirs = aliased(SignUp), aliased(SignUp)
    twice = (
        select(mine.number, theirs.number)
        .join(theirs, (theirs.sitting_id == mine.sitting_id) & (theirs.worker_id == gone.id))
        .where(
            mine.worker_id == keep.id,
            mine.state.in_(waiting.LIVE),
            theirs.state.in_(waiting.LIVE),
        )
    )
    found += [
        Problem("same_sitting", {"first": first, "second": second}) for first, second in db.execute(twice)
    ]
    return found


def count(db: Session, worker: Worker) -> dict[str, int]:
    """How many rows of each table that staff may know of hang on a record, by the table's name; for a preview."""
    found: dict[str, int] = {}
    for table in COUNTED:
        owner: Any = table
        number = db.scalar(select(func.count()).select_from(table).where(owner.worker_id == worker.id))
        found[table.__tablename__] = number or 0
    return found


COUNTED: Final[tuple[type[Base], ...]] = (
    *(Profile, Booking, SignUp, messages.Notice, messages.Handover, events.CheckIn, broadcasts.Mute),
)


def merge(db: Session, staff: Staff, keep_id: int, gone_id: int, *, reason: str, now: datetime) -> Worker:
    """Make two records one: `keep_id` stays. Raises Refused: not_found, reason_needed, just_gone, or the first of
    `problems`."""
    keep, gone = both(db, staff, keep_id, gone_id, now=now)
    reason = tidy(reason)
    if not reason:
        raise Refused("reason_needed")
    if not phones.hold(db, keep, gone):
        raise Refused("just_gone")
    if found := problems(db, keep, gone, now=now):
        raise Refused(found[0].code, **found[0].facts)
    openid, followed_at, unfollowed_at = gone.openid, gone.followed_at, gone.unfollowed_at
    before = {"keep": keep.id, "gone": gone.id, "union": gone.organisation_id}
    keep.organisation_id = keep.organisation_id or gone.organisation_id
    keep.created_at = min(keep.created_at, gone.created_at)
    gone.openid, gone.organisation_id = f"{erasing.GONE}{gone.id}", None
    gone.followed_at, gone.unfollowed_at, gone.gone_at = None, now, now
    db.flush()
    move_all(db, keep.id, gone.id, now)
    db.add(Merge(gone_id=gone.id, kept_id=keep.id, staff_id=staff.id, at=now))
    db.add(OtherPhone(openid=openid, worker_id=keep.id, followed_at=followed_at, unfollowed_at=unfollowed_at))
    db.flush()
    if not keep.is_following and unfollowed_at is None:
        phones.change_phone(db, openid)
    db.expire_all()
    audits.note(db, staff, "worker_merge", f"worker:{keep.id}", now=now, reason=reason, before=before)
    audits.note(db, staff, "worker_merge", f"worker:{gone.id}", now=now, reason=reason, before=before)
    return db.get_one(Worker, keep_id)


def settle_due(db: Session, now: datetime) -> int:
    """What was under way at the moment of a merge, and landed on the record that is gone, follows. How many merges."""
    due = db.scalars(select(Merge).where(Merge.settled_at.is_(None), Merge.at <= now - AT_REST)).all()
    for one in due:
        move_all(db, one.kept_id, one.gone_id, now)
        one.settled_at = now
    return len(due)


def kept_of(db: Session, worker_id: int) -> int | None:
    """The record into which this one was merged."""
    return db.scalar(select(Merge.kept_id).where(Merge.gone_id == worker_id))
