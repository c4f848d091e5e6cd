"""The people and places that tests of rules use: two districts of one city, a fair with walls, workers and staff."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.events import Event
from models.matchmaking import Card, Profile, ProfileState, Wall
from models.people import Organisation, Staff, Worker
from qr.scenes import new_token
from rules import organisations, staff
from rules.access import Role
from rules.matchmaking import profiles, walls

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai


@dataclass
class Town:
    """One city of the cast, in one database."""

    engine: Engine
    db: Session
    city: Organisation
    north: Organisation
    south: Organisation
    fair: Event
    now: datetime
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def wall(self, number: int, title: str) -> Wall:
        """A wall of the fair."""
        return walls.lay_out(self.db, self.fair, number, title)

    def staff(self, login: str, organisation: Organisation, role: str = "manager", **more: Any) -> Staff:
        """Somebody who acts for a union."""
        return staff.add(
            self.db,
            login,
            name=login,
            role=Role(role),
            organisation=organisation,
            now=self.now,
            **more,
        )

    def worker(self, organisation: Organisation | None = None) -> Worker:
        """A follower."""
        worker = Worker(
            openid=f"oTEST{next(self.numbers):023d}",
            organisation_id=organisation.id if organisation else None,
            created_at=self.now,
            followed_at=self.now,
        )
        self.db.add(worker)
        self.db.flush()
        return worker

    def profile(self, worker: Worker | None = None, **changes: Any) -> Profile:
        """A profile in review, of a new follower unless one is named."""
        worker = worker or self.worker(self.north)
        facts: dict[str, Any] = {
            "worker_id": worker.id,
            "nickname": "小禾",
            "sex": "f",
            "birth_year": 1991,
            "height_cm": 168,
            "education": "本科",
            "trade": "护士",
            "district": "城北区",
            "home_town": "南溪",
            "marital": "never",
            "line": "周末多半在爬山",
            "contact_kind": "phone",
            "contact": "13800000000",
            "consent_version": "test",
            "consented_at": self.now,
            "submitted_at": self.now,
            "draft_id": f"draft{next(self.numbers)}",
        }
        profile = Profile(**(facts | changes))
        profiles.start(self.db, profile, now=self.now)
        return profile

    def listed(self, wall: Wall | None = None, **changes: Any) -> Card:
        """The card of a listed profile."""
        profile = self.profile(**changes)
        profiles.move(self.db, profile, ProfileState.LISTED, now=self.now)
        profile.listed_at = self.now
        card = walls.hang(self.db, profile, now=self.now, wall=wall)
        assert card
        return card


def build(engine: Engine, db: Session, now: datetime = NOW) -> Town:
    """The city with its two districts and a fair that is on; the caller commits."""
    province = organisations.add(db, "云栖省总工会")
    city = organisations.add(db, "临湖市总工会", province)
    fair = Event(
        organisation_id=city.id,
        kind="fair",
        title="临湖市相亲会",
        place="临湖体育馆",
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=2),
        tables=20,
        token=new_token(),
    )
    db.add(fair)
    return Town(
        engine,
        db,
        city,
        organisations.add(db, "城北区总工会", city),
        organisations.add(db, "城南区总工会", city),
        fair,
        now,
    )
