"""Organisations, workers who write to us, and staff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, BigKey

LEVELS = {1: "province", 2: "city", 3: "district", 4: "street or enterprise"}


class Organisation(Base):
    """A union in the tree of four levels. `path` holds the ids from the root, for instance "/1/4/9/"."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    level: Mapped[int]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    path: Mapped[str] = mapped_column(String(100), index=True)

    def has_within(self, other: Organisation) -> bool:
        """Whether `other` is this organisation or below it."""
        return other.path.startswith(self.path)


class Worker(Base):
    """Somebody who follows the account, or once did. All the platform tells of a person is the openid.

    `heard_at`: when they last wrote, to the minute or so; from then WeChat lets us answer for 48 hours.
    With `gone_at` the record is nobody any more: it was erased, or merged into another one. What had to stay hangs on
    it; its openid is none that the platform gives.
    """

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    openid: Mapped[str] = mapped_column(String(64), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    created_at: Mapped[datetime]
    followed_at: Mapped[datetime | None]
    unfollowed_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None] = mapped_column(index=True)
    gone_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_worker_organisation_id_id", "organisation_id", "id"),
        Index("ix_worker_followed_at_id", "followed_at", "id"),
        Index(
            "ix_worker_left",
            "id",
            sqlite_where=text("unfollowed_at IS NOT NULL"),
            postgresql_where=text("unfollowed_at IS NOT NULL"),
        ),
        Index(
            "ix_worker_gone_at",
            "gone_at",
            sqlite_where=text("gone_at IS NOT NULL"),
            postgresql_where=text("gone_at IS NOT NULL"),
        ),
    )

    @property
    def is_following(self) -> bool:
        """Whether messages can reach this person at all."""
        return self.unfollowed_at is None


class Staff(Base):
    """Somebody of a union, or a professional, acting within the subtree of an organisation."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(20))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.id"), unique=True)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()
