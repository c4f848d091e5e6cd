"""What is kept in the state file survives a clean end and kill -9."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.testing import Running

from .conftest import Api, Make
from .robot import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, TOKEN, Robot

ROOT = Path(__file__).parents[2]


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`python -m emulator` on a free port, with its address."""
    environment = {
        **os.environ,
        "EMULATOR_APP_ID": APP_ID,
        "EMULATOR_APP_SECRET": SECRET,
        "EMULATOR_TOKEN": TOKEN,
        "EMULATOR_ENCODING_AES_KEY": AES_KEY,
        "EMULATOR_ORIGINAL_ID": ORIGINAL_ID,
    }
    command = [sys.executable, "-m", "emulator", "--port", "0", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", started.stdout.readline())
        assert found is not None
        try:
            yield started, found.group()
        finally:
            started.kill()
            started.wait()


def token_of(url: str) -> str:
    body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}
    return str(requests.post(url + "/cgi-bin/stable_token", json=body).json()["access_token"])


def fill(url: str) -> dict[str, Any]:
    """A phone that follows and spoke, a menu, a code; what was made."""
    api = url + "/emulator/api"
    person = requests.post(api + "/people", json={"nickname": "阿强"}).json()
    mine = f"{api}/people/{person['id']}"
    requests.post(mine + "/follow", json={})
    requests.post(mine + "/say", json={"text": "你好"})
    token = {"access_token": token_of(url)}
    menu = '{"button":[{"type":"click","name":"相亲","key":"k"}]}'.encode()
    assert requests.post(url + "/cgi-bin/menu/create", params=token, data=menu).json()["errcode"] == 0
    scene = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "card:1"}}}
    code = requests.post(url + "/cgi-bin/qrcode/create", params=token, json=scene).json()
    return {"person": person, "token": token["access_token"], "code": code}


def check(url: str, made: dict[str, Any]) -> None:
    api = url + "/emulator/api"
    (person,) = requests.get(api + "/people").json()["people"]
    assert (person["openid"], person["nickname"], person["following"]) == (
        made["person"]["openid"],
        "阿强",
        True,
    )
    lines = requests.get(f"{api}/people/{person['id']}/chat").json()["messages"]
    assert [line["text"] for line in lines][:2] == ["关注了公众号", "你好"]
    assert requests.get(api + "/menu").json()["button"][0]["name"] == "相亲"
    assert token_of(url) == made["token"]
    shown = requests.get(url + "/cgi-bin/showqrcode", params={"ticket": made["code"]["ticket"]})
    assert shown.status_code == 200
    scan = requests.post(f"{api}/people/{person['id']}/scan", json={"content": made["code"]["url"]}).json()
    assert (scan["what"], scan["scene"]) == ("scene", "card:1")


def wait_for(path: Path, text: str) -> None:
    """Until the snapshot holds the text; it is due within a second."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        if path.exists() and text in path.read_text():
            return
        time.sleep(0.05)
    raise AssertionError("no snapshot")


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_people_chats_codes_and_menu_survive(tmp_path: Path, end: signal.Signals) -> None:
    state = tmp_path / "emulator.json"
    with process("--state", str(state)) as (first, url):
        made = fill(url)
        if end == signal.SIGKILL:
            wait_for(state, "card:1")
        first.send_signal(end)
        first.wait(10)
        assert first.returncode == (0 if end == signal.SIGTERM else -signal.SIGKILL)
    with process("--state", str(state)) as (_, url):
        check(url, made)


def test_a_half_written_snapshot_is_never_seen(make: Make, tmp_path: Path) -> None:
    state = tmp_path / "emulator.json"
    (tmp_path / "emulator.json.part").write_text('{"half":')
    emulator = make(state_file=str(state))
    emulator.phone()
    emulator.stop()
    assert len(json.loads(state.read_text())["people"]) == 1


def test_media_jobs_tags_windows_and_credits_survive(
    make: Make, robot: Robot, tmp_path: Path, png: bytes
) -> None:
    path = str(tmp_path / "state.json")
    first = make(state_file=path, job_delay=3600)
    api = Api(first)
    phone = first.phone("阿强", following=True)
    phone.say("hi")
    phone.subscribe("notice")
    media = api.upload("/cgi-bin/media/upload", png, type="image")["media_id"]
    api.post("/cgi-bin/tags/create", {"tag": {"name": "会员"}})
    api.post("/cgi-bin/tags/members/batchtagging", {"openid_list": [phone.openid], "tagid": 100})
    data = {"thing1": {"value": "x"}, "time2": {"value": "10:00"}}
    sent = {"touser": phone.openid, "template_id": "booked", "data": data}
    assert api.post("/cgi-bin/message/template/send", sent)["errcode"] == 0
    first.stop()
    second = make(state_file=path)
    again = Api(second)
    assert again.token == api.token
    assert again.post("/cgi-bin/tags/getidlist", {"openid": phone.openid})["tagid_list"] == [100]
    assert again.send(phone.openid)["errcode"] == 0
    body = {"touser": phone.openid, "template_id": "notice", "data": data}
    assert again.post("/cgi-bin/message/subscribe/bizsend", body)["errcode"] == 0
    query = {"access_token": api.token, "media_id": media}
    assert requests.get(second.url + "/cgi-bin/media/get", params=query).content == png
    assert robot.events("TEMPLATESENDJOBFINISH") == []
    second.verify()
    second.advance(3601)
    second.settle_jobs()
    assert len(robot.events("TEMPLATESENDJOBFINISH")) == 1


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "emulator", "--port", str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.strip() == f"emulator: port {port} on 127.0.0.1 is taken"


@pytest.mark.parametrize("content", ["not json", '{"version":99}', '{"version":1,"app_id":"wx_other"}'])
def test_a_state_file_of_something_else_is_one_clear_line(tmp_path: Path, content: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    command = [sys.executable, "-m", "emulator", "--port", "0", "--state", str(state)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.startswith("emulator: cannot use state file")
    assert "Traceback" not in done.stderr
    assert state.read_text() == content


def test_reset_forgets_everything(emulator: Running) -> None:
    emulator.phone("阿强")
    requests.post(emulator.url + "/emulator/control/reset")
    assert requests.get(emulator.url + "/emulator/api/people").json()["people"] == []
    assert "booked" in emulator.state.templates
