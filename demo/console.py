"""A way into the demo's console: made at the first run, kept in the data folder, never in the repository."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pyotp
from sqlalchemy.orm import Session

from core.config import Console
from models.logins import Credential
from models.people import Staff
from rules import logins

FILE: Final = "console-login.txt"
WHO: Final = "lin"


@dataclass(frozen=True)
class Way:
    """What the demo's administrator logs in with. Each code stands in once for the authenticator's."""

    login: str
    password: str
    authenticator: str
    codes: tuple[str, ...]


def build(db: Session, staff: Staff, folder: Path, *, limits: Console, now: datetime) -> Way:
    """Let the administrator log in, with fresh codes at every start; the caller commits, then keeps it."""
    known = read(folder)
    if known is None or db.get(Credential, staff.id) is None:
        token = logins.reset(db, None, staff, limits=limits, now=now, keep_wechat=True)
        password = f"demo-{secrets.token_urlsafe(9)}"
        logins.accept(db, token, password, now=now)
        secret = pyotp.parse_uri(logins.new_totp(db, staff)).secret
        codes = logins.confirm_totp(db, staff, pyotp.TOTP(secret).at(now), now=now)
        return Way(staff.login, password, secret, tuple(codes))
    return Way(known.login, known.password, known.authenticator, tuple(logins.new_recovery_codes(db, staff)))


def keep(way: Way, folder: Path) -> None:
    """Write it where only the owner of the folder reads it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = (way.login, way.password, way.authenticator, " ".join(way.codes))
    with os.fdopen(os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        for name, value in zip(("login", "password", "authenticator", "codes"), lines, strict=True):
            file.write(f"{name}: {value}\n")


def read(folder: Path) -> Way | None:
    """What was kept; None when nothing readable is there."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = dict(line.split(": ", 1) for line in lines if ": " in line)
    try:
        return Way(found["login"], found["password"], found["authenticator"], tuple(found["codes"].split()))
    except KeyError:
        return None
