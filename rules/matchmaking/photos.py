"""Photos of a profile: its person adds and removes them, whoever reviews it sees them, nobody else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import sealed_files
from core.config import Config
from core.errors import Refused
from core.pictures import Picture
from models.matchmaking import Profile, ProfileState
from models.people import Staff
from models.photos import Photo
from rules import access, audit
from rules.matchmaking import profiles, submitting

MOST = 6


def folder(config: Config) -> Path:
    """Where the files lie."""
    return config.data_dir / "photos"


def of(db: Session, profile: Profile) -> Sequence[Photo]:
    """The photos of a profile, in their order."""
    return db.scalars(select(Photo).where(Photo.profile_id == profile.id).order_by(Photo.id)).all()


def add(db: Session, worker_id: int, picture: Picture, *, place: Path, now: datetime) -> Photo:
    """Add a photo to one's profile, which goes to review again: nobody sees what nobody has looked at.

    Raises Refused("no_profile", "photo_withdrawn" or "photos_full").
    """
    profile = submitting.need(db, worker_id)
    if profile.state == ProfileState.WITHDRAWN:
        raise Refused("photo_withdrawn")
    # the move is what two additions at once meet at; the count behind it is true
    profiles.move(db, profile, ProfileState.IN_REVIEW, now=now)
    if len(of(db, profile)) >= MOST:
        raise Refused("photos_full", most=MOST)
    profile.submitted_at = now
    name = sealed_files.keep(place, picture.jpeg)
    photo = Photo(profile_id=profile.id, name=name, width=picture.width, height=picture.height, made_at=now)
    db.add(photo)
    db.flush()
    return photo


def mine(db: Session, worker_id: int, photo_id: int) -> Photo:
    """One of one's own photos. Raises Refused("not_found")."""
    found = select(Photo).join(Profile).where(Photo.id == photo_id, Profile.worker_id == worker_id)
    photo = db.scalar(found)
    if photo is None:
        raise Refused("not_found")
    return photo


def remove(db: Session, worker_id: int, photo_id: int) -> str:
    """Take one's photo away; what is left was reviewed. The name of the file, to be dropped after the commit."""
    photo = mine(db, worker_id, photo_id)
    db.delete(photo)
    return photo.name


def reviewed(db: Session, staff: Staff, photo_id: int, *, now: datetime) -> Photo:
    """A photo as a reviewer looks at it, which is written down. Raises Refused("not_found")."""
    photo = access.find(db, staff, Photo, photo_id, now=now)
    audit.note(db, staff, "photo_read", f"profile:{photo.profile_id}", now=now)
    return photo


def sweep(db: Session, place: Path, *, older_seconds: float = 600) -> int:
    """Delete the files that no row names (any more), but no new one, whose row may be on its way. How many."""

    def known(names: Collection[str]) -> Collection[str]:
        return db.scalars(select(Photo.name).where(Photo.name.in_(names))).all()

    return sealed_files.sweep(place, known, older_seconds=older_seconds)
