"""One person would like to meet another: asking, answering, and no answer.

The asker learns a yes and nothing else: a no looks like no answer, in words, in limits and in time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from core.clock import today
from core.config import Matchmaking
from core.db import hold, insert_new
from core.errors import Refused
from models.events import Event, Meeting
from models.matchmaking import Card, MeetRequest, Profile, ProfileState, RequestState, Wall
from rules.matchmaking import looking, meetings
from rules.matchmaking.looking import Seen
from rules.notices import tell

UNANSWERED = (RequestState.OPEN, RequestState.DECLINED)
"""What looks like "no answer yet" to the asker until it expires."""


def ask(db: Session, worker_id: int, seen: Seen, *, now: datetime, limits: Matchmaking) -> MeetRequest:
    """Ask the owner of a card. A profile in review asks when it is listed (WAITING).

    Asking twice gives the first request, and asking whom one has said yes to gives that. Asking back, while the other
    still waits for an answer, is a yes, also after a no: the other must not learn of that. Raises Refused: own_card,
    profile_needed, profile_refused, profile_paused, no_fit, asked_before, too_many_open, too_many_today, card_busy.
    """
    if seen.worker_id == worker_id:
        raise Refused("own_card")
    mine = db.scalar(select(Profile).where(Profile.worker_id == worker_id))
    if mine is None or mine.state == ProfileState.WITHDRAWN:
        raise Refused("profile_needed", nickname=seen.nickname)
    if mine.state == ProfileState.REFUSED:
        raise Refused("profile_refused")
    if mine.state == ProfileState.PAUSED:
        raise Refused("profile_paused")
    earlier = _latest(db, worker_id, seen.worker_id)
    if earlier is not None and _is_live(earlier, now):
        return earlier
    crossing = _latest(db, seen.worker_id, worker_id)
    if crossing is not None and crossing.state == RequestState.ACCEPTED:
        return crossing
    is_listed = mine.state == ProfileState.LISTED
    if crossing and is_listed and _say_yes(db, crossing, UNANSWERED, now=now, limits=limits):
        return crossing
    theirs = db.get_one(Profile, seen.profile_id)
    if not looking.fits(mine, theirs):
        raise Refused("no_fit")
    if earlier is not None and earlier.asked_at > now - timedelta(days=limits.ask_again_days):
        raise Refused("asked_before", nickname=seen.nickname)
    _check_limits(db, worker_id, seen, now=now, limits=limits)
    insert_new(
        db,
        MeetRequest,
        asker_id=worker_id,
        asked_id=seen.worker_id,
        card_id=seen.card_id,
        state=RequestState.OPEN if is_listed else RequestState.WAITING,
        asked_at=now,
        expires_at=now + timedelta(minutes=limits.request_minutes),
    )
    request = _latest(db, worker_id, seen.worker_id)
    assert request is not None
    if is_listed:
        # once more: the other may have asked a moment ago, and who waited for their turn to write sees it now
        crossing = _latest(db, seen.worker_id, worker_id)
        if crossing is not None and _say_yes(db, crossing, UNANSWERED, now=now, limits=limits):
            return crossing
        tell(db, seen.worker_id, "meet_asked", now=now, request=request.id)
    return request


def release_waiting(db: Session, worker_id: int, *, now: datetime) -> list[MeetRequest]:
    """The asker's profile is listed now: put what waited for it to those asked. The requests that were put."""
    waiting = db.scalars(
        select(MeetRequest).where(
            MeetRequest.asker_id == worker_id, MeetRequest.state == RequestState.WAITING
        )
    )
    put = []
    for request in waiting:
        try:
            looking.card(db, worker_id, request.card.token)
        except Refused:
            request.state = RequestState.EXPIRED
            request.told_at = now
            tell(db, worker_id, "meet_no_answer", now=now, request=request.id)
            continue
        request.state = RequestState.OPEN
        request.expires_at = now + (request.expires_at - request.asked_at)
        request.asked_at = now
        tell(db, request.asked_id, "meet_asked", now=now, request=request.id)
        put.append(request)
    return put


def pending(db: Session, worker_id: int, request_id: int | None, *, now: datetime) -> MeetRequest:
    """The request put to this person: the one named, or the newest open. Raises Refused: request_gone, nobody_asks."""
    query = select(MeetRequest).where(MeetRequest.asked_id == worker_id)
    if request_id is None:
        query = query.where(MeetRequest.state == RequestState.OPEN, MeetRequest.expires_at > now)
    else:
        query = query.where(MeetRequest.id == request_id)
    request = db.scalar(query.order_by(MeetRequest.asked_at.desc(), MeetRequest.id.desc()).limit(1))
    if request is None:
        raise Refused("nobody_asks" if request_id is None else "request_gone")
    return request


