"""What stands before every screen of the console: who is it, may they, and what each answer carries.

A view gets a `Desk` and its transaction: what it returns is committed, `Refused` and every error roll it back.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import IntegerConverter, Map

from bot.client import Client
from core.config import Config
from core.errors import Noted, Refused
from models.logins import Login
from models.people import Staff
from rules import access, audit, logins
from rules.access import Permission
from rules.logins import Where
from rules.notices import NEW_NOTICES
from web.console import words
from web.console.assets import Assets
from web.console.limits import Limits
from web.console.lists import SIZES

ROOT: Final = "/console"
COOKIE: Final = "nj_console"
PARTS: Final = (
    "token", "flashes", "errors", "field", "tools", "export_link", "pick", "bulk", "head", "leaves", "nothing",
)  # fmt: skip
"""The macros of console/_parts.html that every template may use."""
BODY_BYTES: Final = 256 * 1024
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


View: TypeAlias = Callable[..., ResponseReturnValue]


@dataclass(frozen=True)
class Route:
    """One address, its view, and who may come."""

    rule: str
    endpoint: str
    view: View
    methods: tuple[str, ...]
    needs: Needs
    limit: str
    polls: bool


class Pages:
    """The views of one feature, declared at the function."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[Route] = []

    def route(
        self,
        rule: str,
        *,
        needs: Needs,
        methods: tuple[str, ...] = ("GET",),
        limit: str = "",
        polls: bool = False,
    ) -> Callable[[View], View]:
        """The view at this address below /console. `limit` is how often one address may send a POST, or, where
        there is none, ask: "10/minute". `polls`: pages ask by themselves, so it keeps no login open."""

        def declare(view: View) -> View:
            endpoint = f"console.{self.name}.{view.__name__}"
            self.routes.append(Route(ROOT + rule, endpoint, view, methods, needs, limit, polls))
            return view

        return declare


def is_secure(config: Config) -> bool:
    """Whether browsers reach us by https."""
    return urlsplit(config.web.base_url).scheme == "https"


def to(endpoint: str, **values: Any) -> Response:
    """Go on to another page of the console, after a POST."""
    return make_response(redirect(url_for(f"console.{endpoint}", **values), 303))


def say(text: str, kind: str = "good") -> None:
    """A sentence at the top of the next page."""
    flash(text, kind)


MENU: Final[tuple[tuple[str, str, Permission | None], ...]] = (
    ("首页", "console.home.index", None),
    ("资料卡审核", "console.profiles.index", Permission.PROFILES_REVIEW),
    ("对话", "console.conversations.index", Permission.CONVERSATIONS_ANSWER),
    ("职工", "console.workers.index", Permission.WORKERS_SEE),
    ("单位", "console.organisations.index", None),
    ("数据", "console.dashboard.index", Permission.DASHBOARD_SEE),
    ("关键词", "console.vocabulary.index", None),
    ("同事", "console.staff.index", Permission.STAFF_MANAGE),
    ("操作记录", "console.auditing.index", Permission.AUDIT_SEE),
    ("运行状况", "console.system.health", Permission.HEALTH_SEE),
    ("设置", "console.settings.told", Permission.SETTINGS_SEE),
)
"""The menu at the side: what it is called, where it leads, and who sees it."""


def _is_ours() -> bool:
    """Whether the request is for the console, or for nothing below its address."""
    return request.path == ROOT or request.path.startswith(f"{ROOT}/")


def _is_here(endpoint: str) -> bool:
    """Whether the page belongs to this entry of the menu."""
    return (request.endpoint or "").rpartition(".")[0] == endpoint.rpartition(".")[0]


class _Id(IntegerConverter):
    """The id of a row in an address, `<id:number>`, no larger than any database takes."""

    regex = "[0-9]{1,19}"
    largest = 2**63 - 1

    def __init__(self, map_: Map) -> None:
        super().__init__(map_, min=1, max=self.largest)


class _SmallId(_Id):
    """The id of a table whose key is not a BigKey, `<small:number>`: PostgreSQL refuses a larger one."""

    largest = 2**31 - 1


