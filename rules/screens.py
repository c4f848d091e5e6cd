"""A union's figures on a screen in the office, where nobody is logged in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db import insert_new
from core.errors import Refused
from models.figures import Screen
from models.people import Organisation, Staff
from rules import access, audit
from rules.access import Permission
from rules.logins import tokens

DAYS: Final = 30
"""So long an address opens."""


def hang(db: Session, staff: Staff, union: Organisation, *, now: datetime) -> str:
    """What the address holds that shows this union's figures from now on; the one before opens nothing any more.

    Raises Refused("not_found").
    """
    access.need(staff, Permission.DASHBOARD_SEE)
    access.need_within(staff, union)
    token = tokens.new()
    facts = {"staff_id": staff.id, "token": tokens.hashed(token), "hung_at": now}
    if not insert_new(db, Screen, organisation_id=union.id, **facts):
        db.execute(update(Screen).where(Screen.organisation_id == union.id).values(**facts))
    audit.note(db, staff, "figures_wall", f"union:{union.id}", now=now)
    return token


def of(db: Session, staff: Staff, union: Organisation, *, now: datetime) -> Screen | None:
    """The screen of a union while it shows something, for whoever may know of it."""
    screen = db.scalar(
        access.scoped(db, staff, Screen, now=now)
        .where(Screen.organisation_id == union.id)
        .execution_options(populate_existing=True)
    )
    return screen if screen is not None and _is_on(db, screen, now) else None


def until(screen: Screen) -> datetime:
    """When its address stops to open."""
    return screen.hung_at + timedelta(days=DAYS)


def shown(db: Session, token: str, *, now: datetime) -> tuple[Organisation, Staff]:
    """Whose figures this address shows, and in whose name: of whoever may not see them any more they are gone.

    Raises Refused("not_found").
    """
    screen = db.scalar(select(Screen).where(Screen.token == tokens.hashed(token)))
    if screen is None or not _is_on(db, screen, now):
        raise Refused("not_found")
    return db.get_one(Organisation, screen.organisation_id), screen.staff


def _is_on(db: Session, screen: Screen, now: datetime) -> bool:
    staff = screen.staff
    union = db.get_one(Organisation, screen.organisation_id)
    may = access.may(staff, Permission.DASHBOARD_SEE) and staff.organisation.has_within(union)
    return may and staff.disabled_at is None and now < until(screen)
