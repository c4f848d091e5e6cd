"""Who may do what: the table of roles and permissions, and the one condition that says whom somebody reaches."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from core.errors import Refused
from models.people import Organisation, Staff, Worker
from rules import organisations


class Role(enum.StrEnum):
    """What somebody on the staff is there for: 经办, 审核, 主任, 系统管理员, 专业人士, 值班."""

    CLERK = "clerk"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    PROFESSIONAL = "professional"
    DUTY = "duty"


class Permission(enum.StrEnum):
    """One thing that a role may do, always within the subtree of the member's union. docs/access.md has the words."""

    HOME_SEE = "home_see"
    PROFILES_REVIEW = "profiles_review"
    CONVERSATIONS_ANSWER = "conversations_answer"
    WORKERS_SEE = "workers_see"
    WORKERS_UNMASK = "workers_unmask"
    WORKERS_CHANGE = "workers_change"
    WALLS_PRINT = "walls_print"
    APPOINTMENTS_PLAN = "appointments_plan"
    EXAMS_PLAN = "exams_plan"
    SIGN_UPS_SEE = "sign_ups_see"
    BROADCASTS_WRITE = "broadcasts_write"
    BROADCASTS_APPROVE = "broadcasts_approve"
    EXPORT = "export"
    ORGANISATIONS_CHANGE = "organisations_change"
    STAFF_MANAGE = "staff_manage"
    AUDIT_SEE = "audit_see"
    HEALTH_SEE = "health_see"
    SETTINGS_SEE = "settings_see"


_P = Permission

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.CLERK: frozenset(
            {
                _P.HOME_SEE,
                _P.CONVERSATIONS_ANSWER,
                _P.WORKERS_SEE,
                _P.WALLS_PRINT,
                _P.APPOINTMENTS_PLAN,
                _P.EXAMS_PLAN,
                _P.SIGN_UPS_SEE,
                _P.BROADCASTS_WRITE,
                _P.EXPORT,
            }
        ),
        Role.REVIEWER: frozenset(
            {
                _P.HOME_SEE,
                _P.PROFILES_REVIEW,
                _P.CONVERSATIONS_ANSWER,
                _P.WORKERS_SEE,
                _P.WALLS_PRINT,
                _P.SIGN_UPS_SEE,
                _P.BROADCASTS_APPROVE,
            }
        ),
        Role.MANAGER: frozenset(_P) - {_P.ORGANISATIONS_CHANGE, _P.SETTINGS_SEE},
        Role.ADMINISTRATOR: frozenset(_P),
        Role.PROFESSIONAL: frozenset({_P.HOME_SEE}),
        Role.DUTY: frozenset(
            {_P.HOME_SEE, _P.CONVERSATIONS_ANSWER, _P.WORKERS_SEE, _P.WORKERS_UNMASK},
        ),
    }
)
"""The one table; docs/access.md shows it, and a test compares the two."""


def may(staff: Staff, permission: Permission) -> bool:
    """Whether the role of this member has the permission. An unknown role has none."""
    return staff.role in PERMISSIONS and permission in PERMISSIONS[Role(staff.role)]


def need(staff: Staff, *permissions: Permission) -> None:
    """Refuse whoever has none of these permissions, as if what they ask for did not exist."""
    if not any(may(staff, permission) for permission in permissions):
        raise Refused("not_found")


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles that have this permission."""
    return frozenset(role for role, held in PERMISSIONS.items() if permission in held)


def may_give(staff: Staff, role: Role) -> bool:
    """Whether this member may make somebody this: never more than they may do themselves."""
    return may(staff, Permission.STAFF_MANAGE) and PERMISSIONS[role] <= PERMISSIONS[Role(staff.role)]


def need_within(staff: Staff, organisation: Organisation | None) -> None:
    """Refuse what belongs to a union that is not this member's nor below it, as if it did not exist."""
    if organisation is None or not staff.organisation.has_within(organisation):
        raise Refused("not_found")


def need_reach(db: Session, staff: Staff, worker: Worker, *, now: datetime) -> None:
    """Refuse whoever's union is not below this member's, as if that person did not exist."""
    need_within(staff, organisations.of_worker(db, worker, now=now))


def within_reach(db: Session, staff: Staff, *, now: datetime) -> ColumnElement[bool]:
    """The same as `need_reach`, as a condition on a query that joins Worker and, outer, Organisation."""
    return organisations.answers_for(db, staff.organisation, now=now)
