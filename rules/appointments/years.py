"""A year whose holidays nobody entered yet: staff are warned in time, and nothing is booked in it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import local
from core.db import insert_new
from core.workdays import Workdays
from models.appointments import Professional, Service, YearWarning
from models.people import Staff
from rules.access import Permission, roles_with
from rules.notices import tell


def missing_year(workdays: Workdays, now: datetime, *, days: int) -> int | None:
    """The year without holidays that is under way, or begins within so many days; None when all is well."""
    today = local(now).date()
    for year in (today.year, today.year + 1):
        if not workdays.knows(year) and date(year, 1, 1) - timedelta(days=days) <= today:
            return year
    return None


def warn_missing(db: Session, now: datetime, *, workdays: Workdays, days: int) -> int:
    """Tell whoever plans appointments in unions with services, and all professionals, once for each year. How many."""
    year = missing_year(workdays, now, days=days)
    if year is None:
        return 0
    unions = select(Service.organisation_id)
    professionals = select(Professional.staff_id)
    planners = sorted(roles_with(Permission.APPOINTMENTS_PLAN))
    told = 0
    for staff in db.scalars(
        select(Staff).where(
            Staff.worker_id.is_not(None),
            Staff.disabled_at.is_(None),
            Staff.id.in_(professionals) | (Staff.organisation_id.in_(unions) & Staff.role.in_(planners)),
        )
    ).all():
        if insert_new(db, YearWarning, year=year, staff_id=staff.id, told_at=now):
            assert staff.worker_id is not None
            tell(db, staff.worker_id, "year_missing", now=now, year=year)
            told += 1
    return told
