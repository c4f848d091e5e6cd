"""Photos people give: the row says that there is one, the file below data.dir holds it, sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.crypto import Sealed
from models.base import Base, BigKey
from models.matchmaking import Profile


class Photo(Base):
    """One photo, in the order they were given. `name` is random: nothing leads from the file to a person.

    Without a profile it belongs to the form that its person is filling in. Without a name WeChat has it still: it is
    to be fetched by `media_id`, at `due_at`.
    """

    __tablename__ = "photo"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), index=True)
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(32), unique=True)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    media_id: Mapped[str | None] = mapped_column(Sealed)
    made_at: Mapped[datetime]
    due_at: Mapped[datetime | None]

    profile: Mapped[Profile | None] = relationship()

    __table_args__ = (
        Index(
            "ix_photo_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )
