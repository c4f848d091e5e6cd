"""The platform's side of the callback: signs, encrypts and posts as WeChat does, and reads answers as strictly.

Uses the emulator's crypto and XML, so that a mistake in ours is not repeated on this side.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from core.config import Config
from emulator.crypto import Envelope, sign
from emulator.xml import Field, document, parse, text_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TEXT_LIMIT = 2048

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    content_type: str
    body: bytes


def call(
    app: WSGIApplication,
    method: str,
    query: str,
    body: bytes = b"",
    *,
    path: str = "/wechat",
    environ: dict[str, Any] | None = None,
) -> Answer:
    """One HTTP request to a WSGI application; `environ` changes what it sees, None takes a key away."""
    seen: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        seen["status"] = int(status.split()[0])
        seen["headers"] = {name.lower(): value for name, value in headers}

    request = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "text/xml",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    } | (environ or {})
    chunks = app({k: v for k, v in request.items() if v is not None}, start_response)
    headers = seen["headers"]
    answer = Answer(seen["status"], headers.get("content-type", ""), b"".join(chunks))
    if "content-length" in headers:
        assert int(headers["content-length"]) == len(answer.body)
    return answer


@dataclass
class Wire:
    """The platform as one application hears it. `post` sends one request; tests may give another way to."""

    app: WSGIApplication
    config: Config
    clock: Callable[[], datetime]
    mode: str
    post: Callable[[str, bytes], Answer] | None = None

    @property
    def token(self) -> str:
        return self.config.wechat.token.get_secret_value()

    def envelope(self, key: str = "") -> Envelope:
        """The cipher of the account, or with another key."""
        wechat = self.config.wechat
        return Envelope(key or wechat.encoding_aes_key.get_secret_value(), wechat.app_id)

    def fields(self, openid: str, kind: str, /, **more: Any) -> list[Field]:
        """The elements of a message or an event of somebody, with a new MsgId unless it is an event."""
        head: list[Field] = [
            ("ToUserName", self.config.wechat.original_id),
            ("FromUserName", openid),
            ("CreateTime", int(self.clock().timestamp())),
            ("MsgType", kind),
        ]
        if kind != "event" and "MsgId" not in more:
            more["MsgId"] = 23_000_000_000_000_000 + next(_numbers)
        return head + list(more.items())

    def query(self, seal: str = "", **changes: str) -> dict[str, str]:
        """A signed query string; `seal` is the encrypted text."""
        timestamp = changes.pop("timestamp", str(int(self.clock().timestamp())))
        nonce = changes.pop("nonce", str(next(_numbers)))
        query = {
            "signature": sign(self.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": "o-not-signed",
        }
        if seal:
            query |= {"encrypt_type": "aes", "msg_signature": sign(self.token, timestamp, nonce, seal)}
        return query | changes

    def packed(self, message: bytes, **changes: str) -> tuple[str, bytes]:
        """Query string and body for an XML text in this account's mode."""
        if self.mode == "plain":
            return urlencode(self.query(**changes)), message
        key = changes.pop("key", "")
        seal = self.envelope(key).encrypt(message)
        to: Field = ("ToUserName", self.config.wechat.original_id)
        body = document([to, ("Encrypt", seal)])
        if self.mode == "compatible":
            body = message.replace(b"</xml>", document([("Encrypt", seal)])[5:])
        return urlencode(self.query(seal, **changes)), body

    def send(self, query: str, body: bytes) -> Answer:
        """One POST as it is."""
        return self.post(query, body) if self.post else call(self.app, "POST", query, body)

    def deliver(self, fields: Iterable[Field], **changes: str) -> str | None:
        """Push one message and read the reply: its XML, or None when there is nothing to show."""
        query, body = self.packed(document(fields), **changes)
        return self.read(self.send(query, body), key=changes.get("key", ""))

    def read(self, answer: Answer, key: str = "", *, asked: bytes = b"<Encrypt>") -> str | None:
        """The plain XML of a reply, checked as strictly as the platform does. `asked` is the body it answers: in
        compatible mode one that lost its sealed part is answered in the open."""
        assert answer.status == 200, answer
        if answer.body in (b"", b"success"):
            assert answer.content_type == "text/plain; charset=utf-8"
            return None
        assert answer.content_type == "application/xml; charset=utf-8"
        if self.mode == "plain" or (self.mode == "compatible" and b"<Encrypt>" not in asked):
            parse(answer.body)
            return answer.body.decode()
        root = parse(answer.body)
        seal = text_of(root, "Encrypt")
        signed = sign(self.token, text_of(root, "TimeStamp"), text_of(root, "Nonce"), seal)
        assert text_of(root, "MsgSignature") == signed
        return self.envelope(key).decrypt(seal).decode()

    def text(self, xml: str | None, openid: str) -> str | None:
        """The Content of a text reply to this person, within the platform's limits."""
        if xml is None:
            return None
        root = parse(xml.encode())
        assert text_of(root, "FromUserName") == self.config.wechat.original_id
        assert text_of(root, "ToUserName") == openid
        assert text_of(root, "CreateTime") == str(int(self.clock().timestamp()))
        assert text_of(root, "MsgType") == "text"
        content = text_of(root, "Content")
        assert content
        assert content.strip() == content
        assert len(content.encode()) <= TEXT_LIMIT
        return content
