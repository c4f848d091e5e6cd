"""The second half of coming in with a password: an authenticator app, or a recovery code."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from datetime import datetime

import pyotp
from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from core import crypto
from core.config import Console
from core.errors import Refused
from models.logins import Credential, Outcome, RecoveryCode, Way
from models.people import Staff
from rules.logins import attempts
from rules.logins.attempts import Where

ISSUER = "娘家后台"
STEP_SECONDS = 30
NEAR = (0, -1, 1)
"""Clocks differ: the half minute before and the one after count too."""
RECOVERY_CODES = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is mistaken for another


def new_totp(db: Session, staff: Staff) -> str:
    """A new secret for somebody's authenticator, as the otpauth address that its QR code says.

    It counts once `confirm_totp` has seen its first code; until then the one before, if any, does.
    """
    credential = _credential(db, staff)
    secret = pyotp.random_base32(32)
    credential.totp_pending = secret
    db.flush()
    return _address(staff, secret)


def confirm_totp(db: Session, staff: Staff, code: str, *, now: datetime) -> list[str]:
    """The new authenticator works: from now on it counts. New recovery codes, to be shown this once."""
    credential = _credential(db, staff)
    secret = credential.totp_pending
    step = None if secret is None else _step(secret, _typed(code), now)
    if secret is None or step is None:
        raise Refused("factor_refused")
    taken = db.execute(
        update(Credential)
        .where(Credential.staff_id == staff.id, Credential.totp_pending.is_not(None))
        .values(totp_secret=secret, totp_pending=None, totp_step=step)
        .returning(Credential.staff_id)
    )
    if taken.first() is None:
        raise Refused("factor_refused")
    return new_recovery_codes(db, staff)


def new_recovery_codes(db: Session, staff: Staff) -> list[str]:
    """Recovery codes in place of those before, to be shown this once: only their hashes are stored."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    db.add_all(RecoveryCode(staff_id=staff.id, hash=_recovery_hash(staff, code)) for code in codes)
    db.flush()
    return codes


def second_factor(
    db: Session, staff: Staff, code: str, where: Where, *, limits: Console, now: datetime
) -> None:
    """Check a code of somebody's authenticator, or a recovery code; each is taken once.

    A right one forgets earlier failures. What is raised is written down: commit it.
    """
    counters = attempts.keys(staff.login, where)
    until = attempts.hold(db, counters, now=now)
    outcome = Outcome.LOCKED if until else _tried(db, staff, _typed(code), now)
    if outcome is None:
        attempts.succeed(db, counters)
        return
    if outcome is not Outcome.LOCKED:
        attempts.fail(db, counters, limits=limits, now=now)
    words = {Outcome.LOCKED: "login_locked", Outcome.FACTOR_USED: "factor_used"}
    facts = {"until": until} if until else {}
    raise attempts.refuse(
        db,
        words.get(outcome, "factor_refused"),
        outcome,
        where,
        way=Way.PASSWORD,
        now=now,
        login=staff.login,
        staff_id=staff.id,
        **facts,
    )


def _tried(db: Session, staff: Staff, typed: str, now: datetime) -> Outcome | None:
    """Take the code; why not, if it can't be taken."""
    db.refresh(staff, ["disabled_at"])
    if staff.disabled_at is not None:
        return Outcome.DISABLED
    credential = db.get(Credential, staff.id, populate_existing=True)
    if credential is None or credential.totp_secret is None:
        return Outcome.FACTOR_WRONG
    if not (typed.isascii() and typed.isdecimal()):
        return None if _take_recovery(db, staff, typed, now) else Outcome.FACTOR_WRONG
    step = _step(credential.totp_secret, typed, now)
    if step is None:
        return Outcome.FACTOR_WRONG
    taken = db.execute(
        update(Credential)
        .where(
            Credential.staff_id == staff.id,
            or_(Credential.totp_step.is_(None), Credential.totp_step < step),
        )
        .values(totp_step=step)
        .returning(Credential.staff_id)
    )
    return None if taken.first() else Outcome.FACTOR_USED


def _take_recovery(db: Session, staff: Staff, typed: str, now: datetime) -> bool:
    taken = db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == staff.id,
            RecoveryCode.hash == _recovery_hash(staff, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return taken.first() is not None


def _step(secret: str, typed: str, now: datetime) -> int | None:
    """The half minute whose code this is."""
    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // STEP_SECONDS
    found = None
    for near in NEAR:
        if hmac.compare_digest(totp.generate_otp(present + near).encode(), typed.encode()):
            found = found or present + near
    return found


def _credential(db: Session, staff: Staff) -> Credential:
    credential = db.get(Credential, staff.id, populate_existing=True)
    if credential is None:
        raise Refused("password_needed")
    return credential


def _typed(code: str) -> str:
    """A code without what people and keyboards put around it."""
    plain = unicodedata.normalize("NFKC", code[:100]).lower()
    return attempts.printable("".join(plain.split())).replace("-", "")


def _recovery_code() -> str:
    half = ["".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2)]
    code = "-".join(half)
    return (
        code if any(letter.isalpha() for letter in code) else _recovery_code()
    )  # else it looks like a TOTP code


def _recovery_hash(staff: Staff, code: str) -> str:
    return crypto.ring().blind(f"recovery:{staff.id}:{_typed(code)}")


def pending_totp(db: Session, staff: Staff) -> str | None:
    """The otpauth address of an authenticator that is being set up, for a page that is opened again."""
    credential = db.get(Credential, staff.id, populate_existing=True)
    if credential is None or credential.totp_pending is None:
        return None
    return _address(staff, credential.totp_pending)


def _address(staff: Staff, secret: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=staff.login, issuer_name=ISSUER)
