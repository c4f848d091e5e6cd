"""How much the account is used, by week and union: numbers, nobody's name."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people import Staff


class Tally(Base):
    """What was counted in a week for the people of one union, without those below it. Not for anybody's eyes.

    `week` is its Monday.
    """

    __tablename__ = "tally"

    week: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id"), primary_key=True, autoincrement=False, index=True
    )
    count: Mapped[int]


class Figure(Base):
    """What is shown of a week for a union and all below it. What nobody may see, or work out, has no row here."""

    __tablename__ = "figure"

    week: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id"), primary_key=True, autoincrement=False, index=True
    )
    count: Mapped[int]


class CountedWeek(Base):
    """A week that is over and counted: its figures stay as they are."""

    __tablename__ = "counted_week"

    week: Mapped[date] = mapped_column(Date, primary_key=True)


class Screen(Base):
    """The address under which a union's figures hang on a screen in the office, in the name of whoever hung them there.

    A union has one; only the hash of what the address holds is kept.
    """

    __tablename__ = "figure_screen"

    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id"), primary_key=True, autoincrement=False
    )
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    hung_at: Mapped[datetime]

    staff: Mapped[Staff] = relationship()
