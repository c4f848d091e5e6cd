"""A tiny bot with a web page, and short ways to find things on the pages: for the browser tests."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import qrcode
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from emulator.testing import Phone, Running

SUBSCRIBE_PAGE = """<!doctype html><meta charset=utf-8><h1>?</h1>
<button onclick="parent.postMessage({weixin: 'subscribe', template_ids: ['notice']}, '*')">订阅</button>
<script>onmessage = (event) => { document.querySelector('h1').textContent = event.data.answer; }</script>
"""

Opened = Callable[..., Page]


@dataclass
class Bot:
    """A callback server in plain mode: `answers` maps what came (text, event key, event or kind) to an answer.

    An answer is the words of a text, or the elements of a reply from <MsgType> on.
    """

    url: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def reply(self, body: str) -> str:
        """The reply to one push, as XML."""
        names = ("Content", "EventKey", "Event", "MsgType")
        what = next(found for name in names if (found := text_of(body, name)))
        self.heard.append(what)
        content = self.answers.get(what, f"听到了：{what}")
        if not content.startswith("<MsgType>"):
            content = f"<MsgType>text</MsgType><Content><![CDATA[{content}]]></Content>"
        return (
            f"<xml><ToUserName>{text_of(body, 'FromUserName')}</ToUserName>"
            f"<FromUserName>{text_of(body, 'ToUserName')}</FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime>{content}</xml>"
        )


@contextmanager
def serve_bot() -> Iterator[Bot]:
    """A bot that listens; it has web pages: /page, and /subscribe which asks its phone for consent."""
    bot = Bot()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/page":
                self.answer("<!doctype html><meta charset=utf-8><h1>报名页</h1>", "text/html; charset=utf-8")
            elif parts.path == "/subscribe":
                self.answer(SUBSCRIBE_PAGE, "text/html; charset=utf-8")
            else:
                self.answer(parse_qs(parts.query)["echostr"][0], "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(bot.reply(body), "text/xml")

        def answer(self, body: str, kind: str) -> None:
            data = body.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            """Say nothing: the test tells what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    bot.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield bot
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def text_of(body: str, name: str) -> str:
    found = re.search(rf"<{name}>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</{name}>", body, re.S)
    return found[1] if found else ""


def tap_link(words: str, tap_id: str) -> str:
    return f'<a href="weixin://bizmsgmenu?msgmenucontent={quote(words)}&msgmenuid={tap_id}">{words}</a>'


def code_picture(content: str) -> bytes:
    """A PNG of a QR code."""
    out = io.BytesIO()
    qrcode.make(content).save(out)
    return out.getvalue()


def code_image(content: str, size: int) -> Image.Image:
    """A QR code as a picture of `size` pixels, to paste onto others."""
    return Image.open(io.BytesIO(code_picture(content))).convert("RGB").resize((size, size))


def png(content: bytes, name: str = "photo.png") -> FilePayload:
    """A picture file, as a file chooser takes it."""
    return {"name": name, "mimeType": "image/png", "buffer": content}


def code_for(emulator: Running, scene: str) -> str:
    """The content of a new permanent code with this scene."""
    ticket = emulator.do(lambda: emulator.state.add_ticket(scene, emulator.world.clock.now(), None))
    return emulator.settings.qr_base + ticket.code


def device(page: Page, phone: Phone) -> Locator:
    """One phone on the page."""
    return page.get_by_test_id(f"phone-{phone.person.id}")


def bubbles(page: Page, phone: Phone, side: str) -> Locator:
    """The lines of one side (worker, account, system) in a phone's chat."""
    return device(page, phone).locator(f"[data-testid=bubble][data-side={side}]")


def type_words(page: Page, phone: Phone, words: str) -> None:
    """Write and send, as a person does."""
    shown = device(page, phone)
    expect(shown).to_have_attribute("aria-busy", "false")
    keyboard = shown.get_by_test_id("keyboard")
    if keyboard.is_visible():
        keyboard.click()
    shown.get_by_test_id("input").fill(words)
    shown.get_by_test_id("send").click()
