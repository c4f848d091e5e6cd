"""Profiles by what staff remember of them: a part of the nickname, or its initials."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, delete, insert, select
from sqlalchemy.orm import Session

from core import hanzi
from models.matchmaking import Profile, ProfileKey, keys_of


def profiles_called(words: str) -> Select[int]:
    """The ids of the profiles whose nickname, or the initials of it, contains the words. Nobody's for no words."""
    return select(ProfileKey.profile_id).where(_has(words))


def people_called(words: str) -> Select[int]:
    """The same as ids of workers."""
    return select(ProfileKey.worker_id).where(_has(words))


def _has(words: str) -> ColumnElement[bool]:
    key = hanzi.fold(words).lower()[:20]
    return and_(ProfileKey.key >= key, ProfileKey.key < key + "\U0010ffff", ProfileKey.key != "")


def learn(db: Session, *, limit: int = 500) -> int:
    """Write the keys of profiles that have none, those from before there were keys; how many."""
    unknown = db.execute(
        select(Profile.id, Profile.worker_id, Profile.nickname)
        .where(
            ~select(ProfileKey.key).where(ProfileKey.profile_id == Profile.id).exists(),
            Profile.nickname != "",
        )
        .limit(limit)
    ).all()
    rows = [
        {"profile_id": number, "worker_id": whose, "key": key}
        for number, whose, name in unknown
        for key in sorted(keys_of(name))
    ]
    if rows:
        db.execute(delete(ProfileKey).where(ProfileKey.profile_id.in_([one[0] for one in unknown])))
        db.execute(insert(ProfileKey), rows)
    return len(unknown)
