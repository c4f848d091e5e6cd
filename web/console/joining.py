"""接受邀请: set a password and an authenticator, or bind one's own WeChat."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, request, session

from core.errors import Refused
from models.people import Staff
from qr.images import png
from qr.scenes import BindScene
from rules import logins
from rules.logins import Way
from web.console import words
from web.console.codes import CODE, show_code
from web.console.forms import Form, Length, PasswordField, StringField, line, needed
from web.console.gate import Desk, Door, Pages, page, to

pages = Pages("joining")
JOINING = "joining"
TIME = timedelta(minutes=15)


class PasswordForm(Form):
    """A first password."""

    password = PasswordField("密码", [needed("请定一个密码。"), Length(max=400)])
    again = PasswordField("再写一遍", [needed("请再写一遍密码。")])


class CodeForm(Form):
    """The first code of an authenticator."""

    code = StringField("六位验证码", [needed("请填手机上显示的六位数字。"), Length(max=20)])


@pages.route("/invitation/<token>", needs=Door.PUBLIC, methods=("GET", "POST"), limit="20/minute")
def invitation(desk: Desk, token: str) -> Any:
    """Where the link of an invitation leads."""
    try:
        found = logins.invitation(desk.db, token, now=desk.now)
    except Refused as refused:
        return page("gone.html", 404, said=words.refusal(refused))
    form = PasswordForm()
    if request.method != "POST":
        return page("invitation.html", form=form, staff=found.staff, invitation_token=token)
    if not form.read():
        return page("invitation.html", 422, form=form, staff=found.staff, invitation_token=token)
    if form.password.data != form.again.data:
        form.again.errors = ["两遍不一样，再写一遍。"]
        return page("invitation.html", 422, form=form, staff=found.staff, invitation_token=token)
    try:
        staff = logins.accept(desk.db, token, form.password.data or "", now=desk.now)
    except Refused as refused:
        if refused.code == "invitation_gone":
            return page("gone.html", 404, said=words.refusal(refused))
        form.refuse(refused, "password")
        return page("invitation.html", 422, form=form, staff=found.staff, invitation_token=token)
    return begin_setup(desk, staff)


@pages.route("/invitation/<token>/wechat", needs=Door.PUBLIC, methods=("POST",), limit="20/minute")
def wechat(desk: Desk, token: str) -> Any:
    """A code to scan instead of a password: whose WeChat confirms it is who was invited. Coming in is a second scan."""
    try:
        scene = logins.begin_bind_invited(desk.db, token, limits=desk.config.console, now=desk.now)
    except Refused as refused:
        return page("gone.html", 404, said=words.refusal(refused))
    if not show_code(desk, "join", scene, scene.token):
        return to("joining.invitation", token=token)
    return page("join.html", minutes=desk.config.console.scan_minutes, invitation_token=token)


@pages.route("/joining/state", needs=Door.PUBLIC, limit="120/minute")
def wechat_state(desk: Desk) -> Any:
    """How far the phone is: asked by the page that shows the code."""
    kept = session.get(CODE) or {}
    if kept.get("kind") != "join":
        return {"state": "gone"}
    return {"state": logins.bind_state(desk.db, BindScene(kept["secret"]), now=desk.now)}


def begin_setup(desk: Desk, staff: Staff) -> Response:
    """Go on to the authenticator: this browser has just shown the password, or the invitation."""
    session.clear()
    session[JOINING] = [staff.id, desk.now.isoformat(), logins.password_mark(desk.db, staff)]
    return to("joining.authenticator")


@pages.route("/authenticator", needs=Door.PUBLIC, methods=("GET", "POST"), limit="20/minute")
def authenticator(desk: Desk) -> Any:
    """The authenticator's code to scan, its first number, and then the recovery codes, this once."""
    staff = _joining(desk)
    if staff is None:
        return to("doors.login")
    form = CodeForm()
    uri = logins.pending_totp(desk.db, staff) or logins.new_totp(desk.db, staff)
    if request.method != "POST":
        return page("authenticator.html", form=form, key=_key(uri))
    if not form.read():
        return page("authenticator.html", 422, form=form, key=_key(uri))
    try:
        codes = logins.confirm_totp(desk.db, staff, line(form.code.data), now=desk.now)
    except Refused as refused:
        form.refuse(refused, "code")
        return page("authenticator.html", 422, form=form, key=_key(uri))
    desk.keep_login(logins.open_login(desk.db, staff, desk.where, Way.PASSWORD, now=desk.now))
    return page("recovery.html", codes=codes)


@pages.route("/authenticator.png", needs=Door.PUBLIC, limit="60/minute")
def picture(desk: Desk) -> Any:
    """What the authenticator app scans."""
    staff = _joining(desk)
    uri = logins.pending_totp(desk.db, staff) if staff else None
    if uri is None:
        raise Refused("not_found")
    return Response(png(uri, module=5), mimetype="image/png")


def _joining(desk: Desk) -> Staff | None:
    """Who may set up an authenticator in this browser: until there is one, for a quarter of an hour, and only for the
    password that was shown here: whoever was reset begins anew."""
    kept = session.get(JOINING)
    if not kept or desk.now - datetime.fromisoformat(kept[1]) > TIME:
        return None
    staff = desk.db.get(Staff, kept[0])
    if staff is None or staff.disabled_at is not None or logins.has_totp(desk.db, staff):
        return None
    if kept[2] is None or kept[2] != logins.password_mark(desk.db, staff):
        return None
    return staff


def _key(uri: str) -> str:
    """The secret in an otpauth address, in groups of four, for those who type it."""
    secret = uri.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
