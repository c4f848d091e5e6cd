"""The one waiting list (候补): who waits for a place of what, and to whom one is offered."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey


class WaitingState(enum.StrEnum):
    """Where somebody in line stands; rules/waiting.py has the table of moves."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ENDED = "ended"
    LEFT = "left"


class Waiting(Base):
    """Somebody in line for a place of one subject, for instance ("exam", 12).

    The id is the order: it is drawn while the subject is locked, so whoever the server took first has the lower one.
    `about_id` is what waits, in the words of its kind (a sign-up, a booking). `offer_until` is when an offer ends;
    until then its place is nobody else's.
    """

    __tablename__ = "waiting"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(BigKey)
    about_id: Mapped[int] = mapped_column(BigKey)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), index=True)
    state: Mapped[WaitingState] = mapped_column(String(10))
    joined_at: Mapped[datetime]
    offered_at: Mapped[datetime | None]
    offer_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_waiting_line",
            "kind",
            "subject_id",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "uq_waiting_live",
            "kind",
            "about_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'offered')"),
            postgresql_where=text("state IN ('waiting', 'offered')"),
        ),
        Index(
            "ix_waiting_offer",
            "kind",
            "offer_until",
            sqlite_where=text("state = 'offered'"),
            postgresql_where=text("state = 'offered'"),
        ),
    )


IS_WAITING = text("waiting.state = 'waiting'")
IS_OFFERED = text("waiting.state = 'offered'")
"""In just these words: SQLite uses a partial index only where a query repeats its condition literally."""
