"""Callbacks made up at random: valid, broken and hostile, the same again for the same seed."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import handlers
from emulator.crypto import Envelope
from emulator.xml import document
from forms import FORMS
from tests.chat.hung import ANSWERS
from tests.chat.wire import Answer, Wire, call

PEOPLE = 300
GLOBAL = (
    "取消",
    "返回",
    "重来",
    "菜单",
    "帮助",
    "人工",
    "提交",
    "改 3",
    "改8 喜欢修车",
    "0",
    "1",
    "2",
    "更多",
    "接着填",
    "不填了",
)
ODD = (
    "",
    " ",
    "\u3000",
    "]]>",
    "<![CDATA[",
    "<xml>",
    "&lt;",
    "&",
    "\x00",
    "\x0b",
    "\ud800",
    "\ufeff",
    "\u202e",
    "👍" * 50,
    "汉" * 700,
    "1" * 5000,
    "-1",
    "1e999",
    "999999999999999999999",
    "9999年99月99日",
    "明天下午三点半",
    "13800138000",
    "330106199003072933",
    "٣٣٣",
    "１９９０",
    "二〇〇〇",
    "'; DROP TABLE worker; --",
    "{0}{x}%s%n${x}",
    "../../etc/passwd",
    "a" * 15000,
    "\r\n\r\n",
    "[微笑]",
)
ELEMENTS = (
    *(
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "MsgId",
        "MsgID",
        "Content",
        "Event",
        "EventKey",
    ),
    *("Encrypt", "bizmsgmenuid", "Ticket", "SendPicsInfo", "SubscribeMsgPopupEvent", "SubscribeMsgSentEvent"),
    *("List", "type", "raw", "source", "Status", "ErrorCode", "PicList", "item", "Count", "xml"),
)
TYPES = (
    "text",
    "image",
    "voice",
    "video",
    "shortvideo",
    "location",
    "link",
    "event",
    "hologram",
    "EVENT",
    "Text",
)
EVENTS = (
    *("subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW", "LOCATION", "scancode_waitmsg", "scancode_push"),
    *("pic_sysphoto", "pic_weixin", "location_select", "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH"),
    *(
        "subscribe_msg_popup_event",
        "subscribe_msg_change_event",
        "subscribe_msg_sent_event",
        "kf_create_session",
    ),
    *("user_scan_product_verify_action", "card_pass_check", "whatever", "scan", "Scan"),
)
PROLOGUES = (
    '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY b "&a;&a;&a;&a;">]>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<?xml version="1.0" encoding="utf-16"?>',
    '<?xml version="1.1"?>',
    "<?php x ?>",
    "\ufeff",
    "\n",
)


@dataclass(frozen=True)
class Request:
    """One request, and what kind it is for the report."""

    kind: str
    method: str
    query: str
    body: bytes
    environ: dict[str, Any]


class Fuzz:
    """Makes requests and sends them."""

    def __init__(self, wire: Wire, seed: int, scenes: Sequence[str]) -> None:
        self.wire = wire
        self.random = random.Random(seed)
        self.scenes = scenes
        self.people = [f"o{n:027d}" for n in range(PEOPLE)]
        self.sent: deque[Request] = deque(maxlen=50)
        words = [keyword.word for keyword in handlers.table().keywords]
        answers = [said for said, _ in ANSWERS] + [
            "同意",
            "先不给",
            "微信号",
            "手机号",
            "marker_1",
            "13900001111",
        ]
        examples = [field.example for form in FORMS.values() for field in form.fields if field.example]
        self.words = (*words, *answers, *examples, *GLOBAL)
        self.taps = (*handlers.table().taps, "f", "f.x", "f.sex.m")
        self.keys = (*handlers.table().menu_keys, "nonsense", "")
        self.kinds: tuple[tuple[int, Callable[[], Request]], ...] = (
            (40, self.valid),
            (8, self.again),
            (14, self.mutated),
            (10, self.assembled),
            (6, self.hostile_xml),
            (5, self.noise),
            (6, self.unsigned),
            (4, self.replayed),
            (3, self.odd_request),
            (4, self.broken_envelope),
        )

    def next(self) -> Request:
        """The next request."""
        weights = [weight for weight, _ in self.kinds]
        (make,) = self.random.choices([make for _, make in self.kinds], weights)
        request = make()
        if request.method == "POST":
            self.sent.append(request)
        return request

    def send(self, request: Request) -> Answer:
        """Send it."""
        return call(self.wire.app, request.method, request.query, request.body, environ=request.environ)

    # -- kinds ---------------------------------------------------------------------------------------------

    def valid(self) -> Request:
        """What a phone would send."""
        return self._post("valid", self.message())

    def again(self) -> Request:
        """A delivery repeated to the letter."""
        return self.random.choice(self.sent) if self.sent else self.valid()

    def mutated(self) -> Request:
        """A message with a few bytes or elements changed, signed all the same."""
        body = bytearray(self.message())
        for _ in range(self.random.randint(1, 4)):
            place = self.random.randrange(len(body))
            match self.random.randrange(5):
                case 0:
                    body[place] = self.random.randrange(256)
                case 1:
                    del body[place : place + self.random.randint(1, 30)]
                case 2:
                    body[place:place] = self.random.choice(ODD).encode(errors="surrogatepass")[:2000]
                case 3:
                    body[place:place] = body[: self.random.randint(1, 80)]
                case 4:
                    del body[place:]
            if not body:
                break
        return self._post("mutated", bytes(body))

    def assembled(self) -> Request:
        """Elements of the platform put together at random."""
        return self._post("assembled", f"<xml>{self._elements(0)}</xml>".encode(errors="surrogatepass"))

    def _up_to(self, most: int) -> int:
        """A few mostly, and as many now and then: the many cost a hundred times as much."""
        return int(most ** self.random.random())

    def hostile_xml(self) -> Request:
        """Entities, DTDs, declarations, depth and width."""
        message = self.message().decode()
        match self.random.randrange(4):
            case 0:
                text = self.random.choice(PROLOGUES) + message
            case 1:
                text = message.replace("<xml>", "<xml>" + "<a>" * self._up_to(8000))
            case 2:
                text = message.replace("</xml>", "<a/>" * self._up_to(12000) + "</xml>")
            case _:
                many = "".join(f' a{n}="{n}"' for n in range(self._up_to(3000)))
                text = message.replace("<xml>", f"<xml{many}>")
        return self._post("hostile XML", text.encode())

    def noise(self) -> Request:
        """Bytes."""
        return self._post("noise", self.random.randbytes(self.random.choice((0, 1, 10, 1000, 65536, 70000))))

    def unsigned(self) -> Request:
        """Somebody who does not know the token, or whose signature is of another time."""
        query, body = self.wire.packed(self.message())
        match self.random.randrange(5):
            case 0:
                query = ""
            case 1:
                query = query.replace("signature=", "signature=0", 1).replace(
                    "msg_signature=", "msg_signature=0"
                )
            case 2:
                query = urlencode(self.wire.query(timestamp=self._odd_timestamp()))
            case 3:
                query = "&".join(part for part in query.split("&") if "signature" not in part)
            case _:
                query = f"{query}&signature={quote(self._text(), errors='surrogatepass')}&msg_signature=x"
        return Request("unsigned", "POST", query, body, {})

    def replayed(self) -> Request:
        """A signed query string with another message."""
        query = self.random.choice(self.sent).query if self.sent else ""
        return Request("replayed", "POST", query, self.wire.packed(self.message())[1], {})

    def odd_request(self) -> Request:
        """HTTP that no platform would send."""
        query, body = self.wire.packed(self.message())
        match self.random.randrange(5):
            case 0:
                return Request("odd", self.random.choice(("PUT", "DELETE", "PATCH", "HEAD")), query, body, {})
            case 1:
                return Request(
                    "odd",
                    "GET",
                    urlencode(self.wire.query(echostr=self._text().encode(errors="replace").decode())),
                    b"",
                    {},
                )
            case 2:
                length = self.random.choice((None, "", "-1", "x", "0", "9" * 30, "²"))
                return Request("odd", "POST", query, body, {"CONTENT_LENGTH": length})
            case 3:
                return Request("odd", "POST", query + "&a=b" * self.random.randint(1, 40), body, {})
            case _:
                raw = bytes(self.random.randrange(1, 256) for _ in range(40)).decode("latin-1")
                return Request("odd", "POST", f"{query}&{raw}", body, {})

    def broken_envelope(self) -> Request:
        """Encryption gone wrong, correctly signed."""
        if self.wire.mode == "plain":
            return self.mutated()
        envelope = self.wire.envelope()
        match self.random.randrange(4):
            case 0:
                seal = Envelope(envelope.key.hex()[:43], "wxanother000000000").encrypt(self.message())
            case 1:
                seal = Envelope("B" * 43, envelope.app_id).encrypt(self.message())
            case 2:
                seal = envelope.encrypt(self.message())
                place = self.random.randrange(len(seal))
                seal = seal[:place] + self.random.choice("ABCabc123+/=!汉") + seal[place + 1 :]
            case _:
                seal = self.random.choice(("A", "AAAA", "=" * 8, "汉字", "A" * 88, " A "))
        body = document([("Encrypt", seal)])
        return Request("broken envelope", "POST", urlencode(self.wire.query(seal)), body, {})

    # -- parts ---------------------------------------------------------------------------------------------

    def message(self) -> bytes:
        """The XML of a message or an event of somebody."""
        person = self.random.choice(self.people)
        if self.random.random() < 0.7:
            more = {"Content": self._text()}
            if self.random.random() < 0.3:
                more["bizmsgmenuid"] = self._tap()
            return document(self.wire.fields(person, "text", **more))
        if self.random.random() < 0.2:
            return document(self.wire.fields(person, self.random.choice(TYPES[1:7]), MediaId="m"))
        event = self.random.choice(EVENTS)
        key = self._key(event)
        items = [
            ("TemplateId", self.random.choice(("t1", "t2"))),
            ("SubscribeStatusString", "accept"),
            ("MsgID", 7),
        ]
        more_fields: dict[str, Any] = {"Event": event, "EventKey": key}
        if event.startswith("subscribe_msg"):
            name = "".join(part.capitalize() for part in event.split("_"))
            more_fields[name] = [("List", items)] * self.random.randint(1, 3)
        if event.startswith("pic_"):
            more_fields["SendPicsInfo"] = [("Count", 1), ("PicList", [("item", [("PicMd5Sum", "a")])])]
        return document(self.wire.fields(person, "event", **more_fields))

    def _key(self, event: str) -> str:
        if event == "CLICK":
            return self.random.choice(self.keys)
        scene = self.random.choice((*self.scenes, "card-x", self._text()[:40]))
        return f"qrscene_{scene}" if event == "subscribe" and self.random.random() < 0.7 else scene

    def _tap(self) -> str:
        argument = self.random.choice(
            ("", "1", "2", "yes", "f", "x" * 150, str(self.random.randrange(10**20)), "é")
        )
        scene = self.random.choice(self.scenes).partition("-")[2]
        return f"{self.random.choice(self.taps)}.{self.random.choice((argument, scene))}"

    def _text(self) -> str:
        roll = self.random.random()
        if roll < 0.75:
            return self.random.choice(self.words)
        if roll < 0.9:
            return self.random.choice(ODD)
        return "".join(
            chr(self.random.choice((65, 0x4E00, 0x1F600)) + self.random.randrange(60)) for _ in range(9)
        )

    def _odd_timestamp(self) -> str:
        now = int(self.wire.clock().timestamp())
        return self.random.choice((str(now - 4000), str(now + 4000), "0", "", "x", "1e5", "9" * 300, "-5"))

    def _elements(self, depth: int) -> str:
        parts = []
        for _ in range(self.random.randint(0, 9)):
            name = self.random.choice(ELEMENTS)
            roll = self.random.random()
            if roll < 0.2 and depth < 3:
                inner = self._elements(depth + 1)
            elif roll < 0.5:
                inner = f"<![CDATA[{self.random.choice((*TYPES, *EVENTS, *self.people[:3]))}]]>"
            elif roll < 0.7:
                inner = str(self.random.randrange(10 ** self.random.randint(1, 25)))
            else:
                inner = self._text()[:3000]
            parts.append(f"<{name}>{inner}</{name}>")
        return "".join(parts)

    def _post(self, kind: str, message: bytes) -> Request:
        query, body = self.wire.packed(message)
        return Request(kind, "POST", query, body, {})
