"""我的登录: where I am logged in, my WeChat, my password."""

from __future__ import annotations

from typing import Any

from flask import session

from core.errors import Noted, Refused
from models.logins import Credential, Login
from qr.scenes import BindScene
from rules import logins
from rules.logins import Ended
from web.console.codes import CODE, show_code
from web.console.forms import Form, Length, PasswordField, needed
from web.console.gate import Desk, Door, Pages, page, say, to

pages = Pages("mine")


class ChangeForm(Form):
    """Another password."""

    old = PasswordField("现在的密码", [Length(max=400)])
    new = PasswordField("新密码", [needed("请写新密码。"), Length(max=400)])
    again = PasswordField("再写一遍新密码", [needed("请再写一遍。")])


@pages.route("/mine", needs=Door.STAFF)
def index(desk: Desk) -> Any:
    """All of it."""
    return _shown(desk, ChangeForm())


def _shown(desk: Desk, form: ChangeForm, status: int = 200) -> Any:
    return page(
        "mine.html",
        status,
        form=form,
        open=logins.open_logins(desk.db, desk.staff, limits=desk.config.console, now=desk.now),
        has_password=desk.db.get(Credential, desk.staff.id) is not None,
    )


@pages.route("/mine/logins/<id:number>/end", needs=Door.STAFF, methods=("POST",))
def end(desk: Desk, number: int) -> Any:
    """End one of my logins."""
    found = desk.db.get(Login, number)
    if found is None or found.staff_id != desk.staff.id:
        raise Refused("not_found")
    logins.end(desk.db, desk.staff, number, Ended.LEFT, now=desk.now)
    if desk.login and number == desk.login.id:
        desk.drop_login()
        return to("doors.login")
    say("那一处已经退出。")
    return to("mine.index")


@pages.route("/mine/logins/end", needs=Door.STAFF, methods=("POST",))
def end_others(desk: Desk) -> Any:
    """End all my logins but this one."""
    count = logins.end_all(desk.db, desk.staff, Ended.LEFT, now=desk.now, but=desk.login)
    say(f"退出了别处的 {count} 个登录。" if count else "别处没有登录。")
    return to("mine.index")


@pages.route("/mine/password", needs=Door.STAFF, methods=("POST",), limit="10/minute")
def password(desk: Desk) -> Any:
    """Take another password; all other logins end."""
    form = ChangeForm()
    if not form.read():
        return _shown(desk, form, 422)
    if form.new.data != form.again.data:
        form.again.errors = ["两遍不一样，再写一遍。"]
        return _shown(desk, form, 422)
    assert desk.login
    try:
        logins.change_password(
            desk.db,
            desk.login,
            form.old.data or "",
            form.new.data or "",
            desk.where,
            limits=desk.config.console,
            now=desk.now,
        )
    except Refused as refused:
        if isinstance(refused, Noted):
            desk.db.commit()
        is_old = refused.code in ("login_refused", "login_locked")
        form.refuse(
            Refused("old_refused") if refused.code == "login_refused" else refused, "old" if is_old else "new"
        )
        return _shown(desk, form, 422)
    say("密码换好了，别处的登录都已退出。")
    return to("mine.index")


@pages.route("/mine/wechat", needs=Door.STAFF, methods=("POST",), limit="10/minute")
def bind(desk: Desk) -> Any:
    """A code that makes the WeChat that scans it mine."""
    assert desk.login
    scene = logins.begin_bind(desk.db, desk.login, limits=desk.config.console, now=desk.now)
    if not show_code(desk, "bind", scene, scene.token):
        return to("mine.index")
    return page("bind.html", minutes=desk.config.console.scan_minutes)


@pages.route("/mine/wechat/state", needs=Door.STAFF, limit="120/minute", polls=True)
def bind_state(desk: Desk) -> Any:
    """Whether the phone has confirmed it."""
    kept = session.get(CODE) or {}
    if kept.get("kind") != "bind":
        return {"state": "gone"}
    return {"state": logins.bind_state(desk.db, BindScene(kept["secret"]), now=desk.now)}
