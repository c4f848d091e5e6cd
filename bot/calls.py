"""How a call reaches WeChat: WeRoBot's client with our addresses, one connection pool, and typed errors.

WeRoBot 1.13.1 names its host in each method, sets no timeout, keeps a token per process and calls `requests`
past its own `request` in four methods; all of that is replaced here, so that its other methods can be used too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import redis
import requests
import urllib3
import werobot.client
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from bot.platform_errors import (
    TOKEN_CODES,
    CallFailed,
    NotSent,
    OutcomeUnknown,
    PlatformError,
    Reaction,
    from_transport,
)
from bot.token import Shared
from core import log, metrics
from core.config import Config

API = "https://api.weixin.qq.com"
MP = "https://mp.weixin.qq.com"
POOL = 32

_log = log.get("platform")
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class Calls(werobot.client.Client):  # type: ignore[misc]  # WeRoBot has no types
    """The calls of one process; threads may share it.

    Every method raises PlatformError when WeChat says no, NotSent when the call certainly was not executed, and
    OutcomeUnknown when nobody can say. GETs are repeated after 502, 503 and 504, POSTs never.
    """

    def __init__(self, config: Config, db: redis.Redis) -> None:
        wechat = config.wechat
        super().__init__({"APP_ID": wechat.app_id, "APP_SECRET": wechat.app_secret.get_secret_value()})
        self._bases: tuple[tuple[str, str], ...] = (
            (API, wechat.api_base.rstrip("/")),
            (API.replace("https", "http", 1), wechat.api_base.rstrip("/")),  # one method of WeRoBot says http
            (MP, wechat.mp_base.rstrip("/")),
        )
        self._timeout = wechat.connect_timeout, wechat.read_timeout
        self._session = requests.Session()
        adapter = HTTPAdapter(
            pool_maxsize=POOL,
            max_retries=Retry(
                total=None,
                connect=False,
                read=False,
                redirect=False,
                other=False,
                status=2,
                status_forcelist=(502, 503, 504),
                allowed_methods={"GET"},
                backoff_factor=0.2,
                raise_on_status=False,
                respect_retry_after_header=False,
            ),
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        self._settings: dict[str, Any] = {}
        self.patience = sum(self._timeout) + 1  # the longest a call usually takes
        self.prefix = f"{config.redis.prefix}wechat:{wechat.app_id}"
        self._tokens = Shared(
            db, f"{self.prefix}:token", self._fetch_token, patience=self.patience, can_force=True
        )

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    # What WeRoBot's methods stand on

    def get_access_token(self) -> str:
        """The token all processes share."""
        return self._tokens.get()

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        """One call that answers JSON; its errcode is checked."""
        return self.exchange(method, url, **kwargs)[1]

    def download_media(self, media_id: str) -> requests.Response:
        """A temporary medium as the platform answers it; `download` is the plain way."""
        return self.raw("get", f"{API}/cgi-bin/media/get", params={"media_id": media_id}, token=True)

    def download_permanent_media(self, media_id: str) -> requests.Response:
        """A permanent medium as the platform answers it."""
        url = f"{API}/cgi-bin/material/get_material"
        return self.raw("post", url, params={}, token=True, data={"media_id": media_id})

    def show_qrcode(self, ticket: str) -> requests.Response:
        """The picture of a code as the platform answers it; `code_picture` is the plain way."""
        return self.raw("get", f"{MP}/cgi-bin/showqrcode", params={"ticket": ticket})

    # The way out

    def _fetch_token(self, force: bool) -> tuple[str, int]:
        try:
            answer = self._grant(force)
        except PlatformError as error:
            # Whatever the code says about this call, the call that needs a token may pass later.
            later = error.reaction in (Reaction.RETRY_LATER, Reaction.QUOTA)
            reaction = Reaction.RETRY_LATER if later else Reaction.OPERATOR
            raise PlatformError(error.call, error.code, error.message, reaction) from error
        except OutcomeUnknown as error:  # asking twice for a token does no harm
            raise NotSent(error.call, error.message) from error
        return answer["access_token"], int(answer["expires_in"])

    def _grant(self, force: bool) -> Any:
        data = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.appsecret,
            "force_refresh": force,
        }
        return self.post(f"{API}/cgi-bin/stable_token", params={}, data=data)

    def raw(
        self, method: str, url: str, *, params: dict[str, str], token: bool = False, **rest: Any
    ) -> requests.Response:
        """One call that answers a file, or JSON with an errcode."""
        query = {"access_token": self.token, **params} if token else params
        return self.exchange(method, url, params=query, is_file=True, **rest)[0]

    def exchange(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, Any] | None = None,
        data: Any = None,
        form: Any = None,
        files: Any = None,
        is_file: bool = False,
    ) -> tuple[requests.Response, Any]:
        """Make the call; with a rejected token, once more with another one."""
        call = _name(url)
        query = {"access_token": self.token} if params is None else dict(params)
        body, headers = form, None
        if isinstance(data, Mapping):
            body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
            headers = _JSON
        elif data is not None:
            body = data
        request = requests.Request(
            method.upper(), self._address(url), params=query, data=body, files=files, headers=headers
        )
        prepared = self._session.prepare_request(request)
        try:
            return self._once(call, prepared, is_file)
        except PlatformError as error:
            if error.code not in TOKEN_CODES or "access_token" not in query:
                raise
            query["access_token"] = self._tokens.replace(query["access_token"])
            prepared.prepare_url(self._address(url), query)
            return self._once(call, prepared, is_file)

    def _once(
        self, call: str, prepared: requests.PreparedRequest, is_file: bool
    ) -> tuple[requests.Response, Any]:
        started = time.monotonic()
        failure: CallFailed
        try:
            answer = self._send(call, prepared, is_file)
        except PlatformError as error:
            result, failure = str(error.code), error
        except NotSent as error:
            result, failure = "not_sent", error
        except OutcomeUnknown as error:
            result, failure = "unknown", error
        else:
            metrics.platform_calls.labels(call, "ok").inc()
            metrics.platform_seconds.labels(call).observe(time.monotonic() - started)
            return answer
        seconds = time.monotonic() - started
        metrics.platform_calls.labels(call, result).inc()
        metrics.platform_seconds.labels(call).observe(seconds)
        _log.warning("call failed", call=call, result=result, said=failure.message, seconds=round(seconds, 3))
        raise failure

    def _send(
        self, call: str, prepared: requests.PreparedRequest, is_file: bool
    ) -> tuple[requests.Response, Any]:
        assert prepared.url is not None
        settings = self._environment(prepared.url)
        try:
            response = self._session.send(prepared, timeout=self._timeout, allow_redirects=False, **settings)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise from_transport(call, error) from error
        if response.status_code == 504 and prepared.method != "GET":
            raise OutcomeUnknown(call, "504 from a gateway")  # it gave up waiting for whoever executes calls
        if response.status_code != 200:
            raise PlatformError(call, response.status_code, str(response.reason))
        if is_file and not _looks_like_json(response):
            return response, None
        try:
            said = json.loads(response.content)
        except ValueError as error:
            raise OutcomeUnknown(call, "the answer is not JSON") from error
        if isinstance(said, dict) and said.get("errcode"):
            raise PlatformError(call, int(said["errcode"]), str(said.get("errmsg", "")), answer=said)
        return response, said

    def _environment(self, url: str) -> Any:
        """Proxies and certificates from the environment: looked for once for each host, it costs as much as a call."""
        host = url.split("/", 3)[2]
        found = self._settings.get(host)
        if found is None:
            found = self._session.merge_environment_settings(url, {}, None, None, None)
            self._settings[host] = found
        return found

    def _address(self, url: str) -> str:
        for fixed, ours in self._bases:
            if url.startswith(fixed):
                return ours + url[len(fixed) :]
        raise ValueError(f"not an address of the platform: {url}")


def _name(url: str) -> str:
    return url.split("//", 1)[1].split("/", 1)[1].removeprefix("cgi-bin/")


def _looks_like_json(response: requests.Response) -> bool:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
    return kind in ("application/json", "text/plain") and response.content[:1] == b"{"
