"""On request of a worker: what is held of them taken away, all of it erased, or two of their records made one."""

from __future__ import annotations

from typing import Any, Final

from flask import request
from sqlalchemy import select

from bot.texts.persons import GOES, STAYS
from core.errors import Refused
from core.numbers import whole
from models.matchmaking import Profile
from models.people import Organisation, Worker
from rules import access
from rules.access import Permission
from rules.persons import erasing, exporting, merging
from web.console import words
from web.console.forms import REASON_LENGTH, Form, HiddenField, StringField, line, reason_for
from web.console.gate import Desk, Pages, page, say, to
from web.console.lists import Listing, Sort
from web.console.workers import reached, search
from web.parts.archive import download, pictures, words_at

pages = Pages("workers")
NOBODY: Final = ("not_found", "just_gone")
"""There is nothing to be shown any more."""


class ReasonForm(Form):
    """Why: what the person asked for, and how."""

    reason = reason_for("原因", "写一句本人怎么提出来的，会留下记录。")


class EraseForm(ReasonForm):
    """The number is typed once more: nobody erases by a slip of the finger."""

    number = StringField("再写一遍编号", filters=[line])


class MergeForm(ReasonForm):
    """Which other record goes."""

    other = HiddenField()


LISTING = Listing(
    sorts={
        "new": Sort("编号", (Worker.id,)),
        "followed": Sort("关注时间", (Worker.followed_at, Worker.id)),
    },
    search=search,
    search_hint="编号、称呼、单位",
)


@pages.route("/workers/<id:number>/export", needs=Permission.WORKERS_CHANGE, methods=("GET", "POST"))
def take_away(desk: Desk, number: int) -> Any:
    """The file for a person who asked for it."""
    worker = _one(desk, number)
    form = ReasonForm()
    if request.method != "POST":
        return page("person_export.html", worker=worker, form=form, reason_length=REASON_LENGTH)
    if not form.read():
        return page("person_export.html", 422, worker=worker, form=form, reason_length=REASON_LENGTH)
    held = exporting.on_request(
        desk.db, desk.staff, worker, reason=form.reason.data or "", words=words_at(desk.now), now=desk.now
    )
    files = pictures(desk.db, worker, desk.config)
    return download(held, worker.id, now=desk.now, files=files)


@pages.route("/workers/<id:number>/erase", needs=Permission.WORKERS_CHANGE, methods=("GET", "POST"))
def erase(desk: Desk, number: int) -> Any:
    """What goes and what stays; with a reason and the number typed, it is done."""
    worker = _one(desk, number)
    form = EraseForm()
    if request.method != "POST":
        return _erase_page(desk, worker, form)
    is_good = form.read()
    if form.number.data != str(worker.id):
        form.number.errors = [f"写上 {worker.id}，确认是这一位。"]
        is_good = False
    if not is_good:
        return _erase_page(desk, worker, form, 422)
    try:
        erasing.erase(
            desk.db, worker, config=desk.config, now=desk.now, staff=desk.staff, reason=form.reason.data or ""
        )
    except Refused as refused:
        if refused.code in NOBODY:
            raise
        form.refuse(refused, "reason")
        return _erase_page(desk, worker, form, 409)
    say(f"职工 {number} 注销了，一分钟内各处都清干净。")
    return to("workers.index")


@pages.route("/workers/<id:number>/merge", needs=Permission.WORKERS_CHANGE, methods=("GET", "POST"))
def merge(desk: Desk, number: int) -> Any:
    """Find the second record, look at both, and make them one. This one stays."""
    keep = _one(desk, number)
    form = MergeForm()
    if request.method == "POST":
        is_good = form.read()
        gone = _other(desk, keep, form.other.data or "")
        if not is_good:
            return _merge_page(desk, keep, gone, form, 422)
        try:
            merging.merge(desk.db, desk.staff, keep.id, gone.id, reason=form.reason.data or "", now=desk.now)
        except Refused as refused:
            if refused.code in NOBODY:
                raise
            return _merge_page(desk, keep, gone, form, 409)
        say(f"合并好了。{gone.id} 的手机再来消息，都记在 {keep.id} 名下。")
        return to("workers.one", number=keep.id)
    chosen = request.args.get("with", "")
    if chosen:
        return _merge_page(desk, keep, _other(desk, keep, chosen), form)
    query = reached(desk.db, desk).where(Worker.id != keep.id)
    return page("person_second.html", worker=keep, listed=LISTING.read(desk.db, query))


def _one(desk: Desk, number: int) -> Worker:
    return access.find(desk.db, desk.staff, Worker, number, now=desk.now)


def _other(desk: Desk, keep: Worker, said: str) -> Worker:
    number = whole(said)
    if number is None:
        raise Refused("not_found")
    _, gone = merging.both(desk.db, desk.staff, keep.id, number, now=desk.now)
    return gone


def _erase_page(desk: Desk, worker: Worker, form: EraseForm, status: int = 200) -> Any:
    years = desk.config.persons.exam_years
    return page(
        "person_erase.html",
        status,
        worker=worker,
        form=form,
        counts=merging.count(desk.db, worker),
        goes=GOES,
        stays=[one.format(years=years) for one in STAYS],
        reason_length=REASON_LENGTH,
    )


def _merge_page(desk: Desk, keep: Worker, gone: Worker, form: MergeForm, status: int = 200) -> Any:
    found = merging.problems(desk.db, keep, gone, now=desk.now)
    return page(
        "person_merge.html",
        status,
        keep=keep,
        both=[_seen(desk, worker) for worker in (keep, gone)],
        gone=gone,
        form=form,
        problems=[words.refusal(Refused(one.code, **one.facts)) for one in found],
        reason_length=REASON_LENGTH,
    )


def _seen(desk: Desk, worker: Worker) -> dict[str, Any]:
    return {
        "worker": worker,
        "profile": desk.db.scalar(select(Profile).where(Profile.worker_id == worker.id)),
        "union": desk.db.get(Organisation, worker.organisation_id) if worker.organisation_id else None,
        "counts": merging.count(desk.db, worker),
    }
