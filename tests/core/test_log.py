"""A log line keeps no secret and nothing that tells who somebody is."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
import structlog

from core import log
from core.config import Config


def test_secrets_and_personal_data_are_masked_however_deep() -> None:
    line = log.mask(
        None,
        "info",
        {
            "event": "GET /cgi-bin/user?access_token=abc&openid=o1",
            "openid": "oAbcdefghij123456",
            "facts": {"phone": "13800000000", "list": [{"token": "t"}], "kind": "meeting"},
            "real_name": "某某",
            "content": "不想说的话",
            "port": 8100,
            "phone": 13800000000,
        },
    )
    assert line["event"] == "GET /cgi-bin/user?access_token=***&openid=o1"
    assert line["openid"] == "…123456"
    assert line["facts"] == {"phone": "***", "list": [{"token": "***"}], "kind": "meeting"}
    assert (line["real_name"], line["content"], line["phone"], line["port"]) == ("***", "***", "***", 8100)


@pytest.fixture
def fresh_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("fresh_logs")
def test_lines_are_json_from_the_level_on(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    log.setup(config)
    log.get("outbox").debug("not shown")
    log.get("outbox").warning("kept", notice=7, token="secret")
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["area"], said["event"], said["notice"], said["level"]) == ("outbox", "kept", 7, "warning")
    assert "secret" not in line


@pytest.mark.usefixtures("fresh_logs")
def test_a_full_disk_stops_nobody(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w", buffering=1) as full:
        monkeypatch.setattr("sys.stderr", full)
        log.setup(config)
        log.get("outbox").warning("lost")
        try:
            raise ValueError("also lost")
        except ValueError:
            log.get("outbox").exception("and this")
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()
