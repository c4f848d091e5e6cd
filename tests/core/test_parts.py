"""Secrets of a first start, the embedded Redis, counters over processes, the schema's version."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from core import metrics_dir, redis_server, schema, secrets
from core.config import ROOT, Config, load


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Config:
    monkeypatch.setenv("NIANGJIA_DATA__DIR", str(tmp_path / "v"))
    return load()


def test_missing_secrets_are_made_once_and_for_us_only(bare: Config) -> None:
    assert secrets.make_missing(bare) == bare.missing_secrets()
    first = load()
    assert first.missing_secrets() == []
    assert len(first.wechat.encoding_aes_key.get_secret_value()) == 43
    assert len(first.wechat.token.get_secret_value()) <= 32
    assert secrets.make_missing(first) == []
    assert load() == first
    for file in (bare.data_dir / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((bare.data_dir / "secrets").stat().st_mode) == 0o700


def test_the_embedded_redis_runs_once_on_a_closed_socket_and_keeps_its_data(bare: Config) -> None:
    with redis_server.running(bare) as started:
        assert started
        with redis_server.running(bare) as again:
            assert not again
        client = redis.Redis.from_url(bare.redis_url)
        client.set("kept", "yes")
        settings = client.config_get("*")
        assert (settings["port"], settings["appendonly"]) == ("0", "yes")
        assert stat.S_IMODE((bare.data_dir / "redis").stat().st_mode) == 0o700
        assert stat.S_IMODE((bare.data_dir / "redis.sock").stat().st_mode) == 0o700
        client.close()
    assert not redis_server.answers(bare.redis_url)
    with redis_server.running(bare):
        client = redis.Redis.from_url(bare.redis_url, decode_responses=True)
        assert client.get("kept") == "yes"
        client.close()


def test_the_embedded_redis_ends_with_whoever_started_it(bare: Config) -> None:
    code = (
        "import os, signal; from core import redis_server; from core.config import load\n"
        "c = load(); r = redis_server.running(c); r.__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60)
    gone = subprocess.run(
        [
            "bash",
            "-c",
            f"for i in {{1..100}}; do [ -S '{bare.data_dir}/redis.sock' ] || exit 0; "
            "sleep 0.05; done; exit 1",
        ],
        check=False,
    )
    assert gone.returncode == 0


def test_a_socket_too_long_for_linux_is_said(tmp_path: Path) -> None:
    with pytest.raises(redis_server.RedisServerError, match="too long"):
        redis_server.prepare(tmp_path / "r", tmp_path / ("x" * 108))


def test_without_any_redis_server_one_line_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(redis_server.RedisServerError, match="apt install redis-server"):
        redis_server.binary()


def test_counters_of_several_processes_are_added_up(bare: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PROMETHEUS_MULTIPROC_DIR", ""
    )  # `use` sets it past monkeypatch, which takes this back
    code = (
        "from core import metrics_dir; from core.config import load\n"
        "(metrics_dir.use(load()) / 'histogram_0.db').touch()\n"
        "from core import metrics; metrics.callbacks.labels('answered').inc(3)\n"
        "print(metrics.render()[0].decode())"
    )

    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout

    assert 'niangjia_callbacks_total{result="answered"} 3.0' in run()
    folder = bare.data_dir / "metrics"
    assert list(folder.glob("*.db"))
    (folder / f"counter_{os.getpid()}.db").touch()
    metrics_dir.use(bare)
    assert [file.name for file in folder.glob("*.db")] == [f"counter_{os.getpid()}.db"], (
        "dead processes' files go"
    )


def test_a_fork_in_the_migrations_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "0001_a.py").write_text("revision = '0001'\ndown_revision = None\n")
    (tmp_path / "0002_b.py").write_text("revision: str = '0002'\ndown_revision: str = '0001'\n")
    assert schema.head(tmp_path) == "0002"
    (tmp_path / "0003_c.py").write_text("revision = '0003'\ndown_revision = '0001'\n")
    schema.head.cache_clear()
    with pytest.raises(RuntimeError, match="0002, 0003"):
        schema.head(tmp_path)
