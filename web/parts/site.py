"""What Flask has once for the whole application, shared by its areas: the session, CSRF, errors, headers, hosts."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map

from core import log
from core.config import Config
from core.db import busy

if TYPE_CHECKING:
    from web.parts.area import Area

_log = log.get("web")


def is_secure(config: Config) -> bool:
    """Whether browsers reach us by https."""
    return urlsplit(config.web.base_url).scheme == "https"


class Site:
    """The areas of one application; each request belongs to one of them or to none."""

    def __init__(self, app: Flask, config: Config) -> None:
        self.areas: list[Area[Any]] = []
        self.csrf = CSRFProtect()
        self._netloc = urlsplit(config.web.base_url).netloc.lower()
        key = config.security.index_key.get_secret_value().encode()
        app.secret_key = hmac.new(key, b"console session", hashlib.sha256).digest()
        app.session_interface = _Sessions(self)
        app.config.update(
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SECURE=is_secure(config),
            SESSION_COOKIE_SAMESITE="Lax",
            PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
            WTF_CSRF_CHECK_DEFAULT=False,  # asked for by each area, once it knows who it is
            WTF_CSRF_TIME_LIMIT=None,  # a form lives as long as its login
            WTF_CSRF_SSL_STRICT=False,  # some WeCom browsers send no Referer; the token decides
        )
        self.csrf.init_app(app)
        app.url_map.converters |= {"id": _Id, "small": _SmallId}
        app.jinja_env.autoescape = True
        app.before_request(self._check_host)
        app.after_request(self._dress)
        app.register_error_handler(HTTPException, self._http_error)
        app.register_error_handler(Exception, self._bug)

    @property
    def here(self) -> Area[Any] | None:
        """Whose request this is; also one for nothing below its address."""
        path = request.path
        return next((a for a in self.areas if path == a.root or path.startswith(f"{a.root}/")), None)

    def _check_host(self) -> ResponseReturnValue | None:
        """Before routing, whose redirects would repeat any host."""
        area = self.here
        return None if area is None or request.host.lower() == self._netloc else area.wrong_host()

    def _dress(self, answer: Response) -> Response:
        area = self.here
        return answer if area is None else area.dress(answer)

    def _http_error(self, error: HTTPException) -> ResponseReturnValue:
        area = self.here
        if area is None or error.code in (301, 302, 307, 308):  # the slash at the end of an address
            return error
        answer = area.http_error(error)
        if allowed := error.get_response().headers.get("Allow"):
            answer.headers["Allow"] = allowed
        return answer

    def _bug(self, error: Exception) -> ResponseReturnValue:
        area = self.here
        if area is None:
            raise error
        _log.error(
            "page failed", exc_info=error, site=area.name, endpoint=request.endpoint, method=request.method
        )
        return area.error(503 if isinstance(error, busy()) else 500)


def site_of(app: Flask, config: Config) -> Site:
    """The application's site, made by the first area that is mounted."""
    site: Site | None = app.extensions.get("site")
    if site is None:
        site = app.extensions["site"] = Site(app, config)
    return site


class _Sessions(SecureCookieSessionInterface):
    """A cookie for each area, of its own path, name and signature: what one was told, the other does not believe."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def get_cookie_name(self, app: Flask) -> str:
        area = self._site.here
        return area.form_cookie if area else super().get_cookie_name(app)

    def get_cookie_path(self, app: Flask) -> str:
        area = self._site.here
        return area.root if area else super().get_cookie_path(app)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer, area = super().get_signing_serializer(app), self._site.here
        if serializer is not None and area is not None:
            serializer.salt = f"{area.root} session".encode()
        return serializer


class _Id(IntegerConverter):
    """The id of a row in an address, `<id:number>`, no larger than any database takes."""

    regex = "[0-9]{1,19}"
    largest = 2**63 - 1

    def __init__(self, map_: Map) -> None:
        super().__init__(map_, min=1, max=self.largest)


class _SmallId(_Id):
    """The id of a table whose key is not a BigKey, `<small:number>`: PostgreSQL refuses a larger one."""

    largest = 2**31 - 1
