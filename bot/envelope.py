"""The envelope of a callback: signature, age, size and encryption, as the page 消息加解密说明 has them."""

from __future__ import annotations

import hmac
import secrets
import struct
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from werobot.crypto import MessageCrypt
from werobot.crypto.exceptions import AppIdValidationError
from werobot.parser import parse_xml, process_message
from werobot.utils import get_signature

from bot.inbound import Inbound, Malformed, read
from core.config import Config

_UNREADABLE = (
    ExpatError,
    Malformed,
    AppIdValidationError,
    Base64Error,
    struct.error,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
)


class TurnedAway(Exception):
    """The request is refused: a status, and a reason for the log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Envelope:
    """Opens what the platform sends, in the configured mode. `clock` is the present moment."""

    def __init__(self, config: Config, clock: Callable[[], datetime]) -> None:
        wechat = config.wechat
        self._limits = config.limits
        self._clock = clock
        self._mode = wechat.mode
        self._token = wechat.token.get_secret_value()
        self._cryptos: list[MessageCrypt] = []
        for key in (wechat.encoding_aes_key, wechat.previous_encoding_aes_key):
            if key.get_secret_value() and wechat.mode != "plain":
                self._cryptos.append(_crypt(self._token, key.get_secret_value(), wechat.app_id))

    def check(self, query: Mapping[str, str]) -> None:
        """The signature of the query string, in constant time, and its age. Raises TurnedAway."""
        timestamp, nonce, signature = (
            query.get("timestamp", ""),
            query.get("nonce", ""),
            query.get("signature", ""),
        )
        expected = get_signature(self._token, timestamp, nonce)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise TurnedAway(403, "bad signature")
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12):
            raise TurnedAway(403, "bad timestamp")
        if abs(self._clock().timestamp() - int(timestamp)) > self._limits.timestamp_seconds:
            raise TurnedAway(403, "stale timestamp")

    def open(
        self, query: Mapping[str, str], read_body: Callable[[], bytes]
    ) -> tuple[Inbound, MessageCrypt | None, str]:
        """The message, what to encrypt the answer with, and the signature that vouches for it. Raises TurnedAway.

        The signature of the query string comes with every push, and a body is not read before it was seen: whoever
        cannot sign would keep a thread of ours by sending slowly. What is encrypted has a signature of its own too.
        An answer is encrypted with the key that decrypted the message: during a rotation there are two.
        """
        self.check(query)
        body = read_body()
        if len(body) > self._limits.body_bytes:
            raise TurnedAway(413, "body too large")
        try:
            content = parsed(body.decode())  # as text, or a declaration in it could name another encoding
            if self._mode == "plain" or (self._mode == "compatible" and "Encrypt" not in content):
                return read(process_message(content)), None, query.get("signature", "")
        except _UNREADABLE as error:
            raise TurnedAway(400, f"unreadable: {type(error).__name__}") from None
        sealed = content.get("Encrypt")
        if not isinstance(sealed, str):
            raise TurnedAway(403, "plaintext refused")
        signature = query.get("msg_signature", "")
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        expected = get_signature(self._token, timestamp, nonce, sealed)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise TurnedAway(403, "bad msg_signature")
        failed = "no key"
        for crypto in self._cryptos:
            try:
                xml = crypto.prp_crypto.decrypt(sealed, crypto.app_id)
                return read(process_message(parsed(xml.decode()))), crypto, signature
            except _UNREADABLE as error:
                failed = type(error).__name__
        raise TurnedAway(400, f"unreadable: {failed}")


def _crypt(token: str, key: str, app_id: str) -> MessageCrypt:
    """WeRoBot's crypto, whose 16 random bytes need no time: it draws letters, one by one."""
    crypt = MessageCrypt(token, key, app_id)
    crypt.prp_crypto.get_random_string = partial(secrets.token_bytes, 16)
    return crypt


def parsed(xml: str) -> dict[str, Any]:
    """What WeRoBot's `parse_xml` makes of a message, at a quarter of its price for a flat one, which nearly all are.

    Raises ExpatError and others of `_UNREADABLE` as that does.
    """
    if xml.startswith("<xml>"):  # so there is no room for a DTD, and no entity to blow up
        try:
            root = ElementTree.fromstring(xml)  # noqa: S314
        except ElementTree.ParseError:
            return _parsed_by_werobot(xml)
        fields: dict[str, Any] = {}
        for child in root:
            fields[child.tag] = (child.text or "").strip() or None
            if len(child) or child.attrib or child.tag[0] == "{" or not _is_blank(child.tail):
                return _parsed_by_werobot(xml)
        if len(fields) == len(root) > 0 and _is_blank(root.text):
            fields["raw"] = xml
            return fields
    return _parsed_by_werobot(xml)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def _parsed_by_werobot(xml: str) -> dict[str, Any]:
    content: dict[str, Any] = parse_xml(xml)
    return content
