"""Somebody of whom there is a row in every table that can hang on a person, each word of theirs marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.config import Config
from models.base import Base
from models.broadcasts import Broadcast, Mute, Recipient, RecipientState, Topic, Way, WorkerTag
from models.events import CheckIn, Meeting
from models.exams import Sitting
from models.logins import Binding, ScanLogin
from models.matchmaking import Card, Mark, Profile, ProfileState, Report, Scan
from models.messages import Consent, Dialog, Handover, Notice, NoticeAttempt, NoticeState, Received
from models.people import Worker
from models.persons import OtherPhone
from models.photos import Photo
from qr.scenes import new_token
from rules import notices
from rules.appointments import bookings, reminders
from rules.broadcasts import life
from rules.exams import signing
from rules.matchmaking import looking, profiles, requests
from rules.persons import links
from tests.rules import exam_cast
from tests.rules.cast import NOW, Town
from tests.rules.clinic import TERMS, Clinic, at, open_clinic

MARK = "标记MK"
"""In every word that must be gone; what is kept of a held exam is marked KEPT."""
KEPT = "留存KP"


def hanging() -> set[type[Base]]:
    """Every mapped class that hangs on a worker: directly, or by a row that does."""
    by_table = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    found: set[type[Base]] = {Worker}
    while True:
        names = {one.__tablename__ for one in found}
        more = {
            cls
            for table, cls in by_table.items()
            if any(key.column.table.name in names for key in table.foreign_keys)
        }
        if more <= found:
            return found
        found |= more


def everything(db: Session) -> dict[str, str]:
    """All that the database holds, opened, by table."""
    found = {}
    for mapper in Base.registry.mappers:
        rows = db.scalars(select(mapper.class_).execution_options(populate_existing=True)).unique().all()
        names = [column.key for column in mapper.column_attrs]
        found[mapper.class_.__tablename__] = repr([[getattr(row, name) for name in names] for row in rows])
    return found


def left_of(db: Session, worker_id: int) -> dict[str, int]:
    """How many rows name this worker, by table and column."""
    found = {}
    for mapper in Base.registry.mappers:
        for column in mapper.columns:
            if any(key.column.table.name == "worker" for key in column.foreign_keys):
                count = len(db.execute(select(column).where(column == worker_id)).all())
                if count:
                    found[f"{mapper.class_.__tablename__}.{column.name}"] = count
    return found


@dataclass
class Lives:
    """The person, whom they met, and the services they used."""

    town: Town
    config: Config
    clinic: Clinic
    worker: Worker
    other: Worker
    shy: Worker
    coming: Sitting
    held: Sitting
    broadcast: Broadcast

    @property
    def db(self) -> Session:
        return self.town.db


def candidate(name: str, serial: int) -> signing.Person:
    return signing.Person(name, f"{name}{serial:018d}", exam_cast.BORN, f"{name}139", f"{name}厂")


def lives(town: Town, config: Config, *, is_staff: bool = True) -> Lives:
    """Rows in every table, with one other person on the other side of each."""
    db = town.db
    clinic = open_clinic(db, town.north, now=NOW, phones={})
    town.wall(1, "90后")
    mine = town.listed(
        worker=_worker(town, "oMK-phone"), nickname=MARK, line=MARK, trade=MARK, home_town=MARK, contact=MARK
    )
    other = town.listed(worker=town.worker(town.north), nickname="阿岳", sex="m", contact="ayue_secret")
    shy = town.listed(worker=town.worker(town.north), nickname="阿石", sex="m", contact="ashi_secret")
    worker = mine.profile.worker
    writer = town.staff("wu", town.north)
    broadcast = life.new(
        db, writer, "text", {"text": "周六"}, topic=Topic.NEWS, way=Way.MASS, audience={}, now=NOW
    )
    coming = exam_cast.plan(db, town.north, now=NOW, quota=1)
    held = exam_cast.plan(
        db, town.north, now=NOW - timedelta(days=30), starts_at=NOW - timedelta(days=5), quota=5,
        closes_at=NOW - timedelta(days=6),
    )  # fmt: skip
    it = Lives(
        town, config, clinic, worker, other.profile.worker, shy.profile.worker, coming, held, broadcast
    )
    _life(it, mine.id, other.id, shy.id)
    if is_staff:
        db.flush()
        town.staff("lan", town.north, worker=worker)
    db.flush()
    return it


def _worker(town: Town, openid: str) -> Worker:
    worker = town.worker(town.north)
    worker.openid = openid
    town.db.flush()
    return worker


def _life(it: Lives, mine: int, theirs: int, shy: int) -> None:
    db, worker, town = it.db, it.worker, it.town
    limits = it.config.matchmaking
    profiles.move(db, _profile(it, worker), ProfileState.PAUSED, now=NOW)
    profiles.move(db, _profile(it, worker), ProfileState.LISTED, now=NOW, reason=MARK)
    card = looking.card(db, worker.id, _token(it, it.other))
    for one in (worker, it.other):
        db.add(CheckIn(event_id=town.fair.id, worker_id=one.id, at=NOW))
    db.flush()
    asked = requests.ask(db, worker.id, card, now=NOW, limits=limits)
    requests.accept(db, asked, now=NOW, limits=limits)
    assert db.scalar(select(Meeting.id)), "they meet at a table"
    requests.ask(db, it.shy.id, looking.card(db, it.shy.id, _token(it, worker)), now=NOW, limits=limits)
    db.add_all(
        [
            Scan(worker_id=worker.id, message_key=f"{worker.openid}:1", card_id=theirs, at=NOW),
            Scan(worker_id=it.shy.id, message_key="k2", card_id=mine, at=NOW),
            Mark(worker_id=worker.id, profile_id=_profile(it, it.other).id, kind="kept", at=NOW),
            Mark(worker_id=it.shy.id, profile_id=_profile(it, worker).id, kind="blocked", at=NOW),
            Report(worker_id=worker.id, profile_id=_profile(it, it.other).id, at=NOW),
            Report(worker_id=it.shy.id, profile_id=_profile(it, worker).id, at=NOW),
            Consent(worker_id=worker.id, template_id="t", credit=2),
            Mute(worker_id=worker.id, topic=Topic.NEWS, at=NOW),
            WorkerTag(name="焊工", worker_id=worker.id),
            Recipient(broadcast_id=it.broadcast.id, worker_id=worker.id, state=RecipientState.SENT, way="mass"),
            Received(key=f"{worker.openid}:7", at=NOW, reply=MARK),
            Dialog(worker_id=worker.id, state={"draft": {"id": "d", "title": "资料卡", "answers": {"a": MARK}}},
                   changed_at=NOW, erase_at=NOW + timedelta(days=7), recent=f"{worker.openid}:7", reply=MARK),
            Handover(worker_id=worker.id, at=NOW, about="profile", draft={"answers": {"name": MARK}},
                     message_key=f"{worker.openid}:8"),
            Photo(worker_id=worker.id, profile_id=_profile(it, worker).id, name="0" * 32, width=1, height=1,
                  made_at=NOW),
            Photo(worker_id=worker.id, media_id=MARK, made_at=NOW, due_at=NOW),
            OtherPhone(openid="oMK-second", worker_id=worker.id, followed_at=NOW),
        ]
    )  # fmt: skip
    db.flush()
    links.make(db, worker.id, limits=it.config.persons, now=NOW)
    bookings.book(
        db, worker.id, it.clinic.counselling, it.clinic.chen.id, at(25, 15), reason=MARK, draft_id="b1",
        now=NOW, terms=TERMS,
    )  # fmt: skip
    reminders.remind_due(db, at(24, 16), hours=(24,))
    signing.sign_up(db, worker.id, it.coming.id, candidate(MARK, 1), agreed=MARK, draft_id="s1", now=NOW)
    signing.sign_up(
        db, it.other.id, it.coming.id, candidate("候补", 2), agreed="同意", draft_id="s2", now=NOW
    )
    signing.sign_up(
        db,
        worker.id,
        it.held.id,
        candidate(KEPT, 3),
        agreed="同意",
        draft_id="s3",
        now=NOW - timedelta(days=20),
    )
    first = exam_cast.plan(db, town.north, now=NOW, quota=1)
    signing.sign_up(db, it.other.id, first.id, candidate("先到", 4), agreed="同意", draft_id="s4", now=NOW)
    signing.sign_up(db, worker.id, first.id, candidate(MARK, 5), agreed=MARK, draft_id="s5", now=NOW)
    sent = notices.tell(db, worker.id, "staff_answer", now=NOW, who="吴老师", words=f"您好{MARK}")
    sent.state, sent.settled_at = NoticeState.SENT, NOW
    notices.tell(db, worker.id, "staff_answer", now=NOW, who="吴老师", words=MARK)
    duty = town.staff("duty", town.north, "duty", worker=town.worker(town.north))
    assert duty.worker_id
    notices.tell(db, duty.worker_id, "crisis", now=NOW, about=worker.id, phone=MARK)
    db.flush()
    db.add(NoticeAttempt(notice_id=sent.id, at=NOW, channel="customer", errcode=0))
    db.add(
        ScanLogin(secret_hash="h", scene=new_token(), made_at=NOW, expires_at=NOW, ip="1.1.1.1", browser="",
                  worker_id=worker.id, used_at=NOW)
    )  # fmt: skip
    db.add(
        Binding(
            staff_id=duty.id, scene=new_token(), made_at=NOW, expires_at=NOW, worker_id=worker.id, used_at=NOW
        )
    )
    db.flush()


def _profile(it: Lives, worker: Worker) -> Any:
    return it.db.scalars(select(Profile).where(Profile.worker_id == worker.id)).one()


def _token(it: Lives, worker: Worker) -> str:
    return it.db.scalars(select(Card.token).where(Card.profile_id == _profile(it, worker).id)).one()


def say(db: Session, notice: Notice) -> str | None:
    """The words of a notice, without the chat's layer."""
    words: str | None = notice.facts.get("words")
    return words
