"""Services, the professionals who offer them and when, and who comes to whom when."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.crypto import Sealed
from models.base import Base, BigKey
from models.people import Organisation, Staff, Worker


class Service(Base):
    """What can be booked. Lengths and limits are minutes; `words` are other names for it, with blanks between.

    A booking is made `notice_minutes` before it starts at the latest, cancelled `cancel_minutes` and moved
    `move_minutes` before. `buffer_minutes` is the professional's rest behind each.
    """

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    words: Mapped[str] = mapped_column(String(200), default="")
    asks: Mapped[str] = mapped_column(String(100))
    minutes: Mapped[int]
    buffer_minutes: Mapped[int]
    notice_minutes: Mapped[int]
    cancel_minutes: Mapped[int]
    move_minutes: Mapped[int]
    is_open: Mapped[bool] = mapped_column(default=True)

    organisation: Mapped[Organisation] = relationship()


class Place(Base):
    """A room: one booking at a time. Where `is_shared` (a telephone, a large office) as many as there are people."""

    __tablename__ = "place"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    is_shared: Mapped[bool] = mapped_column(default=False)


class Professional(Base):
    """A member of staff who can be booked, by the name that people read."""

    __tablename__ = "professional"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    is_active: Mapped[bool] = mapped_column(default=True)

    staff: Mapped[Staff] = relationship()


class Offer(Base):
    """A professional offers a service at a place."""

    __tablename__ = "offer"

    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, index=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))

    professional: Mapped[Professional] = relationship()
    place: Mapped[Place] = relationship()


class Hours(Base):
    """Every week at this time, in Shanghai: minutes after midnight; Monday is 0."""

    __tablename__ = "hours"

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"), index=True)
    weekday: Mapped[int]
    starts: Mapped[int]
    ends: Mapped[int]

    __table_args__ = (UniqueConstraint("professional_id", "weekday", "starts"),)


class HoursException(Base):
    """Once: hours that are not in the week (`is_there`), or an absence, which holds the ticks of its time."""

    __tablename__ = "hours_exception"

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_there: Mapped[bool]
    made_at: Mapped[datetime]


class BookingState(enum.StrEnum):
    """A booking's life; rules/appointments/moves.py has the table of moves."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    ATTENDED = "attended"
    NO_SHOW = "no_show"


class Booking(Base):
    """A worker comes to a professional. `reason` is read by these two alone.

    `timed_at` is when its present time was chosen. `sequence` grows with every change of time or state, as a
    calendar wants it; `token` names it in links.
    """

    __tablename__ = "booking"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    state: Mapped[BookingState] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Sealed)
    made_at: Mapped[datetime] = mapped_column(index=True)
    timed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    draft_id: Mapped[str] = mapped_column(String(40), unique=True)

    service: Mapped[Service] = relationship()
    professional: Mapped[Professional] = relationship()
    place: Mapped[Place] = relationship()
    worker: Mapped[Worker] = relationship()

    __table_args__ = (
        Index("ix_booking_worker_id_starts_at", "worker_id", "starts_at"),
        Index("ix_booking_professional_id_starts_at", "professional_id", "starts_at"),
    )

    @property
    def code(self) -> str:
        """The number people say."""
        return f"A{self.id:04d}"


class BookingMove(Base):
    """One change of a booking: of its state, or of its time (`starts_at` is the new one). When, by whom and why."""

    __tablename__ = "booking_move"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    at: Mapped[datetime]
    before: Mapped[str | None] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime]
    is_late: Mapped[bool] = mapped_column(default=False)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(Sealed)


class TickKind(enum.StrEnum):
    """Whose time it is."""

    PROFESSIONAL = "p"
    WORKER = "w"
    PLACE = "r"


class Tick(Base):
    """Ten minutes of somebody or of a place, taken by one booking or absence: the referee that nothing overlaps.

    `at` counts ticks since 1970 (docs/decisions/0012-ticks.md).
    """

    __tablename__ = "tick"

    kind: Mapped[TickKind] = mapped_column(String(1), primary_key=True)
    owner_id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    exception_id: Mapped[int | None] = mapped_column(ForeignKey("hours_exception.id"), index=True)

    __table_args__ = ({"sqlite_with_rowid": False},)


class Reminder(Base):
    """A reminder that was told: once for each booking, each distance and each time that it was moved to."""

    __tablename__ = "reminder"

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    hours: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


class YearWarning(Base):
    """Somebody on the staff was told that a year has no holidays yet."""

    __tablename__ = "year_warning"

    year: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    told_at: Mapped[datetime]