def named(db: Session, worker_id: int, request_id: int) -> MeetRequest:
    """The request with this id, for one of its two people. Raises Refused("request_gone") for anybody else."""
    request = db.get(MeetRequest, request_id)
    if request is None or worker_id not in (request.asker_id, request.asked_id):
        raise Refused("request_gone")
    return request


def accept(db: Session, request: MeetRequest, *, now: datetime, limits: Matchmaking) -> MeetRequest:
    """A yes: both may see the contact the other chose, and meet at a table when both are there.

    The request that is accepted: this one, or the one back from the other side whose yes was first. A second yes
    changes nothing. Raises Refused: said_no, or request_gone when it expired or one of them has left.
    """
    if request.state == RequestState.ACCEPTED:
        return request
    if request.state == RequestState.DECLINED:
        raise Refused("said_no")
    if can_meet(db, request):
        if _say_yes(db, request, (RequestState.OPEN,), now=now, limits=limits):
            return request
        crossing = _latest(db, request.asked_id, request.asker_id)
        if crossing is not None and crossing.state == RequestState.ACCEPTED:
            return crossing
    raise Refused("request_gone")


def arrive(db: Session, worker_id: int, event: Event, *, now: datetime, limits: Matchmaking) -> bool:
    """Check in at a fair, and give tables to those of its walls who said yes before and are here already.

    Both are told. False when they had checked in before: nothing changes.
    """
    if not meetings.check_in(db, worker_id, event, now=now):
        return False
    mine = or_(MeetRequest.asker_id == worker_id, MeetRequest.asked_id == worker_id)
    # Of two who arrive, or of a yes and an arrival, at the same moment, the second waits here and sees the first.
    hold(db, MeetRequest.state, mine, MeetRequest.state.in_((RequestState.OPEN, RequestState.ACCEPTED)))
    agreed = db.scalars(
        select(MeetRequest)
        .join(Card, Card.id == MeetRequest.card_id)
        .join(Wall, Wall.id == Card.wall_id)
        .outerjoin(Meeting, Meeting.request_id == MeetRequest.id)
        .where(
            mine,
            MeetRequest.state == RequestState.ACCEPTED,
            Wall.event_id == event.id,
            Meeting.id.is_(None),
        )
        .order_by(MeetRequest.id)
    ).all()
    for request in agreed:
        if can_meet(db, request) and meetings.arrange(db, request, now=now, limits=limits):
            for one in (request.asker_id, request.asked_id):
                tell(db, one, "meeting_set", now=now, request=request.id, minutes=limits.meeting_minutes)
    return True


def can_meet(db: Session, request: MeetRequest) -> bool:
    """Whether the one who asked may still be told a yes: both are here with a profile, and neither blocks the other."""
    asker = db.scalar(select(Profile).where(Profile.worker_id == request.asker_id))
    asked = db.scalar(select(Profile).where(Profile.worker_id == request.asked_id))
    if asker is None or not asker.is_listed or not asker.worker.is_following:
        return False
    if asked is None or asked.state == ProfileState.WITHDRAWN:
        return False
    return not looking.is_blocked(db, asker, asked)


def postpone(request: MeetRequest, *, now: datetime) -> None:
    """Neither yes nor no: nothing changes. Raises Refused when there is nothing to think about any more."""
    if request.state == RequestState.ACCEPTED:
        raise Refused("said_yes")
    if request.state == RequestState.DECLINED:
        raise Refused("said_no")
    if request.state != RequestState.OPEN or request.expires_at <= now:
        raise Refused("request_gone")


def decline(db: Session, request: MeetRequest, *, now: datetime) -> None:
    """A no. The asker is told what they would be told without an answer, and at the same time.

    Raises Refused: said_yes (the asker knows it already), request_gone.
    """
    if request.state == RequestState.ACCEPTED:
        raise Refused("said_yes")
    if request.state != RequestState.DECLINED and not _settle(db, request, RequestState.DECLINED, now):
        raise Refused("request_gone")


def expire_due(db: Session, now: datetime, *, limit: int = 500) -> int:
    """Close what had no answer, declined or not, and tell the askers. How many were closed."""
    due = db.scalars(
        select(MeetRequest)
        .where(
            MeetRequest.told_at.is_(None), MeetRequest.state.in_(UNANSWERED), MeetRequest.expires_at <= now
        )
        .order_by(MeetRequest.expires_at)
        .limit(limit)
    ).all()
    closed = 0
    for request in due:
        result: Any = db.execute(
            update(MeetRequest)
            .where(
                MeetRequest.id == request.id, MeetRequest.told_at.is_(None), MeetRequest.state.in_(UNANSWERED)
            )
            .values(told_at=now, state=RequestState.EXPIRED)
            .execution_options(synchronize_session=False)
        )
        if result.rowcount:
            tell(db, request.asker_id, "meet_no_answer", now=now, request=request.id)
            closed += 1
    return closed


