"""Broadcasts (群发): what is said to many, who they are, and what became of each."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, BigKey
from models.people import Organisation, Staff


class Topic(enum.StrEnum):
    """What a broadcast is about; each can be muted by itself."""

    ACTIVITY = "activity"
    BENEFIT = "benefit"
    NEWS = "news"


class Way(enum.StrEnum):
    """How it goes out; BOTH: by customer-service message, and by mass message where that is closed."""

    MASS = "mass"
    CUSTOMER = "customer"
    BOTH = "both"


class BroadcastState(enum.StrEnum):
    """Where a broadcast stands; rules/broadcasts/life.py has the table of moves."""

    DRAFT = "draft"
    PREVIEWED = "previewed"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"


class RecipientState(enum.StrEnum):
    """待发, 发送中, 成功, 跳过, 失败, 未知. The first two are open; SENDING holds until the platform has told."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class BatchState(enum.StrEnum):
    """CALLING: the call may have been made. ACCEPTED: the platform has the job and will tell what came of it."""

    CALLING = "calling"
    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"
    VOID = "void"
    UNKNOWN = "unknown"


IS_WAITING = text("broadcast_recipient.state = 'waiting'")
IS_SENDING = text("broadcast_recipient.state = 'sending'")
"""In just these words, or SQLite does not use the partial indexes."""


class Broadcast(Base):
    """One thing said to many. `audience` is data that rules/broadcasts/audience.py reads.

    Its recipients are written once, at the start, in slices: `frozen_to` of `frozen_last` workers are looked at.
    """

    __tablename__ = "broadcast"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    topic: Mapped[Topic] = mapped_column(String(12))
    way: Mapped[Way] = mapped_column(String(10))
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[BroadcastState] = mapped_column(String(10), index=True)
    version: Mapped[int] = mapped_column(default=1)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    frozen_to: Mapped[int] = mapped_column(BigKey, default=0)
    frozen_last: Mapped[int | None] = mapped_column(BigKey)
    batches: Mapped[int] = mapped_column(default=0)
    tried: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    pause_reason: Mapped[str | None] = mapped_column(String(20))
    pause_errcode: Mapped[int | None]
    resume_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()

    @property
    def is_frozen(self) -> bool:
        """Whether every recipient has its row."""
        return self.frozen_last is not None and self.frozen_to >= self.frozen_last


class BroadcastVersion(Base):
    """The words as somebody wrote them. Whoever wrote them does not approve them."""

    __tablename__ = "broadcast_version"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    written_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    written_at: Mapped[datetime]
    previewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    previewed_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]

    approved_by: Mapped[Staff | None] = relationship(foreign_keys=[approved_by_id])

    __table_args__ = (
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> written_by_id", name="four_eyes"),
    )


class BroadcastMove(Base):
    """One move of a broadcast from state to state: when, by whom (nobody: the program) and why."""

    __tablename__ = "broadcast_move"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), index=True)
    at: Mapped[datetime]
    before: Mapped[str | None] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(String(40))


class Batch(Base):
    """One mass call: its recipients, its words and its clientmsgid are fixed before it is made.

    `is_in_doubt`: a call was made of which nobody knows whether the platform took it. `attempts` is the claim.
    """

    __tablename__ = "broadcast_batch"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"))
    number: Mapped[int]
    version: Mapped[int]
    client_id: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[BatchState] = mapped_column(String(10))
    size: Mapped[int]
    made_at: Mapped[datetime]
    called_at: Mapped[datetime | None] = mapped_column(index=True)
    lease_until: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=1)
    is_in_doubt: Mapped[bool] = mapped_column(default=False)
    media_id: Mapped[str | None] = mapped_column(String(200))
    message_id: Mapped[int | None] = mapped_column(BigKey, unique=True)
    errcode: Mapped[int | None]
    status: Mapped[str | None] = mapped_column(String(40))
    total: Mapped[int | None]
    filtered: Mapped[int | None]
    sent: Mapped[int | None]
    errors: Mapped[int | None]
    told_at: Mapped[datetime | None]
    is_different: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("uq_broadcast_batch_number", "broadcast_id", "number", unique=True),
        Index(
            "ix_broadcast_batch_open",
            "broadcast_id",
            sqlite_where=text("state IN ('calling', 'accepted')"),
            postgresql_where=text("state IN ('calling', 'accepted')"),
        ),
    )


class Recipient(Base):
    """One person and one broadcast. `way` is mass or customer; `attempts` is the claim of whoever sends.

    A waiting row with a lease is claimed, or is to be tried again then.
    """

    __tablename__ = "broadcast_recipient"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), primary_key=True)
    worker_id: Mapped[int] = mapped_column(BigKey, ForeignKey("worker.id"), primary_key=True)
    state: Mapped[RecipientState] = mapped_column(String(8))
    way: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(12))
    errcode: Mapped[int | None]
    version: Mapped[int | None]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("broadcast_batch.id"))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        Index(
            "ix_broadcast_recipient_waiting",
            "broadcast_id",
            "way",
            "worker_id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_broadcast_recipient_sending",
            "broadcast_id",
            "lease_until",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        Index(
            "ix_broadcast_recipient_batch_id",
            "batch_id",
            sqlite_where=text("batch_id IS NOT NULL"),
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index("ix_broadcast_recipient_worker_id", "worker_id"),
    )


class MassReport(Base):
    """What MASSSENDJOBFINISH told of a job. It may come before the call's own answer is written down."""

    __tablename__ = "mass_report"

    message_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(40))
    total: Mapped[int]
    filtered: Mapped[int]
    sent: Mapped[int]
    errors: Mapped[int]


class Mute(Base):
    """Somebody wants no broadcasts about this any more (退订)."""

    __tablename__ = "mute"

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    topic: Mapped[Topic] = mapped_column(String(12), primary_key=True)
    at: Mapped[datetime]


class WorkerTag(Base):
    """A tag (标签) that the account's staff put on somebody, as it was when it was fetched."""

    __tablename__ = "worker_tag"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
