"""What the pages of phones and of the wire are given."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import qrcode
import requests
from PIL import Image

from emulator.testing import Running

from .conftest import Api, Make
from .robot import Robot, text


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def url(emulator: Running, path: str) -> str:
    return f"{emulator.url}/emulator/api/{path}"


def listen(emulator: Running, count: int, last: str = "") -> list[tuple[str, str, Any]]:
    """The next `count` events: (id, name, data)."""
    headers = {"Last-Event-ID": last} if last else {}
    found: list[tuple[str, str, Any]] = []
    with requests.get(url(emulator, "events"), headers=headers, stream=True, timeout=10) as stream:
        event: dict[str, str] = {}
        for raw in stream.iter_lines(chunk_size=1):
            line = raw.decode()
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
                continue
            if "event" in event:
                found.append((event["id"], event["event"], json.loads(event["data"])))
            if len(found) == count:
                break
            event = {}
    return found


def test_people_come_follow_speak_and_go(emulator: Running, http: requests.Session, robot: Robot) -> None:
    robot.answer = lambda post: text(post.message, "欢迎")
    made = http.post(url(emulator, "people"), json={}).json()
    assert (made["nickname"], made["following"], made["unread"]) == ("手机甲", False, 0)
    mine = url(emulator, f"people/{made['id']}")
    assert http.post(mine + "/say", json={"text": "hi"}).status_code == 409
    assert http.post(mine + "/follow", json={}).json()["message"]["kind"] == "event"
    emulator.settle()
    assert http.get(url(emulator, "people")).json()["people"][0]["unread"] == 1
    said = http.post(mine + "/say", json={"text": "在吗"}).json()["message"]
    assert (said["side"], said["text"]) == ("worker", "在吗")
    emulator.settle()
    lines = http.get(mine + "/chat").json()["messages"]
    assert [(line["side"], line["text"]) for line in lines][-2:] == [("worker", "在吗"), ("account", "欢迎")]
    older = http.get(mine + "/chat", params={"before": said["id"], "limit": 1}).json()["messages"]
    assert [line["text"] for line in older] == ["欢迎"]
    assert http.post(mine + "/read").json()["person"]["unread"] == 0
    assert http.post(mine + "/unfollow").json()["message"]["kind"] == "event"
    assert http.delete(mine).json() == {"deleted": made["id"]}
    assert http.get(mine + "/chat").status_code == 404


def test_bad_requests_are_answered(emulator: Running, http: requests.Session) -> None:
    phone = emulator.phone(following=True)
    mine = url(emulator, f"people/{phone.person.id}")
    assert http.post(mine + "/say", data=b"{").status_code == 400
    assert http.post(mine + "/say", json=[1]).status_code == 400
    assert http.post(mine + "/say", json={}).status_code == 400
    assert http.post(mine + "/say", json={"text": ""}).status_code == 409
    assert http.post(mine + "/image", json={}).status_code == 400
    assert http.post(mine + "/image", files={"f": ("a.txt", b"x", "text/plain")}).status_code == 409
    assert http.post(mine + "/location", json={"x": "?"}).status_code == 400
    assert http.post(url(emulator, "people/999/say"), json={"text": "x"}).status_code == 404


def test_pictures_places_and_taps_are_pushed(
    emulator: Running, http: requests.Session, robot: Robot, png: bytes
) -> None:
    phone = emulator.phone(following=True)
    mine = url(emulator, f"people/{phone.person.id}")
    made = http.post(mine + "/image", files={"file": ("a.png", png, "image/png")}).json()["message"]
    assert http.get(emulator.url + made["image_url"]).content == png
    http.post(mine + "/location", json={"x": 30.25, "y": 120.16, "label": "体育馆"})
    http.post(mine + "/tap", json={"id": "meet:7", "text": "想认识TA"})
    emulator.settle()
    by_kind = {post.message["MsgType"]: post.message for post in robot.posts}
    assert http.get(by_kind["image"]["PicUrl"]).content == png
    assert by_kind["location"]["Label"] == "体育馆"
    assert (by_kind["text"]["Content"], by_kind["text"]["bizmsgmenuid"]) == ("想认识TA", "meet:7")


def test_scans_say_what_they_found(emulator: Running, http: requests.Session, png: bytes) -> None:
    phone = emulator.phone()
    mine = url(emulator, f"people/{phone.person.id}/scan")
    ticket = emulator.do(emulator.state.add_ticket, "card:7", 0.0, None)
    out = io.BytesIO()
    qrcode.make("http://weixin.qq.com/q/" + ticket.code).save(out)
    found = http.post(mine, files={"file": ("photo.png", out.getvalue(), "image/png")}).json()
    assert (found["found"], found["what"], found["scene"]) == (True, "scene", "card:7")
    assert phone.person.following
    assert http.post(mine, files={"file": ("a.png", png, "image/png")}).json()["found"] is False
    for content, what in (
        ("http://weixin.qq.com/q/nope", "unknown"),
        ("https://union.example/", "url"),
        ("4901234567894", "text"),
    ):
        assert http.post(mine, json={"content": content}).json()["what"] == what


def test_a_reconnect_loses_no_event(emulator: Running, http: requests.Session) -> None:
    mark = http.get(url(emulator, "people")).json()["event"]
    phone = emulator.phone(following=True)
    phone.say("一")
    phone.say("二")
    count = emulator.world.hub.number
    everything = listen(emulator, count, mark)
    said = [data["text"] for _, name, data in everything if name == "message"]
    assert said == ["一", "二"]
    for cut in range(1, count):
        assert listen(emulator, count - cut, everything[cut - 1][0]) == everything[cut:]


def test_events_that_are_gone_are_said_to_be_gone(emulator: Running) -> None:
    assert listen(emulator, 1, "elsewhere-5")[0][1] == "reset"
    mark = emulator.world.hub.mark()
    for _ in range(5001):
        emulator.do(emulator.world.hub.publish, "menu", {})
    assert listen(emulator, 1, mark)[0][1] == "reset"


def test_menu_changes_reach_the_pages(emulator: Running, api: Api) -> None:
    mark = emulator.world.hub.mark()
    api.post("/cgi-bin/menu/create", {"button": [{"type": "click", "name": "相亲", "key": "k"}]})
    name, data = listen(emulator, 1, mark)[0][1:]
    assert (name, data["button"][0]["name"]) == ("menu", "相亲")


def test_the_wire_shows_both_directions_without_secrets(
    make: Make, robot: Robot, http: requests.Session
) -> None:
    emulator = make(mode="secure")
    api = Api(emulator)
    phone = emulator.phone(following=True)
    phone.say("秘密的话")
    api.send(phone.openid)
    rows = http.get(url(emulator, "wire"), params={"limit": 100}).json()
    callback = next(row for row in rows if row["dir"] == "callback" and row["method"] == "POST")
    assert "秘密的话" in callback["decrypted"]
    assert "秘密的话" not in callback["request"]
    assert (callback["attempt"], callback["verdict"], callback["status"]) == (1, "success", 200)
    sent = rows[-1]
    assert (sent["path"], sent["errcode"], sent["dir"]) == ("/cgi-bin/message/custom/send", 0, "api")
    everything = json.dumps(rows)
    assert api.token not in everything
    assert "5" * 32 not in everything
    assert http.get(url(emulator, "wire"), params={"after": sent["id"]}).json() == []


def test_sheets_are_listed_and_told_about(make: Make, http: requests.Session, tmp_path: Path) -> None:
    emulator = make(sheets_dir=str(tmp_path))
    mark = emulator.world.hub.mark()
    page = Image.new("L", (600, 600), 255)
    page.paste(
        qrcode.make("http://weixin.qq.com/q/one").get_image().convert("L").resize((300, 300)), (50, 100)
    )
    page.save(tmp_path / "1号墙.png")
    http.get(url(emulator, "sheets"))
    assert ("sheets", {"names": ["1号墙.png"]}) in [event[1:] for event in listen(emulator, 1, mark)]
    (sheet,) = http.get(url(emulator, "sheets")).json()
    (shown,) = sheet["pages"]
    assert (sheet["name"], shown["width"], shown["height"]) == ("1号墙.png", 600, 600)
    (code,) = shown["codes"]
    assert code["content"] == "http://weixin.qq.com/q/one"
    x, y, width, height = code["box"]
    assert 50 <= x < x + width <= 350
    assert 100 <= y < y + height <= 400
    picture = Image.open(io.BytesIO(http.get(emulator.url + shown["image"]).content))
    assert picture.size == (600, 600)
    assert http.get(emulator.url + "/emulator/sheets/1号墙.png/9.png").status_code == 404


def test_pages_are_served(emulator: Running, http: requests.Session) -> None:
    for path in ("/", "/wire"):
        response = http.get(emulator.url + path)
        assert response.headers["Content-Type"].startswith("text/html")
    about = http.get(url(emulator, "about")).json()
    assert (about["account"], about["mode"]) == ("娘家", "plain")
    assert "secret" not in json.dumps(about)
