"""One area of the site, below one address: what each of its routes passes and what each of its answers carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from flask import Flask, Response, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, NotFound

from core import log
from core.config import Config
from core.db import busy, is_deadlock
from core.errors import Noted, Refused
from rules.logins import Where
from rules.notices import NEW_NOTICES
from web.parts.assets import STATIC, Assets
from web.parts.limits import Limits
from web.parts.site import is_secure, site_of

BODY_BYTES: Final = 256 * 1024
GIVE_WAY: Final = 2
"""So often a request is done again that had to give way to another one."""
_log = log.get("web")
View: TypeAlias = Callable[..., ResponseReturnValue]
NeedsT = TypeVar("NeedsT")


@dataclass(frozen=True)
class Route(Generic[NeedsT]):
    """One address, its view, and who may come."""

    rule: str
    endpoint: str
    view: View
    methods: tuple[str, ...]
    needs: NeedsT
    limit: str = ""
    polls: bool = False
    body_bytes: int = BODY_BYTES


@dataclass(frozen=True)
class Page:
    """What a view answers: a template of the area and what it shows."""

    template: str
    status: int
    facts: Mapping[str, Any]


def page(template: str, status: int = 200, **facts: Any) -> Any:
    """The page of a view; every template has its desk or visit too."""
    return Page(template, status, facts)


class Area(Generic[NeedsT]):
    """Mounts views below `root` and serves them. Subclasses say who somebody is (`serve`) and what is said."""

    name: ClassVar[str]
    root: ClassVar[str]
    form_cookie: ClassVar[str]

    def __init__(
        self,
        app: Flask,
        config: Config,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
        csp: str,
    ) -> None:
        self.app, self.config, self.engine = app, config, engine
        self.clock, self.wake, self.csp = clock, wake, csp
        self.limits = Limits(config)
        self.assets = Assets(STATIC / self.name, self.root)
        self.needs: dict[str, NeedsT] = {}
        self.given: dict[str, Any] = {"asset": self.assets.url, "has_asset": self.assets.has}
        """What all of its templates can use."""
        self.site = site_of(app, config)
        self.site.areas.append(self)

    def mount_assets(self, needs: NeedsT) -> None:
        """Show our own files."""
        endpoint = f"{self.name}.asset"
        rule = f"{self.root}/assets/<fingerprint>/<name>"
        self.app.add_url_rule(rule, endpoint, self._asset, methods=["GET"])
        self.needs[endpoint] = needs

    def mount(self, route: Route[NeedsT]) -> None:
        """Mount one view."""

        def view(**values: Any) -> ResponseReturnValue:
            return self._arrive(route, values)

        self.needs[route.endpoint] = route.needs
        self.app.add_url_rule(route.rule, route.endpoint, view, methods=list(route.methods))

    def close(self) -> None:
        """Raise RuntimeError when anything below the root was mounted past this gate."""
        for rule in self.app.url_map.iter_rules():
            is_ours = rule.rule == self.root or rule.rule.startswith(f"{self.root}/")
            if is_ours and rule.endpoint not in self.needs:
                raise RuntimeError(f"{rule.rule}: a view of the {self.name} says who may see it")
        self.app.extensions[self.name] = self

    def serve(
        self, route: Route[NeedsT], values: Mapping[str, Any], db: Session, where: Where, now: datetime
    ) -> ResponseReturnValue:
        """Find out who it is and whether they may, then `conclude` what the view does."""
        raise NotImplementedError

    def error(self, code: int) -> Response:
        """The page for a status."""
        raise NotImplementedError

    def http_error(self, error: HTTPException) -> Response:
        """The page for what Flask raises."""
        return self.error(error.code or 500)

    def wrong_host(self) -> Response:
        """The page that names the right address and nothing else."""
        raise NotImplementedError

    def render(self, template: str, status: int, **facts: Any) -> Response:
        """One of the area's templates."""
        return make_response(render_template(f"{self.name}/{template}", **self.given, **facts), status)

    def is_within(self, route: Route[NeedsT], who: str) -> bool:
        """Count one more try of a route with a limit: its POSTs, or all where it has none."""
        if not route.limit or (is_read() and "POST" in route.methods):
            return True
        return self.limits.allows(route.limit, route.endpoint, who)

    def conclude(self, db: Session, work: Callable[[], Any], **seen: Any) -> Response:
        """CSRF, the view, its page, and the end of its transaction. `seen` is given to every template.

        A page is written while its transaction is open, so that a template can follow relationships. Raises Refused
        again once it is rolled back, or committed when the rule wrote its no down. What had to give way to another
        transaction that waited for it in turn is done again from the beginning: whoever tapped need not know.
        """
        if not is_read():
            self.site.csrf.protect()
        kept = deepcopy(dict(session))
        for again in range(GIVE_WAY, -1, -1):
            try:
                return self._once(db, work, seen)
            except busy() as error:
                if not again or not is_deadlock(error) or not _rewound():
                    raise
            db.rollback()
            db.info.pop(NEW_NOTICES, None)
            session.clear()
            session.update(kept)
            _log.warning("gave way", site=self.name, endpoint=request.endpoint)
        raise AssertionError("the last try returns or raises")

    def _once(self, db: Session, work: Callable[[], Any], seen: Mapping[str, Any]) -> Response:
        try:
            answer = work()
            if isinstance(answer, Page):
                answer = self.render(answer.template, answer.status, **seen, **answer.facts)
            answer = make_response(answer)
        except Refused as refused:
            if isinstance(refused, Noted):
                db.commit()
            else:
                db.rollback()
            raise
        has_news = bool(db.info.pop(NEW_NOTICES, False))
        db.commit()
        if has_news:
            self.wake()
        return answer

    def dress(self, answer: Response) -> Response:
        """The headers of every answer of the area, whatever it is."""
        headers = answer.headers
        headers["Content-Security-Policy"] = self.csp
        if "frame-ancestors 'none'" in self.csp:
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

    def _arrive(self, route: Route[NeedsT], values: Mapping[str, Any]) -> ResponseReturnValue:
        if (request.content_length or 0) > route.body_bytes:
            return self.error(413)
        request.max_content_length = route.body_bytes
        where = Where(ip=request.remote_addr or "", browser=request.user_agent.string[:200])
        with Session(self.engine, expire_on_commit=False) as db:
            return self.serve(route, values, db, where, self.clock())

    def _asset(self, fingerprint: str, name: str) -> Response:
        found = self.assets.find(fingerprint, name)
        if found is None:
            raise NotFound
        body, mime = found
        answer = Response(body, content_type=mime)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def is_read() -> bool:
    """Whether this request changes nothing by its method."""
    return request.method in ("GET", "HEAD", "OPTIONS")


def _rewound() -> bool:
    """Whether the files that were sent can be read once more; a view that closed one cannot be asked again."""
    files = [file.stream for file in request.files.values()]
    if any(stream.closed for stream in files):
        return False
    for stream in files:
        stream.seek(0)
    return True
