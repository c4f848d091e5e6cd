"""Profiles by what staff remember of them: a part of the nickname, or its initials."""

from __future__ import annotations

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from core import hanzi
from models.matchmaking import Profile, ProfileKey, keys_of


def called(words: str) -> Select[int]:
    """The ids of the profiles whose nickname, or the initials of it, contains the words. Nobody's for no words."""
    key = hanzi.fold(words).lower()[:20]
    return select(ProfileKey.profile_id).where(
        ProfileKey.key >= key, ProfileKey.key < key + "\U0010ffff", ProfileKey.key != ""
    )


def learn(db: Session, *, limit: int = 500) -> int:
    """Write the keys of profiles that have none, those from before there were keys; how many."""
    unknown = db.execute(
        select(Profile.id, Profile.nickname)
        .where(
            ~select(ProfileKey.key).where(ProfileKey.profile_id == Profile.id).exists(),
            Profile.nickname != "",
        )
        .limit(limit)
    ).all()
    rows = [{"profile_id": number, "key": key} for number, name in unknown for key in sorted(keys_of(name))]
    if rows:
        db.execute(delete(ProfileKey).where(ProfileKey.profile_id.in_([number for number, _ in unknown])))
        db.execute(insert(ProfileKey), rows)
    return len(unknown)
