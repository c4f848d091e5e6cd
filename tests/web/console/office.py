"""A console with a cast: two districts of one city, staff who log in, and workers with something that waits."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from core import sealed_files
from core.config import Config
from models.broadcasts import BroadcastState, Topic, Way
from models.events import Event
from models.matchmaking import Profile
from models.messages import Handover
from models.people import Organisation, Staff, Worker
from models.photos import Photo
from rules import logins
from rules.appointments import bookings
from rules.broadcasts import life
from rules.logins import Way as LoginWay
from rules.logins import Where
from rules.matchmaking import photos
from tests.chat.account import Account, in_mode, opened
from tests.rules.cast import NOW, Town, build
from tests.rules.clinic import TERMS, at, open_clinic
from tests.rules.exam_cast import plan

BASE = "http://console.test"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Seat:
    """Somebody at a browser."""

    def __init__(self, app: Any) -> None:
        self.web = Client(app)
        self.page = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page below /console."""
        answer = self.web.get(f"/console{path}", base_url=BASE, headers={"User-Agent": BROWSER}, **more)
        self.page = answer.text if answer.mimetype == "text/html" else ""
        return answer

    def post(self, path: str, *, token: str | None = None, **fields: str) -> TestResponse:
        """Send a form of the page that is open, with its token."""
        found = _TOKEN.search(self.page)
        if token is None and found:
            token = found[1]
        data = fields | ({"csrf_token": token} if token else {})
        answer = self.web.post(f"/console{path}", base_url=BASE, headers={"User-Agent": BROWSER}, data=data)
        if answer.mimetype == "text/html" and answer.status_code < 300:
            self.page = answer.text
        return answer


@dataclass
class Office:
    """All of it."""

    account: Account
    ids: dict[str, int] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1000))

    def seat(self, login: str = "") -> Seat:
        """A browser, with somebody logged in."""
        seat = Seat(self.account.app)
        if login:
            with Session(self.account.engine) as db:
                staff = db.get_one(Staff, self.ids[login])
                token = logins.open_login(
                    db, staff, Where("127.0.0.1", BROWSER), LoginWay.SCAN, now=self.account.clock.now
                )
                db.commit()
            seat.web.set_cookie("nj_console", token, domain="console.test", path="/console")
            seat.get("/")
        return seat

    @contextmanager
    def town(self) -> Iterator[Town]:
        """The cast, to be changed; committed at the end."""
        with Session(self.account.engine) as db:
            city = db.get_one(Organisation, self.ids["city"])
            north, south = (db.get_one(Organisation, self.ids[name]) for name in ("north", "south"))
            fair = db.scalars(select(Event)).one()
            yield Town(
                self.account.engine, db, city, north, south, fair, self.account.clock.now, self.numbers
            )
            db.commit()

    def handover(self, db: Session, worker: Worker, about: str = "chat", **more: Any) -> Handover:
        """A conversation that waits."""
        key = f"key{next(self.numbers)}"
        handover = Handover(
            worker_id=worker.id, at=self.account.clock.now, about=about, message_key=key, **more
        )
        db.add(handover)
        db.flush()
        return handover

    def photo(self, db: Session, profile_id: int) -> Photo:
        """A photo of a profile."""
        kept = io.BytesIO()
        Image.new("RGB", (900, 1200), "#8fb3c9").save(kept, "JPEG")
        name = sealed_files.keep(photos.folder(self.account.config), kept.getvalue())
        photo = Photo(
            worker_id=db.get_one(Profile, profile_id).worker_id,
            profile_id=profile_id,
            name=name,
            width=900,
            height=1200,
            made_at=self.account.clock.now,
        )
        db.add(photo)
        db.flush()
        return photo


