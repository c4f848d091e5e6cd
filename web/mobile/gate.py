"""What stands before every page inside WeChat: who is it, and what each answer carries.

A person is known by WeChat's OAuth page (snsapi_base, nothing to tap); web/mobile/doors.py is where they come back.
After that a signed cookie says for two hours which worker it is. It has no openid in it, only the worker's id and a
keyed hash of the openid: each request looks for both, so whoever was erased or merged is out at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hmac import compare_digest
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from flask import Flask, Response, flash, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, NotFound

from bot.callback import Bot
from bot.chat import Chat
from bot.client import Client
from bot.replies import Say
from core.config import Config
from core.crypto import ring
from core.errors import Refused
from core.pictures import Picture
from forms.paper import Offer
from models.people import Worker
from rules import audit
from rules.logins import Where
from web.mobile import words
from web.parts.area import BODY_BYTES, Area, Route, View, is_read, page

__all__ = ["Door", "Gate", "Pages", "Visit", "page", "say", "to"]

ROOT: Final = "/m"
WECHAT: Final = "https://open.weixin.qq.com"
LOGIN: Final = timedelta(hours=2)
GOING: Final = timedelta(minutes=10)
"""So long WeChat's page may take to send somebody back."""
PENDING: Final = 4
"""So many pages may be on the way through WeChat's page at the same time."""
WHO, ON_THE_WAY, BACK = "who", "going", "back"
"""Where the cookie keeps who it is, where those are going who are on the way, and that they are back just now."""


class Door(Enum):
    """Who may see a page."""

    PUBLIC = "public"
    WORKER = "worker"


@dataclass
class Visit:
    """What a view works with, for the time of one request."""

    db: Session
    now: datetime
    where: Where
    config: Config
    client: Client
    bot: Bot
    filling: Filling
    _worker: Worker | None = None

    @property
    def is_in(self) -> bool:
        """Whether it is known who looks."""
        return self._worker is not None

    @property
    def worker(self) -> Worker:
        """Who looks. Only views behind Door.WORKER may ask."""
        if self._worker is None:
            raise NotFound
        return self._worker

    @property
    def worker_id(self) -> int:
        """Their id."""
        return self.worker.id

    def keep_login(self, worker: Worker) -> None:
        """From now on it is this worker; nothing of the time before stays but who else is on the way."""
        going = session.get(ON_THE_WAY)
        session.clear()
        if going:
            session[ON_THE_WAY] = going
        session[WHO] = {
            "worker": worker.id,
            "mark": _mark(worker),
            "nonce": secrets.token_urlsafe(12),
            "until": (self.now + LOGIN).isoformat(),
        }
        session[BACK] = True

    def drop_login(self) -> None:
        """From now on it is nobody."""
        session.clear()


class Filling(Protocol):
    """What a page does with forms: handlers/filling.py, which pages do not import."""

    def offers(self) -> list[Offer]: ...
    def can_begin(self, form: str) -> bool: ...
    def form_of_tap(self, tap: str) -> str | None: ...
    def begin(self, chat: Chat) -> tuple[Say, ...]: ...
    def hear(self, chat: Chat) -> tuple[Say, ...]: ...
    def photo(self, chat: Chat, picture: Picture) -> tuple[Say, ...]: ...


