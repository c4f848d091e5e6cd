"""The callback engine: sign, encrypt by mode, send, wait, repeat, and judge the answer."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from .crypto import BadEnvelope, Envelope, same, sign
from .records import Json, Message, Person
from .replies import BadReply, Shown, read_reply
from .verification import verified
from .wire import printable
from .world import World
from .xml import BadXml, Field, document, elements, parse, text_of

#: Verdicts that mean "no answer arrived": the same body is sent again.
UNANSWERED = ("timeout", "no connection", "answer lost")


@dataclass
class Attempt:
    """One POST and what came of it."""

    status: int | None = None
    body: bytes = b""
    decrypted: bytes = b""
    verdict: str = ""
    reason: str = ""
    ms: float = 0.0
    timestamp: str = ""
    nonce: str = ""
    shown: list[Shown] = field(default_factory=list)

    def public(self) -> Json:
        return {
            "status": self.status,
            "body": self.body.decode("utf-8", "replace"),
            "decrypted": self.decrypted.decode("utf-8", "replace"),
            "verdict": self.verdict,
            "reason": self.reason,
            "ms": round(self.ms, 1),
            "timestamp": self.timestamp,
            "nonce": self.nonce,
        }


@dataclass
class Delivery:
    """All attempts of one push, and the lines it left in the chat."""

    verdict: str = ""
    reason: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass
class Hand:
    """What a test may choose about a delivery instead of the platform."""

    timestamp: int | None = None
    nonce: str | None = None
    bad_signature: bool = False
    encrypt: str | None = None
    raw: bytes | None = None
    attempts: int | None = None
    show: bool = True


class Sealed:
    """The body of a push, made once: repeats carry the same bytes."""

    def __init__(self, world: World, plain: bytes, mode: str, original_id: str) -> None:
        self.mode = mode
        self.plain = plain
        self.encrypt = ""
        self.body = plain
        if mode != "plain":
            self.encrypt = world.envelope.encrypt(plain)
            tail = elements([("Encrypt", self.encrypt)])
            if mode == "compatible":
                self.body = plain.removesuffix(b"</xml>") + tail.encode() + b"</xml>"
            else:
                self.body = f"<xml>{elements([('ToUserName', original_id)])}{tail}</xml>".encode()


def query_for(world: World, sealed: Sealed, openid: str, hand: Hand) -> dict[str, str]:
    token = world.settings.token
    timestamp = str(hand.timestamp if hand.timestamp is not None else int(world.clock.now()))
    nonce = hand.nonce or str(secrets.randbelow(2**31))
    query = {
        "signature": sign(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
    }
    if sealed.mode != "plain":
        query["encrypt_type"] = "aes"
        query["msg_signature"] = sign(token, timestamp, nonce, sealed.encrypt)
    if hand.bad_signature:
        query["signature"] = "0" * 40
        if "msg_signature" in query:
            query["msg_signature"] = "0" * 40
    return query


async def deliver(
    world: World,
    person: Person,
    fields: list[Field],
    *,
    answered: bool = True,
    article_limit: int = 8,
    hand: Hand | None = None,
) -> Delivery:
    """Push one message or event, repeat it while unanswered, and show the reply or the failure line."""
    hand = hand or Hand()
    result = Delivery()
    if not world.settings.callback_url:
        result.verdict = "no callback url"
        return result
    if not world.verified and hand.raw is None and not await verified(world):
        result.verdict, result.reason = "not verified", world.verify_note
        if answered:
            failed(world, person, result)
        return result
    mode = hand.encrypt or world.settings.mode
    plain = hand.raw if hand.raw is not None else document(fields)
    sealed = Sealed(world, plain, "plain" if hand.raw is not None else mode, world.settings.original_id)
    judge_mode = mode if hand.raw is None else world.settings.mode
    fault = world.faults.pick("callback")
    copies: list[asyncio.Task[Attempt]] = []
    if fault is not None and fault.delay:
        await asyncio.sleep(fault.delay)
    if fault is not None and fault.duplicate:
        copies = [
            world.spawn(post(world, sealed, judge_mode, person, 1, hand, article_limit))
            for _ in range(fault.duplicate)
        ]
    lost = fault is not None and (fault.reset_after or fault.timeout is not None)
    unsent = fault is not None and fault.reset_before
    for number in range(1, (hand.attempts or world.settings.retry_count) + 1):
        attempt = await post(
            world, sealed, judge_mode, person, number, hand, article_limit, lost=lost, unsent=unsent
        )
        lost = unsent = False
        result.attempts.append(attempt)
        result.verdict, result.reason, result.shown = attempt.verdict, attempt.reason, attempt.shown
        repeat = attempt.verdict in UNANSWERED
        if attempt.verdict.startswith("http ") and world.settings.retry_on_http_error:
            repeat = True
        if not repeat:
            break
        if attempt.verdict == "no connection":
            await asyncio.sleep(world.settings.connect_retry_delay)
    if copies:
        result.attempts.extend(await asyncio.gather(*copies))
    if hand.show and answered and not hand.bad_signature:
        show(world, person, result)
    return result


def show(world: World, person: Person, result: Delivery) -> None:
    """Put the reply, or the failure line, into the chat."""
    if result.verdict == "reply":
        if person.following:
            for shown in result.shown:
                message = world.put(person, "account", shown.kind, shown.text, shown.more)
                if message is not None:
                    result.messages.append(message)
    elif result.verdict not in ("success", "empty", "transferred", "refused"):
        failed(world, person, result)


def failed(world: World, person: Person, result: Delivery) -> None:
    note = f"{result.verdict}: {result.reason}" if result.reason else result.verdict
    message = world.put(person, "system", "failure", world.settings.failure_line, {"note": note})
    if message is not None:
        result.messages.append(message)


async def post(
    world: World,
    sealed: Sealed,
    mode: str,
    person: Person,
    number: int,
    hand: Hand,
    article_limit: int,
    *,
    lost: bool = False,
    unsent: bool = False,
) -> Attempt:
    """One POST of a push: always returns, the verdict says how it went."""
    query = query_for(world, sealed, person.openid, hand)
    attempt = Attempt(timestamp=query["timestamp"], nonce=query["nonce"])
    url = world.settings.callback_url
    url += ("&" if "?" in url else "?") + urlencode(query)
    at, started = world.clock.now(), time.perf_counter()
    try:
        if unsent:
            raise aiohttp.ClientConnectionError("connection dropped on purpose")
        async with world.http.post(
            url,
            data=sealed.body,
            headers={"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Accept": "*/*"},
            timeout=aiohttp.ClientTimeout(total=world.settings.reply_timeout),
            allow_redirects=False,
        ) as response:
            attempt.body = await response.read()
            attempt.status = response.status
    except TimeoutError:
        attempt.verdict = "timeout"
    except (aiohttp.ClientError, OSError) as error:
        attempt.verdict, attempt.reason = "no connection", str(error) or type(error).__name__
    else:
        if lost:
            attempt.verdict = "answer lost"
        elif hand.bad_signature:
            fine = attempt.status == 403 or attempt.body in (b"", b"success")
            attempt.verdict = "refused" if fine else "accepted a bad signature"
        elif attempt.status != 200:
            attempt.verdict = f"http {attempt.status}"
        else:
            judge(world, attempt, mode, person.openid, article_limit)
    attempt.ms = (time.perf_counter() - started) * 1000
    world.wire.add(
        at=at,
        dir="callback",
        method="POST",
        path=world.settings.callback_url,
        query=urlencode(query),
        request=printable(sealed.body),
        decrypted=printable(sealed.plain) if sealed.mode != "plain" else "",
        response=printable(attempt.body),
        response_decrypted=printable(attempt.decrypted),
        status=attempt.status or 0,
        ms=round(attempt.ms, 1),
        attempt=number,
        verdict=attempt.verdict + (f": {attempt.reason}" if attempt.reason else ""),
        person=person.id,
    )
    return attempt


def judge(world: World, attempt: Attempt, mode: str, openid: str, article_limit: int) -> None:
    """Set the verdict of an answered attempt: success, empty, reply, transferred or bad reply."""
    body = attempt.body
    if body in (b"", b"success"):
        attempt.verdict = "success" if body else "empty"
        return
    try:
        root = parse(body)
        if mode != "plain" and root.find("Encrypt") is not None:
            attempt.decrypted = body = opened(world, root)
            if body == b"success" and world.settings.accept_encrypted_success:
                attempt.verdict = "success"
                return
            root = parse(body)
        elif mode == "secure":
            raise BadReply("plain reply in secure mode")
        attempt.shown = read_reply(world, root, openid, article_limit)
    except (BadXml, BadReply, BadEnvelope) as error:
        attempt.verdict, attempt.reason = "bad reply", str(error)
        return
    attempt.verdict = "reply" if attempt.shown else "transferred"


def opened(world: World, root: Any) -> bytes:
    """Check the envelope of an encrypted reply and open it."""
    encrypt = text_of(root, "Encrypt")
    made = sign(world.settings.token, text_of(root, "TimeStamp"), text_of(root, "Nonce"), encrypt)
    if not same(made, text_of(root, "MsgSignature")):
        raise BadReply("wrong MsgSignature")
    envelope: Envelope = world.envelope
    return envelope.decrypt(encrypt)
