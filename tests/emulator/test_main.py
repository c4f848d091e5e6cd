"""The command line: options in argv, secrets in the environment only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emulator.__main__ import read_settings
from emulator.testing import Running

from .conftest import Make
from .robot import Robot


def test_secrets_come_from_the_environment_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMULATOR_APP_SECRET", "hidden")
    monkeypatch.setenv("EMULATOR_ORIGINAL_ID", "gh_1")
    settings = read_settings(["--port", "9000", "--mode", "plain", "--no-limits"])
    assert (settings.app_secret, settings.original_id) == ("hidden", "gh_1")
    assert (settings.port, settings.mode, settings.check_windows) == (9000, "plain", False)
    with pytest.raises(SystemExit):
        read_settings(["--app-secret", "x"])
    with pytest.raises(SystemExit):
        read_settings(["--help"])
    assert "EMULATOR_APP_SECRET" in capsys.readouterr().out


def test_many_first_messages_verify_once(emulator: Running, robot: Robot) -> None:
    phones = [emulator.phone(following=True) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda phone: phone.say("hi").verdict, phones))
    assert verdicts == ["success"] * 8
    assert len(robot.gets) == 1


def test_it_waits_for_a_bot_that_starts_later(make: Make, robot: Robot) -> None:
    emulator = make(callback_url="http://127.0.0.1:1/wechat", verify_on_start=True)
    assert emulator.world.verified is False
    emulator.settings.callback_url = robot.url
    phone = emulator.phone(following=True)
    assert phone.say("hi").verdict == "success"


def test_a_full_disk_is_logged_and_tried_again(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "folder"
    blocked.write_text("not a folder")
    emulator = make(state_file=str(blocked / "state.json"))
    emulator.phone()
    emulator.run(_until(lambda: "cannot write state file" in caplog.text))
    blocked.unlink()
    emulator.run(_until((tmp_path / "folder" / "state.json").exists))


async def _until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_true():
            await asyncio.sleep(0.02)
