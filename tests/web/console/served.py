"""The console on a port, for a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.config import Config
from emulator.testing import Running
from tests.processes import free_port
from tests.rules.cast import NOW
from tests.web.console.office import Office, open_office
from tests.web.serving import on_port
from tests.wechat import pointed_at, run


@contextmanager
def served(config: Config) -> Iterator[tuple[Office, str]]:
    """An office and its address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with open_office(config, base) as office, on_port(office.account.app, port):
        yield office, base


@contextmanager
def served_with_phones(config: Config) -> Iterator[tuple[Office, str, Running]]:
    """An office, its address, and the WeChat behind it, where it is the same time."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with run(config, mode="plain", callback_url=f"{base}/wechat", verify_on_start=False) as wechat:
        wechat.do(wechat.world.clock.set, NOW.timestamp())
        with (
            open_office(pointed_at(config, wechat.url), base) as office,
            on_port(office.account.app, port),
        ):
            yield office, base, wechat