class Gate:
    """Mounts pages on the application and serves them."""

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
        self.app, self.config, self.engine = app, config, engine
        self.clock, self.client, self.wake = clock, client, wake
        self.limits = Limits(config)
        self.assets = Assets()
        self.needs: dict[str, Needs] = {}
        self._csrf = CSRFProtect()
        self._netloc = urlsplit(config.web.base_url).netloc.lower()
        key = config.security.index_key.get_secret_value().encode()
        app.secret_key = hmac.new(key, b"console session", hashlib.sha256).digest()
        app.config.update(
            SESSION_COOKIE_NAME="nj_form",
            SESSION_COOKIE_PATH=ROOT,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SECURE=is_secure(config),
            SESSION_COOKIE_SAMESITE="Lax",
            PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
            WTF_CSRF_CHECK_DEFAULT=False,  # asked for in `_serve`, for the console only
            WTF_CSRF_TIME_LIMIT=None,  # a form lives as long as its login
            WTF_CSRF_SSL_STRICT=False,  # some WeCom browsers send no Referer; the token decides
        )
        self._csrf.init_app(app)
        app.url_map.converters |= {"id": _Id, "small": _SmallId}
        app.jinja_env.autoescape = True
        app.jinja_env.filters.update(words.FILTERS)
        app.jinja_env.globals.update(
            {name: self._part(name) for name in PARTS},
            asset=self.assets.url,
            menu=MENU,
            here=_is_here,
            greeting=words.greeting,
            P=Permission,
            sizes=SIZES,
        )
        app.before_request(self._check_host)
        app.after_request(self._dress)
        app.register_error_handler(HTTPException, self._http_error)
        app.register_error_handler(Exception, self._bug)
        app.add_url_rule(f"{ROOT}/assets/<fingerprint>/<name>", "console.asset", self._asset, methods=["GET"])
        self.needs["console.asset"] = Door.PUBLIC

    def _part(self, name: str) -> Callable[..., Any]:
        """A macro of the parts, read when first used: they take longer to compile than all else to start."""

        def part(*given: Any, **named: Any) -> Any:
            return getattr(self.app.jinja_env.get_template("console/_parts.html").module, name)(
                *given, **named
            )

        return part

    def add(self, pages: Pages) -> None:
        """Mount the views of one feature."""
        for route in pages.routes:
            self.needs[route.endpoint] = route.needs
            self.app.add_url_rule(
                route.rule, route.endpoint, self._served(route), methods=list(route.methods)
            )

    def close(self) -> None:
        """Raise RuntimeError when anything below /console was mounted past this gate."""
        for rule in self.app.url_map.iter_rules():
            if rule.rule.startswith(ROOT) and rule.endpoint not in self.needs:
                raise RuntimeError(f"{rule.rule}: a view of the console says who may see it")
        self.app.extensions["console"] = self

    def _served(self, route: Route) -> View:
        def view(**values: Any) -> ResponseReturnValue:
            return self._serve(route, values)

        return view

    def _serve(self, route: Route, values: Mapping[str, Any]) -> ResponseReturnValue:
        if (request.content_length or 0) > BODY_BYTES:
            return self._error(413)
        request.max_content_length = BODY_BYTES
        where = Where(ip=request.remote_addr or "", browser=request.user_agent.string[:200])
        is_read = request.method in ("GET", "HEAD", "OPTIONS")
        if (
            route.limit
            and (not is_read or "POST" not in route.methods)
            and not self.limits.allows(route.limit, route.endpoint, where.ip)
        ):
            return self._error(429)
        now = self.clock()
        with Session(self.engine, expire_on_commit=False) as db:
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
                return self._error(404, desk)
            if not is_read:
                self._csrf.protect()
            try:
                answer = make_response(self._said(desk, route.view(desk, **values)))
            except Refused as refused:
                if isinstance(refused, Noted):
                    db.commit()
                else:
                    db.rollback()
                return self._refused(refused, desk)
            has_news = bool(db.info.pop(NEW_NOTICES, False))
            db.commit()
            if has_news:
                self.wake()
            for put in desk.cookies:
                put(answer)
            return answer

    def _check_host(self) -> Response | None:
        """Before routing, whose redirects would repeat any host."""
        if not _is_ours() or request.host.lower() == self._netloc:
            return None
        return self._page("host.html", 400, address=f"{self.config.web.base_url}{ROOT}/")

    def _said(self, desk: Desk, answer: ResponseReturnValue | Page) -> ResponseReturnValue:
        """A page is written while its transaction is open, so that a template can follow relationships."""
        if not isinstance(answer, Page):
            return answer
        return render_template(f"console/{answer.template}", desk=desk, **answer.facts), answer.status

    def _to_the_door(self) -> Response:
        if request.method != "GET":
            return make_response(redirect(url_for("console.doors.login"), 303))
        path = request.full_path.rstrip("?")
        return make_response(redirect(url_for("console.doors.login", next=path)))

    def _refused(self, refused: Refused, desk: Desk) -> ResponseReturnValue:
        if refused.code == "not_found":
            return self._error(404, desk)
        said = words.refusal(refused)
        return self._page("error.html", 409, desk, head="这一步没有做成", said=said)

    def _error(self, code: int, desk: Desk | None = None) -> Response:
        head, said = words.ERRORS.get(code, words.ERRORS[500 if code >= 500 else 400])
        return self._page("error.html", code, desk, head=head, said=said)

    def _page(self, template: str, status: int, desk: Desk | None = None, **facts: Any) -> Response:
        return make_response(render_template(f"console/{template}", desk=desk, **facts), status)

    def _http_error(self, error: HTTPException) -> ResponseReturnValue:
        if not request.path.startswith(ROOT):
            return error
        if isinstance(error, CSRFError):
            said = "这个页面放得太久，或者在别处退出过。回到上一页，刷新以后再试一次。"
            return self._page("error.html", 400, head="没有提交成功", said=said)
        if error.code in (301, 302, 307, 308):  # the slash at the end of an address
            return error
        answer = self._error(error.code or 500)
        if allowed := error.get_response().headers.get("Allow"):
            answer.headers["Allow"] = allowed
        return answer

    def _bug(self, error: Exception) -> ResponseReturnValue:
        if not request.path.startswith(ROOT):
            raise error
        structlog.get_logger().exception("console_failed", endpoint=request.endpoint, method=request.method)
        return self._error(500)

    def _dress(self, answer: Response) -> Response:
        """The headers of every answer below /console, whatever it is."""
        if not _is_ours():
            return answer
        headers = answer.headers
        headers["Content-Security-Policy"] = CSP
        headers["X-Frame-Options"] = "DENY"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        headers["X-Robots-Tag"] = "noindex"
        if is_secure(self.config):
            headers["Strict-Transport-Security"] = "max-age=31536000"
        headers.setdefault("Cache-Control", "no-store")
        return answer

    def _asset(self, fingerprint: str, name: str) -> Response:
        found = self.assets.find(fingerprint, name)
        if found is None:
            raise NotFound
        body, mime = found
        answer = Response(body, content_type=mime)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


@dataclass(frozen=True)
class Page:
    """What a view answers: a template below web/templates/console and what it shows."""

    template: str
    status: int
    facts: Mapping[str, Any]


def page(template: str, status: int = 200, **facts: Any) -> Any:
    """The page of a view; every template has `desk` too."""
    return Page(template, status, facts)
