"""Photos of a profile: the row says that there is one, the file below data.dir holds it, sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, BigKey
from models.matchmaking import Profile


class Photo(Base):
    """One photo, in the order they were added. `name` is random: nothing leads from the file to a person."""

    __tablename__ = "photo"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), index=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    width: Mapped[int]
    height: Mapped[int]
    made_at: Mapped[datetime]

    profile: Mapped[Profile] = relationship()
