"""What stands before every screen of the console: who is it, may they, and what each answer carries.

A view gets a `Desk` and its transaction: what it returns is committed, `Refused` and every error roll it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeAlias

from flask import Flask, Response, flash, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, NotFound

from bot.client import Client
from core.config import Config
from core.errors import Refused
from models.logins import Login
from models.people import Staff
from rules import access, audit, logins
from rules.access import Permission
from rules.appointments import agenda
from rules.broadcasts import life as broadcasts
from rules.logins import Where
from web.console import words
from web.console.lists import SIZES
from web.parts.area import BODY_BYTES, Area, Page, Route, View, page
from web.parts.site import is_secure

__all__ = ["Desk", "Door", "Gate", "Page", "Pages", "is_secure", "menu", "page", "say", "to"]

ROOT: Final = "/console"
COOKIE: Final = "nj_console"
PARTS: Final = (
    "token", "flashes", "errors", "field", "tools", "export_link", "pick", "bulk", "head", "leaves", "nothing",
)  # fmt: skip
"""The macros of console/_parts.html that every template may use."""
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Door(Enum):
    """Who may see a view that asks for no permission."""

    PUBLIC = "public"
    STAFF = "staff"


Needs: TypeAlias = Permission | Door


@dataclass
class Desk:
    """What a view works with, for the time of one request."""

    db: Session
    now: datetime
    where: Where
    config: Config
    client: Client
    login: Login | None = None
    _staff: Staff | None = None
    cookies: list[Callable[[Response], None]] = field(default_factory=list)

    @property
    def is_in(self) -> bool:
        """Whether somebody is logged in."""
        return self._staff is not None

    @property
    def staff(self) -> Staff:
        """Who is logged in. Only views behind Door.STAFF or a permission may ask."""
        if self._staff is None:
            raise NotFound
        return self._staff

    def may(self, permission: Permission) -> bool:
        """Whether this member's role has the permission."""
        return self._staff is not None and access.may(self._staff, permission)

    def keep_login(self, token: str) -> None:
        """Send the cookie of a login that was just opened; nothing of the time before it stays."""
        session.clear()
        secure = is_secure(self.config)

        def put(answer: Response) -> None:
            answer.set_cookie(COOKIE, token, path=ROOT, httponly=True, secure=secure, samesite="Lax")

        self.cookies.append(put)

    def drop_login(self) -> None:
        """Take the login's cookie away."""
        session.clear()
        self.cookies.append(lambda answer: answer.delete_cookie(COOKIE, path=ROOT))


