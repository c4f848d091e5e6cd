"""Fairs and other events."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.events import Event
from models.people import Organisation
from qr.scenes import new_token

DOORS_OPEN_BEFORE = timedelta(hours=2)


def open_by_token(db: Session, token: str, *, now: datetime) -> Event:
    """The event whose door code has this token, while its doors are open. Raises Refused("event_closed")."""
    event = db.scalar(select(Event).where(Event.token == token))
    if event is None or not event.starts_at - DOORS_OPEN_BEFORE <= now < event.ends_at:
        raise Refused("event_closed")
    return event


def plan_fair(
    db: Session,
    organisation: Organisation,
    title: str,
    *,
    place: str,
    starts_at: datetime,
    ends_at: datetime,
    tables: int,
    onsite_only: bool = False,
) -> Event:
    """Plan a fair of this union; its walls are put up by walls.lay_out."""
    if ends_at <= starts_at:
        raise Refused("ends_before_start")
    fair = Event(
        organisation_id=organisation.id,
        kind="fair",
        title=title,
        place=place,
        starts_at=starts_at,
        ends_at=ends_at,
        tables=tables,
        onsite_only=onsite_only,
        token=new_token(),
    )
    db.add(fair)
    db.flush()
    return fair
