"""Signing a page for WeChat's JS-SDK, as the page JS-SDK说明文档 (附录1) says it."""

from __future__ import annotations

import hashlib


def signature(ticket: str, *, nonce: str, timestamp: int, url: str) -> str:
    """What lets a page at this address use the SDK. `url` is as the browser has it, without what follows a #."""
    said = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    return hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()
