"""资料卡审核: a stack of profiles, read one by one, with the keyboard if one likes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from sqlalchemy import ColumnElement, or_

from bot.texts.matchmaking import SEX
from core.errors import Refused
from core.numbers import whole
from models.matchmaking import Profile
from models.people import Organisation
from rules.access import Permission
from rules.matchmaking import photos, reviewing, searching
from rules.matchmaking import profiles as rules
from web.console import exports, words
from web.console.exports import Column, Export
from web.console.forms import REASON_LENGTH, Form, HiddenField, reason_for
from web.console.gate import Desk, Pages, page, say, to
from web.console.lists import LATE, Filter, Listing, Sort

pages = Pages("profiles")
"""What people are told that a review takes."""


class RefuseForm(Form):
    """Sending a profile back."""

    seen = HiddenField()
    reason = reason_for("退回的原因", "退回要写明原因，本人会看到。", is_read=True)


def listing(now: datetime) -> Listing:
    """How the queue is searched and sorted."""
    return Listing(
        sorts={
            "wait": Sort("等了", (Profile.submitted_at, Profile.id)),
            "born": Sort("出生", (Profile.birth_year, Profile.id)),
            "number": Sort("编号", (Profile.id,)),
        },
        filters=(
            Filter(
                "sex",
                "性别",
                {"f": ("女", Profile.sex == "f"), "m": ("男", Profile.sex == "m")},
            ),
            Filter(
                "late",
                "等待",
                {
                    "yes": ("超过两小时", Profile.submitted_at < now - LATE),
                    "no": ("两小时以内", Profile.submitted_at >= now - LATE),
                },
            ),
        ),
        search=_search,
        search_hint="编号、称呼或首字母、职业、一句话",
    )


def _search(words: str) -> ColumnElement[bool]:
    """Of those that wait: an index finds them, so that they can be read through for the words."""
    found: list[ColumnElement[bool]] = [
        column.contains(words, autoescape=True) for column in (Profile.trade, Profile.line)
    ]
    found.append(Profile.id.in_(searching.profiles_called(words)))
    if (number := whole(words)) is not None:
        found.append(Profile.id == number)
    return or_(*found)


EXPORT = Export(
    "profiles",
    "待审资料卡",
    (
        Column("编号", lambda row: row.Profile.id, 10),
        Column("交来时间", lambda row: words.clock(row.Profile.submitted_at), 18),
        Column("称呼", lambda row: row.Profile.nickname),
        Column("性别", lambda row: SEX.get(row.Profile.sex), 8),
        Column("出生", lambda row: row.Profile.birth_year, 8),
        Column("学历", lambda row: row.Profile.education, 10),
        Column("职业", lambda row: row.Profile.trade),
        Column("一句话", lambda row: row.Profile.line, 40),
        Column("联系方式", lambda row: row.Profile.contact, 18, words.masked),
    ),
)
exports.offer(
    pages,
    "/profiles",
    EXPORT,
    needs=Permission.PROFILES_REVIEW,
    listing=lambda desk: listing(desk.now),
    query=lambda desk: reviewing.queue(desk.db, desk.staff, now=desk.now),
)


@pages.route("/profiles", needs=Permission.PROFILES_REVIEW)
def index(desk: Desk) -> Any:
    """What waits."""
    query = reviewing.queue(desk.db, desk.staff, now=desk.now)
    return page("profiles.html", listed=listing(desk.now).read(desk.db, query))


@pages.route("/profiles/next", needs=Permission.PROFILES_REVIEW)
def first(desk: Desk) -> Any:
    """Begin with the one that waits longest."""
    query = reviewing.queue(desk.db, desk.staff, now=desk.now).order_by(Profile.submitted_at, Profile.id)
    oldest = desk.db.scalar(query.limit(1))
    return to("profiles.one", number=oldest.id) if oldest else to("profiles.index")


@pages.route("/profiles/<id:number>", needs=Permission.PROFILES_REVIEW)
def one(desk: Desk, number: int) -> Any:
    """One profile, as others will see it, and what the reviewer needs beside it."""
    return _shown(desk, reviewing.one(desk.db, desk.staff, number, now=desk.now))


@pages.route("/profiles/<id:number>/approve", needs=Permission.PROFILES_REVIEW, methods=("POST",))
def approve(desk: Desk, number: int) -> Any:
    """List it and go on to the next."""
    profile = reviewing.one(desk.db, desk.staff, number, now=desk.now)
    try:
        reviewing.hold(desk.db, profile, _seen())
        rules.approve(desk.db, profile, staff=desk.staff, now=desk.now)
    except Refused as refused:
        return _told(desk, number, refused)
    return _on(desk, profile, f"{profile.nickname} 的资料卡通过了。")


@pages.route("/profiles/<id:number>/refuse", needs=Permission.PROFILES_REVIEW, methods=("POST",))
def refuse(desk: Desk, number: int) -> Any:
    """Send it back and go on to the next."""
    profile = reviewing.one(desk.db, desk.staff, number, now=desk.now)
    form = RefuseForm()
    if not form.read():
        return _shown(desk, profile, form, 422)
    try:
        reviewing.hold(desk.db, profile, _seen())
        rules.refuse(desk.db, profile, staff=desk.staff, reason=form.reason.data or "", now=desk.now)
    except Refused as refused:
        if refused.code == "reason_needed":
            form.refuse(refused, "reason")
            return _shown(desk, profile, form, 422)
        return _told(desk, number, refused, form)
    return _on(desk, profile, f"{profile.nickname} 的资料卡退回了，本人会收到原因。")


@pages.route("/photos/<id:number>", needs=Permission.PROFILES_REVIEW)
def photo(desk: Desk, number: int) -> Any:
    """A photo of a profile; each look is on record."""
    found = photos.reviewed(desk.db, desk.staff, number, now=desk.now)
    jpeg = photos.read(photos.folder(desk.config), found)
    if jpeg is None:
        raise Refused("not_found")
    return Response(jpeg, mimetype="image/jpeg")


def _on(desk: Desk, profile: Profile, said: str) -> Any:
    following = reviewing.following(desk.db, desk.staff, profile, now=desk.now)
    if following is None:
        say(f"{said}都审完了，喝口水。")
        return to("profiles.index")
    say(said)
    return to("profiles.one", number=following)


def _told(desk: Desk, profile_id: int, refused: Refused, form: RefuseForm | None = None) -> Any:
    """Another was first: say so, and show how the profile stands now."""
    if refused.code == "not_found":
        raise refused
    desk.db.rollback()
    profile = reviewing.one(desk.db, desk.staff, profile_id, now=desk.now)
    return _shown(desk, profile, form, 409, words.refusal(refused))


def _shown(
    desk: Desk, profile: Profile, form: RefuseForm | None = None, status: int = 200, problem: str = ""
) -> Any:
    organisation = (
        desk.db.get(Organisation, profile.worker.organisation_id) if profile.worker.organisation_id else None
    )
    return page(
        "profile.html",
        status,
        profile=profile,
        organisation=organisation,
        place=reviewing.place(desk.db, desk.staff, profile, now=desk.now),
        photos=photos.of(desk.db, profile),
        moves=reviewing.moves(desk.db, profile),
        is_own=profile.worker_id == desk.staff.worker_id,
        form=form or RefuseForm(),
        problem=problem,
        reason_length=REASON_LENGTH,
    )


def _seen() -> datetime:
    """Which text of the profile the reviewer had on the screen."""
    try:
        moment = datetime.fromisoformat(request.form.get("seen", ""))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Refused("profile_changed")
