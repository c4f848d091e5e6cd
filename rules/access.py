"""Who may do what to what: the table of roles and permissions, and the one scope filter of everything staff see."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, and_, exists, false, inspect, or_, select
from sqlalchemy.orm import Session, aliased

from core.errors import Refused
from models import (
    appointments,
    broadcasts,
    calendar,
    events,
    exams,
    figures,
    imports,
    logins,
    matchmaking,
    messages,
    persons,
    photos,
)
from models.audit import Audit, AuditHead
from models.base import Base
from models.people import Organisation, Staff, Worker
from rules import organisations

Row = TypeVar("Row", bound=Base)


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
    DASHBOARD_SEE = "dashboard_see"
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
    CALENDAR_CHANGE = "calendar_change"
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
                _P.DASHBOARD_SEE,
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
                _P.DASHBOARD_SEE,
                _P.PROFILES_REVIEW,
                _P.CONVERSATIONS_ANSWER,
                _P.WORKERS_SEE,
                _P.WALLS_PRINT,
                _P.SIGN_UPS_SEE,
                _P.BROADCASTS_APPROVE,
            }
        ),
        Role.MANAGER: frozenset(_P) - {_P.ORGANISATIONS_CHANGE, _P.CALENDAR_CHANGE, _P.SETTINGS_SEE},
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
    """Refuse whoever's union is not below this member's, or who is gone, as if that person did not exist."""
    if worker.gone_at is not None:
        raise Refused("not_found")
    need_within(staff, organisations.of_worker(db, worker, now=now))


@dataclass(frozen=True, slots=True)
class Scope:
    """How the rows of a table hang on a union: by a column that names a union, or a row of another table that does.

    Whoever has one of `needs` may know of those that hang on their own union or below it; others know of none.
    """

    by: str
    of: type[Base]
    needs: tuple[Permission, ...]


_TO_ALL = (_P.HOME_SEE,)
_WORKERS = (_P.WORKERS_SEE,)
_PROFILES = (_P.PROFILES_REVIEW, _P.WALLS_PRINT)
_PLANS = (_P.APPOINTMENTS_PLAN,)
_EXAMS = (_P.EXAMS_PLAN, _P.SIGN_UPS_SEE)
_BROADCASTS = (_P.BROADCASTS_WRITE, _P.BROADCASTS_APPROVE)

SCOPES: Final[Mapping[type[Base], Scope]] = MappingProxyType(
    {
        Organisation: Scope("id", Organisation, _TO_ALL),
        Staff: Scope("organisation_id", Organisation, (_P.STAFF_MANAGE,)),
        logins.Login: Scope("staff_id", Staff, (_P.STAFF_MANAGE,)),
        logins.LoginAttempt: Scope("staff_id", Staff, (_P.STAFF_MANAGE,)),
        Audit: Scope("organisation_id", Organisation, (_P.AUDIT_SEE,)),
        Worker: Scope("organisation_id", Organisation, _WORKERS),
        messages.Consent: Scope("worker_id", Worker, _WORKERS),
        messages.Notice: Scope("worker_id", Worker, _WORKERS),
        broadcasts.Mute: Scope("worker_id", Worker, _WORKERS),
        broadcasts.WorkerTag: Scope("worker_id", Worker, _WORKERS),
        messages.Handover: Scope("worker_id", Worker, (_P.CONVERSATIONS_ANSWER,)),
        matchmaking.Profile: Scope("worker_id", Worker, _PROFILES),
        matchmaking.ProfileMove: Scope("profile_id", matchmaking.Profile, _PROFILES),
        matchmaking.Report: Scope("profile_id", matchmaking.Profile, (_P.PROFILES_REVIEW,)),
        photos.Photo: Scope("profile_id", matchmaking.Profile, (_P.PROFILES_REVIEW,)),
        matchmaking.Card: Scope("profile_id", matchmaking.Profile, _PROFILES),
        events.Event: Scope("organisation_id", Organisation, _TO_ALL),
        events.CheckIn: Scope("event_id", events.Event, _WORKERS),
        matchmaking.Wall: Scope("event_id", events.Event, _PROFILES),
        appointments.Service: Scope("organisation_id", Organisation, _PLANS),
        appointments.Place: Scope("organisation_id", Organisation, _PLANS),
        appointments.Professional: Scope("staff_id", Staff, _PLANS),
        appointments.Offer: Scope("service_id", appointments.Service, _PLANS),
        appointments.Hours: Scope("professional_id", appointments.Professional, _PLANS),
        appointments.HoursException: Scope("professional_id", appointments.Professional, _PLANS),
        appointments.Booking: Scope("service_id", appointments.Service, _PLANS),
        appointments.BookingMove: Scope("booking_id", appointments.Booking, _PLANS),
        exams.Sitting: Scope("organisation_id", Organisation, _EXAMS),
        exams.SignUp: Scope("sitting_id", exams.Sitting, (_P.SIGN_UPS_SEE,)),
        figures.Figure: Scope("organisation_id", Organisation, (_P.DASHBOARD_SEE,)),
        figures.Screen: Scope("organisation_id", Organisation, (_P.DASHBOARD_SEE,)),
        broadcasts.Broadcast: Scope("organisation_id", Organisation, _BROADCASTS),
        broadcasts.BroadcastVersion: Scope("broadcast_id", broadcasts.Broadcast, _BROADCASTS),
        broadcasts.BroadcastMove: Scope("broadcast_id", broadcasts.Broadcast, _BROADCASTS),
        broadcasts.Batch: Scope("broadcast_id", broadcasts.Broadcast, _BROADCASTS),
        broadcasts.Recipient: Scope("broadcast_id", broadcasts.Broadcast, _BROADCASTS),
    }
)
"""Every table that staff see. A new one is added here, or below with the reason why not; a test says which."""

NOT_FOR_STAFF: Final[frozenset[type[Base]]] = frozenset(
    {
        # what people think of each other, and say to the program, is theirs
        matchmaking.Scan,
        matchmaking.Mark,
        matchmaking.MeetRequest,
        events.Meeting,
        events.Seat,
        messages.Dialog,
        messages.Said,
        messages.Received,
        # what was done to a record is in the audit; the rest of it opens doors or names phones
        persons.OtherPhone,
        persons.Merge,
        persons.Erasure,
        persons.ExportLink,
        # how the program keeps count; what it comes to is seen with the row it belongs to
        AuditHead,
        figures.Tally,
        figures.CountedWeek,
        matchmaking.ProfileKey,
        messages.NoticeAttempt,
        appointments.Tick,
        appointments.Reminder,
        appointments.YearWarning,
        broadcasts.MassReport,
        # what opens doors is nobody's to read
        logins.Credential,
        logins.RecoveryCode,
        logins.Invitation,
        logins.ScanLogin,
        logins.Binding,
        logins.LoginDelay,
        # known to everybody
        exams.Trade,
        exams.Level,
        calendar.CalendarDay,
        # what a file holds until it is brought in is for whoever chose it
        imports.ImportRun,
    }
)


def scoped(db: Session, staff: Staff, entity: type[Row], *, now: datetime) -> Select[Row]:
    """The rows of a table that this member may know of; every list, page, export, count and search starts here.

    Raises KeyError for a table that staff do not see.
    """
    return select(entity).where(in_scope(db, staff, entity, now=now))


def in_scope(db: Session, staff: Staff, entity: type[Base], *, now: datetime) -> ColumnElement[bool]:
    """The same as a condition on a query that has this table; it joins nothing to it."""
    scope = SCOPES[entity]
    if not any(may(staff, permission) for permission in scope.needs):
        return false()
    return _hangs_below(entity, entity, _Reach(db, staff, now))


def find(db: Session, staff: Staff, entity: type[Row], key: Any, *, now: datetime) -> Row:
    """The row with this primary key. Raises Refused("not_found") where there is none that this member may know of."""
    values = key if isinstance(key, tuple) else (key,)
    columns = inspect(entity).primary_key
    same = (column == value for column, value in zip(columns, values, strict=True))
    row = db.scalar(scoped(db, staff, entity, now=now).where(*same))
    if row is None:
        raise Refused("not_found")
    return row


@dataclass(frozen=True, slots=True)
class _Reach:
    db: Session
    staff: Staff
    now: datetime

    def has_nobodys(self, entity: type[Base]) -> bool:
        """Whether rows of this table that name no union are this member's too."""
        if entity is Audit:  # done at the server's own terminal, where no union ends
            return self.staff.organisation.parent_id is None
        if entity is Worker:
            union = organisations.of_nobody(self.db, now=self.now)
            return union is not None and self.staff.organisation.has_within(union)
        return False


def _hangs_below(row: Any, entity: type[Base], reach: _Reach) -> ColumnElement[bool]:
    """Whether `row`, the table of `entity` or an alias of it, hangs on the member's union or one below it."""
    scope = SCOPES[entity]
    column: ColumnElement[Any] = getattr(row, scope.by)
    if scope.of is Organisation:
        union = aliased(Organisation)
        below = union.path.startswith(reach.staff.organisation.path, autoescape=True)
        found: ColumnElement[bool] = column.in_(select(union.id).where(below))
        found = or_(found, column.is_(None)) if reach.has_nobodys(entity) else found
        return and_(found, row.gone_at.is_(None)) if entity is Worker else found
    above: Any = aliased(scope.of)
    return exists().where(above.id == column, _hangs_below(above, scope.of, reach))
