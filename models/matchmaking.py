"""Profiles, the cards on the walls, who looked at them, and who wants to meet whom."""

from __future__ import annotations

import enum
import re
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, ForeignKey, Index, String, UniqueConstraint, delete, event, insert, text
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship
from sqlalchemy.orm.attributes import get_history

from core import hanzi, pinyin
from core.crypto import Sealed
from models.base import Base, BigKey
from models.events import Event
from models.people import Worker


class ProfileState(enum.StrEnum):
    """A profile's life; rules/matchmaking/profiles.py has the table of moves."""

    IN_REVIEW = "in_review"
    LISTED = "listed"
    REFUSED = "refused"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


class Profile(Base):
    """What a single person lets others read, and the contact they chose to share on a yes."""

    __tablename__ = "profile"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), unique=True)
    state: Mapped[ProfileState] = mapped_column(String(12))
    nickname: Mapped[str] = mapped_column(String(20))
    sex: Mapped[str] = mapped_column(String(1))
    birth_year: Mapped[int]
    height_cm: Mapped[int]
    education: Mapped[str] = mapped_column(String(20))
    trade: Mapped[str] = mapped_column(String(40))
    district: Mapped[str] = mapped_column(String(40))
    home_town: Mapped[str] = mapped_column(String(40))
    marital: Mapped[str] = mapped_column(String(12))
    line: Mapped[str] = mapped_column(String(100))
    wants_born_from: Mapped[int | None]
    wants_born_to: Mapped[int | None]
    contact_kind: Mapped[str] = mapped_column(String(10))
    contact: Mapped[str | None] = mapped_column(Sealed)
    consent_version: Mapped[str] = mapped_column(String(20))
    consented_at: Mapped[datetime]
    submitted_at: Mapped[datetime]
    listed_at: Mapped[datetime | None]
    draft_id: Mapped[str] = mapped_column(String(40), unique=True)

    worker: Mapped[Worker] = relationship()

    __table_args__ = (
        Index("ix_profile_find", "state", "sex", "birth_year", "id"),
        Index("ix_profile_queue", "state", "submitted_at", "id"),
        Index("ix_profile_submitted_at", "submitted_at"),
        Index("ix_profile_state_worker_id", "state", "worker_id"),
    )

    @property
    def is_listed(self) -> bool:
        """Whether others may see it."""
        return self.state == ProfileState.LISTED


class ProfileKey(Base):
    """Something by which a profile is found: its nickname, or the initials of it, from any of its characters on.

    What contains the words begins with them from some character on, so a range of an index finds it. Compared byte by
    byte, or the range would be another one in each language.
    """

    __tablename__ = "profile_key"

    key: Mapped[str] = mapped_column(
        String(20).with_variant(String(20, collation="C"), "postgresql"), primary_key=True
    )
    profile_id: Mapped[int] = mapped_column(
        ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), index=True)

    __table_args__ = ({"sqlite_with_rowid": False},)


def keys_of(nickname: str) -> set[str]:
    """All keys of a profile with this nickname."""
    name = hanzi.fold(nickname).lower()
    return {whole[start:][:20] for whole in (name, *pinyin.initials(name)) for start in range(len(whole))}


@event.listens_for(Profile, "after_insert")
@event.listens_for(Profile, "after_update")
def _know_by(_mapper: Mapper[Profile], connection: Connection, profile: Profile) -> None:
    """Whoever writes a nickname writes its keys with it; nobody can forget to."""
    if any(get_history(profile, name).has_changes() for name in ("nickname", "worker_id")):
        connection.execute(delete(ProfileKey).where(ProfileKey.profile_id == profile.id))
        whose = {"profile_id": profile.id, "worker_id": profile.worker_id}
        if rows := [whose | {"key": key} for key in sorted(keys_of(profile.nickname))]:
            connection.execute(insert(ProfileKey), rows)


class ProfileMove(Base):
    """One move of a profile from state to state: when, by whom and why."""

    __tablename__ = "profile_move"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), index=True)
    at: Mapped[datetime]
    before: Mapped[str | None] = mapped_column(String(12))
    after: Mapped[str] = mapped_column(String(12))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(Sealed)


