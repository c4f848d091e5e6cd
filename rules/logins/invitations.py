"""Who gets a login: invited by somebody who may, set up once behind a link, begun anew, closed and opened again.

`by` is the member of staff who acts; None is the operator at the machine itself, who may do anything there anyway.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.config import Console
from core.db import insert_new
from core.errors import Refused
from models.logins import Binding, Credential, Ended, Invitation, RecoveryCode
from models.people import Organisation, Staff, Worker
from rules import access, audit
from rules import staff as staff_rules
from rules.access import Permission, Role
from rules.logins import opened, passwords, powers, tokens


def invite(
    db: Session,
    by: Staff | None,
    *,
    login: str,
    name: str,
    role: Role,
    organisation: Organisation,
    limits: Console,
    now: datetime,
    worker: Worker | None = None,
) -> tuple[Staff, str]:
    """Add somebody to the staff of a union in reach, in no role above one's own; with the token of their link.

    `worker`: the follower they are, if that is known already.
    """
    if by is not None:
        access.need(by, Permission.STAFF_MANAGE)
        access.need_within(by, organisation)
        if not access.may_give(by, role):
            raise Refused("role_above")
    staff = staff_rules.add(
        db, login, name=name, role=role, organisation=organisation, now=now, worker=worker
    )
    after = {
        "login": login,
        "name": name,
        "role": role,
        "organisation": organisation.id,
        "worker": worker.id if worker else None,
    }
    audit.note(db, by, "staff_add", f"staff:{staff.id}", now=now, after=after)
    return staff, _fresh(db, staff, limits, now)


def invitation(db: Session, token: str, *, now: datetime) -> Invitation:
    """The invitation of a link. Refused the same way when it is unknown, used, expired or withdrawn."""
    found = db.scalar(
        select(Invitation)
        .join(Invitation.staff)
        .where(
            Invitation.token_hash == tokens.hashed(token),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
            Staff.disabled_at.is_(None),
        )
    )
    if found is None:
        raise Refused("invitation_gone")
    return found


def use(db: Session, found: Invitation, *, now: datetime) -> None:
    """Take an invitation; of two who come with it, one does."""
    taken = db.execute(
        update(Invitation)
        .where(Invitation.id == found.id, Invitation.used_at.is_(None), Invitation.expires_at > now)
        .values(used_at=now)
        .returning(Invitation.id)
    )
    if taken.first() is None:
        raise Refused("invitation_gone")


def accept(db: Session, token: str, password: str, *, now: datetime) -> Staff:
    """Set the password of whoever was invited. The invitation is then used; a password that is refused leaves it."""
    found = invitation(db, token, now=now)
    staff = found.staff
    passwords.need_good(password, staff.login, staff.name)
    kept = passwords.kept(password)  # takes a while: nobody is held up by it
    use(db, found, now=now)
    if not insert_new(db, Credential, staff_id=staff.id, password_hash=kept, made_at=now):
        raise Refused("invitation_gone")  # there is a password by now; a forgotten one takes a new link
    audit.note(db, staff, "login_set_up", f"staff:{staff.id}", now=now)
    return staff


def reset(
    db: Session,
    by: Staff | None,
    staff: Staff,
    *,
    limits: Console,
    now: datetime,
    keep_wechat: bool = False,
) -> str:
    """Begin anew, for a phone that is lost or a password that is forgotten: the token of a new link.

    Password, authenticator, recovery codes, earlier links and, unless `keep_wechat`, the bound WeChat count no more,
    and every login is over.
    """
    powers.need_power(by, staff)
    db.refresh(staff, ["disabled_at"])
    if staff.disabled_at is not None:
        raise Refused("staff_disabled")
    # whoever logs in or binds a WeChat holds rows in this order too
    db.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    db.execute(delete(Credential).where(Credential.staff_id == staff.id))
    _withdraw(db, staff)
    db.execute(
        update(Staff).where(Staff.id == staff.id).values(worker_id=Staff.worker_id if keep_wechat else None)
    )
    opened.end_all(db, staff, Ended.RESET, now=now)
    after = {"keep_wechat": keep_wechat}
    audit.note(db, by, "login_reset", f"staff:{staff.id}", now=now, after=after)
    return _fresh(db, staff, limits, now)


def disable(db: Session, by: Staff | None, staff: Staff, *, now: datetime) -> None:
    """Let somebody in no more: every login is over, links and codes count no more. Twice is once."""
    powers.need_power(by, staff)
    _withdraw(db, staff)
    closed = db.execute(
        update(Staff)
        .where(Staff.id == staff.id, Staff.disabled_at.is_(None))
        .values(disabled_at=now)
        .returning(Staff.id)
    )
    if closed.first() is None:
        return
    opened.end_all(db, staff, Ended.DISABLED, now=now)
    audit.note(db, by, "staff_disable", f"staff:{staff.id}", now=now)


def enable(db: Session, by: Staff | None, staff: Staff, *, now: datetime) -> None:
    """Let somebody in again, with the password and WeChat they had. Twice is once."""
    powers.need_power(by, staff)
    if staff.disabled_at is None:
        return
    staff.disabled_at = None
    db.flush()
    audit.note(db, by, "staff_enable", f"staff:{staff.id}", now=now)


def _fresh(db: Session, staff: Staff, limits: Console, now: datetime) -> str:
    token = tokens.new()
    ends = now + timedelta(days=limits.invitation_days)
    db.add(Invitation(staff_id=staff.id, token_hash=tokens.hashed(token), made_at=now, expires_at=ends))
    db.flush()
    return token


def _withdraw(db: Session, staff: Staff) -> None:
    db.execute(delete(Binding).where(Binding.staff_id == staff.id, Binding.used_at.is_(None)))
    db.execute(delete(Binding).where(Binding.staff_id == staff.id, Binding.invitation_id.is_not(None)))
    db.execute(delete(Invitation).where(Invitation.staff_id == staff.id, Invitation.used_at.is_(None)))
