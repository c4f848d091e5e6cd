"""What keeps a command from starting is one line that names the key to change."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy.orm import Session

from commands import COMMANDS
from commands.__main__ import start
from commands._process import need_free_port
from core import crypto, migrate, sealed_rows
from core.clock import utcnow
from core.config import Config, load
from core.db import make_engine
from models.people import Worker
from rules.notices import tell
from tests.conftest import SECRETS

Environment = Callable[[Config], None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[Config], None]:
    """Makes a command find these settings."""

    def use(config: Config) -> None:
        monkeypatch.setenv("NIANGJIA_DATA__DIR", str(config.data.dir))
        monkeypatch.setenv("NIANGJIA_DATABASE__URL", config.database.url)
        monkeypatch.setenv("NIANGJIA_REDIS__URL", config.redis.url)
        for section, keys in SECRETS.items():
            for key, value in keys.items():
                monkeypatch.setenv(f"NIANGJIA_{section.upper()}__{key.upper()}", value)

    return use


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert start([name, "--help"]) == 0
    assert f"./niangjia {name}" in capsys.readouterr().out


def test_an_unknown_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIANGJIA_WEB__PROT", "1")
    assert start(["doctor"]) == 2
    assert capsys.readouterr().err == "NIANGJIA_WEB__PROT: no such setting\n"


def test_a_wrong_value_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIANGJIA_WEB__PORT", "many")
    assert start(["serve"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("web.port: ")
    assert "many" not in said


def test_serve_refuses_without_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIANGJIA_DATA__DIR", str(tmp_path))
    assert start(["serve"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "wechat.app_secret",
        "wechat.token",
        "wechat.encoding_aes_key",
        "security.field_keys",
        "security.index_key",
    ]
    assert "NIANGJIA_WECHAT__TOKEN" in lines[1]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("wechat.token", "has a blank"),
        ("wechat.encoding_aes_key", "a" * 44),
        ("wechat.previous_encoding_aes_key", "a" * 42 + "é"),
        ("wechat.api_base", "api.example"),
        ("security.field_keys", "abc"),
        ("security.field_keys", "密钥"),
        ("security.field_keys", f"{'A' * 43}=,{'A' * 40}"),
        ("security.index_key", "tooshort"),
        ("redis.url", "localhost:6379"),
        ("database.url", "mysql://root:verysecret@localhost/niangjia"),
        ("limits.lease_seconds", "inf"),
    ],
)
@pytest.mark.parametrize("name", ["serve", "worker", "doctor"])
def test_a_misshapen_setting_is_named_and_not_shown(
    name: str, key: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not found by a process that dies of it, again and again, and tells the log which key it was given."""
    monkeypatch.setenv(f"NIANGJIA_{key.upper().replace('.', '__')}", value)
    assert start([name]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{key}: ")
    assert said.count("\n") == 1
    assert value not in said


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_nothing_serves_what_it_cannot_open(
    name: str, config: Config, environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    environment(config)
    crypto.use(config)
    engine = make_engine(config)
    with Session(engine) as db:
        person = Worker(openid="o-sealed", created_at=utcnow())
        db.add(person)
        db.flush()
        tell(db, person.id, "plain", now=utcnow(), text="sealed")
        db.commit()
    old, new = config.security.field_keys.get_secret_value(), Fernet.generate_key().decode()
    for keys, can_open in ((f"{new},{old}", True), (new, False)):
        security = config.security.model_copy(update={"field_keys": SecretStr(keys)})
        assert sealed_rows.can_be_opened(config.model_copy(update={"security": security}), engine) is can_open
    engine.dispose()
    os.environ["NIANGJIA_SECURITY__FIELD_KEYS"] = new
    assert start([name]) == 2
    assert capsys.readouterr().err.startswith("security.field_keys: ")


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_nothing_serves_an_old_database(
    name: str,
    config: Config,
    empty_database_url: str,
    environment: Environment,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment(config)
    os.environ["NIANGJIA_DATABASE__URL"] = empty_database_url
    assert start([name]) == 1
    assert "run ./niangjia migrate" in capsys.readouterr().err


def test_a_taken_port_names_the_key(
    config: Config, environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    environment(config)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert start(["serve", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"127.0.0.1:{port} is taken by another program" in said
    assert "web.port" in said
    assert "NIANGJIA_WEB__PORT" in said
    assert "--port" in said
    need_free_port("127.0.0.1", port, "web.port")


def test_a_bug_is_one_line_and_a_file(
    config: Config,
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment(config)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(migrate, "upgrade", broken)
    assert start(["migrate", "--sql"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("ZeroDivisionError: by accident (details: ")
    assert said.count("\n") == 1
    (file,) = (config.data_dir / "log").iterdir()
    assert "Traceback" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_migrate_says_what_it_did(
    config: Config, empty_database_url: str, environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    environment(config)
    os.environ["NIANGJIA_DATABASE__URL"] = empty_database_url
    assert start(["migrate", "--check"]) == 1
    assert start(["migrate"]) == 0
    assert start(["migrate"]) == 0
    assert start(["migrate", "--check"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("from empty to ")
    assert "newest" in second
    assert "newest" in third


def test_doctor_names_what_is_wrong(
    config: Config,
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment(config)
    config.data_dir.mkdir(mode=0o755)
    config.data_dir.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    monkeypatch.setenv("NIANGJIA_WECHAT__API_BASE", f"http://127.0.0.1:{closed}")
    with pytest.raises(SystemExit) as ended:
        start(["doctor"])
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "✓ secrets: all there" in said
    assert "✓ migrations: at " in said
    assert "✓ redis: version " in said
    assert "✗ wechat: " in said
    assert "start ./niangjia emulator" in said
    assert "✗ data folder: others may look in -> chmod 700" in said
    for keys in SECRETS.values():
        for secret in keys.values():
            assert secret not in said


def test_run_refuses_the_real_account(
    config: Config,
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment(config)
    monkeypatch.setenv("NIANGJIA_WECHAT__API_BASE", "https://api.weixin.qq.com")
    assert start(["run"]) == 1
    assert "use serve and worker" in capsys.readouterr().err
    assert load().wechat.api_base.startswith("https://api")
