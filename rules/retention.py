"""What was kept for a purpose is deleted when the purpose is over. In small steps: writers wait for us on SQLite."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from models.exams import SignUp, Sitting
from models.imports import ImportRun
from models.logins import Binding, Invitation, Login, LoginAttempt, LoginDelay, ScanLogin
from models.messages import Handover, Notice, NoticeState, Received, Said
from models.persons import ExportLink
from models.waiting import Turn
from rules.persons import erasing

READ = (NoticeState.SENT, NoticeState.SHOWN, NoticeState.VOID)


def forget_received(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete records of messages that acted before a moment; the platform repeats a message only for seconds."""
    old = select(Received.key).where(Received.at < before, Received.is_late.is_(False)).limit(limit)
    result: Any = db.execute(delete(Received).where(Received.key.in_(old)))
    return int(result.rowcount)


def forget_notices(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete notices that were sent or read before a moment, and how they were sent. The unread stay."""
    old = (
        select(Notice.id)
        .where(Notice.state.in_(READ), Notice.settled_at < before)
        .order_by(Notice.id)
        .limit(limit)
    )
    result: Any = db.execute(delete(Notice).where(Notice.id.in_(old)))
    return int(result.rowcount)


def forget_said(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete what was said before a moment in conversations that nobody closed."""
    return _forget(db, Said, Said.at < before, limit)


def forget_attempts(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete refused tries to log in that were made before a moment, and what was counted of them."""
    return _forget(db, LoginDelay, LoginDelay.failed_at < before, limit) or _forget(
        db, LoginAttempt, LoginAttempt.at < before, limit
    )


def forget_logins(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete logins that ended before a moment, and codes and links that did; nobody who is logged in notices."""
    for table, which in (
        (Binding, Binding.expires_at < before),
        (ScanLogin, ScanLogin.expires_at < before),
        (Invitation, Invitation.expires_at < before),
        (Login, Login.ended_at < before),
    ):
        if count := _forget(db, table, which, limit):
            return count
    return 0


def forget_imports(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete files that were checked before a moment and never brought in."""
    return _forget(db, ImportRun, (ImportRun.made_at < before) & ImportRun.done_at.is_(None), limit)


def forget_links(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete links to an export that ended before a moment."""
    return _forget(db, ExportLink, ExportLink.expires_at < before, limit)


def forget_candidates(db: Session, before: datetime, *, unplaced: bool = False, limit: int = 500) -> int:
    """Empty the sign-ups for exams held before a moment, or only those of who had no place: the numbers stay."""
    held = select(SignUp).join(Sitting, Sitting.id == SignUp.sitting_id).where(Sitting.starts_at < before)
    if unplaced:
        held = held.where(SignUp.state != Turn.PLACED)
    kept = db.scalars(
        held.where(~SignUp.id_hash.startswith(erasing.GONE, autoescape=True)).order_by(SignUp.id).limit(limit)
    ).all()
    for one in kept:
        erasing.forget_person(one)
    db.flush()
    return len(kept)


def forget_handovers(db: Session, before: datetime, *, limit: int = 500) -> int:
    """Delete conversations with a person that were closed before a moment, or asked for and never answered."""
    return _forget(db, Handover, func.coalesce(Handover.closed_at, Handover.at) < before, limit)


def _forget(db: Session, table: type[Any], which: ColumnElement[bool], limit: int) -> int:
    key = next(iter(table.__mapper__.primary_key))
    old = select(key).where(which).limit(limit)
    result: Any = db.execute(delete(table).where(key.in_(old)))
    return int(result.rowcount)
