"""Who signed up for a sitting, as staff may see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Refused
from core.visible import tidy
from models.exams import SignUp
from models.people import Staff
from models.waiting import Turn
from rules import access, audit
from rules.access import Permission
from rules.exams.sittings import need


@dataclass(frozen=True, slots=True)
class Row:
    """One sign-up of a list; `place` counts those who wait, from 1. The repr is for logs."""

    number: str
    state: Turn
    place: int | None
    signed_at: datetime
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    phone: str = field(repr=False)
    employer: str = field(repr=False)


def export(
    db: Session,
    staff: Staff,
    sitting_id: int,
    *,
    now: datetime,
    whole: bool = False,
    reason: str = "",
) -> list[Row]:
    """All sign-ups of a sitting in the order of their numbers, masked unless `whole` is asked for by a role that may
    see it; leaves a row that says who had them and why. Raises Refused: not_found, ids_not_yours, export_reason."""
    access.need(staff, Permission.SIGN_UPS_SEE)
    access.need(staff, Permission.EXPORT)
    sitting = need(db, staff, sitting_id)
    if whole and not access.may(staff, Permission.WORKERS_UNMASK):
        raise Refused("ids_not_yours")
    reason = tidy(reason)
    if whole and not reason:
        raise Refused("export_reason")
    signed = db.scalars(select(SignUp).where(SignUp.sitting_id == sitting.id).order_by(SignUp.id)).all()
    line = (one.id for one in signed if one.state == Turn.WAITING)
    place = {sign_up_id: position for position, sign_up_id in enumerate(line, 1)}
    rows = [
        Row(
            one.number,
            Turn(one.state),
            place.get(one.id),
            one.signed_at,
            one.name,
            one.id_number if whole else _masked(one.id_number, 3, 4),
            one.phone if whole else _masked(one.phone, 3, 4),
            one.employer,
        )
        for one in signed
    ]
    act = "exam_export_ids" if whole else "exam_export"
    audit.note(db, staff, act, f"exam:{sitting.id}", now=now, reason=reason or None)
    return rows


def _masked(text: str, first: int, last: int) -> str:
    return f"{text[:first]}{'*' * (len(text) - first - last)}{text[-last:]}"
