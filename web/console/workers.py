"""职工: who follows the account, found and read; what identifies a person stays masked until a reason is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, func, literal, select, true, union_all
from sqlalchemy.orm import Session, aliased

from core.errors import Refused, changed
from core.numbers import whole
from forms import handed_over
from models.matchmaking import Profile, ProfileState
from models.messages import Handover
from models.people import Organisation, Staff, Worker
from rules import access, audit, members
from rules.access import Permission
from rules.matchmaking import reviewing, searching
from rules.persons import consents, merging
from web.console import bulk, exports, words
from web.console.bulk import Act
from web.console.exports import Column, Export
from web.console.forms import REASON_LENGTH, Form, reason_for
from web.console.gate import Desk, Pages, page, to
from web.console.lists import Filter, Listing, Sort, within

pages = Pages("workers")
MANY_UNIONS = 20
"""Words in the names of more unions than that (总工会) tell nobody which one was meant."""


class UnmaskForm(Form):
    """Why somebody has to read a contact."""

    reason = reason_for("用途", "写一句用途，会留下记录。")


_theirs = aliased(Profile)
_has_none = case(
    (select(_theirs.id).where(_theirs.worker_id == Worker.id).correlate(Worker).exists(), false()),
    else_=true(),
)
"""Asked of each row that may be shown. As a join, PostgreSQL would first find all the people without a profile."""

LISTING = Listing(
    sorts={
        "new": Sort("编号", (Worker.id,)),
        "followed": Sort("关注时间", (Worker.followed_at, Worker.id)),
        "union": Sort("单位", (Worker.organisation_id, Worker.id)),
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
                "none": ("没有", _has_none),
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
    search_hint="编号、称呼或首字母、单位",
    newest_first=True,
)


def search(words: str) -> ColumnElement[bool]:
    """Whom these words find: by number, nickname or union.

    One set of ids, each part of it found by an index of its own: the parts in an OR would be looked for in all.
    """
    found: list[Select[Any]] = [
        searching.people_called(words),
        select(_of_union.id).where(_of_union.organisation_id.in_(_unions(words))),
    ]
    if (number := whole(words)) is not None:
        found.append(select(literal(number)))
    return Worker.id.in_(union_all(*found))


_of_union = aliased(Worker)


def _unions(words: str) -> Select[int]:
    """The unions of this name; none when the words are a part of very many names."""
    union = aliased(Organisation)
    other = aliased(Organisation)
    has_it = other.name.contains(words, autoescape=True)
    many = select(func.count()).select_from(other).where(has_it).scalar_subquery()
    return select(union.id).where(union.name.contains(words, autoescape=True), many <= MANY_UNIONS)


def reached(db: Session, desk: Desk) -> Select[*tuple[Any, ...]]:
    """The workers in this member's reach, each with its profile and union if there are any."""
    is_reached = access.in_scope(db, desk.staff, Worker, now=desk.now)
    is_reached = within(db, Worker.id, is_reached, by=Worker.organisation_id)
    return (
        select(Worker, Profile, Organisation)
        .outerjoin(Profile, Profile.worker_id == Worker.id)
        .outerjoin(Organisation, Organisation.id == Worker.organisation_id)
        .where(is_reached)
    )


EXPORT = Export(
    "workers",
    "职工",
    (
        Column("编号", lambda row: row.Worker.id, 10),
        Column("称呼", lambda row: row.Profile and row.Profile.nickname),
        Column("资料卡", lambda row: row.Profile and words.PROFILE_STATES.get(row.Profile.state), 10),
        Column("单位", lambda row: row.Organisation and row.Organisation.name, 28),
        Column("联系方式", lambda row: row.Profile and row.Profile.contact, 18, words.masked),
        Column("关注时间", lambda row: row.Worker.followed_at and words.clock(row.Worker.followed_at), 18),
        Column(
            "取消关注", lambda row: row.Worker.unfollowed_at and words.clock(row.Worker.unfollowed_at), 18
        ),
    ),
)
exports.offer(
    pages,
    "/workers",
    EXPORT,
    needs=Permission.WORKERS_SEE,
    listing=lambda desk: LISTING,
    query=lambda desk: reached(desk.db, desk),
)


def unions(desk: Desk) -> list[tuple[str, str]]:
    """The unions in this member's reach as choices, each indented below its own."""
    found = desk.db.scalars(
        access.scoped(desk.db, desk.staff, Organisation, now=desk.now).order_by(Organisation.path)
    ).all()
    top = min((union.level for union in found), default=1)
    return [(str(union.id), "\u3000" * (union.level - top) + union.name) for union in found]


def _move(desk: Desk, workers: Sequence[Worker], reason: str, target: str) -> None:
    organisation = access.find(desk.db, desk.staff, Organisation, int(target), now=desk.now)
    moves = [members.Move(worker.id, organisation, reason) for worker in workers]
    changed(members.move(desk.db, desk.staff, moves, now=desk.now))


MOVE = Act(
    "move",
    "移到别的单位",
    "会归到这个单位，由它的干部管。本人不会收到消息。",
    lambda count: f"{count} 位职工移过去了。",
    Permission.WORKERS_CHANGE,
    Worker,
    lambda worker: f"职工 {worker.id}",
    _move,
    lambda desk, worker, target: "本来就在这个单位" if str(worker.organisation_id) == target else None,
    reason="原因",
    target="移到",
    targets=unions,
)
bulk.offer(
    pages,
    "/workers",
    MOVE,
    needs=Permission.WORKERS_CHANGE,
    listing=lambda desk: LISTING,
    query=lambda desk: reached(desk.db, desk),
    back="workers.index",
)


@pages.route("/workers", needs=Permission.WORKERS_SEE)
def index(desk: Desk) -> Any:
    """The list."""
    listed = LISTING.read(desk.db, reached(desk.db, desk))
    return page("workers.html", listed=listed, acts=bulk.buttons(desk, pages, (MOVE,)))


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
        about=handed_over,
        agreed=consents.agreed(db, worker.id),
        form=form or UnmaskForm(),
        is_open=is_open,
        reason_length=REASON_LENGTH,
    )
