"""Secrets that a browser or a link carries; the database has their hashes only."""

from __future__ import annotations

import hashlib
import secrets


def new() -> str:
    """256 random bits, fit for a cookie and an address."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is stored of a token. Not keyed and not slow: nobody guesses 256 bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
