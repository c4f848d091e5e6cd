"""Who is on the staff of a union."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import insert_new
from core.errors import Refused
from models.people import Organisation, Staff, Worker
from rules.access import Role

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
