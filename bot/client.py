"""Every call we make of WeChat, by name and typed. WeRoBot's own methods work on it too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis

from bot.calls import API, Calls
from bot.platform_errors import PlatformError
from bot.token import Shared
from core.clock import utcnow
from core.config import Config

_OF_ARTICLE = (
    *("article_type", "title", "author", "digest", "content", "content_source_url", "thumb_media_id"),
    *("need_open_comment", "only_fans_can_comment", "image_info"),
)
"""What a draft is made of; the rest of what the platform tells of one cannot be given back to it."""


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


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who opens a page. `is_snapshot`: somebody invented, whom WeChat shows in place of one who only looks (快照页)."""

    openid: str
    is_snapshot: bool


class Client(Calls):
    """The calls of one process; threads may share it. Errors: see bot/platform_errors.py."""

    def __init__(self, config: Config, db: redis.Redis) -> None:
        super().__init__(config, db)
        self._tickets = Shared(db, f"{self.prefix}:ticket", self._fetch_ticket, patience=2 * self.patience)

    def send_text(self, openid: str, text: str) -> None:
        """Push one customer-service text of at most 2048 bytes."""
        self.send_text_message(openid, text)

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
    ) -> int | None:
        """Push a subscription notice; uses up one consent of the person.

        The id by which subscribe_msg_sent_event names it, where the answer has one; its page promises none.
        """
        body: dict[str, Any] = {"touser": openid, "template_id": template_id, "data": _values(data)}
        if page:
            body["page"] = page
        number = self.post(f"{API}/cgi-bin/message/subscribe/bizsend", data=body).get("msgid")
        return number if isinstance(number, int) and 0 < number < 1 << 63 else None

    def send_mass(self, openids: Sequence[str], content: Mapping[str, Any], client_id: str) -> int:
        """Queue one mass message for 2 to 10,000 people; the msg_id of its job, whose end is an event.

        The same `client_id` again within 24 hours sends nothing: the job it made before is the answer then too.
        """
        data = {"touser": list(openids), **content, "send_ignore_reprint": 0, "clientmsgid": client_id}
        try:
            answer = self.post(f"{API}/cgi-bin/message/mass/send", data=data)
        except PlatformError as error:
            if error.code != 45065 or "msg_id" not in error.answer:
                raise
            answer = error.answer
        return int(answer["msg_id"])

    def preview_mass(self, openid: str, content: Mapping[str, Any]) -> None:
        """Show a mass message on one phone, now. 100 a day."""
        self.post(f"{API}/cgi-bin/message/mass/preview", data={"touser": openid, **content})

    def mass_status(self, message_id: int) -> str:
        """SENDING, SEND_SUCCESS, SEND_FAIL or DELETE. PlatformError 40059 when there is no such job."""
        answer = self.post(f"{API}/cgi-bin/message/mass/get", data={"msg_id": message_id})
        return str(answer["msg_status"])

    def draft(self, media_id: str) -> list[dict[str, Any]]:
        """The articles of a draft. PlatformError 40007 when it is unknown, or was sent already."""
        articles = self.post(f"{API}/cgi-bin/draft/get", data={"media_id": media_id})["news_item"]
        return [{name: one[name] for name in _OF_ARTICLE if name in one} for one in articles]

    def add_draft(self, articles: Sequence[Mapping[str, Any]]) -> str:
        """Put articles into the draft box; the media_id, which ends when it is sent."""
        data = {"articles": [dict(one) for one in articles]}
        return str(self.post(f"{API}/cgi-bin/draft/add", data=data)["media_id"])

    def tag_members(self, name: str) -> Iterator[list[str]]:
        """Who has a tag, page by page. LookupError when the account has no tag of this name."""
        tags = {one["name"]: one["id"] for one in self.get(f"{API}/cgi-bin/tags/get")["tags"]}
        if name not in tags:
            raise LookupError(name)
        after = ""
        while True:
            data = {"tagid": tags[name], "next_openid": after}
            answer = self.post(f"{API}/cgi-bin/user/tag/get", data=data)
            page: list[str] = (answer.get("data") or {}).get("openid") or []
            if page:
                yield page
            after = answer.get("next_openid") or ""
            if not page or not after:
                return

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

    def follows(self, openid: str) -> bool:
        """Whether somebody follows the account right now."""
        answer = self.get_user_info(openid)
        return bool(answer.get("subscribe"))

    def visitor_of(self, code: str) -> Visitor:
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
        return Visitor(str(answer["openid"]), is_snapshot=answer.get("is_snapshotuser") == 1)

    def _fetch_ticket(self, _force: bool) -> tuple[str, int]:
        url = f"{API}/cgi-bin/ticket/getticket"
        answer = self.get(url, params={"access_token": self.token, "type": "jsapi"})
        return answer["ticket"], int(answer["expires_in"])


def _values(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {key: {"value": value} for key, value in data.items()}