class Pages:
    """The views of one feature, declared at the function."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[Route[Needs]] = []

    def route(
        self,
        rule: str,
        *,
        needs: Needs,
        methods: tuple[str, ...] = ("GET",),
        limit: str = "",
        polls: bool = False,
        body_bytes: int = BODY_BYTES,
    ) -> Callable[[View], View]:
        """The view at this address below /console. `limit` is how often one address may send a POST, or, where
        there is none, ask: "10/minute". `polls`: pages ask by themselves, so it keeps no login open.
        `body_bytes`: how much may be sent, where that is more than usual."""

        def declare(view: View) -> View:
            endpoint = f"console.{self.name}.{view.__name__}"
            self.routes.append(Route(ROOT + rule, endpoint, view, methods, needs, limit, polls, body_bytes))
            return view

        return declare


def to(endpoint: str, **values: Any) -> Response:
    """Go on to another page of the console, after a POST."""
    return make_response(redirect(url_for(f"console.{endpoint}", **values), 303))


def say(text: str, kind: str = "good") -> None:
    """A sentence at the top of the next page."""
    flash(text, kind)


Entry = tuple[str, str, Permission | Callable[[Desk], bool] | None]

MENU: Final[tuple[tuple[str, tuple[Entry, ...]], ...]] = (
    ("", (("首页", "console.home.index", None),)),
    (
        "日常",
        (
            ("资料卡审核", "console.profiles.index", Permission.PROFILES_REVIEW),
            ("对话", "console.conversations.index", Permission.CONVERSATIONS_ANSWER),
            ("相亲墙", "console.walls.index", Permission.WALLS_PRINT),
            ("预约", "console.appointments.index", lambda desk: agenda.has_one(desk.db, desk.staff)),
            ("考试", "console.exams.index", Permission.SIGN_UPS_SEE),
            (
                "群发",
                "console.broadcasts.index",
                lambda desk: any(desk.may(one) for one in broadcasts.HANDLES),
            ),
            ("职工", "console.workers.index", Permission.WORKERS_SEE),
            ("数据", "console.dashboard.index", Permission.DASHBOARD_SEE),
        ),
    ),
    (
        "基础资料",
        (
            ("单位", "console.organisations.index", None),
            ("节假日", "console.days.index", Permission.APPOINTMENTS_PLAN),
            ("导入", "console.imports.index", Permission.WORKERS_CHANGE),
            ("关键词", "console.vocabulary.index", None),
        ),
    ),
    (
        "管理",
        (
            ("同事", "console.staff.index", Permission.STAFF_MANAGE),
            ("操作记录", "console.auditing.index", Permission.AUDIT_SEE),
            ("运行状况", "console.system.health", Permission.HEALTH_SEE),
            ("设置", "console.settings.told", Permission.SETTINGS_SEE),
        ),
    ),
)
"""The menu at the side, in groups: what each entry is called, where it leads, and who sees it."""


def menu(desk: Desk) -> list[tuple[str, list[Entry]]]:
    """What of the menu this member sees; a group of which nothing is left goes, too."""
    groups = [(group, [entry for entry in entries if _sees(desk, entry[2])]) for group, entries in MENU]
    return [(group, entries) for group, entries in groups if entries]


def _sees(desk: Desk, needs: Permission | Callable[[Desk], bool] | None) -> bool:
    if isinstance(needs, Permission):
        return desk.may(needs)
    return needs is None or needs(desk)


def _is_here(endpoint: str) -> bool:
    """Whether the page belongs to this entry of the menu."""
    return (request.endpoint or "").rpartition(".")[0] == endpoint.rpartition(".")[0]


class Gate(Area[Needs]):
    """The console's area of the site."""

    name = "console"
    root = ROOT
    form_cookie = "nj_form"

    def __init__(
        self,
        app: Flask,
        config: Config,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        client: Client,
        wake: Callable[[], None],
    ) -> None:
        super().__init__(app, config, engine, clock=clock, wake=wake, csp=CSP)
        self.client = client
        app.jinja_env.filters.update(words.FILTERS)
        app.jinja_env.globals.update(
            {name: self._part(name) for name in PARTS},
            menu=menu,
            here=_is_here,
            greeting=words.greeting,
            P=Permission,
            sizes=SIZES,
        )
        self.mount_assets(Door.PUBLIC)

    def add(self, pages: Pages) -> None:
        """Mount the views of one feature."""
        for route in pages.routes:
            self.mount(route)

    def serve(
        self, route: Route[Needs], values: Mapping[str, Any], db: Session, where: Where, now: datetime
    ) -> ResponseReturnValue:
        """See whose cookie it is and whether they may, then let the view do its work."""
        if not self.is_within(route, where.ip):
            return self.error(429)
        audit.acting_from(db, f"{where.ip} {where.browser}")
        desk = Desk(db, now, where, self.config, self.client)
        token = request.cookies.get(COOKIE)
        if token:
            desk.login = logins.current(
                db, token[:200], limits=self.config.console, now=now, is_used=not route.polls
            )
            db.commit()  # that it was used, or is over, stands whatever comes of the request
        if desk.login is not None:
            desk._staff = desk.login.staff
        if route.needs is not Door.PUBLIC and not desk.is_in:
            return self._to_the_door()
        if isinstance(route.needs, Permission) and not desk.may(route.needs):
            return self.error(404, desk)
        try:
            answer = self.conclude(db, lambda: route.view(desk, **values), desk=desk)
        except Refused as refused:
            return self._refused(refused, desk)
        for put in desk.cookies:
            put(answer)
        return answer

    def error(self, code: int, desk: Desk | None = None) -> Response:
        """The page for a status."""
        head, said = words.ERRORS.get(code, words.ERRORS[500 if code >= 500 else 400])
        return self.render("error.html", code, desk=desk, head=head, said=said)

    def http_error(self, error: HTTPException) -> Response:
        """The page for what Flask raises."""
        if isinstance(error, CSRFError):
            said = "这个页面放得太久，或者在别处退出过。回到上一页，刷新以后再试一次。"
            return self.render("error.html", 400, desk=None, head="没有提交成功", said=said)
        return self.error(error.code or 500)

    def wrong_host(self) -> Response:
        """The page that names the right address and nothing else."""
        return self.render("host.html", 400, desk=None, address=f"{self.config.web.base_url}{ROOT}/")

    def _part(self, name: str) -> Callable[..., Any]:
        """A macro of the parts, read when first used: they take longer to compile than all else to start."""

        def part(*given: Any, **named: Any) -> Any:
            return getattr(self.app.jinja_env.get_template("console/_parts.html").module, name)(
                *given, **named
            )

        return part

    def _to_the_door(self) -> Response:
        if request.method != "GET":
            return make_response(redirect(url_for("console.doors.login"), 303))
        path = request.full_path.rstrip("?")
        return make_response(redirect(url_for("console.doors.login", next=path)))

    def _refused(self, refused: Refused, desk: Desk) -> Response:
        if refused.code == "not_found":
            return self.error(404, desk)
        said = words.refusal(refused)
        return self.render("error.html", 409, desk=desk, head="这一步没有做成", said=said)
