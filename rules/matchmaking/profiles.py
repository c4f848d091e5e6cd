"""A profile's life: the table of its moves, the one function that makes them, and the review."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from core.errors import Refused
from core.visible import tidy
from models.matchmaking import Profile, ProfileMove, ProfileState, Wall
from models.people import Staff
from models.photos import Photo
from rules import access, audit, notices
from rules.access import Permission
from rules.matchmaking import cards, meetings, requests, walls

_IN_REVIEW, _LISTED, _REFUSED = ProfileState.IN_REVIEW, ProfileState.LISTED, ProfileState.REFUSED
_PAUSED, _WITHDRAWN = ProfileState.PAUSED, ProfileState.WITHDRAWN

MOVES: Final = MappingProxyType(
    {
        _IN_REVIEW: frozenset({_IN_REVIEW, _LISTED, _REFUSED, _WITHDRAWN}),  # to itself: changed meanwhile
        _LISTED: frozenset({_IN_REVIEW, _PAUSED, _WITHDRAWN}),  # to review: every change is read again
        _REFUSED: frozenset({_IN_REVIEW, _WITHDRAWN}),
        _PAUSED: frozenset({_LISTED, _IN_REVIEW, _WITHDRAWN}),  # to listed: unchanged, so it needs no review
        _WITHDRAWN: frozenset({_IN_REVIEW}),
    }
)
"""From each state, where a profile may go. A draft is no profile yet: the first move comes from nowhere."""


def start(db: Session, profile: Profile, *, now: datetime) -> None:
    """Take in a new profile: it is in review, and that is its first move."""
    profile.state = _IN_REVIEW
    db.add(profile)
    db.flush()
    db.add(ProfileMove(profile_id=profile.id, at=now, before=None, after=_IN_REVIEW))


def move(
    db: Session,
    profile: Profile,
    after: ProfileState,
    *,
    now: datetime,
    staff: Staff | None = None,
    reason: str | None = None,
) -> None:
    """Bring the profile to another state, if the table allows, and leave a row that says so.

    Of two who move it at once the second is refused. Withdrawing voids the card and erases the contact and the photos.
    """
    before = ProfileState(profile.state)
    if after not in MOVES[before]:
        raise Refused("profile_move", before=before.value, after=after.value)
    db.flush()
    moved = db.execute(
        update(Profile)
        .where(Profile.id == profile.id, Profile.state == before)
        .values(state=after)
        .returning(Profile.id)
        .execution_options(synchronize_session=False)
    ).first()
    db.refresh(profile)
    if moved is None:
        raise Refused("profile_move", before=str(profile.state), after=after.value)
    db.add(
        ProfileMove(
            profile_id=profile.id,
            at=now,
            before=before,
            after=after,
            staff_id=staff.id if staff else None,
            reason=reason,
        )
    )
    if after == _WITHDRAWN:
        profile.contact = None
        drop_photos(db, profile)
        card = cards.live_card(db, profile)
        if card:
            cards.revoke(db, card, now=now)
        meetings.call_off(db, profile.worker_id, now=now)


def drop_photos(db: Session, profile: Profile) -> None:
    """Take all its photos away: from now on no page shows any; rules.matchmaking.photos.sweep deletes the files."""
    db.execute(delete(Photo).where(Photo.profile_id == profile.id))


def pause(db: Session, profile: Profile, *, now: datetime) -> None:
    """Its person hides a listed profile; a second time changes nothing. Raises Refused("profile_move")."""
    if profile.state != _PAUSED:
        move(db, profile, _PAUSED, now=now)


def resume(db: Session, profile: Profile, *, now: datetime) -> None:
    """Its person shows a hidden profile again; a second time changes nothing. Raises Refused("profile_move").

    The table alone would not do: from review it leads to the list too, which is for staff to decide.
    """
    if profile.state == _LISTED:
        return
    if profile.state != _PAUSED:
        raise Refused("profile_move", before=str(profile.state), after=_LISTED.value)
    move(db, profile, _LISTED, now=now)


def approve(db: Session, profile: Profile, *, staff: Staff, now: datetime, wall: Wall | None = None) -> None:
    """List the profile, hang its card at the fair, tell its person, and pass on the wishes that waited for this."""
    need_reviewer(db, profile, staff, now=now)
    before = {"state": str(profile.state)}
    move(db, profile, _LISTED, now=now, staff=staff)
    profile.listed_at = now
    db.flush()
    card = walls.hang(db, profile, now=now, wall=wall)
    notices.tell(
        db,
        profile.worker_id,
        "profile_listed",
        now=now,
        card_id=card.id if card else None,
    )
    requests.release_waiting(db, profile.worker_id, now=now)
    after = {"state": _LISTED.value, "card": card.id if card else None}
    audit.note(db, staff, "profile_approve", f"profile:{profile.id}", now=now, before=before, after=after)


def refuse(db: Session, profile: Profile, *, staff: Staff, reason: str, now: datetime) -> None:
    """Send the profile back with a reason, which its person reads."""
    need_reviewer(db, profile, staff, now=now)
    reason = tidy(reason)
    if not reason:
        raise Refused("reason_needed")
    before, after = {"state": str(profile.state)}, {"state": _REFUSED.value}
    move(db, profile, _REFUSED, now=now, staff=staff, reason=reason)
    notices.tell(db, profile.worker_id, "profile_refused", now=now, reason=reason)
    audit.note(
        db,
        staff,
        "profile_refuse",
        f"profile:{profile.id}",
        now=now,
        reason=reason,
        before=before,
        after=after,
    )


def need_reviewer(db: Session, profile: Profile, staff: Staff, *, now: datetime) -> None:
    """Refuse whoever may not review this profile. Outside one's reach it does not exist; nobody reviews themself."""
    access.need(staff, Permission.PROFILES_REVIEW)
    access.need_reach(db, staff, profile.worker, now=now)
    if staff.worker_id == profile.worker_id:
        raise Refused("own_profile")
