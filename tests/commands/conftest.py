from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from commands.__main__ import start
from core import crypto, log
from core.clock import utcnow
from core.config import Config
from core.db import make_engine
from emulator.testing import Running
from tests.rules.cast import Town, build
from tests.wechat import environment, pointed_at, run

Niangjia = Callable[..., tuple[int, str, str]]


@pytest.fixture
def wechat(config: Config) -> Iterator[Running]:
    """The emulator in WeChat's place."""
    with run(config, verify_on_start=False) as running:
        yield running


@pytest.fixture
def settings(config: Config, wechat: Running, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Config:
    """Settings that a command finds by itself, with the emulator as the platform."""
    found = pointed_at(config, wechat.url)
    for name, value in environment(found).items():
        if name.startswith("NIANGJIA_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("NIANGJIA_DATABASE__URL", database_url)
    return found


@pytest.fixture
def niangjia(
    settings: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Niangjia:
    """Runs ./niangjia with these words: its exit code and what it said on both channels."""
    # A process sets up its logs once, to its own stderr; this one is pytest's and goes on.
    monkeypatch.setattr(log, "setup", lambda config: None)

    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = start([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def town(settings: Config) -> Iterator[Town]:
    """The cast of tests/rules, at a fair that is on now; commit before a command is called."""
    crypto.use(settings)
    engine = make_engine(settings)
    with Session(engine) as db:
        yield build(engine, db, utcnow())
        db.rollback()
    engine.dispose()
