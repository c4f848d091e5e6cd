"""Signatures and the AES envelope of callbacks (消息加解密), written from the public scheme alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class BadEnvelope(Exception):
    """An encrypted text that the platform would not accept; the message says why."""


def sign(*parts: str) -> str:
    """SHA-1 over the sorted parts, as `signature` and `msg_signature` are made."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


class Envelope:
    """Encrypts and decrypts with one EncodingAESKey for one AppID."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        if len(encoding_aes_key) != 43:
            raise ValueError("EncodingAESKey must have 43 characters")
        self.key = base64.b64decode(encoding_aes_key + "=")
        self.app_id = app_id

    def encrypt(self, message: bytes, random: bytes | None = None) -> str:
        """Encrypt one XML text; `random` (16 bytes) is given by tests only."""
        head = random if random is not None else base64.b64encode(os.urandom(12))
        plain = head + struct.pack(">I", len(message)) + message + self.app_id.encode()
        pad = BLOCK - len(plain) % BLOCK
        plain += bytes([pad]) * pad
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()

    def decrypt(self, text: str) -> bytes:
        """The message inside, or BadEnvelope when it is broken or made for another AppID."""
        try:
            sealed = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise BadEnvelope("Encrypt is not base64") from error
        if not sealed or len(sealed) % 16:
            raise BadEnvelope("Encrypt is not whole AES blocks")
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        pad = plain[-1] if 1 <= plain[-1] <= BLOCK else 0
        plain = plain[: len(plain) - pad]
        if len(plain) < 20:
            raise BadEnvelope("decrypted text is too short")
        (length,) = struct.unpack(">I", plain[16:20])
        message, app_id = plain[20 : 20 + length], plain[20 + length :]
        if len(message) != length:
            raise BadEnvelope("decrypted length does not fit")
        if app_id != self.app_id.encode():
            raise BadEnvelope("AppID inside does not match")
        return message

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16]))
