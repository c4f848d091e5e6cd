"""Which WeChat is whose: a member of staff scans a code in their own login, or behind their invitation."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.config import Console
from core.errors import Refused
from models.logins import Binding, Invitation, Login
from models.people import Staff
from qr.scenes import BindScene, new_token
from rules import audit
from rules.logins import invitations


def begin_bind(db: Session, login: Login, *, limits: Console, now: datetime) -> BindScene:
    """A code for the WeChat of whoever is logged in here (`code_url` makes it). It ends with the login."""
    return _begin(db, Binding(staff_id=login.staff_id, login_id=login.id), limits, now)


def begin_bind_invited(db: Session, token: str, *, limits: Console, now: datetime) -> BindScene:
    """A code for the WeChat of whoever was invited: instead of a password. Confirming it uses the invitation."""
    found = invitations.invitation(db, token, now=now)
    return _begin(db, Binding(staff_id=found.staff_id, invitation_id=found.id), limits, now)


def bind_scanned(db: Session, worker_id: int, token: str, *, now: datetime) -> Binding:
    """Somebody scanned such a code: the binding, for the words that ask whether they mean it."""
    binding = db.scalar(select(Binding).where(Binding.scene == token))
    if binding is None:
        raise Refused("bind_gone")
    _need_open(db, binding, worker_id, now)
    db.execute(
        update(Binding)
        .where(Binding.id == binding.id, Binding.worker_id.is_(None), Binding.used_at.is_(None))
        .values(worker_id=worker_id)
    )
    db.refresh(binding)
    if binding.worker_id != worker_id:
        raise Refused("bind_gone")
    return binding


def confirm_bind(db: Session, worker_id: int, binding_id: int, *, now: datetime) -> Staff:
    """From now on this WeChat is that member's, in place of any before. Once, by whoever scanned first, in time."""
    binding = _binding_of(db, worker_id, binding_id)
    _need_open(db, binding, worker_id, now)
    taken = db.execute(
        update(Binding)
        .where(
            Binding.id == binding_id,
            Binding.used_at.is_(None),
            Binding.denied_at.is_(None),
            Binding.expires_at > now,
        )
        .values(used_at=now)
        .returning(Binding.id)
    )
    if taken.first() is None:
        raise Refused("bind_gone")
    if binding.invitation_id is not None:
        invitations.use(db, db.get_one(Invitation, binding.invitation_id), now=now)
    staff = binding.staff
    before = {"worker": staff.worker_id}
    staff.worker_id = worker_id
    db.flush()
    after = {"worker": worker_id}
    audit.note(
        db, staff, "wechat_bind", f"staff:{staff.id}", now=now, before=before, after=after, origin="wechat"
    )
    return staff


def deny_bind(db: Session, worker_id: int, binding_id: int, *, now: datetime) -> None:
    """Whoever scanned did not mean it: this code binds nothing any more."""
    binding = _binding_of(db, worker_id, binding_id)
    db.execute(
        update(Binding)
        .where(Binding.id == binding.id, Binding.used_at.is_(None), Binding.denied_at.is_(None))
        .values(denied_at=now)
    )


def bind_state(db: Session, scene: BindScene, *, now: datetime) -> str:
    """How far the phone is, for the page that shows the code: waiting, scanned, confirmed, denied or gone."""
    binding = db.scalar(select(Binding).where(Binding.scene == scene.token))
    if binding is None:
        return "gone"
    if binding.used_at is not None:
        return "confirmed"
    if binding.denied_at is not None:
        return "denied"
    if binding.expires_at <= now:
        return "gone"
    return "waiting" if binding.worker_id is None else "scanned"


def _begin(db: Session, binding: Binding, limits: Console, now: datetime) -> BindScene:
    scene = BindScene(new_token())
    binding.scene = scene.token
    binding.made_at = now
    binding.expires_at = now + timedelta(minutes=limits.scan_minutes)
    db.add(binding)
    db.flush()
    return scene


def _binding_of(db: Session, worker_id: int, binding_id: int) -> Binding:
    binding = db.get(Binding, binding_id)
    if binding is None or binding.worker_id != worker_id:
        raise Refused("bind_gone")
    return binding


def _need_open(db: Session, binding: Binding, worker_id: int, now: datetime) -> None:
    """Refuse a code that is over, or behind which nobody is logged in or invited any more, or a taken WeChat."""
    is_over = binding.used_at is not None or binding.denied_at is not None or binding.expires_at <= now
    if is_over or binding.staff.disabled_at is not None:
        raise Refused("bind_gone")
    if binding.login_id is not None:
        if db.scalar(select(Login.ended_at).where(Login.id == binding.login_id)) is not None:
            raise Refused("bind_gone")
    else:
        query = select(Invitation.id).where(
            Invitation.id == binding.invitation_id,
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
        if db.scalar(query) is None:
            raise Refused("bind_gone")
    whose = db.scalar(select(Staff.id).where(Staff.worker_id == worker_id))
    if whose is not None and whose != binding.staff_id:
        raise Refused("worker_taken")
