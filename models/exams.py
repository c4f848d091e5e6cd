"""Exams: trades and their levels, sittings with a quota, and who signed up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.crypto import Sealed
from models.base import Base
from models.people import Organisation
from models.waiting import InLine, Turn, line_indexes


class Trade(Base):
    """What somebody can be examined in (工种)."""

    __tablename__ = "exam_trade"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)


class Level(Base):
    """One level of a trade: 5 is the lowest (初级工), 1 the highest (高级技师)."""

    __tablename__ = "exam_level"

    id: Mapped[int] = mapped_column(primary_key=True)
    trade_id: Mapped[int] = mapped_column(ForeignKey("exam_trade.id"))
    level: Mapped[int]

    trade: Mapped[Trade] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("trade_id", "level"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )


class Sitting(Base):
    """One sitting (场次) of an exam.

    `taken` counts places that somebody has or is offered; the database refuses one more than `quota`. `drawn` counts
    all who ever signed up: the next one's number. `waiting` counts who is in line now. `eligibility` is a list of
    requirements that explain themselves, for instance {"kind": "age", "least": 18, "words": "考试当天满 18 周岁"};
    rules/exams/eligibility.py reads it.
    """

    __tablename__ = "exam_sitting"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    level_id: Mapped[int] = mapped_column(ForeignKey("exam_level.id"))
    place: Mapped[str] = mapped_column(String(100))
    starts_at: Mapped[datetime]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime] = mapped_column(index=True)
    quota: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    drawn: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    eligibility: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    level: Mapped[Level] = relationship(lazy="joined", innerjoin=True)
    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        CheckConstraint("taken >= 0 AND taken <= quota", name="quota"),
        CheckConstraint("opens_at < closes_at AND closes_at <= starts_at", name="moments"),
    )

    def is_open(self, now: datetime) -> bool:
        """Whether one can sign up."""
        return self.opens_at <= now < self.closes_at

    @property
    def free(self) -> int:
        """Places that nobody has and nobody is offered."""
        return self.quota - self.taken


class SignUp(InLine, Base):
    """Somebody signed up for a sitting, with a place or in line for one. `number` is the 报名号.

    What identifies the person is sealed; `id_hash` is the keyed hash by which the same person is found at this
    sitting, whichever phone they use. Numbers are drawn while the sitting is locked, so none is given twice. `agreed`
    are the requirements and the consent that were agreed to, word by word.
    """

    __tablename__ = "exam_sign_up"

    sitting_id: Mapped[int] = mapped_column(ForeignKey("exam_sitting.id"))
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"))
    number: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(Sealed)
    id_number: Mapped[str] = mapped_column(Sealed)
    phone: Mapped[str] = mapped_column(Sealed)
    employer: Mapped[str] = mapped_column(Sealed)
    agreed: Mapped[str] = mapped_column(Sealed)
    id_hash: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(index=True)
    draft_id: Mapped[str] = mapped_column(String(40))

    sitting: Mapped[Sitting] = relationship()

    __table_args__ = (
        UniqueConstraint("worker_id", "draft_id"),
        *line_indexes("exam_sign_up", "sitting_id"),
        Index(
            "uq_exam_sign_up_person",
            "sitting_id",
            "id_hash",
            unique=True,
            sqlite_where=text("state IN ('placed', 'waiting', 'offered')"),
            postgresql_where=text("state IN ('placed', 'waiting', 'offered')"),
        ),
        Index(
            "uq_exam_sign_up_worker",
            "sitting_id",
            "worker_id",
            unique=True,
            sqlite_where=text("state IN ('placed', 'waiting', 'offered')"),
            postgresql_where=text("state IN ('placed', 'waiting', 'offered')"),
        ),
    )

    @property
    def is_live(self) -> bool:
        """Whether it has a place, is offered one or waits for one."""
        return self.state in (Turn.PLACED, Turn.WAITING, Turn.OFFERED)
