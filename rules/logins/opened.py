"""Logins that are open: begun, looked up with each request, seen and ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, contains_eager

from core.config import Console
from core.errors import Refused
from models.logins import Credential, Ended, Login, Way
from models.people import Staff
from rules import access, audit
from rules.logins import powers, tokens
from rules.logins.attempts import Where

SEEN_SECONDS = 60
"""A login's last use is known to about this: not every request has to write."""


def open_login(db: Session, staff: Staff, where: Where, way: Way, *, now: datetime) -> str:
    """Begin a login, whoever came before in this browser; the token for its cookie. Only its hash is stored.

    With a password there must be an authenticator too.
    """
    # held until commit: whoever disables them or resets them waits, and ends this login too
    let_in = db.execute(
        update(Staff)
        .where(Staff.id == staff.id, Staff.disabled_at.is_(None))
        .values(login=Staff.login)
        .returning(Staff.id)
        .execution_options(synchronize_session=False)
    )
    if let_in.first() is None:
        raise Refused("login_refused")
    if way is Way.PASSWORD and not has_totp(db, staff):
        raise Refused("totp_needed")
    token = tokens.new()
    db.add(
        Login(
            staff_id=staff.id,
            token_hash=tokens.hashed(token),
            way=way,
            ip=where.ip,
            browser=where.browser,
            opened_at=now,
            seen_at=now,
        )
    )
    db.flush()
    return token


def has_totp(db: Session, staff: Staff) -> bool:
    """Whether somebody's authenticator was set up and confirmed."""
    query = select(Credential.staff_id).where(
        Credential.staff_id == staff.id, Credential.totp_secret.is_not(None)
    )
    return db.scalar(query) is not None


def password_mark(db: Session, staff: Staff) -> str | None:
    """What is different for every password somebody ever sets, and tells nothing of it; None without one."""
    kept = db.scalar(select(Credential.password_hash).where(Credential.staff_id == staff.id))
    return None if kept is None else tokens.hashed(kept)


def current(db: Session, token: str, *, limits: Console, now: datetime, is_used: bool = True) -> Login | None:
    """The login of a cookie, with its member of staff and their union; None when it is over.

    Notes that it is used, or that it is over: the entrance commits, on reading too. A page that asks by itself for
    news is no use (`is_used`): nobody may sit before it.
    """
    login = db.scalar(
        select(Login)
        .join(Login.staff)
        .options(contains_eager(Login.staff).joinedload(Staff.organisation))
        .where(
            Login.token_hash == tokens.hashed(token), Login.ended_at.is_(None), Staff.disabled_at.is_(None)
        )
    )
    if login is None:
        return None
    over = _over(login, limits, now)
    if over is not None:
        _end(db, (Login.id == login.id,), over[0], over[1])
        return None
    if is_used and now - login.seen_at >= timedelta(seconds=SEEN_SECONDS):
        db.execute(update(Login).where(Login.id == login.id, Login.ended_at.is_(None)).values(seen_at=now))
    return login


def end(db: Session, by: Staff, login_id: int, why: Ended, *, now: datetime) -> None:
    """End a login of one's own, or of somebody whose logins one may change. One that is over stays as it is."""
    found = db.get(Login, login_id)
    is_own = found is not None and found.staff_id == by.id
    if found is None or not is_own:
        found = access.find(db, by, Login, login_id, now=now)
        powers.need_power(by, found.staff)
    if _end(db, (Login.id == login_id,), why, now) and not is_own:
        audit.note(db, by, "login_end", f"staff:{found.staff_id}", now=now)


def end_all(db: Session, staff: Staff, why: Ended, *, now: datetime, but: Login | None = None) -> int:
    """End every login of somebody, but for the one named; how many there were."""
    which: tuple[Any, ...] = (Login.staff_id == staff.id,)
    if but is not None:
        which += (Login.id != but.id,)
    return _end(db, which, why, now)


def open_logins(db: Session, staff: Staff, *, limits: Console, now: datetime) -> list[Login]:
    """Where somebody is logged in now, the one used last first."""
    return list(
        db.scalars(
            select(Login)
            .where(Login.staff_id == staff.id, *_is_open(limits, now))
            .order_by(Login.seen_at.desc(), Login.id.desc())
        )
    )


def end_over(db: Session, now: datetime, *, limits: Console) -> int:
    """Write down the end of logins that nobody came back to; how many. Until then they count as over all the same."""
    idle, age = _oldest(limits, now)
    which = (Login.seen_at <= idle, Login.opened_at <= age)
    return _end(db, which[:1], Ended.IDLE, now) + _end(db, which[1:], Ended.AGE, now)


def _oldest(limits: Console, now: datetime) -> tuple[datetime, datetime]:
    return now - timedelta(minutes=limits.idle_minutes), now - timedelta(hours=limits.hours)


def _is_open(limits: Console, now: datetime) -> tuple[Any, ...]:
    idle, age = _oldest(limits, now)
    return Login.ended_at.is_(None), Login.seen_at > idle, Login.opened_at > age


def _over(login: Login, limits: Console, now: datetime) -> tuple[Ended, datetime] | None:
    idle, age = timedelta(minutes=limits.idle_minutes), timedelta(hours=limits.hours)
    ends = min((login.seen_at + idle, Ended.IDLE), (login.opened_at + age, Ended.AGE))
    return (ends[1], ends[0]) if ends[0] <= now else None


def _end(db: Session, which: tuple[Any, ...], why: Ended, at: datetime) -> int:
    ended = db.execute(
        update(Login)
        .where(*which, Login.ended_at.is_(None))
        .values(ended_at=at, ended_why=why)
        .returning(Login.id)
        .execution_options(synchronize_session="fetch")
    )
    return len(ended.all())
