"""同事: who works here; invite, begin anew, close."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from sqlalchemy import ColumnElement, Select, and_, or_, select

from bot.texts.logins import ROLES
from core.errors import Refused
from models.logins import Credential, Login
from models.people import Organisation, Staff
from rules import access, logins
from rules.access import Permission, Role
from rules.logins import Ended
from web.console import exports, words
from web.console.exports import Column, Export
from web.console.forms import Form, Length, SelectField, StringField, line, needed
from web.console.gate import Desk, Pages, page, say, to
from web.console.lists import Filter, Listing, Sort

pages = Pages("staff")


class InviteForm(Form):
    """Who is invited."""

    login = StringField("登录名", [needed("请定一个登录名。"), Length(max=40, message="最多 %(max)d 个字。")])
    name = StringField("姓名", [needed("请写姓名。"), Length(max=40, message="最多 %(max)d 个字。")])
    role = SelectField("角色", coerce=str)
    organisation = SelectField("单位", coerce=str)


def _search(said: str) -> ColumnElement[bool]:
    return or_(
        Staff.login.contains(said, autoescape=True),
        Staff.name.contains(said, autoescape=True),
        Organisation.name.contains(said, autoescape=True),
    )


_CAN_COME = or_(Credential.staff_id.is_not(None), Staff.worker_id.is_not(None))
LISTING = Listing(
    sorts={
        "union": Sort("单位", (Organisation.path, Staff.login)),
        "login": Sort("登录名", (Staff.login,)),
        "name": Sort("姓名", (Staff.name, Staff.id)),
    },
    filters=(
        Filter("role", "角色", {key: (name, Staff.role == key) for key, name in ROLES.items()}),
        Filter(
            "state",
            "状态",
            {
                "open": ("能登录", and_(Staff.disabled_at.is_(None), _CAN_COME)),
                "invited": ("还不能登录", and_(Staff.disabled_at.is_(None), ~_CAN_COME)),
                "closed": ("停用", Staff.disabled_at.is_not(None)),
            },
        ),
    ),
    search=_search,
    search_hint="登录名、姓名、单位",
)


def _members(desk: Desk) -> Select[*tuple[Any, ...]]:
    return (
        select(Staff, Organisation, Credential.staff_id)
        .join(Organisation, Organisation.id == Staff.organisation_id)
        .outerjoin(Credential, Credential.staff_id == Staff.id)
        .where(access.in_scope(desk.db, desk.staff, Staff, now=desk.now))
    )


def _state(staff: Staff, has_password: bool) -> str:
    if staff.disabled_at:
        return "停用"
    return "能登录" if has_password or staff.worker_id else "还不能登录"


EXPORT = Export(
    "staff",
    "同事",
    (
        Column("登录名", lambda row: row.Staff.login),
        Column("姓名", lambda row: row.Staff.name),
        Column("角色", lambda row: ROLES.get(row.Staff.role), 12),
        Column("单位", lambda row: row.Organisation.name, 28),
        Column("状态", lambda row: _state(row.Staff, row.staff_id is not None), 12),
        Column("加入时间", lambda row: words.clock(row.Staff.created_at), 18),
    ),
)
exports.offer(
    pages,
    "/staff",
    EXPORT,
    needs=Permission.STAFF_MANAGE,
    listing=lambda desk: LISTING,
    query=lambda desk: _members(desk),
)


@pages.route("/staff", needs=Permission.STAFF_MANAGE)
def index(desk: Desk) -> Any:
    """The list."""
    return page("staff.html", listed=LISTING.read(desk.db, _members(desk)))


@pages.route("/staff/invite", needs=Permission.STAFF_MANAGE, methods=("GET", "POST"))
def invite(desk: Desk) -> Any:
    """Invite somebody; the link is shown once."""
    form = InviteForm()
    form.role.choices = [
        (role.value, ROLES[role.value]) for role in Role if access.may_give(desk.staff, role)
    ]
    unions = desk.db.scalars(
        access.scoped(desk.db, desk.staff, Organisation, now=desk.now).order_by(Organisation.path)
    ).all()
    top = min((union.level for union in unions), default=1)
    form.organisation.choices = [
        (str(union.id), "\u3000" * (union.level - top) + union.name) for union in unions
    ]
    if request.method != "POST":
        form.process(data={"role": Role.CLERK.value, "organisation": str(desk.staff.organisation_id)})
        return page("invite.html", form=form)
    if not form.read():
        return page("invite.html", 422, form=form)
    try:
        staff, token = logins.invite(
            desk.db,
            desk.staff,
            login=line(form.login.data),
            name=line(form.name.data),
            role=Role(form.role.data),
            organisation=next(union for union in unions if str(union.id) == form.organisation.data),
            limits=desk.config.console,
            now=desk.now,
        )
    except Refused as refused:
        form.refuse(refused, "role" if refused.code.startswith("role") else "login")
        return page("invite.html", 422, form=form)
    return _link(desk, staff, token)


@pages.route("/staff/<small:number>", needs=Permission.STAFF_MANAGE)
def one(desk: Desk, number: int) -> Any:
    """One colleague, and where they are logged in."""
    staff = _one(desk, number)
    return page(
        "member.html",
        member=staff,
        has_password=desk.db.get(Credential, staff.id) is not None,
        open=logins.open_logins(desk.db, staff, limits=desk.config.console, now=desk.now),
        can_change=_can_change(desk, staff),
    )


@pages.route("/staff/<small:number>/reset", needs=Permission.STAFF_MANAGE, methods=("POST",))
def reset(desk: Desk, number: int) -> Any:
    """A lost phone or a forgotten password: begin anew with a new link."""
    staff = _one(desk, number)
    token = logins.reset(desk.db, desk.staff, staff, limits=desk.config.console, now=desk.now)
    return _link(desk, staff, token)


@pages.route("/staff/<small:number>/disable", needs=Permission.STAFF_MANAGE, methods=("POST",))
def disable(desk: Desk, number: int) -> Any:
    """Let somebody in no more."""
    staff = _one(desk, number)
    logins.disable(desk.db, desk.staff, staff, now=desk.now)
    say(f"{staff.name} 停用了，所有登录都已退出。")
    return to("staff.one", number=number)


@pages.route("/staff/<small:number>/enable", needs=Permission.STAFF_MANAGE, methods=("POST",))
def enable(desk: Desk, number: int) -> Any:
    """Let somebody in again."""
    staff = _one(desk, number)
    logins.enable(desk.db, desk.staff, staff, now=desk.now)
    say(f"{staff.name} 又可以登录了。")
    return to("staff.one", number=number)


@pages.route("/staff/<small:number>/logins/<id:login>/end", needs=Permission.STAFF_MANAGE, methods=("POST",))
def end(desk: Desk, number: int, login: int) -> Any:
    """End a login of a colleague."""
    staff = _one(desk, number)
    found = desk.db.get(Login, login)
    if found is None or found.staff_id != staff.id:
        raise Refused("not_found")
    logins.end(desk.db, desk.staff, login, Ended.SENT_OUT, now=desk.now)
    say("那一处已经退出。")
    return to("staff.one", number=number)


def _one(desk: Desk, number: int) -> Staff:
    return access.find(desk.db, desk.staff, Staff, number, now=desk.now)


def _can_change(desk: Desk, staff: Staff) -> bool:
    known = staff.role in {role.value for role in Role}
    return staff.id != desk.staff.id and known and access.may_give(desk.staff, Role(staff.role))


def _link(desk: Desk, staff: Staff, token: str) -> Any:
    path = url_for("console.joining.invitation", token=token)
    return page(
        "link.html",
        member=staff,
        link=f"{desk.config.web.base_url.rstrip('/')}{path}",
        days=desk.config.console.invitation_days,
    )
