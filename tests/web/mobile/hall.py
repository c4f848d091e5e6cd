"""The pages with the emulator as their WeChat: phones that open them, through the real OAuth page and back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from core.config import Config
from emulator.testing import Phone, Running
from models.people import Worker
from tests.chat.account import Account, in_mode, opened
from tests.chat.account import Phone as ChatPhone
from tests.wechat import pointed_at, run

BASE = "http://pages.test"
BROWSER = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_FIELD = re.compile(r"<(?:input|button|textarea|select)\b[^>]*>")


def attributes(tag: str) -> dict[str, str]:
    """What stands in a tag."""
    return {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}


class Browser:
    """WeChat's browser on one phone."""

    def __init__(self, hall: Hall, phone: Phone) -> None:
        self.hall, self.phone = hall, phone
        self.web = Client(hall.account.app)
        self.page = ""
        self.path = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        """One request below /m, without following where it leads."""
        headers = {"User-Agent": BROWSER, "Accept": "text/html"} | more.pop("headers", {})
        answer = self.web.get(path, base_url=more.pop("base", BASE), headers=headers, **more)
        return self._read(answer, path)

    def authorized(self, location: str) -> str:
        """Open WeChat's OAuth page as this phone does; the path it sends the browser back to."""
        asked = location.partition("#")[0] + f"&emulator_person={self.phone.person.id}"
        back = requests.get(asked, allow_redirects=False, timeout=10).headers["Location"]
        assert back.startswith(f"{BASE}/m/oauth?"), back
        return back.removeprefix(BASE)

    def opens(self, path: str) -> TestResponse:
        """A link is tapped: by way of WeChat where it must be known who it is, to the page itself."""
        answer = self.get(path)
        for _ in range(6):
            location = answer.headers.get("Location")
            if not location:
                return answer
            if urlsplit(location).netloc not in ("", urlsplit(BASE).netloc):
                location = self.authorized(location)
            answer = self.get(location.removeprefix(BASE))
        raise AssertionError(f"{path} leads in circles")

    def post(self, path: str, token: str | None = None, files: Any = None, **fields: str) -> TestResponse:
        """Send fields with the token of the page that is open, without following where it leads."""
        found = _TOKEN.search(self.page)
        if token is None and found:
            token = found[1]
        data: dict[str, Any] = fields | ({"csrf_token": token} if token else {}) | (files or {})
        headers = {"User-Agent": BROWSER, "Accept": "text/html"}
        return self._read(self.web.post(path, base_url=BASE, headers=headers, data=data), path)

    def sends(self, action: str, files: Any = None, **fields: str) -> TestResponse:
        """Fill in the form of the page whose address ends so, send it, and follow where it leads."""
        found = [
            (tag, body)
            for tag, body in _FORM.findall(self.page)
            if attributes(tag)["action"].endswith(action)
        ]
        assert found, f"no form to …{action} on {self.path}:\n{self.page}"
        tag, body = found[0]
        kept = {}
        for one in map(attributes, _FIELD.findall(body)):
            if one.get("type") == "hidden":
                kept[one["name"]] = one.get("value", "")
        answer = self.post(attributes(tag)["action"], files=files, **(kept | fields))
        return (
            self.opens(answer.headers["Location"].removeprefix(BASE)) if answer.status_code == 303 else answer
        )

    def _read(self, answer: TestResponse, path: str) -> TestResponse:
        answer.request.environ["wsgi.input"].close()  # a large body lies in a file
        if answer.mimetype == "text/html" and answer.status_code not in (301, 302, 303, 308):
            self.page, self.path = answer.text, path
        return answer

    @property
    def words(self) -> str:
        """What can be read on the page, one line a block."""
        body = self.page.partition("<main")[2].partition("<footer")[0]
        text = re.sub(r"<(script|style)\b.*?</\1>", "", body, flags=re.DOTALL)
        return re.sub(r"\s*\n\s*", "\n", html.unescape(re.sub(r"<[^>]+>", "", text))).strip()


@dataclass
class Hall:
    """All of it."""

    account: Account
    wechat: Running

    def browser(self, nickname: str = "阿岳", *, following: bool = True) -> Browser:
        """A new phone."""
        return Browser(self, self.wechat.phone(nickname, following=following))

    def chat(self, browser: Browser) -> ChatPhone:
        """The same person in the chat."""
        return self.account.phone(browser.phone.openid)

    def worker(self, browser: Browser) -> Worker | None:
        """The person as the database has them."""
        with Session(self.account.engine, expire_on_commit=False) as db:
            return db.scalar(select(Worker).where(Worker.openid == browser.phone.openid))


@contextmanager
def open_hall(config: Config, base: str = BASE, **limits: float) -> Iterator[Hall]:
    """The pages, ready to be opened."""
    callback = f"{base}/wechat" if base != BASE else ""
    with run(config, mode="plain", callback_url=callback, verify_on_start=False) as wechat:
        config = in_mode(pointed_at(config, wechat.url), "plain")
        config = config.model_copy(update={"web": config.web.model_copy(update={"base_url": base})})
        with opened(config, pages=True, **limits) as found:
            yield Hall(found, wechat)
