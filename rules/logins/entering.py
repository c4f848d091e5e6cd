"""The first half of coming in with a password, and changing it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.config import Console
from core.errors import Refused
from models.logins import Credential, Ended, Login, Outcome, Way
from models.people import Staff
from rules import audit
from rules.logins import attempts, opened, passwords
from rules.logins.attempts import Where


def by_password(
    db: Session, login: str, password: str, where: Where, *, limits: Console, now: datetime
) -> Staff:
    """Whose login and password these are. Nobody is logged in by that: `second_factor` and `open_login` follow.

    An unknown login, a wrong password and somebody disabled are refused in the same words after the same work, and
    wait the same when they fail often. What is raised is written down: commit it.
    """
    counters = attempts.keys(login, where)
    until = attempts.waits_until(db, counters, now=now)
    if until is None:
        hashed = _hash_of(db, login)
        is_right = passwords.matches(hashed, password)  # takes a while, and holds nobody up
        until = attempts.hold(db, counters, now=now)
    staff = db.scalar(
        select(Staff).where(Staff.login == attempts.written(login)).execution_options(populate_existing=True)
    )
    if until is not None:
        raise attempts.refuse(
            db,
            "login_locked",
            Outcome.LOCKED,
            where,
            way=Way.PASSWORD,
            now=now,
            login=login,
            staff_id=staff.id if staff else None,
            until=until,
        )
    is_right &= _hash_of(db, login) == hashed  # what was right a moment ago may have been reset meanwhile
    if staff is not None and is_right and staff.disabled_at is None:
        if hashed is not None and passwords.is_dated(hashed):
            _keep(db, staff, password)
        return staff
    attempts.fail(db, counters, limits=limits, now=now)
    raise attempts.refuse(
        db,
        "login_refused",
        _why(staff, hashed, is_right),
        where,
        way=Way.PASSWORD,
        now=now,
        login=login,
        staff_id=staff.id if staff else None,
    )


def change_password(
    db: Session,
    login: Login,
    old: str,
    new: str,
    where: Where,
    *,
    limits: Console,
    now: datetime,
) -> None:
    """Somebody who is logged in takes another password; all their other logins are over.

    The old one is asked for and its failures count like those of logging in; what they raise is written down: commit
    it. Whoever has none so far, because they come by WeChat, gets one and needs an authenticator to use it.
    """
    staff = login.staff
    passwords.need_good(new, staff.login, staff.name)
    if db.get(Credential, staff.id) is None:
        db.add(Credential(staff_id=staff.id, password_hash=passwords.kept(new), made_at=now))
    else:
        by_password(db, staff.login, old, where, limits=limits, now=now)
        _keep(db, staff, new)
    db.flush()
    opened.end_all(db, staff, Ended.SENT_OUT, now=now, but=login)
    audit.note(db, staff, "password_change", f"staff:{staff.id}", now=now)


def _hash_of(db: Session, login: str) -> str | None:
    return db.scalar(
        select(Credential.password_hash)
        .join(Staff, Staff.id == Credential.staff_id)
        .where(Staff.login == attempts.written(login))
    )


def _keep(db: Session, staff: Staff, password: str) -> None:
    kept = passwords.kept(password)
    done = db.execute(
        update(Credential)
        .where(Credential.staff_id == staff.id)
        .values(password_hash=kept)
        .returning(Credential.staff_id)
    )
    if done.first() is None:
        raise Refused("password_needed")


def _why(staff: Staff | None, hashed: str | None, is_right: bool) -> Outcome:
    if staff is None:
        return Outcome.UNKNOWN
    if staff.disabled_at is not None:
        return Outcome.DISABLED
    return Outcome.NO_PASSWORD if hashed is None else Outcome.WRONG