class Pages:
    """The views of one feature, declared at the function."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[Route[Door]] = []

    def route(
        self,
        rule: str,
        *,
        needs: Door = Door.WORKER,
        methods: tuple[str, ...] = ("GET",),
        limit: str = "60/minute",
        body_bytes: int = BODY_BYTES,
    ) -> Callable[[View], View]:
        """The view at this address below /m. `limit` is how often one person (before it is known who: one network
        address) may send a POST, or, where there is none, ask. A view without its own is asked 60 times a minute."""

        def declare(view: View) -> View:
            endpoint = f"mobile.{self.name}.{view.__name__}"
            self.routes.append(
                Route(ROOT + rule, endpoint, view, methods, needs, limit, body_bytes=body_bytes)
            )
            return view

        return declare


def to(endpoint: str, **values: Any) -> Response:
    """Go on to another page below /m, after a POST."""
    return make_response(redirect(url_for(f"mobile.{endpoint}", **values), 303))


def say(text: str, kind: str = "good") -> None:
    """A sentence at the top of the next page. It travels in a cookie: nothing personal."""
    flash(text, kind)


def safe(path: str) -> str:
    """Where to go on: a page of ours below /m, whatever somebody says."""
    is_ours = path == ROOT or path.startswith((f"{ROOT}/", f"{ROOT}?"))
    is_plain = path.isascii() and path.isprintable() and len(path) <= 300
    if not (is_ours and is_plain) or "\\" in path or "//" in path or path.startswith(f"{ROOT}/oauth"):
        return f"{ROOT}/"
    return path


def _mark(worker: Worker) -> str:
    """What only this very person's row has, should its id ever be another's."""
    return ring().blind(f"page {worker.openid}")[:32]


class Gate(Area[Door]):
    """The area of the site that opens inside WeChat."""

    name = "mobile"
    root = ROOT
    form_cookie = "nj_m"

    def __init__(
        self,
        app: Flask,
        config: Config,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        client: Client,
        bot: Bot,
        filling: Filling,
    ) -> None:
        super().__init__(app, config, engine, clock=clock, wake=bot.once.wake, csp=csp(config))
        self.client, self.bot, self.filling = client, bot, filling
        app.jinja_env.filters.update({f"m_{name}": said for name, said in words.FILTERS.items()})
        self.mount_assets(Door.PUBLIC)

    def add(self, pages: Pages) -> None:
        """Mount the views of one feature."""
        for route in pages.routes:
            self.mount(route)

    def serve(
        self, route: Route[Door], values: Mapping[str, Any], db: Session, where: Where, now: datetime
    ) -> ResponseReturnValue:
        """See whose cookie it is, or have WeChat say who it is, then let the view do its work."""
        worker = _who(db, now)
        if not self.is_within(route, f"worker {worker.id}" if worker else where.ip):
            return self.error(429)
        if route.needs is Door.WORKER and worker is None:
            return self._to_the_door(now)
        audit.acting_from(db, f"{where.ip} {where.browser}")
        visit = Visit(db, now, where, self.config, self.client, self.bot, self.filling, worker)
        try:
            return self.conclude(db, lambda: route.view(visit, **values), visit=visit)
        except Refused as refused:
            if refused.code == "not_found":
                return self.error(404)
            said = words.refusal(refused)
            return self.render("sorry.html", 409, head="这一步没有做成", said=said, back=True)

    def error(self, code: int) -> Response:
        """The page for a status."""
        head, said = words.ERRORS.get(code, words.ERRORS[500 if code >= 500 else 400])
        return self.render("sorry.html", code, head=head, said=said, back=code in (400, 413, 429))

    def http_error(self, error: HTTPException) -> Response:
        """The page for what Flask raises."""
        if isinstance(error, CSRFError):
            head, said = words.STALE_FORM
            return self.render("sorry.html", 400, head=head, said=said, back=True)
        return self.error(error.code or 500)

    def wrong_host(self) -> Response:
        """The page that names the right address and nothing else."""
        address = f"{self.config.web.base_url}{ROOT}/"
        return self.render("host.html", 400, address=address)

    def _to_the_door(self, now: datetime) -> Response:
        """Have WeChat say who it is; what was sent meanwhile is not taken."""
        if not is_read():
            head, said = words.LOGGED_OUT
            return self.render("sorry.html", 403, head=head, said=said, going=safe(request.path))
        if request.accept_mimetypes.best_match(("text/html", "application/json")) == "application/json":
            return self.error(403)  # a script asks; it cannot follow to another host
        going = safe(request.full_path.rstrip("?"))
        state = secrets.token_hex(16)
        waiting = [one for one in session.get(ON_THE_WAY, []) if one[2] > now.isoformat()]
        until = (now + GOING).isoformat()
        session[ON_THE_WAY] = [*waiting[1 - PENDING :], [state, going, until]]
        return make_response(redirect(authorize_url(self.config, state)))


def _who(db: Session, now: datetime) -> Worker | None:
    """The worker of the cookie, while it lasts and the person is still there.

    Whoever comes from another origin of our own site is asked for anew: the emulator's phones share one browser and
    its cookies, and nobody else comes from there.
    """
    is_back = session.pop(BACK, False)
    if request.headers.get("Sec-Fetch-Site") == "same-site" and is_read() and not is_back:
        return None
    found = session.get(WHO)
    if not isinstance(found, dict) or found.get("until", "") <= now.isoformat():
        return None
    worker = db.get(Worker, found.get("worker"))
    return worker if worker is not None and compare_digest(_mark(worker), found.get("mark", "")) else None


def going_on(state: str, now: datetime) -> str | None:
    """Where somebody goes on who comes back with this state; a state is known to one browser, once, for ten minutes."""
    waiting = session.get(ON_THE_WAY, [])
    for one in waiting:
        if compare_digest(one[0].encode(), state.encode()):
            session[ON_THE_WAY] = [other for other in waiting if other is not one]
            return safe(one[1]) if one[2] > now.isoformat() else None
    return None


def authorize_url(config: Config, state: str) -> str:
    """WeChat's page that sends people back with a code; the order of the parameters is WeChat's."""
    query = {
        "appid": config.wechat.app_id,
        "redirect_uri": f"{config.web.base_url.rstrip('/')}{ROOT}/oauth",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
    }
    base = config.wechat.open_base.rstrip("/")
    return f"{base}/connect/oauth2/authorize?{urlencode(query, quote_via=quote, safe='')}#wechat_redirect"


def csp(config: Config) -> str:
    """Nothing inline, nothing from elsewhere. Only the emulator, where it stands in for WeChat, may frame a page."""
    base = config.wechat.open_base.rstrip("/")
    frames = "'none'" if base == WECHAT else base
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    )
