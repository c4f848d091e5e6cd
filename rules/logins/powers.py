"""Who may change whose login."""

from __future__ import annotations

from core.errors import Refused
from models.people import Staff
from rules import access
from rules.access import Permission, Role


def need_power(by: Staff | None, staff: Staff) -> None:
    """Refuse whoever may not change the login of this member: another union's staff, those below, oneself."""
    if by is None:
        return
    access.need(by, Permission.STAFF_MANAGE)
    access.need_within(by, staff.organisation)
    if by.id == staff.id:
        raise Refused("own_account")
    if not access.may_give(by, Role(staff.role)):
        raise Refused("role_above")
