"""Days that staff entered beside calendar.yaml."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class CalendarDay(Base):
    """What holds on one day, whatever calendar.yaml says. `works_as`: a weekday, Monday is 1, whose hours hold; 0 on a
    holiday; None where it is a day like any other again."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    works_as: Mapped[int | None]
    changed_at: Mapped[datetime]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))

    __table_args__ = (CheckConstraint("works_as BETWEEN 0 AND 7", name="works_as"),)
