"""The queue of profiles that wait to be read by staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from core.errors import Refused
from models.matchmaking import Profile, ProfileMove, ProfileState
from models.people import Staff
from rules import access
from rules.access import Permission


def queue(db: Session, staff: Staff, *, now: datetime) -> Select[Profile]:
    """The profiles in review that this member may decide on, in no order; never the member's own."""
    access.need(staff, Permission.PROFILES_REVIEW)
    query = access.scoped(db, staff, Profile, now=now).where(Profile.state == ProfileState.IN_REVIEW)
    if staff.worker_id is not None:
        query = query.where(Profile.worker_id != staff.worker_id)
    return query


def one(db: Session, staff: Staff, profile_id: int, *, now: datetime) -> Profile:
    """A profile in this member's reach, whatever its state, or Refused("not_found")."""
    access.need(staff, Permission.PROFILES_REVIEW)
    return access.find(db, staff, Profile, profile_id, now=now)


@dataclass(frozen=True)
class Place:
    """Where a profile stands in the queue: its number (0: not in it), how many there are, and its neighbours."""

    number: int
    count: int
    before: int | None
    after: int | None


def place(db: Session, staff: Staff, profile: Profile, *, now: datetime) -> Place:
    """Where the profile stands, or stood, in the queue."""
    waiting = queue(db, staff, now=now)
    key = tuple_(Profile.submitted_at, Profile.id)
    here = tuple_(profile.submitted_at, profile.id)
    ids = waiting.with_only_columns(Profile.id)
    earlier = ids.where(or_(Profile.submitted_at < profile.submitted_at, key < here))
    later = ids.where(key > here)
    count = db.scalar(select(func.count()).select_from(ids.subquery())) or 0
    ahead = db.scalar(select(func.count()).select_from(earlier.subquery())) or 0
    is_in = profile.state == ProfileState.IN_REVIEW
    return Place(
        ahead + 1 if is_in else 0,
        count,
        db.scalar(earlier.order_by(Profile.submitted_at.desc(), Profile.id.desc()).limit(1)),
        db.scalar(later.order_by(Profile.submitted_at, Profile.id).limit(1)),
    )


def following(db: Session, staff: Staff, profile: Profile, *, now: datetime) -> int | None:
    """The profile to read after this one: the next in the queue, else the oldest that still waits."""
    waiting = queue(db, staff, now=now).with_only_columns(Profile.id)
    oldest = waiting.order_by(Profile.submitted_at, Profile.id).limit(1)
    return place(db, staff, profile, now=now).after or db.scalar(oldest)


def hold(db: Session, profile: Profile, read_at: datetime) -> None:
    """Keep the profile as the reviewer has read it until the end of the transaction.

    Raises Refused("profile_changed") when its person handed in another text since `read_at`, which is the
    `submitted_at` of what was read.
    """
    held = db.execute(
        update(Profile)
        .where(Profile.id == profile.id, Profile.submitted_at == read_at)
        .values(submitted_at=read_at)
        .returning(Profile.id)
        .execution_options(synchronize_session=False)
    )
    if held.first() is None:
        db.refresh(profile)
        raise Refused("profile_changed")


def moves(db: Session, profile: Profile) -> Sequence[tuple[ProfileMove, Staff | None]]:
    """What happened to the profile, newest first, and who did it."""
    found = db.execute(
        select(ProfileMove, Staff)
        .outerjoin(Staff, Staff.id == ProfileMove.staff_id)
        .where(ProfileMove.profile_id == profile.id)
        .order_by(ProfileMove.id.desc())
    )
    return [(move, staff) for move, staff in found]
