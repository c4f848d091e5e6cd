"""Files that staff bring in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.crypto import Sealed
from models.base import Base, BigKey


class ImportRun(Base):
    """A file that was checked and found good. `content` is its rows, until they are brought in or forgotten; `digest`
    is that of the rows, by which the same file is known again."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    content: Mapped[str | None] = mapped_column(Sealed)
    made_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_import_run_name_digest", "name", "digest"),)
