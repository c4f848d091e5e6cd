"""What staff did, in a chain that cannot be changed without being seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.crypto import Sealed, SealedJSON
from models.base import Base, BigKey


class Audit(Base):
    """What a member of staff did to whom, from where and why; old and new where something changed.

    The id is the row's place in the chain, without gaps. `organisation_id` is the union of whoever acted, as it was
    then; without a member it was done at the server's own terminal. `digest` is keyed and covers `previous` and every
    other field. Rows from before there was a chain have neither. Triggers refuse to change or delete a row.
    """

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    act: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Sealed)
    before: Mapped[dict[str, Any] | None] = mapped_column(SealedJSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(SealedJSON)
    origin: Mapped[str] = mapped_column(String(200))
    previous: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_audit_organisation_id_id", "organisation_id", "id"),
        Index("ix_audit_staff_id_id", "staff_id", "id"),
        Index("ix_audit_act_id", "act", "id"),
        Index("ix_audit_subject_id", "subject", "id"),
    )


class AuditHead(Base):
    """The end of the chain, in one row: whoever moves it on has the next place."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigKey)
    digest: Mapped[str] = mapped_column(String(64))

    __table_args__ = (CheckConstraint("id = 1", name="single"),)
