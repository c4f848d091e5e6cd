"""A link by which somebody takes away what we hold of them: theirs alone, once, for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.config import Persons
from core.errors import Refused
from models.people import Worker
from models.persons import ExportLink
from rules.logins import tokens

DAY = timedelta(days=1)


def make(db: Session, worker_id: int, *, limits: Persons, now: datetime) -> str:
    """The token of a new link; only its hash is kept. Raises Refused("export_often")."""
    made = db.scalar(
        select(func.count())
        .select_from(ExportLink)
        .where(ExportLink.worker_id == worker_id, ExportLink.made_at > now - DAY)
    )
    if (made or 0) >= limits.exports_per_day:
        raise Refused("export_often", limit=limits.exports_per_day)
    token = tokens.new()
    db.add(
        ExportLink(
            worker_id=worker_id,
            token_hash=tokens.hashed(token),
            made_at=now,
            expires_at=now + timedelta(minutes=limits.export_minutes),
        )
    )
    db.flush()
    return token


def is_open(db: Session, token: str, *, now: datetime) -> bool:
    """Whether the link still works. To look uses nothing up: WeChat and browsers open links by themselves."""
    query = select(ExportLink.id).where(
        ExportLink.token_hash == tokens.hashed(token),
        ExportLink.used_at.is_(None),
        ExportLink.expires_at > now,
    )
    return db.scalar(query) is not None


def use(db: Session, token: str, *, now: datetime) -> Worker:
    """Whose data it is; from now on the link is nothing. Raises Refused("export_gone")."""
    used = db.execute(
        update(ExportLink)
        .where(
            ExportLink.token_hash == tokens.hashed(token),
            ExportLink.used_at.is_(None),
            ExportLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(ExportLink.worker_id)
        .execution_options(synchronize_session=False)
    ).first()
    if used is None:
        raise Refused("export_gone")
    return db.get_one(Worker, used.worker_id)
