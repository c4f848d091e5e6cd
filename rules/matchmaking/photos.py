"""Photos of a profile: its person gives and removes them, whoever reviews it sees them, nobody else.

Given for a form, a photo is its person's alone; handed in with the form it is the profile's. One that comes by chat is
a row first, and fetched from WeChat by tasks/photos.py, whether it is handed in by then or not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session

from core import sealed_files
from core.config import Config
from core.errors import Refused
from core.pictures import Picture
from models.matchmaking import Profile, ProfileState
from models.messages import Dialog
from models.people import Staff
from models.photos import Photo
from rules import access, audit
from rules.matchmaking import profiles, submitting
from rules.notices import tell

MOST = 6
SOON, LATEST = timedelta(seconds=5), timedelta(hours=1)
"""Between these WeChat is asked again for a photo; the older it is, the rarer. It keeps them for three days."""


def folder(config: Config) -> Path:
    """Where the files lie."""
    return config.data_dir / "photos"


# Given for a form


def want(db: Session, worker_id: int, media_id: str, *, now: datetime) -> Photo:
    """Somebody sent a photo in the chat: it is to be fetched."""
    return _add(db, Photo(worker_id=worker_id, media_id=media_id, made_at=now, due_at=now))


def give(db: Session, worker_id: int, picture: Picture, *, place: Path, now: datetime) -> Photo:
    """Somebody sent a photo on a page."""
    name = sealed_files.keep(place, picture.jpeg)
    photo = Photo(
        worker_id=worker_id, name=name, width=picture.width, height=picture.height, made_at=now, due_at=None
    )
    return _add(db, photo)


def given(db: Session, worker_id: int) -> dict[int, bool]:
    """What somebody gave and did not hand in yet, each with whether it is here already."""
    found = (
        select(Photo.id, Photo.name.is_not(None).label("is_here"))
        .where(*_loose(worker_id))
        .order_by(Photo.id)
    )
    return {row.id: row.is_here for row in db.execute(found)}


def drop_others(db: Session, worker_id: int, keep: Collection[int]) -> None:
    """Take away what somebody gave and their form does not hold (any more)."""
    db.execute(delete(Photo).where(*_loose(worker_id), Photo.id.not_in(keep)))


def forget_loose(db: Session) -> int:
    """Take away what was given for a form that is forgotten with its conversation. How many."""
    is_alive = exists().where(Dialog.worker_id == Photo.worker_id)
    gone: Any = db.execute(delete(Photo).where(Photo.profile_id.is_(None), ~is_alive))
    return int(gone.rowcount)


# Fetched


def due(db: Session, now: datetime, *, limit: int) -> list[tuple[int, str]]:
    """The photos to be fetched now, with what WeChat calls them."""
    found = select(Photo.id, Photo.media_id).where(Photo.due_at.is_not(None), Photo.due_at <= now)
    return [(number, media or "") for number, media in db.execute(found.order_by(Photo.due_at).limit(limit))]


def arrived(db: Session, photo_id: int, name: str, picture: Picture, *, now: datetime) -> bool:
    """A photo is here, in the file of this name. False: it was here before, or nobody wants it any more.

    If it is handed in already, the profile is reviewed with it: nobody sees what nobody has looked at.
    """
    found = db.execute(
        update(Photo)
        .where(Photo.id == photo_id, Photo.name.is_(None))
        .values(name=name, width=picture.width, height=picture.height, media_id=None, due_at=None)
        .returning(Photo.profile_id)
        .execution_options(synchronize_session=False)
    ).first()
    if found is None:
        return False
    profile = db.get(Profile, found[0]) if found[0] is not None else None
    if profile is not None and profile.state in (
        *(ProfileState.IN_REVIEW, ProfileState.LISTED, ProfileState.PAUSED),
    ):
        profiles.move(db, profile, ProfileState.IN_REVIEW, now=now)
        profile.submitted_at = now
    return True


def postpone(db: Session, photo_id: int, *, now: datetime) -> None:
    """WeChat could not be asked for it, or had no time: again later."""
    photo = db.get(Photo, photo_id)
    if photo is not None and photo.due_at is not None:
        photo.due_at = now + min(LATEST, max(SOON, now - photo.made_at))


def lost(db: Session, photo_id: int, why: str, *, now: datetime) -> None:
    """WeChat has it no more, or it is no photo: its person is told, once."""
    gone = db.execute(
        delete(Photo).where(Photo.id == photo_id, Photo.name.is_(None)).returning(Photo.worker_id)
    ).first()
    if gone is not None:
        tell(db, gone[0], "photo_lost", now=now, why=why)


# Of a profile


def of(db: Session, profile: Profile) -> Sequence[Photo]:
    """The photos of a profile, in their order."""
    return db.scalars(select(Photo).where(Photo.profile_id == profile.id).order_by(Photo.id)).all()


def room(db: Session, worker_id: int) -> int:
    """How many more somebody's profile takes.

    Raises Refused("photo_no_profile", "photo_withdrawn" or "photos_full").
    """
    profile = submitting.of(db, worker_id)
    if profile is None:
        raise Refused("photo_no_profile")
    if profile.state == ProfileState.WITHDRAWN:
        raise Refused("photo_withdrawn")
    count = db.scalar(select(func.count()).select_from(Photo).where(Photo.profile_id == profile.id)) or 0
    if count >= MOST:
        raise Refused("photos_full", most=MOST)
    return MOST - count


def hand_in(db: Session, worker_id: int, numbers: Collection[int], *, now: datetime) -> int:
    """Add given photos to one's profile, which goes to review again. How many.

    Raises Refused("photo_no_profile", "photo_withdrawn" or "photos_full").
    """
    room(db, worker_id)
    profile = submitting.need(db, worker_id)
    # the move is what two additions at once meet at; the count behind it is true
    profiles.move(db, profile, ProfileState.IN_REVIEW, now=now)
    if len(numbers) > room(db, worker_id):
        raise Refused("photos_full", most=MOST)
    profile.submitted_at = now
    done: Any = db.execute(
        update(Photo)
        .where(*_loose(worker_id), Photo.id.in_(numbers))
        .values(profile_id=profile.id)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def mine(db: Session, worker_id: int, photo_id: int) -> Photo:
    """One of one's own photos. Raises Refused("not_found")."""
    photo = db.scalar(select(Photo).where(Photo.id == photo_id, Photo.worker_id == worker_id))
    if photo is None:
        raise Refused("not_found")
    return photo


