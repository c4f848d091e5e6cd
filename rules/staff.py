"""What staff may do, within the subtree of their union, and the row each of their acts leaves."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db import insert_new
from core.errors import Refused
from models.matchmaking import Profile, ProfileState
from models.messages import Handover
from models.people import Organisation, Staff, Worker
from rules import access, audit, conversations, notices
from rules.access import Permission, Role

ANSWER_LENGTH = 300  # characters; what one customer-service text surely carries

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,39}")


def add(
    db: Session,
    login: str,
    *,
    name: str,
    role: Role,
    organisation: Organisation,
    now: datetime,
    worker: Worker | None = None,
) -> Staff:
    """Let somebody act for a union. `worker` is the same person as a follower of the account."""
    if not _LOGIN.fullmatch(login):
        raise Refused("bad_login")
    if db.scalar(select(Staff.id).where(Staff.login == login)):
        raise Refused("login_taken")
    if worker and db.scalar(select(Staff.id).where(Staff.worker_id == worker.id)):
        raise Refused("worker_taken")
    is_new = insert_new(
        db,
        Staff,
        organisation_id=organisation.id,
        login=login,
        name=name,
        role=role,
        worker_id=worker.id if worker else None,
        created_at=now,
    )
    added = db.scalar(select(Staff).where(Staff.login == login)) if is_new else None
    if added is None:  # somebody else was faster
        raise Refused("login_taken")
    return added


def by_login(db: Session, login: str) -> Staff:
    """The member of staff with this login, who may act."""
    staff = db.scalar(select(Staff).where(Staff.login == login, Staff.disabled_at.is_(None)))
    if staff is None:
        raise Refused("no_such_staff")
    return staff


def waiting_profiles(db: Session, staff: Staff, *, now: datetime) -> list[Profile]:
    """Profiles in review that this member may review, the oldest first; never the member's own."""
    access.need(staff, Permission.PROFILES_REVIEW)
    query = (
        access.scoped(db, staff, Profile, now=now)
        .where(Profile.state == ProfileState.IN_REVIEW)
        .order_by(Profile.submitted_at, Profile.id)
    )
    if staff.worker_id is not None:
        query = query.where(Profile.worker_id != staff.worker_id)
    return list(db.scalars(query))


def open_handovers(db: Session, staff: Staff, *, now: datetime) -> list[Handover]:
    """Conversations that wait for a person and whose worker is in this member's reach, the oldest first."""
    access.need(staff, Permission.CONVERSATIONS_ANSWER)
    return list(
        db.scalars(
            access.scoped(db, staff, Handover, now=now)
            .where(Handover.closed_at.is_(None))
            .order_by(Handover.at, Handover.id)
        )
    )


def answer_handover(db: Session, staff: Staff, handover_id: int, words: str, *, now: datetime) -> None:
    """Tell the person what a member of staff says, and take the conversation off the queue. Of two answers one acts."""
    handover = access.find(db, staff, Handover, handover_id, now=now)
    words = words.strip()
    if not words:
        raise Refused("answer_needed")
    if len(words) > ANSWER_LENGTH:
        raise Refused("answer_too_long", limit=ANSWER_LENGTH)
    closed = db.execute(
        update(Handover)
        .where(Handover.id == handover_id, Handover.closed_at.is_(None))
        .values(closed_at=now, draft=None)
        .returning(Handover.id)
    )
    if closed.first() is None:
        raise Refused("handover_closed")
    conversations.forget(db, handover_id)
    notices.tell(db, handover.worker_id, "staff_answer", now=now, who=staff.name, words=words)
    audit.note(db, staff, "handover_answer", f"handover:{handover_id}", now=now)
