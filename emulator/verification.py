"""GET verification of the callback URL (服务器配置)."""

from __future__ import annotations

import secrets
import time
from urllib.parse import urlencode

import aiohttp

from .crypto import sign
from .wire import printable
from .world import World


async def verified(world: World) -> bool:
    """Whether pushes may start; many that wait for it verify only once."""
    async with world.verifying:
        return world.verified or await verify(world)


async def verify(world: World, *, patient: bool = False) -> bool:
    """GET verification of the callback URL; pushes start only after it echoed.

    A patient caller tries again when nobody listens yet, and that is not worth a line on the wire.
    """
    echostr = str(secrets.randbelow(9 * 10**18) + 10**18)
    timestamp, nonce = str(int(world.clock.now())), str(secrets.randbelow(2**31))
    query = urlencode(
        {
            "signature": sign(world.settings.token, timestamp, nonce),
            "echostr": echostr,
            "timestamp": timestamp,
            "nonce": nonce,
        }
    )
    url = world.settings.callback_url
    at, started = world.clock.now(), time.perf_counter()
    status, body = 0, b""
    try:
        async with world.http.get(
            url + ("&" if "?" in url else "?") + query,
            timeout=aiohttp.ClientTimeout(total=world.settings.reply_timeout),
            allow_redirects=False,
        ) as response:
            status, body = response.status, await response.read()
    except TimeoutError:
        note = "timeout"
    except (aiohttp.ClientError, OSError) as error:
        note = f"no connection: {error}"
    else:
        note = "ok" if status == 200 and body == echostr.encode() else "token check failed"
    world.verified, world.verify_note = note == "ok", note
    if patient and note.startswith("no connection"):
        return False
    world.wire.add(
        at=at,
        dir="callback",
        method="GET",
        path=url,
        query=query,
        response=printable(body),
        status=status,
        ms=round((time.perf_counter() - started) * 1000, 1),
        verdict="verified" if note == "ok" else note,
    )
    return world.verified
