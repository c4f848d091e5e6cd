"""What somebody agreed to, and taking it back."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.exams import SignUp
from models.matchmaking import Profile, ProfileState
from models.messages import Consent
from models.waiting import Turn
from rules import notices
from rules.matchmaking import profiles


class Kind(enum.StrEnum):
    """What was agreed to: a card on the wall, an exam's conditions, notices by a template."""

    PROFILE = "profile"
    EXAM = "exam"
    NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class Agreed:
    """One yes. `key` names it for `withdraw`; `version` or `text` is what was read; `can_end`: it can be taken back."""

    kind: Kind
    key: str
    version: str
    text: str
    at: datetime | None
    can_end: bool


def agreed(db: Session, worker_id: int) -> list[Agreed]:
    """Everything a person agreed to and has not taken back, the newest of each kind first."""
    found: list[Agreed] = []
    profile = db.scalar(select(Profile).where(Profile.worker_id == worker_id))
    if profile is not None and profile.state != ProfileState.WITHDRAWN:
        version, at = profile.consent_version, profile.consented_at
        found.append(Agreed(Kind.PROFILE, "", version, "", at, can_end=True))
    signed = (
        select(SignUp)
        .where(SignUp.worker_id == worker_id, SignUp.state.not_in((Turn.WITHDRAWN, Turn.LAPSED)))
        .order_by(SignUp.id.desc())
    )
    found += [
        Agreed(Kind.EXAM, one.number, "", one.agreed, one.signed_at, can_end=False)
        for one in db.scalars(signed)
        if one.agreed
    ]
    by_template = select(Consent).where(Consent.worker_id == worker_id).order_by(Consent.template_id)
    found += [
        Agreed(Kind.NOTICES, one.template_id, str(one.credit), "", None, can_end=True)
        for one in db.scalars(by_template)
    ]
    return found


def withdraw(db: Session, worker_id: int, kind: Kind, key: str, *, now: datetime) -> None:
    """Take a yes back: the profile leaves every wall and its card is void; notices of a template come no more.

    Twice is once. An exam's conditions end with the sign-up. Raises Refused("not_found").
    """
    if kind is Kind.PROFILE:
        profile = db.scalar(select(Profile).where(Profile.worker_id == worker_id))
        if profile is None:
            raise Refused("not_found")
        if profile.state != ProfileState.WITHDRAWN:
            profiles.move(db, profile, ProfileState.WITHDRAWN, now=now)
    elif kind is Kind.NOTICES:
        notices.agree(db, worker_id, key, is_yes=False)
    else:
        raise Refused("not_found")