def remove(db: Session, worker_id: int, photo_id: int) -> str | None:
    """Take one's photo away; what is left was reviewed. The name of the file, to be dropped after the commit."""
    photo = mine(db, worker_id, photo_id)
    db.delete(photo)
    return photo.name


def reviewed(db: Session, staff: Staff, photo_id: int, *, now: datetime) -> Photo:
    """A photo as a reviewer looks at it, which is written down. Raises Refused("not_found")."""
    photo = access.find(db, staff, Photo, photo_id, now=now)
    audit.note(db, staff, "photo_read", f"profile:{photo.profile_id}", now=now)
    return photo


def read(place: Path, photo: Photo) -> bytes | None:
    """The JPEG; None when it is not here, yet or any more."""
    return None if photo.name is None else sealed_files.read(place, photo.name)


def sweep(db: Session, place: Path, *, older_seconds: float = 600) -> int:
    """Delete the files that no row names (any more), but no new one, whose row may be on its way. How many."""

    def known(names: Collection[str]) -> Collection[str]:
        found = db.scalars(select(Photo.name).where(Photo.name.in_(names)))
        return [name for name in found if name is not None]

    return sealed_files.sweep(place, known, older_seconds=older_seconds)


def _loose(worker_id: int) -> tuple[ColumnElement[bool], ...]:
    return Photo.worker_id == worker_id, Photo.profile_id.is_(None)


def _add(db: Session, photo: Photo) -> Photo:
    db.add(photo)
    db.flush()
    return photo
