"""A fair with one wall in the database of an account, and people with phones who hang there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.replies import render
from bot.texts import notices
from models.events import Event, Meeting, Seat
from models.matchmaking import Card, MeetRequest, Profile, ProfileState, Wall
from models.messages import Notice, NoticeState
from models.people import Staff, Worker
from qr.scenes import CardScene, CheckInScene, new_token
from rules import dialogs, organisations, staff, waiting
from rules.access import Role
from rules.appointments import reminders
from rules.exams import sign_ups
from rules.matchmaking import cards, profiles, requests, walls
from tests.chat.account import Account, Phone

_numbers = itertools.count(1)


class Fair:
    """One fair; several of them may stand in one account. `people` are those with a card, by nickname."""

    def __init__(
        self,
        account: Account,
        *,
        tables: int = 20,
        hours: float = 8,
        opened: float = 1,
        onsite_only: bool = False,
        city: int | None = None,
    ) -> None:
        self.account = account
        self.people: dict[str, Phone] = {}
        now = account.clock()
        with self.db() as db:
            if city is None:
                number = next(_numbers)
                province = organisations.add(db, f"第{number}省总工会")
                home = organisations.add(db, f"第{number}市总工会", province)
                officer = staff.add(
                    db,
                    f"officer{number}",
                    name="审核员",
                    role=Role.MANAGER,
                    organisation=home,
                    now=now,
                )
                self.city, self.officer = home.id, officer.id
            else:
                self.city = city
                self.officer = db.scalars(select(Staff.id).where(Staff.organisation_id == city)).one()
            event = Event(
                organisation_id=self.city,
                kind="fair",
                title="临湖市相亲会",
                place="临湖体育馆",
                starts_at=now - timedelta(hours=opened),
                ends_at=now + timedelta(hours=hours),
                tables=tables,
                onsite_only=onsite_only,
                token=new_token(),
            )
            db.add(event)
            db.flush()
            self.event_id = event.id
            self.door = CheckInScene(event.token).pack()
            self.wall_id = walls.lay_out(db, event, 3, "90后").id

    @contextmanager
    def db(self) -> Iterator[Session]:
        """A transaction of its own."""
        with Session(self.account.engine, expire_on_commit=False) as db:
            yield db
            db.commit()

    def person(self, nickname: str, phone: Phone | None = None, **changes: Any) -> Phone:
        """Somebody whose card hangs on the wall."""
        phone = phone or self.account.phone()
        now = self.account.clock()
        facts: dict[str, Any] = {
            "nickname": nickname,
            "sex": "f",
            "birth_year": 1991,
            "height_cm": 168,
            "education": "本科",
            "trade": "护士",
            "district": "城北区",
            "home_town": "南溪",
            "marital": "never",
            "line": "周末多半在爬山",
            "contact_kind": "wechat",
            "contact": f"wx_of_{next(_numbers)}",
            "consent_version": "test",
            "consented_at": now,
            "submitted_at": now,
            "draft_id": f"draft{next(_numbers)}",
        }
        with self.db() as db:
            worker = self.worker(db, phone)
            profile = Profile(**(facts | changes), worker_id=worker.id)
            profiles.start(db, profile, now=now)
            profiles.move(db, profile, ProfileState.LISTED, now=now)
            profile.listed_at = now
            assert walls.hang(db, profile, now=now, wall=db.get_one(Wall, self.wall_id))
        self.people[nickname] = phone
        return phone

    def man(self, nickname: str, phone: Phone | None = None, **changes: Any) -> Phone:
        """A man whose card hangs on the wall."""
        return self.person(
            nickname,
            phone,
            **({"sex": "m", "birth_year": 1990, "trade": "机械工程师", "height_cm": 176} | changes),
        )

    def worker(self, db: Session, phone: Phone) -> Worker:
        """The row of a phone, made when it is new to us."""
        worker = db.scalar(select(Worker).where(Worker.openid == phone.openid))
        if worker is None:
            now = self.account.clock()
            worker = Worker(openid=phone.openid, organisation_id=self.city, created_at=now, followed_at=now)
            db.add(worker)
            db.flush()
        return worker

    def profile(self, db: Session, phone: Phone) -> Profile:
        """The profile of a phone."""
        return db.scalars(select(Profile).join(Worker).where(Worker.openid == phone.openid)).one()

    def approve(self, phone: Phone) -> None:
        """Staff lists what this person handed in."""
        with self.db() as db:
            worker = self.worker(db, phone)
            if worker.organisation_id is None:
                worker.organisation_id = self.city
                db.flush()
            profiles.approve(
                db,
                self.profile(db, phone),
                staff=db.get_one(Staff, self.officer),
                now=self.account.clock(),
                wall=db.get_one(Wall, self.wall_id),
            )

    def refuse(self, phone: Phone, reason: str) -> None:
        """Staff sends back what this person handed in."""
        with self.db() as db:
            worker = self.worker(db, phone)
            worker.organisation_id = worker.organisation_id or self.city
            db.flush()
            profiles.refuse(
                db,
                self.profile(db, phone),
                staff=db.get_one(Staff, self.officer),
                reason=reason,
                now=self.account.clock(),
            )

    def token(self, phone: Phone) -> str:
        """The token of this person's card."""
        with self.db() as db:
            card = cards.live_card(db, self.profile(db, phone))
            assert card, "no live card"
            return card.token

    def code(self, phone: Phone) -> str:
        """The scene of this person's card."""
        return CardScene(self.token(phone)).pack()

    def reissue(self, phone: Phone) -> None:
        """Staff prints a new card."""
        with self.db() as db:
            card = cards.live_card(db, self.profile(db, phone))
            assert card
            cards.reissue(db, card, now=self.account.clock())

    def request(self, asker: Phone, asked: Phone) -> MeetRequest:
        """The newest wish of one to meet the other."""
        with self.db() as db:
            return db.scalars(
                select(MeetRequest)
                .where(
                    MeetRequest.asker_id == self.worker(db, asker).id,
                    MeetRequest.asked_id == self.worker(db, asked).id,
                )
                .order_by(MeetRequest.id.desc())
                .limit(1)
            ).one()

    def check_in(self, *phones: Phone) -> None:
        """They scan the code at the door."""
        for phone in phones:
            assert "签" in phone.scans(self.door)

    def meetings(self) -> list[tuple[Meeting, list[int]]]:
        """All meetings with the workers who sit there."""
        with self.db() as db:
            return [
                (meeting, list(db.scalars(select(Seat.worker_id).where(Seat.meeting_id == meeting.id))))
                for meeting in db.scalars(select(Meeting).where(Meeting.event_id == self.event_id))
            ]

    def cards(self) -> int:
        """How many cards were ever issued here."""
        with self.db() as db:
            return len(db.scalars(select(Card.id).where(Card.wall_id == self.wall_id)).all())


def passes(account: Account, **passed: float) -> None:
    """Time passes, and the worker does what is due."""
    account.clock.move(**passed)
    with Session(account.engine) as db:
        requests.expire_due(db, account.clock())
        while waiting.end_due(db, account.clock(), line=sign_ups.LINE, limits=account.config.waiting):
            pass
        dialogs.remind_due(db, account.clock())
        dialogs.erase_due(db, account.clock())
        reminders.remind_due(db, account.clock(), hours=account.config.appointments.reminder_hours)
        db.commit()


def pushed(account: Account, phone: Phone) -> list[str]:
    """What is due for this person, each with its links still in it; taken as sent, or void without words."""
    said: list[str] = []
    with Session(account.engine) as db:
        due = db.scalars(
            select(Notice)
            .join(Worker)
            .where(
                Worker.openid == phone.openid,
                Notice.state == NoticeState.PENDING,
                Notice.due_at <= account.clock(),
            )
            .order_by(Notice.due_at, Notice.id)
        ).all()
        for notice in due:
            say = notices.words(db, notice, now=account.clock())
            notice.state = NoticeState.VOID if say is None else NoticeState.SENT
            if say is not None:
                said.append(render(say))
        db.commit()
    return said
