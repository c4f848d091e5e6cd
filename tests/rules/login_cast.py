"""Members of staff with a password, an authenticator and a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pyotp
from sqlalchemy.orm import Session

from core.config import Console
from models.people import Organisation, Staff
from rules import logins
from rules import staff as members
from rules.access import Role

PASSWORD = "three old camphor trees"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
HOME = logins.Where("203.0.113.7", FIREFOX)
CAFE = logins.Where("198.51.100.9", FIREFOX)


@dataclass
class Member:
    """Somebody who can log in."""

    staff: Staff
    secret: str = ""
    recovery: list[str] = field(default_factory=list)

    def code(self, now: datetime) -> str:
        """What the authenticator shows."""
        return pyotp.TOTP(self.secret).at(now)


def set_up(
    db: Session,
    organisation: Organisation,
    login: str,
    *,
    limits: Console,
    now: datetime,
    role: Role = Role.MANAGER,
) -> Member:
    """Invited, with password and authenticator; the caller commits."""
    _, token = logins.invite(
        db, None, login=login, name=login, role=role, organisation=organisation, limits=limits, now=now
    )
    member = Member(logins.accept(db, token, PASSWORD, now=now))
    add_authenticator(db, member, now=now)
    return member


def add_authenticator(db: Session, member: Member, *, now: datetime) -> None:
    """A new authenticator, confirmed."""
    member.secret = parse_qs(urlsplit(logins.new_totp(db, member.staff)).query)["secret"][0]
    member.recovery = logins.confirm_totp(db, member.staff, member.code(now), now=now)


def plain(db: Session, organisation: Organisation, login: str, role: Role, *, now: datetime) -> Staff:
    """Somebody on the staff who never logged in."""
    return members.add(db, login, name=login, role=role, organisation=organisation, now=now)
