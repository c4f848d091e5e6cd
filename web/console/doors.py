"""登录: by password and code, or by scanning with one's own WeChat; and 退出."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request, session, url_for

from core.errors import Noted, Refused
from qr.images import png
from rules import logins
from rules.logins import Ended, Way
from web.console import words
from web.console.codes import CODE, show_code
from web.console.forms import Form, HiddenField, Length, PasswordField, StringField, line, needed
from web.console.gate import ROOT, Desk, Door, Pages, page, say, to
from web.console.joining import begin_setup

pages = Pages("doors")


class LoginForm(Form):
    """Password and code at once, so that nobody learns which of them was wrong."""

    login = StringField("登录名", [needed("请填登录名。"), Length(max=100)])
    password = PasswordField("密码", [needed("请填密码。"), Length(max=400)])
    code = StringField("验证码", [Length(max=100)])
    next = HiddenField()


@pages.route("/login", needs=Door.PUBLIC, methods=("GET", "POST"), limit="20/minute")
def login(desk: Desk) -> Any:
    """The first thing anybody sees."""
    if desk.is_in and request.method != "POST":
        return redirect(safe(request.args.get("next")))
    form = LoginForm(next=request.args.get("next", ""))
    if request.method != "POST":
        return page("login.html", form=form)
    if not form.read():
        return page("login.html", 422, form=form)
    limits = desk.config.console
    try:
        staff = logins.by_password(
            desk.db,
            line(form.login.data)[:100],
            form.password.data or "",
            desk.where,
            limits=limits,
            now=desk.now,
        )
        if not logins.has_totp(desk.db, staff):
            return begin_setup(desk, staff)
        logins.second_factor(desk.db, staff, line(form.code.data), desk.where, limits=limits, now=desk.now)
    except Noted as refused:
        desk.db.commit()
        # one sentence for all of it: who guesses learns nothing from how it was refused
        code = refused.code if refused.code == "login_locked" else "login_refused"
        form.refuse(Refused(code, **refused.facts), "code")
        return page("login.html", 422, form=form)
    desk.keep_login(logins.open_login(desk.db, staff, desk.where, Way.PASSWORD, now=desk.now))
    return redirect(safe(form.next.data), 303)


@pages.route("/login/scan", needs=Door.PUBLIC, methods=("GET", "POST"), limit="30/minute")
def scan(desk: Desk) -> Any:
    """Show a code; when the phone has confirmed it, come in."""
    if request.method == "POST":
        return _come_in(desk)
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        raise Refused("not_found")  # a picture in somebody else's page would use up the codes of an office
    try:
        secret, scene = logins.begin_scan(desk.db, desk.where, limits=desk.config.console, now=desk.now)
    except Refused as refused:
        say(words.refusal(refused), "bad")
        return to("doors.login")
    if not show_code(desk, "login", scene, secret):
        return to("doors.login")
    return page("scan.html", next=request.args.get("next", ""), minutes=desk.config.console.scan_minutes)


def _come_in(desk: Desk) -> Any:
    kept = session.get(CODE) or {}
    if kept.get("kind") != "login":
        say("这个码过期了，换了一个新的。", "warn")
        return to("doors.scan")
    try:
        staff = logins.finish_scan(desk.db, kept["secret"], desk.where, now=desk.now)
    except Refused as refused:
        if isinstance(refused, Noted):
            desk.db.commit()
        session.pop(CODE, None)
        say(words.refusal(refused), "bad")
        return to("doors.login")
    going = request.form.get("next", "")
    if staff is None:
        return page(
            "scan.html",
            next=going,
            minutes=desk.config.console.scan_minutes,
            problem="手机上还没有确认。在微信里点“确认登录”，再回来。",
        )
    desk.keep_login(logins.open_login(desk.db, staff, desk.where, Way.SCAN, now=desk.now))
    return redirect(safe(going), 303)


@pages.route("/login/scan/state", needs=Door.PUBLIC, limit="120/minute")
def scan_state(desk: Desk) -> Any:
    """How far the phone is: asked by the page that shows the code."""
    kept = session.get(CODE) or {}
    if kept.get("kind") != "login":
        return {"state": "gone"}
    return {"state": logins.scan_state(desk.db, kept["secret"], now=desk.now)}


@pages.route("/code.png", needs=Door.PUBLIC, limit="60/minute")
def code(desk: Desk) -> Any:
    """The picture of the code that this browser shows."""
    kept = session.get(CODE)
    if not kept:
        raise Refused("not_found")
    return Response(png(kept["url"], module=6), mimetype="image/png")


@pages.route("/leave", needs=Door.STAFF, methods=("POST",))
def leave(desk: Desk) -> Any:
    """退出."""
    assert desk.login
    logins.end(desk.db, desk.staff, desk.login.id, Ended.LEFT, now=desk.now)
    desk.drop_login()
    return to("doors.login")


def safe(address: str | None) -> str:
    """Where to go after logging in: a page of the console, whatever the link said."""
    home = url_for("console.home.index")
    if not address or not address.startswith(f"{ROOT}/") or "\\" in address or "//" in address:
        return home
    return address if address.isprintable() and address.isascii() else home
