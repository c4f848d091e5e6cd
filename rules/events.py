"""Fairs and other events."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.events import Event

DOORS_OPEN_BEFORE = timedelta(hours=2)


def open_by_token(db: Session, token: str, *, now: datetime) -> Event:
    """The event whose door code has this token, while its doors are open. Raises Refused("event_closed")."""
    event = db.scalar(select(Event).where(Event.token == token))
    if event is None or not event.starts_at - DOORS_OPEN_BEFORE <= now < event.ends_at:
        raise Refused("event_closed")
    return event
