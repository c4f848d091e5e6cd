"""Tries to come in: each refusal is a row, and whoever fails again and again has to wait longer and longer.

Failures are counted for a login name, known or not, and for a network address. Any check that tells right from wrong
holds both counters until its transaction ends, so that many guesses at one moment count one after the other.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, select, text, update
from sqlalchemy.orm import Session

from core import crypto
from core.config import Console
from core.errors import Noted
from models.base import Moment
from models.logins import LoginAttempt, LoginDelay, Outcome, Way
from models.people import Staff


@dataclass(frozen=True, slots=True)
class Where:
    """Where a request comes from: its network address, and what its browser calls itself."""

    ip: str
    browser: str

    def __post_init__(self) -> None:
        """Drop what no database holds, and cut what is longer than any honest one."""
        object.__setattr__(self, "ip", printable(self.ip)[:45])
        object.__setattr__(self, "browser", printable(self.browser)[:200])


def refuse(
    db: Session,
    code: str,
    outcome: Outcome,
    where: Where,
    *,
    way: Way,
    now: datetime,
    login: str | None = None,
    staff_id: int | None = None,
    **facts: Any,
) -> Noted:
    """Write down a refused try; the refusal to raise. The entrance has to commit it."""
    attempt = LoginAttempt(
        at=now,
        login_hash=None if login is None else _login_key(login),
        staff_id=staff_id,
        ip=where.ip,
        browser=where.browser,
        way=way,
        outcome=outcome,
    )
    db.add(attempt)
    db.flush()
    return Noted(code, **facts)


def refused_lately(db: Session, staff: Staff, *, limit: int = 20) -> list[LoginAttempt]:
    """The newest refused tries at somebody's login, the last first."""
    return list(
        db.scalars(
            select(LoginAttempt)
            .where(LoginAttempt.staff_id == staff.id)
            .order_by(LoginAttempt.id.desc())
            .limit(limit)
        )
    )


def keys(login: str, where: Where) -> tuple[str, ...]:
    """The counters of a try, in the one order in which they are held."""
    return tuple(sorted((_login_key(login), _address_key(where.ip))))


def written(login: str) -> str:
    """A login as we write it: people's keyboards add spaces, capitals and wide letters."""
    return printable(unicodedata.normalize("NFKC", login[:200])).strip().lower()


def printable(text: str) -> str:
    """The text without control characters and halves of characters; anybody sends anything."""
    return "".join(one for one in text if one.isprintable())


def waits_until(db: Session, counters: tuple[str, ...], *, now: datetime) -> datetime | None:
    """Until when a try has to wait; None when it may be made."""
    found = db.scalars(select(LoginDelay.locked_until).where(LoginDelay.key.in_(counters)))
    return _latest(found.all(), now)


_HOLD = (
    text(
        "INSERT INTO login_delay (key, failures, failed_at) VALUES (:key, 0, :now) "
        "ON CONFLICT (key) DO UPDATE SET failures = login_delay.failures RETURNING locked_until"
    )
    .bindparams(bindparam("now", type_=Moment))
    .columns(locked_until=Moment)
)


def hold(db: Session, counters: tuple[str, ...], *, now: datetime) -> datetime | None:
    """Keep everybody else from these counters until the transaction ends; what `waits_until` says then."""
    return _latest([db.execute(_HOLD, {"key": key, "now": now}).scalar_one() for key in counters], now)


_FAIL = (
    text(
        "UPDATE login_delay SET failed_at = :now, "
        "failures = CASE WHEN failed_at < :calm THEN 1 ELSE failures + 1 END WHERE key = :key RETURNING failures"
    )
    .bindparams(bindparam("now", type_=Moment), bindparam("calm", type_=Moment))
    .columns(failures=Integer)
)


def fail(db: Session, counters: tuple[str, ...], *, limits: Console, now: datetime) -> None:
    """Count a failure; `hold` comes first."""
    calm = now - timedelta(hours=limits.calm_hours)
    for key in counters:
        failures = db.execute(_FAIL, {"key": key, "now": now, "calm": calm}).scalar_one()
        wait = delay(failures, limits)
        if wait:
            db.execute(update(LoginDelay).where(LoginDelay.key == key).values(locked_until=now + wait))


def succeed(db: Session, counters: tuple[str, ...]) -> None:
    """Somebody is who they say: earlier failures meant nothing."""
    db.execute(update(LoginDelay).where(LoginDelay.key.in_(counters)).values(failures=0, locked_until=None))


def delay(failures: int, limits: Console) -> timedelta:
    """How long to wait after so many failures in a row."""
    if failures < limits.failures:
        return timedelta()
    doublings = min(failures - limits.failures, 30)
    longest = timedelta(minutes=limits.longest_delay_minutes)
    return min(timedelta(seconds=limits.first_delay_seconds * 2**doublings), longest)


def _latest(moments: Any, now: datetime) -> datetime | None:
    return max((moment for moment in moments if moment is not None and moment > now), default=None)


def _login_key(login: str) -> str:
    return crypto.ring().blind(f"login:{written(login)}")


def _address_key(ip: str) -> str:
    """One household or office has all of an IPv6 /64."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return crypto.ring().blind(f"ip:{ip}")
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False).network_address
    return crypto.ring().blind(f"ip:{address}")
