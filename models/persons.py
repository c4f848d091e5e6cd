"""What becomes of a person's record: a second phone, two records made one, a copy taken away, all of it erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.crypto import SealedJSON
from models.base import Base, BigKey


class OtherPhone(Base):
    """A phone of somebody who has several; `Worker.openid` is the one they used last, and notices go there."""

    __tablename__ = "other_phone"

    openid: Mapped[str] = mapped_column(String(64), primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), index=True)
    followed_at: Mapped[datetime | None]
    unfollowed_at: Mapped[datetime | None]


class Merge(Base):
    """Two records of one person were made one. `settled_at`: what came in at that very moment has followed too."""

    __tablename__ = "worker_merge"

    gone_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True, autoincrement=False)
    kept_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_worker_merge_open",
            "at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )


class Erasure(Base):
    """Somebody was forgotten, by their own wish or, with a member of staff named, on request.

    `openids` are kept until everything outside the database has forgotten them too (`cleared_at`), a minute at most.
    """

    __tablename__ = "erasure"

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True, autoincrement=False)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
    openids: Mapped[list[str] | None] = mapped_column(SealedJSON)
    cleared_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_erasure_open",
            "at",
            sqlite_where=text("cleared_at IS NULL"),
            postgresql_where=text("cleared_at IS NULL"),
        ),
    )


class ExportLink(Base):
    """A link by which somebody takes away what we hold of them, once. Only the hash of its token is here."""

    __tablename__ = "export_link"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_export_link_worker_id_made_at", "worker_id", "made_at"),)