class Wall(Base):
    """A wall of cards at a fair. `codes_wanted_at`: since when somebody waits for codes to be made for its cards."""

    __tablename__ = "wall"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(40))
    codes_wanted_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()

    __table_args__ = (UniqueConstraint("event_id", "number"),)


class Card(Base):
    """A profile's card at one place of a wall. The token is all its code says; re-issuing revokes the old.

    `url` is what the printed code encodes; WeChat made it and forgets it at `url_expires_at`.
    """

    __tablename__ = "card"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), index=True)
    wall_id: Mapped[int] = mapped_column(ForeignKey("wall.id"), index=True)
    position: Mapped[int]
    token: Mapped[str] = mapped_column(String(32), unique=True)
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    url: Mapped[str | None] = mapped_column(String(200))
    url_expires_at: Mapped[datetime | None]
    printed_at: Mapped[datetime | None]

    profile: Mapped[Profile] = relationship()
    wall: Mapped[Wall] = relationship()

    __table_args__ = (
        Index(
            "uq_card_place",
            "wall_id",
            "position",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index(
            "uq_card_live",
            "profile_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    @property
    def place(self) -> str:
        """Its letter and number on the wall."""
        return place(self.position)


@lru_cache(4096)
def place(position: int) -> str:
    """The letter and number of a position: 20 cards to a row, "A-01" … "A-20", "B-01" …"""
    row, column = divmod(position - 1, 20)
    letters = ""
    row += 1
    while row:
        row, digit = divmod(row - 1, 26)
        letters = chr(65 + digit) + letters
    return f"{letters}-{column + 1:02d}"


def position_of(text: str) -> int | None:
    """The position that a letter and number stand for: "A-17", "a17" and "17" are one; None for anything else."""
    found = re.fullmatch(r"\s*(?:([A-Z]{1,2})\s*[-－—]?\s*([0-9]{1,2})|([0-9]{1,5}))\s*", text.upper())
    if found is None:
        return None
    letters, column, number = found.groups()
    if number:
        return int(number) or None
    row = 0
    for letter in letters:
        row = row * 26 + ord(letter) - 64
    return (row - 1) * 20 + int(column) if 1 <= int(column) <= 20 else None


class Scan(Base):
    """Somebody looked at a card, by one message. The newest of a person says which card "想认识TA" means."""

    __tablename__ = "scan"

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    message_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"), index=True)
    at: Mapped[datetime]

    __table_args__ = ({"sqlite_with_rowid": False},)


class RequestState(enum.StrEnum):
    """Where a wish to meet stands. `WAITING`: the asker's own profile is still in review."""

    WAITING = "waiting"
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class MeetRequest(Base):
    """One person would like to meet another. Between two people, one way, at most one is live.

    Until `expires_at` the asker can't tell DECLINED from OPEN, nor from EXPIRED after it; `told_at` is when the
    asker was told that there was no answer.
    """

    __tablename__ = "meet_request"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"))
    asked_id: Mapped[int] = mapped_column(ForeignKey("worker.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"))
    state: Mapped[RequestState] = mapped_column(String(10))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]

    card: Mapped[Card] = relationship()

    __table_args__ = (
        Index(
            "uq_meet_request_live",
            "asker_id",
            "asked_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'open', 'accepted')"),
            postgresql_where=text("state IN ('waiting', 'open', 'accepted')"),
        ),
        Index("ix_meet_request_asker_id_asked_at", "asker_id", "asked_at"),
        Index("ix_meet_request_asked_id_asked_at", "asked_id", "asked_at"),
        Index(
            "ix_meet_request_expiry",
            "expires_at",
            sqlite_where=text("told_at IS NULL AND state IN ('open', 'declined')"),
            postgresql_where=text("told_at IS NULL AND state IN ('open', 'declined')"),
        ),
    )


class Mark(Base):
    """What one person thinks of another's profile: "kept" (收藏), "passed" (不合适) or "blocked" (拉黑).

    `seen_as`: the nickname under which somebody blocked was seen; what they are called later is not shown any more.
    """

    __tablename__ = "mark"

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    at: Mapped[datetime]
    seen_as: Mapped[str | None] = mapped_column(String(20))


class Report(Base):
    """A complaint about a profile; one person counts once."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id"))
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), index=True)
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("worker_id", "profile_id"),)
