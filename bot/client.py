"""Every call we make of WeChat, by name and typed. WeRoBot's own methods work on it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis

from bot.calls import API, Calls
from bot.platform_errors import PlatformError
from bot.token import Shared
from core.clock import utcnow
from core.config import Config


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code with a scene. `url` is what it encodes; a permanent one has no end."""

    ticket: str
    url: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Template:
    """A message template the account owns. `content` holds its fields as `{{thing1.DATA}}`."""

    id: str
    title: str
    content: str
    is_subscription: bool


class Client(Calls):
    """The calls of one process; threads may share it. Errors: see bot/platform_errors.py."""

    def __init__(self, config: Config, db: redis.Redis) -> None:
        super().__init__(config, db)
        self._tickets = Shared(db, f"{self.prefix}:ticket", self._fetch_ticket, patience=2 * self.patience)

    def send_text(self, openid: str, text: str) -> None:
        """Push one customer-service text of at most 2048 bytes."""
        self.send_text_message(openid, text)

    def send_menu(self, openid: str, head: str, choices: Sequence[tuple[str, str]], tail: str = "") -> None:
        """Push a text with tappable lines, given as (id, words)."""
        items = [{"id": key, "content": words} for key, words in choices]
        menu = {"head_content": head, "list": items, "tail_content": tail}
        data = {"touser": openid, "msgtype": "msgmenu", "msgmenu": menu}
        self.post(f"{API}/cgi-bin/message/custom/send", data=data)

    def typing(self, openid: str, is_typing: bool = True) -> None:
        """Show or hide 对方正在输入. Refused (45080, 45081) when it makes no sense right now."""
        command = "Typing" if is_typing else "CancelTyping"
        self.post(f"{API}/cgi-bin/message/custom/typing", data={"touser": openid, "command": command})

    def send_template(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        url: str = "",
        client_msg_id: str = "",
    ) -> int:
        """Push a template message; the id of the job, whose end comes as TEMPLATESENDJOBFINISH.

        The same `client_msg_id` again within some minutes is the same message, so a repeat is safe.
        """
        body: dict[str, Any] = {"touser": openid, "template_id": template_id, "data": _values(data)}
        if url:
            body["url"] = url
        if client_msg_id:
            body["client_msg_id"] = client_msg_id
        answer = self.post(f"{API}/cgi-bin/message/template/send", data=body)
        return int(answer["msgid"])

    def send_subscription(
        self, openid: str, template_id: str, data: Mapping[str, str], *, page: str = ""
    ) -> None:
        """Push a subscription notice; uses up one consent of the person."""
        body: dict[str, Any] = {"touser": openid, "template_id": template_id, "data": _values(data)}
        if page:
            body["page"] = page
        self.post(f"{API}/cgi-bin/message/subscribe/bizsend", data=body)

    def templates(self) -> list[Template]:
        """All templates the account owns, of both kinds."""
        plain = self.get(f"{API}/cgi-bin/template/get_all_private_template")["template_list"]
        notices = self.get(f"{API}/wxaapi/newtmpl/gettemplate")["data"]
        return [
            *(Template(t["template_id"], t["title"], t["content"], False) for t in plain),
            *(Template(t["priTmplId"], t["title"], t["content"], True) for t in notices),
        ]

    def create_code(self, scene: str, expire_seconds: int | None, *, now: datetime | None = None) -> Code:
        """Make a QR code for a scene of 1-64 characters; without `expire_seconds` a permanent one (scarce)."""
        action = {"scene": {"scene_str": scene}}
        body: dict[str, Any] = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": action}
        if expire_seconds is not None:
            body |= {"action_name": "QR_STR_SCENE", "expire_seconds": expire_seconds}
        answer = self.create_qrcode(body)
        left = answer.get("expire_seconds")
        ends = (now or utcnow()) + timedelta(seconds=left) if left else None
        return Code(answer["ticket"], answer["url"], ends)

    def code_picture(self, ticket: str) -> bytes:
        """The JPEG of a code. PlatformError 404 when the ticket is unknown or over."""
        return bytes(self.show_qrcode(ticket).content)

    def menu(self) -> dict[str, Any] | None:
        """The menu as the platform has it, or None."""
        try:
            answer: dict[str, Any] = self.get_menu()
        except PlatformError as error:
            if error.code == 46003:
                return None
            raise
        return answer

    def upload(self, kind: str, name: str, content: bytes, mime: str) -> str:
        """Upload a temporary medium (kept for 3 days); its media_id."""
        answer = self.request(
            "post",
            f"{API}/cgi-bin/media/upload",
            params={"access_token": self.token, "type": kind},
            files={"media": (name, content, mime)},
        )
        return str(answer.get("media_id") or answer["thumb_media_id"])

    def download(self, media_id: str) -> bytes:
        """The bytes of a temporary medium. PlatformError 40007 when it is unknown or over."""
        return bytes(self.download_media(media_id).content)

    def page_ticket(self) -> str:
        """The ticket that signs our pages for WeChat's JS-SDK, shared by all processes."""
        return self._tickets.get()

    def openid_of(self, code: str) -> str:
        """Who came back from the OAuth page with this code. A code works once and for 5 minutes."""
        answer = self.request(
            "get",
            f"{API}/sns/oauth2/access_token",
            params={
                "appid": self.appid,
                "secret": self.appsecret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        return str(answer["openid"])

    def _fetch_ticket(self, _force: bool) -> tuple[str, int]:
        url = f"{API}/cgi-bin/ticket/getticket"
        answer = self.get(url, params={"access_token": self.token, "type": "jsapi"})
        return answer["ticket"], int(answer["expires_in"])


def _values(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {key: {"value": value} for key, value in data.items()}
