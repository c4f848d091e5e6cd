"""The emulator's phones, over its own HTTP interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests


class NoEmulator(Exception):
    """Nothing at the platform's address is our emulator; the message is one line."""


@dataclass(frozen=True)
class Phone:
    """One phone: its number there, whose it is, and whether it follows the account."""

    id: int
    openid: str
    nickname: str
    following: bool


class Phones:
    """The phones of the emulator at an address. Raises NoEmulator when there is none, before anything is changed."""

    def __init__(self, api_base: str) -> None:
        host = urlsplit(api_base).hostname or ""
        if host == "qq.com" or host.endswith(".qq.com"):
            raise NoEmulator(f"wechat.api_base is {api_base}, the real platform: no invented people go there")
        self._base = api_base.rstrip("/") + "/emulator/api"
        self._http = requests.Session()
        self._http.trust_env = False
        about = self._call("GET", "/about")
        if "callback_url" not in about:
            raise NoEmulator(f"what answers at {api_base} is not the emulator")

    def all(self) -> list[Phone]:
        """Every phone there is."""
        return [_phone(found) for found in self._call("GET", "/people")["people"]]

    def add(self, nickname: str) -> Phone:
        """One more."""
        return _phone(self._call("POST", "/people", nickname=nickname))

    def follow(self, phone: Phone) -> None:
        """Let the phone follow the account, as if its owner had searched for it."""
        self._call("POST", f"/people/{phone.id}/follow")

    def spoke_at(self, phone: Phone) -> float:
        """When the phone last sent words, in seconds since 1970; 0 for never."""
        lines = self._call("GET", f"/people/{phone.id}/chat?limit=200")["messages"]
        said = [line["at"] for line in lines if line["side"] == "worker" and line["kind"] != "event"]
        return float(max(said, default=0))

    def say(self, phone: Phone, words: str) -> None:
        """Send words to the account."""
        self._call("POST", f"/people/{phone.id}/say", text=words)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        try:
            response = self._http.request(
                method, self._base + path, json=body if method == "POST" else None, timeout=(2, 10)
            )
            response.raise_for_status()
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            raise NoEmulator(
                f"no emulator answers at {self._base} ({type(error).__name__}): start ./niangjia run or emulator"
            ) from None
        if not isinstance(answer, dict):
            raise NoEmulator(f"what answers at {self._base} is not the emulator")
        return answer


def _phone(found: dict[str, Any]) -> Phone:
    return Phone(int(found["id"]), str(found["openid"]), str(found["nickname"]), bool(found["following"]))
