"""Messages that acted, unfinished conversations, and what waits to be said."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.crypto import Sealed, SealedJSON
from models.base import Base, BigKey
from models.people import Worker


class Received(Base):
    """A message that changed something, stored with the change: the referee that it acts once.

    `late` rows were acknowledged before they were done; `body` is kept so that a crash does not lose them.
    """

    __tablename__ = "received"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    is_late: Mapped[bool] = mapped_column(default=False)
    body: Mapped[str | None] = mapped_column(Sealed)
    reply: Mapped[str | None] = mapped_column(Sealed)

    __table_args__ = (
        Index("ix_received_late", "at", sqlite_where=text("is_late"), postgresql_where=text("is_late")),
    )


class Dialog(Base):
    """Where one person's conversation stands: the unfinished form and the pages not shown yet.

    `recent` are the keys of the last messages that changed it, newest first, and `reply` is the newest one's
    answer: a message that changes nothing else needs no row in `received`. `changed_at` is its version.
    `reminded_of` is the draft that its person was reminded of already.
    """

    __tablename__ = "dialog"

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(SealedJSON)
    recent: Mapped[str | None] = mapped_column(Text)
    reply: Mapped[str | None] = mapped_column(Sealed)
    changed_at: Mapped[datetime]
    remind_at: Mapped[datetime | None] = mapped_column(index=True)
    reminded_of: Mapped[str | None] = mapped_column(String(40))
    erase_at: Mapped[datetime] = mapped_column(index=True)


class NoticeState(enum.StrEnum):
    """Where a notice stands. `UNKNOWN`: the platform did not say whether it took it; shown, never re-sent."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    KEPT = "kept"
    UNKNOWN = "unknown"
    SHOWN = "shown"
    VOID = "void"


IS_LATE = text("received.is_late")
IS_KEPT = text("notice.state IN ('kept', 'unknown')")
"""In just these words: SQLite uses a partial index only where a query repeats its condition literally."""


class Notice(Base):
    """One thing to tell one person. Written with the change it tells of; sent by tasks/outbox.py.

    `facts` are ids and codes; the words are found when it is sent or shown, so what was withdrawn since
    is not told any more.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"))
    kind: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(SealedJSON)
    state: Mapped[NoticeState] = mapped_column(String(10), default=NoticeState.PENDING)
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    channel: Mapped[str | None] = mapped_column(String(20))
    errcode: Mapped[int | None]
    settled_at: Mapped[datetime | None]

    worker: Mapped[Worker] = relationship()

    __table_args__ = (
        Index(
            "ix_notice_due",
            "due_at",
            sqlite_where=text("state IN ('pending', 'sending')"),
            postgresql_where=text("state IN ('pending', 'sending')"),
        ),
        Index("ix_notice_worker_id_id", "worker_id", "id"),
        Index(
            "ix_notice_kept",
            "worker_id",
            sqlite_where=text("state IN ('kept', 'unknown')"),
            postgresql_where=text("state IN ('kept', 'unknown')"),
        ),
    )


class NoticeAttempt(Base):
    """One try to send a notice by one channel, and what the platform answered."""

    __tablename__ = "notice_attempt"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    channel: Mapped[str] = mapped_column(String(20))
    errcode: Mapped[int | None]
    message_id: Mapped[int | None] = mapped_column(BigKey, index=True)


class Consent(Base):
    """A kind of notice somebody agreed to get by subscription; one-time consents are counted down."""

    __tablename__ = "consent"

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    template_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    credit: Mapped[int] = mapped_column(default=0)


class Handover(Base):
    """A conversation handed to a person (人工), with the draft as it stood."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), index=True)
    at: Mapped[datetime]
    about: Mapped[str] = mapped_column(String(40))
    draft: Mapped[dict[str, Any] | None] = mapped_column(SealedJSON)
    closed_at: Mapped[datetime | None]
    message_key: Mapped[str] = mapped_column(String(200), unique=True)

    __table_args__ = (
        Index(
            "ix_handover_open",
            "at",
            "id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )


class Said(Base):
    """What was said, by the person or to them, since they asked for somebody; gone when the handover is closed."""

    __tablename__ = "said"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    is_theirs: Mapped[bool]
    words: Mapped[str] = mapped_column(Sealed)
