"""A bot for the emulator to call: a plain HTTP server that answers as a test says, written on wechatpy's crypto."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import xmltodict
from wechatpy.crypto import WeChatCrypto

APP_ID = "wx1234567890abcdef"
SECRET = "5" * 32
TOKEN = "bottoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ORIGINAL_ID = "gh_0123456789ab"

Heard = dict[str, Any]
Answer = bytes | tuple[int, bytes]


@dataclass
class Post:
    """One POST as the bot got it."""

    query: dict[str, str]
    body: bytes
    message: Heard
    at: float = field(default_factory=time.monotonic)


def text(message: Heard, content: str) -> bytes:
    return envelope(message, "text", f"<Content><![CDATA[{content}]]></Content>")


def news(message: Heard, count: int) -> bytes:
    items = "".join(
        f"<item><Title>t{n}</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item>"
        for n in range(count)
    )
    return envelope(message, "news", f"<ArticleCount>{count}</ArticleCount><Articles>{items}</Articles>")


def envelope(message: Heard, kind: str, inside: str) -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[{message['FromUserName']}]]></ToUserName>"
        f"<FromUserName><![CDATA[{message['ToUserName']}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{inside}</xml>"
    ).encode()


def seal(reply: bytes, query: dict[str, str]) -> bytes:
    crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    sealed: str = crypto.encrypt_message(reply.decode(), query["nonce"], query["timestamp"])
    return sealed.encode()


class Robot:
    """Listens on a free port; `answer` decides, `posts` remembers."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.gets: list[dict[str, str]] = []
        self.answer: Callable[[Post], Answer] = lambda post: b"success"
        self.echo: Callable[[str], bytes] = lambda echostr: echostr.encode()
        self.hold = threading.Event()
        robot = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                query = dict(parse_qsl(urlsplit(self.path).query))
                robot.gets.append(query)
                self.reply(200, robot.echo(query.get("echostr", "")))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                query = dict(parse_qsl(urlsplit(self.path).query))
                post = Post(query, body, robot.read(query, body))
                robot.posts.append(post)
                answer = robot.answer(post)
                self.reply(*(answer if isinstance(answer, tuple) else (200, answer)))

            def reply(self, status: int, body: bytes) -> None:
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/wechat"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @staticmethod
    def read(query: dict[str, str], body: bytes) -> Heard:
        """The message, decrypted when only the envelope came; empty when it is not XML."""
        try:
            heard: Heard = xmltodict.parse(body)["xml"]
        except Exception:
            return {}
        if "Encrypt" in heard and "MsgType" not in heard:
            crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
            plain = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
            heard = xmltodict.parse(plain)["xml"]
        return heard

    def events(self, name: str) -> list[Heard]:
        return [post.message for post in self.posts if post.message.get("Event") == name]

    def stop(self) -> None:
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)
