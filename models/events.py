"""Fairs and other events, who is there, and which table is taken when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey


class Event(Base):
    """Anything with a place and a time. `kind` is "fair" or "exam"; `tables` are the tables to meet at."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(100))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    tables: Mapped[int] = mapped_column(default=0)
    onsite_only: Mapped[bool] = mapped_column(default=False)
    token: Mapped[str] = mapped_column(String(40), unique=True)

    def is_on(self, now: datetime) -> bool:
        """Whether it is going on."""
        return self.starts_at <= now < self.ends_at


class CheckIn(Base):
    """Somebody has arrived."""

    __tablename__ = "check_in"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Meeting(Base):
    """Two people at one table. Meetings start on a grid of times, so two constraints referee every race:
    one table has one meeting at a time here, and one person one seat at a time in `Seat`."""

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    starts_at: Mapped[datetime]
    table_number: Mapped[int]
    request_id: Mapped[int] = mapped_column(ForeignKey("meet_request.id"), unique=True)

    __table_args__ = (UniqueConstraint("event_id", "starts_at", "table_number"),)


class Seat(Base):
    """One person's seat at a meeting."""

    __tablename__ = "seat"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
