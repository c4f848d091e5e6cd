"""What is wrong here, and what to do about it."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click
import redis
import requests
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from core import redis_server, schema, sealed_rows
from core.config import ROOT, Config, load
from core.db import make_engine

DISK_MB = 500
SKEW_SECONDS = (
    60  # callbacks older than limits.timestamp_seconds are refused; well before that something is wrong
)


class Finding(NamedTuple):
    """One line: fine or not, what was looked at, what was seen, and what to do if it is not fine."""

    fine: bool
    what: str
    seen: str
    advice: str = ""


@click.command()
def command() -> None:
    """Check settings, secrets, database, Redis, WeChat, clock, disk and parts. Changes nothing; shows no secret."""
    config = load()  # wrong settings end here, each named by its path
    print("✓ settings: complete")
    wrong = 0
    for check in CHECKS:
        try:
            findings = list(check(config))
        except Exception as error:  # one broken part must not hide the state of the others
            findings = [Finding(False, check.__name__, f"{type(error).__name__}: {error}", "report this")]
        for finding in findings:
            wrong += not finding.fine
            line = f"{'✓' if finding.fine else '✗'} {finding.what}: {' '.join(finding.seen.split())}"
            print(line if finding.fine or not finding.advice else f"{line} -> {finding.advice}")
    if wrong:
        sys.exit(1)


def python(config: Config) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info >= (3, 11), "python", version, "install Python 3.11 or newer")


def secrets(config: Config) -> Iterator[Finding]:
    missing = config.missing_secrets()
    yield Finding(
        not missing,
        "secrets",
        f"missing: {', '.join(missing)}" if missing else "all there",
        f"set NIANGJIA_<SECTION>__<KEY>, or put files into {config.data_dir / 'secrets'}",
    )
    folder = config.data_dir / "secrets"
    files = list(folder.iterdir()) if folder.is_dir() else []
    if open_ones := [f.name for f in files if f.stat().st_mode & 0o077]:
        yield Finding(
            False, "secret files", f"others may read {', '.join(open_ones)}", f"chmod 600 {folder}/*"
        )


def database(config: Config) -> Iterator[Finding]:
    url = make_url(config.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        yield Finding(False, "database", f"{url.database} is not there yet", "./niangjia migrate")
        return
    engine = make_engine(config)
    try:
        with engine.connect() as db:
            kind = engine.dialect.name
            if kind == "sqlite":
                mode = db.execute(text("PRAGMA journal_mode")).scalar()
                yield Finding(mode == "wal", "database", f"SQLite, journal {mode}", "keep it on a local disk")
                file = engine.url.database or ""
                writable = os.access(file, os.W_OK) and os.access(os.path.dirname(file), os.W_OK)
                yield Finding(
                    writable, "database file", file, "make it and its folder writable for this user"
                )
            else:
                yield Finding(True, "database", f"{kind} {db.execute(text('SHOW server_version')).scalar()}")
        found, head = schema.current(engine), schema.head()
        yield Finding(found == head, "migrations", f"at {found}, newest is {head}", "./niangjia migrate")
        if found == head and not config.missing_secrets():
            can_open = sealed_rows.can_be_opened(config, engine)
            seen = "open what is in the database" if can_open else "do not open what is in the database"
            yield Finding(can_open, "field keys", seen, "put the old key behind the new one, after a comma")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        yield Finding(False, "database", reason, "start it, or correct database.url")
    finally:
        engine.dispose()


def redis_(config: Config) -> Iterator[Finding]:
    if not config.redis.url and not redis_server.answers(config.redis_url):
        try:
            server = redis_server.binary()
        except redis_server.RedisServerError as error:
            yield Finding(False, "redis", "no server here", str(error))
        else:
            yield Finding(True, "redis", f"embedded, not running now; serve starts {server.name}")
        return
    client = redis.Redis.from_url(
        config.redis_url, socket_timeout=3, socket_connect_timeout=3, decode_responses=True
    )
    try:
        info = client.info()
        yield Finding(True, "redis", f"version {info['redis_version']}, {info['used_memory_human']} in use")
        policy = info.get("maxmemory_policy", "noeviction")
        yield Finding(
            policy == "noeviction",
            "redis memory",
            f"when full: {policy}",
            "set maxmemory-policy noeviction: tasks and dialogs must not be thrown away",
        )
        kept = bool(info.get("aof_enabled"))
        seen = "append-only file on" if kept else "nothing is kept over a restart"
        yield Finding(kept, "redis on disk", seen, "set appendonly yes")
    except redis.RedisError as error:
        yield Finding(False, "redis", str(error), "start it, or correct redis.url")
    finally:
        client.close()


def wechat(config: Config) -> Iterator[Finding]:
    base = config.wechat.api_base
    parts = urlsplit(base)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((host, port), timeout=config.wechat.connect_timeout).close()
    except socket.gaierror:
        yield Finding(False, "wechat", f"{host} has no address", "check DNS and wechat.api_base")
        return
    except OSError as error:
        here = host in ("127.0.0.1", "localhost", "::1")
        advice = "start ./niangjia emulator" if here else "let this machine out to it (firewall, proxy)"
        yield Finding(False, "wechat", f"{host}:{port} can't be reached ({error})", advice)
        return
    yield Finding(True, "wechat", f"{host}:{port} can be reached")
    if config.wechat.app_secret.get_secret_value():
        yield from _token(config)


def _token(config: Config) -> Iterator[Finding]:
    """Ask for a token as the program does; stable_token gives the same one again, so nobody's is taken away."""
    body = {
        "grant_type": "client_credential",
        "appid": config.wechat.app_id,
        "secret": config.wechat.app_secret.get_secret_value(),
    }
    try:
        answer = requests.post(
            f"{config.wechat.api_base.rstrip('/')}/cgi-bin/stable_token",
            json=body,
            timeout=(config.wechat.connect_timeout, config.wechat.read_timeout),
        )
        said = answer.json()
    except (requests.RequestException, ValueError) as error:
        yield Finding(
            False, "wechat token", type(error).__name__, "check wechat.api_base and a proxy in between"
        )
        return
    if "access_token" in said:
        yield Finding(True, "wechat token", "given")
    else:
        advice = {
            40164: "put this machine's address on the account's IP list",
            40125: "correct wechat.app_secret",
            40001: "correct wechat.app_secret",
            40013: "correct wechat.app_id",
        }.get(said.get("errcode"), "look the code up in WeChat's documentation")
        yield Finding(
            False, "wechat token", f"refused with {said.get('errcode')} {said.get('errmsg', '')}", advice
        )
    if date := answer.headers.get("Date"):
        skew = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
        yield Finding(
            skew <= SKEW_SECONDS,
            "clock",
            f"{skew:.0f} s from WeChat's",
            "run an NTP service (apt install chrony)",
        )


def disk(config: Config) -> Iterator[Finding]:
    folder = config.data_dir
    if not folder.exists():
        yield Finding(True, "data folder", f"{folder} is made at the first start")
        return
    yield Finding(
        os.access(folder, os.W_OK), "data folder", str(folder), f"make it writable: chown -R $USER {folder}"
    )
    shut = not folder.stat().st_mode & 0o077
    yield Finding(
        shut, "data folder", "closed to others" if shut else "others may look in", f"chmod 700 {folder}"
    )
    free = shutil.disk_usage(folder).free // 2**20
    yield Finding(free >= DISK_MB, "disk", f"{free} MB free", f"free at least {DISK_MB} MB")


def parts(config: Config) -> Iterator[Finding]:
    from commands.assets import ASSETS, VENDOR

    lacking = [name for name in ASSETS if not (ROOT / VENDOR / name).is_file()]
    seen = f"{len(lacking)} of {len(ASSETS)} missing" if lacking else "all there"
    yield Finding(not lacking, "fonts and front-end files", seen, "./niangjia assets")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    yield Finding(True, "chromium", found or "none; only browser tests need it (apt install chromium)")


CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    python,
    secrets,
    database,
    redis_,
    wechat,
    disk,
    parts,
)