def contact_of(db: Session, worker_id: int, request: MeetRequest) -> Profile:
    """The other side's profile with the contact they chose, for one of the two after a yes.

    Raises Refused("request_gone") for anybody else and before.
    """
    other = {request.asker_id: request.asked_id, request.asked_id: request.asker_id}.get(worker_id)
    if other is None or request.state != RequestState.ACCEPTED:
        raise Refused("request_gone")
    profile = db.scalar(select(Profile).where(Profile.worker_id == other))
    mine = db.scalar(select(Profile).where(Profile.worker_id == worker_id))
    if profile is None or profile.state == ProfileState.WITHDRAWN:
        raise Refused("request_gone")
    if mine is not None and looking.is_blocked(db, mine, profile):
        raise Refused("request_gone")
    return profile


def part(db: Session, worker_id: int, other_id: int, *, now: datetime) -> None:
    """One of two blocks the other: whom they asked is not asked any more, and who asked them hears no answer."""
    db.execute(
        update(MeetRequest)
        .where(
            MeetRequest.asker_id == worker_id,
            MeetRequest.asked_id == other_id,
            MeetRequest.state.in_((RequestState.WAITING, *UNANSWERED)),
        )
        .values(state=RequestState.EXPIRED, told_at=now)
    )
    db.execute(
        update(MeetRequest)
        .where(
            MeetRequest.asker_id == other_id,
            MeetRequest.asked_id == worker_id,
            MeetRequest.state == RequestState.OPEN,
        )
        .values(state=RequestState.DECLINED, answered_at=now)
    )
    meetings.call_off(db, worker_id, now=now, other_id=other_id)


def _say_yes(
    db: Session,
    request: MeetRequest,
    before: tuple[RequestState, ...],
    *,
    now: datetime,
    limits: Matchmaking,
) -> bool:
    """Accept, with all that follows; False when it is not in one of these states any more."""
    if not _settle(db, request, RequestState.ACCEPTED, now, before=before):
        return False
    db.execute(  # this yes answers the other's wish as well
        update(MeetRequest)
        .where(
            MeetRequest.asker_id == request.asked_id,
            MeetRequest.asked_id == request.asker_id,
            MeetRequest.state.in_((RequestState.WAITING, *UNANSWERED)),
        )
        .values(state=RequestState.EXPIRED, told_at=now)
    )
    meetings.arrange(db, request, now=now, limits=limits)
    tell(db, request.asker_id, "meet_accepted", now=now, request=request.id, minutes=limits.meeting_minutes)
    return True


def _settle(
    db: Session,
    request: MeetRequest,
    state: RequestState,
    now: datetime,
    *,
    before: tuple[RequestState, ...] = (RequestState.OPEN,),
) -> bool:
    """Move an open request; False when another answer or the expiry was first."""
    result: Any = db.execute(
        update(MeetRequest)
        .where(
            MeetRequest.id == request.id,
            MeetRequest.state.in_(before),
            MeetRequest.expires_at > now,
        )
        .values(state=state, answered_at=now)
        .execution_options(synchronize_session=False)
    )
    db.refresh(request)
    return bool(result.rowcount)


def _latest(db: Session, asker_id: int, asked_id: int) -> MeetRequest | None:
    return db.scalar(
        select(MeetRequest)
        .where(MeetRequest.asker_id == asker_id, MeetRequest.asked_id == asked_id)
        .order_by(MeetRequest.id.desc())
        .limit(1)
    )


def _is_live(request: MeetRequest, now: datetime) -> bool:
    """As the asker sees it: accepted, waiting, or not answered yet."""
    if request.state in (RequestState.ACCEPTED, RequestState.WAITING):
        return True
    return request.state in UNANSWERED and request.expires_at > now


def _check_limits(db: Session, worker_id: int, seen: Seen, *, now: datetime, limits: Matchmaking) -> None:
    def count(*where: Any) -> int:
        return db.scalar(select(func.count()).select_from(MeetRequest).where(*where)) or 0

    mine = MeetRequest.asker_id == worker_id
    unanswered = or_(
        MeetRequest.state == RequestState.WAITING,
        (MeetRequest.state.in_(UNANSWERED)) & (MeetRequest.expires_at > now),
    )
    for whose in sorted((worker_id, seen.worker_id)):  # who asks or is asked at the same moment counts later
        hold(db, Profile.state, Profile.worker_id == whose)
    if count(mine, unanswered) >= limits.requests_open:
        raise Refused("too_many_open", limit=limits.requests_open)
    if count(mine, MeetRequest.asked_at >= today(now)[0]) >= limits.requests_per_day:
        raise Refused("too_many_today", limit=limits.requests_per_day)
    if (
        count(MeetRequest.asked_id == seen.worker_id, MeetRequest.asked_at >= now - timedelta(hours=1))
        >= limits.card_requests_per_hour
    ):
        raise Refused("card_busy", nickname=seen.nickname)
