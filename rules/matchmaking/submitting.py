"""A profile is handed in, new or changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.matchmaking import Profile, ProfileState
from rules.matchmaking import profiles

_PLAIN = (
    "sex",
    "birth_year",
    "height_cm",
    "education",
    "trade",
    "district",
    "home_town",
    "marital",
    "nickname",
    "line",
)


def submit(
    db: Session,
    worker_id: int,
    answers: Mapping[str, Any],
    *,
    draft_id: str,
    consent_version: str,
    now: datetime,
) -> Profile:
    """Take in the answers of the profile form; they go to review. The same draft twice is once."""
    profile = of(db, worker_id)
    if profile is not None and profile.draft_id == draft_id:
        return profile
    is_new = profile is None
    profile = profile or Profile(worker_id=worker_id)
    for key in _PLAIN:
        setattr(profile, key, answers[key])
    profile.wants_born_from = answers["wants_born"].first
    profile.wants_born_to = answers["wants_born"].last
    profile.contact_kind = answers["contact_kind"]
    profile.contact = answers["wechat"] or answers["phone"]
    profile.consent_version = consent_version
    profile.consented_at = profile.submitted_at = now
    profile.draft_id = draft_id
    if is_new:
        profiles.start(db, profile, now=now)
    else:
        profiles.move(db, profile, ProfileState.IN_REVIEW, now=now)
    return profile


def of(db: Session, worker_id: int) -> Profile | None:
    """The profile of a person."""
    return db.scalar(select(Profile).where(Profile.worker_id == worker_id))


def need(db: Session, worker_id: int) -> Profile:
    """The profile of a person. Raises Refused("no_profile")."""
    profile = of(db, worker_id)
    if profile is None:
        raise Refused("no_profile")
    return profile
