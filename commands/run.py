"""Everything at once, for a look."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

import click

from commands import _supervisor
from commands._process import need_free_port
from commands.assets import AssetsError, install_assets
from core import migrate, redis_server, secrets
from core.config import ROOT, Config, load
from demo import console

PATIENCE = 90.0  # seconds until everything answers; a slow disk on a first start needs some
HERE = {"127.0.0.1", "localhost", "::1"}


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Of the web server, instead of web.port.")
@click.option("--emulator-port", type=click.IntRange(1, 65535), help="Instead of emulator.port.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Instead of data.dir.")
def command(port: int | None, emulator_port: int | None, data_dir: Path | None) -> None:
    """Set up and start everything on this machine, with invented demo data and the emulator in WeChat's place.

    What is made is kept in data.dir, so a second run starts in seconds. Ctrl-C stops everything.
    """
    os.umask(0o077)
    before = dict(os.environ)
    config = _settings(port, emulator_port, data_dir)
    ours = {name: value for name, value in os.environ.items() if before.get(name) != value}
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    config.data_dir.chmod(0o700)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        with _alone(config):
            _start(config, ours if port or emulator_port or data_dir else {})
    except (AssetsError, migrate.MigrationError, redis_server.RedisServerError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        print("Stopped.")


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _settings(port: int | None, emulator_port: int | None, data_dir: Path | None) -> Config:
    """The settings, with the addresses following the ports, told to every child by the environment."""
    if port:
        os.environ["NIANGJIA_WEB__PORT"] = str(port)
    if emulator_port:
        os.environ["NIANGJIA_EMULATOR__PORT"] = str(emulator_port)
    if data_dir:
        os.environ["NIANGJIA_DATA__DIR"] = str(data_dir.resolve())
    config = load()
    for key, address, host, number in (
        ("WEB__BASE_URL", config.web.base_url, config.web.host, config.web.port),
        ("WECHAT__API_BASE", config.wechat.api_base, config.emulator.host, config.emulator.port),
        ("WECHAT__MP_BASE", config.wechat.mp_base, config.emulator.host, config.emulator.port),
        ("WECHAT__OPEN_BASE", config.wechat.open_base, config.emulator.host, config.emulator.port),
    ):
        if urlsplit(address).hostname not in HERE:
            if key.startswith("WECHAT"):
                raise click.ClickException(
                    f"{key.lower().replace('__', '.')} is {address}: run is for a look at the demo with the emulator "
                    "and would write invented people there; for the real account use serve and worker"
                )
            continue
        if f"NIANGJIA_{key}" not in os.environ:
            os.environ[f"NIANGJIA_{key}"] = f"http://{_reachable(host)}:{number}"
    return load()


def _reachable(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{host}]" if ":" in host else host


@contextlib.contextmanager
def _alone(config: Config) -> Iterator[None]:
    with (config.data_dir / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                f"already running with {config.data_dir}: stop that one, or choose another folder with --data-dir"
            ) from None
        yield


def _start(config: Config, ours: Mapping[str, str]) -> None:
    need_free_port(config.web.host, config.web.port, "web.port")
    need_free_port(config.emulator.host, config.emulator.port, "emulator.port", "--emulator-port")
    if not config.redis.url:
        redis_server.binary()
    install_assets(ROOT)
    if secrets.make_missing(config):
        config = load()
    migrate.upgrade(config.database_url)
    (config.data_dir / "log").mkdir(mode=0o700, exist_ok=True)
    process = _supervisor.start(_supervisor.write(config))
    try:
        _wait_until_ready(config, process)
        _demo(config)
        print(_welcome(config, ours), flush=True)
        _watch(config, process)
    finally:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)  # once is enough: it is stopping
        _stop(process)


def _wait_until_ready(config: Config, process: subprocess.Popen[bytes]) -> None:
    web = f"http://{_reachable(config.web.host)}:{config.web.port}/readyz"
    emulator = f"http://{_reachable(config.emulator.host)}:{config.emulator.port}/"
    deadline = time.monotonic() + PATIENCE
    waiting = [web, emulator]
    while waiting:
        waiting = [url for url in waiting if not _answers(url)]
        _still_fine(config, process)
        if waiting and time.monotonic() > deadline:
            raise click.ClickException(
                f"{waiting[0]} did not answer within {PATIENCE:.0f} seconds: see {config.data_dir / 'log'}"
            )
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own addresses
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


def _still_fine(config: Config, process: subprocess.Popen[bytes]) -> None:
    """Raise with one line if supervisord is gone or has given a program up."""
    if process.poll() is not None:
        said = (
            (process.stderr.read() if process.stderr else b"").decode(errors="replace").strip().splitlines()
        )
        raise click.ClickException(f"the supervisor stopped: {said[-1] if said else process.returncode}")
    for name, state in _supervisor.states(config).items():
        if state == "FATAL":
            file = config.data_dir / "log" / f"{name}.log"
            raise click.ClickException(f"{name} does not start: {_last_line(file)} (all of it: {file})")


def _last_line(file: Path) -> str:
    try:
        lines = file.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:300] if lines else "it said nothing"


def _demo(config: Config) -> None:
    """Load what is missing of the demo data and keep the fair on, in a process of its own, gone afterwards.

    Done at every start: loading twice is loading once, and a first run that was cut off is made good by the next.
    """
    if not (config.data_dir / "sheets" / "wall-1.pdf").exists():
        print("Loading the demo data and printing the first wall …", flush=True)
    log = config.data_dir / "log" / "demo.log"
    command = [sys.executable, "-m", "commands", "demo"]
    with log.open("w") as out:
        code = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        raise click.ClickException(f"the demo can't be loaded: {_last_line(log)} (all of it: {log})")


def _welcome(config: Config, ours: Mapping[str, str]) -> str:
    """What to open. `ours` is what commands in another shell must be told to find this folder and these ports."""
    phones = f"http://{_reachable(config.emulator.host)}:{config.emulator.port}/"
    sheets = sorted((config.data_dir / "sheets").glob("*.pdf"))
    rows = [
        ("Phones", f"{phones}  (open this first)"),
        ("Wall to scan", str(sheets[0]) if sheets else "none printed yet"),
        ("Console", f"{config.web.base_url.rstrip('/')}/console/"),
        ("", _way_in(config)),
        ("Logs", f"{config.data_dir / 'log'}/"),
    ]
    if ours:
        rows.append(
            ("Other shells", " ".join(["export", *(f"{name}={quote(ours[name])}" for name in sorted(ours))]))
        )
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        ["Niangjia is running.", *(f"  {name:<{width}}  {value}" for name, value in rows), "Ctrl-C stops it."]
    )


def _way_in(config: Config) -> str:
    """How to log in to the console of the demo."""
    way = console.read(config.data_dir)
    if way is None:
        return "scan its code with the phone of 工会林老师"
    more = config.data_dir / console.FILE
    return f"login {way.login}, password {way.password}, code {way.codes[0]} (once; more in {more})"


def _watch(config: Config, process: subprocess.Popen[bytes]) -> None:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3)
        _still_fine(config, process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End supervisord, which ends its programs in order: the web first lets go, Redis last."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stderr:
        process.stderr.close()