STAFF = (
    # login, union, role
    ("boss", "city", "administrator"),
    ("north_admin", "north", "administrator"),
    ("north_review", "north", "reviewer"),
    ("north_review2", "north", "reviewer"),
    ("north_clerk", "north", "clerk"),
    ("north_duty", "north", "duty"),
    ("north_pro", "north", "professional"),
    ("south_admin", "south", "administrator"),
    ("south_review", "south", "reviewer"),
)


@contextmanager
def open_office(config: Config, base: str = BASE) -> Iterator[Office]:
    """Three profiles and two conversations wait in the north, one of each in the south."""
    config = in_mode(config, "plain")
    config = config.model_copy(update={"web": config.web.model_copy(update={"base_url": base})})
    with opened(config, pages=True) as account:
        account.clock.now = NOW
        office = Office(account)
        with Session(account.engine) as db:
            town = build(account.engine, db, NOW)
            office.ids |= {"city": town.city.id, "north": town.north.id, "south": town.south.id}
            unions = {"city": town.city, "north": town.north, "south": town.south}
            for login, union, role in STAFF:
                office.ids[login] = town.staff(login, unions[union], role).id
            for number in range(3):
                profile = town.profile(nickname=f"北{number}")
                office.ids[f"north{number}"] = profile.id
            office.ids["north_worker"] = profile.worker_id
            office.ids["north_photo"] = office.photo(db, office.ids["north0"]).id
            for name, about in (("north_talk", "chat"), ("north_crisis", "crisis")):
                office.ids[name] = office.handover(db, profile.worker, about).id
            south = town.profile(town.worker(town.south), nickname="南南")
            office.ids |= {"south0": south.id, "south_worker": south.worker_id}
            office.ids["south_photo"] = office.photo(db, south.id).id
            office.ids["south_talk"] = office.handover(db, south.worker).id
            db.commit()
        yield office


def busy_day(office: Office) -> None:
    """Something of everything today in the north, and more that is of another day, called off or elsewhere."""
    with office.town() as town:
        clinic = open_clinic(town.db, town.north, now=town.now, phones={})
        clinic.chen.name, clinic.lin.staff_id = "北0陈老师", office.ids["north_pro"]
        first = clinic.book(town.worker(town.north), at(23, 14), reason="睡不着")
        clinic.book(town.worker(town.south), at(23, 15))
        clinic.book(town.worker(town.north), at(24, 9))
        off = clinic.book(town.worker(town.north), at(23, 16))
        bookings.cancel(town.db, off, now=town.now, terms=TERMS)
        own = clinic.book(town.worker(town.north), at(25, 9), clinic.lin)
        own.starts_at = first.starts_at
        for union, quota, when in (
            (town.north, 30, town.now + timedelta(hours=3)),
            (town.north, 31, town.now + timedelta(days=1)),
            (town.north, 32, town.now - timedelta(days=1)),
            (town.south, 33, town.now + timedelta(hours=3)),
        ):
            closes = min(when, town.now - timedelta(hours=1)) - timedelta(hours=30)
            times = {"opens_at": closes - timedelta(days=3), "closes_at": closes, "starts_at": when}
            plan(town.db, union, now=town.now, quota=quota, place=f"{union.name}考场", **times)
        writer = town.db.get_one(Staff, office.ids["north_clerk"])
        for state, done_at in (
            (BroadcastState.DRAFT, None),
            (BroadcastState.APPROVED, None),
            (BroadcastState.SENDING, None),
            (BroadcastState.DONE, town.now - timedelta(hours=1)),
            (BroadcastState.DONE, town.now - timedelta(days=2)),
        ):
            about: dict[str, Any] = {
                "topic": Topic.ACTIVITY,
                "way": Way.CUSTOMER,
                "audience": {},
                "now": town.now,
            }
            one = life.new(town.db, writer, "text", {"text": f"北0群发 {state}"}, **about)
            one.state, one.done_at = state, done_at


def profile_of(office: Office, name: str) -> Profile:
    """The profile as the database has it."""
    with Session(office.account.engine, expire_on_commit=False) as db:
        return db.get_one(Profile, office.ids[name])
