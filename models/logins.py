"""How staff come in: what proves who they are, the logins that are open, and every try that was refused.

What a browser or a link carries is a secret; here is only its hash.
"""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.crypto import Sealed
from models.base import Base, BigKey
from models.people import Staff


class Way(enum.StrEnum):
    """How somebody came in."""

    PASSWORD = "password"  # noqa: S105 - a way, no secret
    SCAN = "scan"


class Ended(enum.StrEnum):
    """Why a login is over."""

    LEFT = "left"
    IDLE = "idle"
    AGE = "age"
    SENT_OUT = "sent_out"
    RESET = "reset"
    DISABLED = "disabled"


class Outcome(enum.StrEnum):
    """Why a try to come in was refused."""

    UNKNOWN = "unknown"
    NO_PASSWORD = "no_password"  # noqa: S105 - an outcome, no secret
    WRONG = "wrong"
    DISABLED = "disabled"
    LOCKED = "locked"
    FACTOR_WRONG = "factor_wrong"
    FACTOR_USED = "factor_used"
    NOT_STAFF = "not_staff"
    DENIED = "denied"
    GONE = "gone"
    ELSEWHERE = "elsewhere"


class Credential(Base):
    """The password of a member of staff and the secret of their authenticator app.

    `totp_step` is the newest half minute whose code was taken: no code is taken twice. `totp_pending` is a secret
    whose first code is still to come; until then the one before is in force.
    """

    __tablename__ = "credential"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True, autoincrement=False)
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(Sealed)
    totp_pending: Mapped[str | None] = mapped_column(Sealed)
    totp_step: Mapped[int | None]
    made_at: Mapped[datetime]


class RecoveryCode(Base):
    """One of the codes that stand in, once each, for a phone that is lost."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]

    __table_args__ = (Index("uq_recovery_code_staff_id_hash", "staff_id", "hash", unique=True),)


class Invitation(Base):
    """A link by which somebody sets up their login, once."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship()


class Login(Base):
    """One browser in which somebody is, or was, logged in."""

    __tablename__ = "login"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    way: Mapped[Way] = mapped_column(String(10))
    ip: Mapped[str] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_why: Mapped[Ended | None] = mapped_column(String(10))

    staff: Mapped[Staff] = relationship()

    __table_args__ = (
        Index(
            "ix_login_open",
            "seen_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class LoginAttempt(Base):
    """A try to come in that was refused. `login_hash` finds what was typed without keeping it."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    login_hash: Mapped[str | None] = mapped_column(String(64))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    ip: Mapped[str] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(200))
    way: Mapped[Way] = mapped_column(String(10))
    outcome: Mapped[Outcome] = mapped_column(String(12))


class LoginDelay(Base):
    """How often one login name, or one address, failed of late, and until when it has to wait."""

    __tablename__ = "login_delay"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(index=True)
    locked_until: Mapped[datetime | None]


class ScanLogin(Base):
    """A code on a login page. The phone needs `scene`, the browser a secret of its own: neither is enough alone."""

    __tablename__ = "scan_login"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scene: Mapped[str] = mapped_column(String(22), unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ip: Mapped[str] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(200))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.id"))
    confirmed_at: Mapped[datetime | None]
    denied_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_scan_login_ip_made_at", "ip", "made_at"),)


class Binding(Base):
    """A code by which a member of staff names their own WeChat, shown in their login or behind their invitation."""

    __tablename__ = "binding"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    scene: Mapped[str] = mapped_column(String(22), unique=True)
    login_id: Mapped[int | None] = mapped_column(ForeignKey("login.id", ondelete="CASCADE"))
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.id"))
    used_at: Mapped[datetime | None]
    denied_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship()
