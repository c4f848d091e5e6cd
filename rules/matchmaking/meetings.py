"""Where and when two people at the same fair sit down together.

Meetings start on a grid of times from the fair's opening, so that unique constraints keep a table and a
person from being booked twice, whoever books at the same moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.config import Matchmaking
from core.db import insert_new
from models.events import CheckIn, Event, Meeting, Seat
from models.matchmaking import MeetRequest
from rules.notices import tell


def check_in(db: Session, worker_id: int, event: Event, *, now: datetime) -> bool:
    """Somebody has arrived. False when they had already."""
    return insert_new(db, CheckIn, event_id=event.id, worker_id=worker_id, at=now)


def fair_of_both(db: Session, request: MeetRequest, *, now: datetime) -> Event | None:
    """The fair that is on and where both are: each is where they checked in last."""
    here = [
        db.scalar(
            select(Event)
            .join(CheckIn, CheckIn.event_id == Event.id)
            .where(CheckIn.worker_id == worker, Event.starts_at <= now, Event.ends_at > now)
            .order_by(CheckIn.at.desc(), Event.id.desc())
            .limit(1)
        )
        for worker in (request.asker_id, request.asked_id)
    ]
    return here[0] if here[0] is here[1] and here[0] is not None and here[0].tables else None


def arrange(db: Session, request: MeetRequest, *, now: datetime, limits: Matchmaking) -> Meeting | None:
    """Give both the nearest free table and time, and write their reminder and bell.

    None when they are not both at a fair, or nothing is free before it closes.
    """
    event = fair_of_both(db, request, now=now)
    if event is None:
        return None
    length = timedelta(minutes=limits.meeting_minutes)
    step = length + timedelta(minutes=limits.meeting_gap_minutes)
    earliest = now + timedelta(minutes=limits.meeting_lead_minutes)
    starts_at = event.starts_at + step * -((event.starts_at - earliest) // step)
    while starts_at + length <= event.ends_at and starts_at < now + timedelta(hours=4):
        meeting = _sit_down(db, event, request, starts_at, step)
        if meeting is not None:
            facts = {"meeting": meeting.id, "minutes": limits.meeting_minutes}
            for worker_id in (request.asker_id, request.asked_id):
                tell(db, worker_id, "meeting_soon", now=now, due_at=starts_at - timedelta(minutes=2), **facts)
                tell(db, worker_id, "meeting_over", now=now, due_at=starts_at + length, **facts)
            return meeting
        starts_at += step
    return None


def meeting_of(db: Session, request: MeetRequest) -> Meeting | None:
    """The meeting that a yes led to."""
    return db.scalar(select(Meeting).where(Meeting.request_id == request.id))


def call_off(db: Session, worker_id: int, *, now: datetime, other_id: int | None = None) -> int:
    """Free the tables of somebody who withdraws, or who will not meet this other one; tell those who would have come.

    Returns how many.
    """
    mine = select(Seat.meeting_id).where(Seat.worker_id == worker_id, Seat.starts_at > now)
    if other_id is not None:
        mine = mine.where(Seat.meeting_id.in_(select(Seat.meeting_id).where(Seat.worker_id == other_id)))
    meetings = db.scalars(select(Meeting).where(Meeting.id.in_(mine)).order_by(Meeting.id)).all()
    for meeting in meetings:
        other = db.scalar(
            select(Seat.worker_id).where(Seat.meeting_id == meeting.id, Seat.worker_id != worker_id)
        )
        db.delete(meeting)  # its bells ask for it, and say nothing then
        if other is not None:
            tell(db, other, "meeting_off", now=now, starts_at=meeting.starts_at.isoformat())
    db.flush()
    return len(meetings)


def _sit_down(
    db: Session, event: Event, request: MeetRequest, starts_at: datetime, step: timedelta
) -> Meeting | None:
    """Both at one table at this time, or None when one is taken or all tables are.

    The constraints hold on one grid; looking for what overlaps covers another fair, and a grid that was changed.
    """
    people = (request.asker_id, request.asked_id)
    if db.scalar(
        select(Seat.worker_id)
        .where(
            Seat.worker_id.in_(people), Seat.starts_at > starts_at - step, Seat.starts_at < starts_at + step
        )
        .limit(1)
    ):
        return None
    taken = set(
        db.scalars(
            select(Meeting.table_number).where(
                Meeting.event_id == event.id,
                Meeting.starts_at > starts_at - step,
                Meeting.starts_at < starts_at + step,
            )
        )
    )
    for table in range(1, event.tables + 1):
        if table in taken:
            continue
        with db.begin_nested() as attempt:
            if not insert_new(
                db, Meeting, event_id=event.id, starts_at=starts_at, table_number=table, request_id=request.id
            ):
                continue  # somebody took this table a moment ago
            meeting = meeting_of(db, request)
            assert meeting is not None
            if all(
                insert_new(
                    db, Seat, event_id=event.id, starts_at=starts_at, worker_id=worker, meeting_id=meeting.id
                )
                for worker in people
            ):
                return meeting
            attempt.rollback()
        return None
    return None
