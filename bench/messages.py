"""Signed messages, ready to be sent."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable
from typing import Any

from werobot.crypto import MessageCrypt
from werobot.utils import get_signature

from bench.load import http_post
from core.config import Config

Make = Callable[[str], str]
_numbers = itertools.count(secrets.randbelow(1 << 40) << 20)


def text(openid: str, content: str) -> str:
    """A text message as XML."""
    return (
        f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{next(_numbers)}</MsgId></xml>"
    )


def scan(openid: str, scene: str) -> str:
    """A scan by a follower as XML. CreateTime counts on, since events are told apart by it."""
    return (
        f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{next(_numbers) % 10**10}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[{scene}]]></EventKey>"
        f"<Ticket><![CDATA[gQH47joAAAAAAAAAASxodHRwOi8vd2VpeGluLnFxLmNvbS9xL2taZ2Z3TVRt]]></Ticket></xml>"
    )


class Signer:
    """Turns XML into the bytes of a request, signed and, in secure mode, encrypted."""

    def __init__(self, config: Config, mode: str, port: int) -> None:
        wechat = config.wechat
        self._token = wechat.token.get_secret_value()
        self._port = port
        self._crypt: Any = None
        if mode == "secure":
            self._crypt = MessageCrypt(self._token, wechat.encoding_aes_key.get_secret_value(), wechat.app_id)

    def request(self, xml: str, openid: str) -> bytes:
        """One POST, with a timestamp and nonce of its own."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        query = (
            f"signature={get_signature(self._token, timestamp, nonce)}&timestamp={timestamp}&nonce={nonce}"
        )
        query += f"&openid={openid}"
        if self._crypt is None:
            return http_post(f"/wechat?{query}", xml.encode(), self._port)
        sealed = self._crypt.prp_crypto.encrypt(xml, self._crypt.app_id).decode()
        signature = get_signature(self._token, timestamp, nonce, sealed)
        body = (
            f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        return http_post(
            f"/wechat?{query}&encrypt_type=aes&msg_signature={signature}", body.encode(), self._port
        )
