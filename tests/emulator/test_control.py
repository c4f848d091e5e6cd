"""The control API that tests and benchmarks use."""

from __future__ import annotations

from typing import Any

import requests

from emulator.testing import Running

from .conftest import Api
from .robot import AES_KEY, Post, Robot, text


def control(emulator: Running, path: str, body: Any = None) -> Any:
    return requests.post(f"{emulator.url}/emulator/control/{path}", json=body).json()


def test_A7_faults_are_set_listed_and_cleared(emulator: Running, api: Api) -> None:
    for code in (40001, 43004, 45009, 45015, 45047):
        control(emulator, "faults", {"path": "/cgi-bin/menu/get", "times": 1, "errcode": code})
        assert api.get("/cgi-bin/menu/get")["errcode"] == code
    made = control(emulator, "faults", [{"path": "/cgi-bin/menu/get", "times": 2, "errcode": 45009}])
    assert made["faults"][0]["errcode"] == 45009
    assert [api.get("/cgi-bin/menu/get")["errcode"] for _ in range(3)] == [45009, 45009, 46003]
    control(emulator, "faults", {"path": "*", "http": 500})
    assert requests.delete(emulator.url + "/emulator/control/faults").json() == {"faults": []}
    assert api.get("/cgi-bin/menu/get")["errcode"] == 46003
    assert "error" in control(emulator, "faults", {"path": "*"})
    assert "error" in control(emulator, "faults", {"path": "*", "explode": True})


def test_the_clock_moves_and_comes_back(emulator: Running) -> None:
    assert control(emulator, "clock", {"advance": 1000})["offset"] == 1000
    assert abs(control(emulator, "clock", {"now": 1_800_000_000})["now"] - 1_800_000_000) < 5
    assert control(emulator, "clock", {"real": True})["offset"] == 0
    absurd: Any
    for absurd in (
        {"advance": 1e30},
        {"now": -1e12},
        {"now": "inf"},
        {"advance": "nan"},
        {"now": 253402300799},
        [],
        1,
    ):
        assert "error" in control(emulator, "clock", absurd), absurd
    assert requests.get(f"{emulator.url}/emulator/control/clock").json()["offset"] == 0


def test_hand_made_pushes(emulator: Running, robot: Robot) -> None:
    phone = emulator.phone(following=True)
    robot.answer = lambda post: text(post.message, "好") if post.message else (400, b"")
    push: dict[str, Any] = {
        "person": phone.person.id,
        "content": "hi",
        "msg_id": 5,
        "timestamp": 1,
        "nonce": "n",
    }
    made = control(emulator, "push", push)["deliveries"][0]
    assert (made["verdict"], made["attempts"][0]["status"]) == ("reply", 200)
    assert (robot.posts[0].query["timestamp"], robot.posts[0].query["nonce"]) == ("1", "n")
    broken = control(emulator, "push", {"person": phone.person.id, "raw": "<xml><broken", "show": False})
    assert broken["deliveries"][0]["verdict"] == "http 400"
    event = {"kind": "event", "event": "SCAN", "event_key": "card:1", "ticket": "t", "fields": {"Extra": "x"}}
    assert control(emulator, "push", {"person": phone.openid, **event})["deliveries"][0]["verdict"] == "reply"
    assert robot.posts[-1].message["Extra"] == "x"
    assert "error" in control(emulator, "push", {"person": 99})


def test_a_plain_push_in_secure_mode_can_be_made(emulator: Running, robot: Robot) -> None:
    control(emulator, "settings", {"mode": "secure"})
    phone = emulator.phone(following=True)

    def strict(post: Post) -> tuple[int, bytes]:
        return (400, b"") if b"<Encrypt>" not in post.body else (200, b"success")

    robot.answer = strict
    made = control(emulator, "push", {"person": phone.openid, "encrypt": "plain", "show": False})
    assert made["deliveries"][0]["verdict"] == "http 400"
    assert control(emulator, "push", {"person": phone.openid})["deliveries"][0]["verdict"] == "success"


def test_settings_change_while_running(emulator: Running, robot: Robot) -> None:
    assert control(emulator, "settings", {"retry_count": 1, "reply_timeout": 2})["retry_count"] == 1
    assert "error" in control(emulator, "settings", {"port": 1})
    assert "error" in control(emulator, "settings", {"mode": "loud"})
    assert "error" in control(emulator, "settings", {"retry_count": "many"})
    assert emulator.verify()
    control(emulator, "settings", {"mode": "secure", "encoding_aes_key": AES_KEY[::-1]})
    assert emulator.world.envelope.decrypt(emulator.world.envelope.encrypt(b"x")) == b"x"
    assert AES_KEY[::-1] not in requests.get(emulator.url + "/emulator/control/settings").text


def test_calls_are_on_record(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    phone.say("hi")
    api.send(phone.openid, "一")
    api.send(phone.openid, "二")
    path = "/cgi-bin/message/custom/send"
    got = requests.get(emulator.url + "/emulator/control/calls", params={"path": path}).json()
    assert got["count"] == 2
    assert "二" in got["calls"][1]["request"]
    assert [row["errcode"] for row in emulator.calls(path)] == [0, 0]


def test_many_people_at_once(emulator: Running, api: Api) -> None:
    made = control(emulator, "people", {"count": 3000, "window": "message"})
    assert made == {"first": 1, "count": 3000}
    page = requests.get(emulator.url + "/emulator/control/people", params={"after": 2990}).json()["people"]
    assert [row["id"] for row in page] == list(range(2991, 3001))
    assert api.send(page[0]["openid"])["errcode"] == 0
    assert requests.get(emulator.url + "/emulator/api/people").json()["people"] == []
    assert requests.get(emulator.url + "/emulator/control/status").json()["followers"] == 3000


def test_facts_about_a_person(emulator: Running, api: Api, robot: Robot) -> None:
    phone = emulator.phone(following=True)
    made = control(emulator, f"people/{phone.person.id}", {"refuses_templates": True, "window": "payment"})
    assert made["facts"]["refuses_templates"] is True
    assert api.send(phone.openid)["errcode"] == 0
    phone.subscribe("notice")
    control(emulator, f"people/{phone.openid}", {"refuse": ["notice"]})
    control(emulator, f"people/{phone.openid}", {"place": {"x": 30.1, "y": 120.2}})
    emulator.settle()
    assert len(robot.events("subscribe_msg_change_event")) == 1
    assert robot.events("LOCATION")[0]["Latitude"] == "30.100000"
    assert "error" in control(emulator, f"people/{phone.openid}", {"mood": "good"})


def test_verification_on_demand(emulator: Running, robot: Robot) -> None:
    assert control(emulator, "verify") == {"verified": True, "note": "ok"}
    robot.echo = lambda echostr: b"no"
    assert control(emulator, "verify") == {"verified": False, "note": "token check failed"}
