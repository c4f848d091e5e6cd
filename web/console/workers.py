"""职工: who follows the account, found and read; what identifies a person stays masked until a reason is given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.matchmaking import Profile, ProfileState
from models.messages import Handover
from models.people import Organisation, Staff, Worker
from rules import access, audit
from rules.access import Permission
from rules.matchmaking import reviewing
from rules.persons import consents, merging
from web.console import conversations
from web.console.forms import Form, Length, StringField, line, needed
from web.console.gate import Desk, Pages, page, to
from web.console.lists import Filter, Listing, Sort

pages = Pages("workers")
REASON_LENGTH = 100


class UnmaskForm(Form):
    """Why somebody has to read a contact."""

    reason = StringField(
        "用途",
        [
            needed("写一句用途，会留下记录。"),
            Length(max=REASON_LENGTH, message="太长了，最多 %(max)d 个字。"),
        ],
        filters=[line],
    )


LISTING = Listing(
    sorts={
        "new": Sort("编号", (Worker.id,)),
        "followed": Sort("关注时间", (Worker.followed_at, Worker.id)),
        "union": Sort("单位", (Organisation.path, Worker.id)),
    },
    filters=(
        Filter(
            "follows",
            "关注",
            {
                "yes": ("正在关注", Worker.unfollowed_at.is_(None)),
                "no": ("已取消关注", Worker.unfollowed_at.is_not(None)),
            },
        ),
        Filter(
            "profile",
            "资料卡",
            {
                "in_review": ("待审", Profile.state == ProfileState.IN_REVIEW),
                "listed": ("已上墙", Profile.state == ProfileState.LISTED),
                "refused": ("已退回", Profile.state == ProfileState.REFUSED),
                "paused": ("本人暂停", Profile.state == ProfileState.PAUSED),
                "none": ("没有", Profile.id.is_(None)),
            },
        ),
        Filter(
            "level",
            "单位",
            {
                "none": ("还没有单位", Worker.organisation_id.is_(None)),
                "some": ("有单位", Worker.organisation_id.is_not(None)),
            },
        ),
    ),
    search=lambda words: search(words),
    search_hint="编号、昵称、单位",
)


def search(words: str) -> ColumnElement[bool]:
    """Whom these words find: by number, nickname or union."""
    found: list[ColumnElement[bool]] = [
        Profile.nickname.contains(words, autoescape=True),
        Organisation.name.contains(words, autoescape=True),
    ]
    if words.isascii() and words.isdecimal() and len(words) < 16:
        found.append(Worker.id == int(words))
    return or_(*found)


def reached(db: Session, desk: Desk) -> Select[*tuple[Any, ...]]:
    """The workers in this member's reach, each with its profile and union if there are any."""
    return (
        select(Worker, Profile, Organisation)
        .outerjoin(Profile, Profile.worker_id == Worker.id)
        .outerjoin(Organisation, Organisation.id == Worker.organisation_id)
        .where(access.in_scope(db, desk.staff, Worker, now=desk.now))
    )


@pages.route("/workers", needs=Permission.WORKERS_SEE)
def index(desk: Desk) -> Any:
    """The list."""
    return page("workers.html", listed=LISTING.read(desk.db, reached(desk.db, desk)))


@pages.route("/workers/<id:number>", needs=Permission.WORKERS_SEE)
def one(desk: Desk, number: int) -> Any:
    """One person, with what happened; that somebody read it is written down."""
    try:
        worker = _one(desk, number)
    except Refused:
        kept = merging.kept_of(desk.db, number)
        if kept is None:
            raise
        return to("workers.one", number=_one(desk, kept).id)
    audit.note(desk.db, desk.staff, "worker_read", f"worker:{worker.id}", now=desk.now)
    return _shown(desk, worker)


@pages.route("/workers/<id:number>/contact", needs=Permission.WORKERS_UNMASK, methods=("POST",))
def contact(desk: Desk, number: int) -> Any:
    """Show the contact this once, and write down who wanted it and why."""
    worker = _one(desk, number)
    form = UnmaskForm()
    if not form.read():
        return _shown(desk, worker, form, 422)
    profile = _profile(desk, worker)
    if profile is None or not profile.contact:
        raise Refused("not_found")
    audit.note(
        desk.db, desk.staff, "contact_read", f"worker:{worker.id}", now=desk.now, reason=form.reason.data
    )
    return _shown(desk, worker, is_open=True)


def _one(desk: Desk, number: int) -> Worker:
    return access.find(desk.db, desk.staff, Worker, number, now=desk.now)


def _profile(desk: Desk, worker: Worker) -> Profile | None:
    return desk.db.scalar(select(Profile).where(Profile.worker_id == worker.id))


def _shown(
    desk: Desk, worker: Worker, form: UnmaskForm | None = None, status: int = 200, is_open: bool = False
) -> Any:
    db = desk.db
    profile = _profile(desk, worker)
    return page(
        "worker.html",
        status,
        worker=worker,
        organisation=db.get(Organisation, worker.organisation_id) if worker.organisation_id else None,
        profile=profile,
        moves=reviewing.moves(db, profile) if profile and desk.may(Permission.PROFILES_REVIEW) else [],
        handovers=db.scalars(
            select(Handover).where(Handover.worker_id == worker.id).order_by(Handover.id.desc()).limit(20)
        ).all(),
        staff=db.scalar(select(Staff).where(Staff.worker_id == worker.id)),
        about=conversations.about,
        agreed=consents.agreed(db, worker.id),
        form=form or UnmaskForm(),
        is_open=is_open,
        reason_length=REASON_LENGTH,
    )
