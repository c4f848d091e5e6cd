"""A bot, an emulator that pushes to it, and a client that knows its secret."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from PIL import Image

from emulator import Settings, Template
from emulator.testing import Running, start

from .robot import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, TOKEN, Robot

Make = Callable[..., Running]

TEMPLATES = (
    Template("booked", "template", "预约成功通知", "项目：{{thing1.DATA}}\n时间：{{time2.DATA}}"),
    Template("notice", "subscribe", "活动通知", "活动：{{thing1.DATA}}\n时间：{{time2.DATA}}"),
)
FILLED = {"thing1": {"value": "心理咨询"}, "time2": {"value": "2026年11月23日 10:00"}}


class Api:
    """API calls with a living token."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.http = requests.Session()
        self.renew()

    def renew(self) -> None:
        """Fetch a token again, after the clock was moved past its end."""
        self.token: str = self.post(
            "/cgi-bin/stable_token",
            {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET},
            access_token="",
        )["access_token"]

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        params = {"access_token": getattr(self, "token", ""), **params}
        answer: dict[str, Any] = self.http.get(self.running.url + path, params=params).json()
        return answer

    def post(self, path: str, body: Any = None, **params: Any) -> dict[str, Any]:
        params = {"access_token": getattr(self, "token", ""), **params}
        url = self.running.url + path
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        answer: dict[str, Any] = self.http.post(url, data=raw, params=params).json()
        return answer

    def upload(self, path: str, content: bytes | None, name: str = "a.png", **params: Any) -> dict[str, Any]:
        params = {"access_token": self.token, **params}
        files = {"media" if content is not None else "other": (name, b"x" if content is None else content)}
        answer: dict[str, Any] = self.http.post(self.running.url + path, files=files, params=params).json()
        return answer

    def send(self, openid: str, text: str = "hi") -> dict[str, Any]:
        return self.post(
            "/cgi-bin/message/custom/send", {"touser": openid, "msgtype": "text", "text": {"content": text}}
        )


@pytest.fixture
def robot() -> Iterator[Robot]:
    robot = Robot()
    yield robot
    robot.stop()


@pytest.fixture
def make(robot: Robot) -> Iterator[Make]:
    """Starts emulators that push to the bot; options are those of Settings."""
    started: list[Running] = []

    def start_one(**options: Any) -> Running:
        chosen: dict[str, Any] = {
            "app_id": APP_ID,
            "app_secret": SECRET,
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "original_id": ORIGINAL_ID,
            "callback_url": robot.url,
            "mode": "plain",
            "templates": TEMPLATES,
            "verify_on_start": False,
            "connect_retry_delay": 0.05,
            **options,
        }
        running = start(Settings(**chosen))
        started.append(running)
        return running

    yield start_one
    for running in started:
        running.stop()


@pytest.fixture
def emulator(make: Make) -> Running:
    return make()


@pytest.fixture
def api(emulator: Running) -> Iterator[Api]:
    api = Api(emulator)
    yield api
    api.http.close()


@pytest.fixture(scope="session")
def png() -> bytes:
    """A small real picture."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()
