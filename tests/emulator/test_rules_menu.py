"""Rules 19 to 24: menus and QR codes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from emulator.scanning import find_code
from emulator.testing import Running

from .conftest import Api, Make
from .robot import Robot

MENU = {
    "button": [
        {"type": "click", "name": "相亲", "key": "match"},
        {
            "name": "服务",
            "sub_button": [
                {"type": "view", "name": "官网", "url": "http://union.example/"},
                {"type": "scancode_waitmsg", "name": "扫一扫", "key": "scan"},
                {"type": "pic_weixin", "name": "发照片", "key": "pic"},
                {"type": "location_select", "name": "位置", "key": "place"},
            ],
        },
    ]
}


def click(**change: Any) -> dict[str, Any]:
    return {"type": "click", "name": "菜单", "key": "k", **change}


def sub(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"button": [{"name": "菜单", "sub_button": list(buttons)}]}


WRONG = [
    ({"button": [click()] * 4}, 40016),
    ({"button": []}, 40016),
    (sub(*[click()] * 6), 40023),
    ({"button": [click(name="a" * 17)]}, 40018),
    (sub(click(name="a" * 61)), 40025),
    ({"button": [click(key="k" * 129)]}, 40019),
    (sub(click(key="k" * 129)), 40026),
    ({"button": [click(type="dance")]}, 40017),
    (sub(click(type="dance")), 40024),
    ({"button": [{"type": "view", "name": "a", "url": "http://a.example/" + "x" * 1024}]}, 40020),
    ({"button": [{"type": "view", "name": "a", "url": "ftp://a.example/"}]}, 40055),
    (sub({"name": "a", "sub_button": [click()]}), 40022),
    ({"button": [{"type": "media_id", "name": "a", "media_id": "nope"}]}, 40007),
]


@pytest.mark.parametrize(("menu", "code"), WRONG)
def test_rule_19_menu_limits(api: Api, menu: Any, code: int) -> None:
    assert api.post("/cgi-bin/menu/create", menu)["errcode"] == code


def test_rule_19_escapes_in_the_raw_body(api: Api) -> None:
    escaped = rb'{"button":[{"type":"click","name":"\u76f8","key":"k"}]}'
    assert api.post("/cgi-bin/menu/create", escaped)["errcode"] == 40033


def create(api: Api) -> None:
    assert api.post("/cgi-bin/menu/create", MENU)["errcode"] == 0


def test_rule_20_delete_takes_the_conditional_menus_along(emulator: Running, api: Api) -> None:
    assert api.get("/cgi-bin/menu/get")["errcode"] == 46003
    create(api)
    tag = {"button": [click(name="b")], "matchrule": {"tag_id": "100"}}
    assert "menuid" in api.post("/cgi-bin/menu/addconditional", tag)
    got = api.get("/cgi-bin/menu/get")
    assert got["menu"]["button"][0] == {"type": "click", "name": "相亲", "key": "match", "sub_button": []}
    assert got["conditionalmenu"][0]["matchrule"] == {"tag_id": "100"}
    info = api.get("/cgi-bin/get_current_selfmenu_info")["selfmenu_info"]
    assert info["button"][1]["sub_button"]["list"][0]["name"] == "官网"
    assert api.get("/cgi-bin/menu/delete")["errcode"] == 0
    assert api.get("/cgi-bin/menu/get")["errcode"] == 46003
    assert emulator.state.conditional == []


def test_rule_21_conditional_menus(emulator: Running, api: Api) -> None:
    path = "/cgi-bin/menu/addconditional"
    body = {"button": [click(name="b")], "matchrule": {"client_platform_type": "2"}}
    assert api.post(path, body)["errcode"] == 65303
    create(api)
    for gone in ("sex", "country", "language"):
        assert api.post(path, {**body, "matchrule": {gone: "1"}})["errcode"] == 65320
    assert api.post(path, {**body, "matchrule": {}})["errcode"] == 65304
    menu_id = api.post(path, body)["menuid"]
    phone = emulator.phone(following=True)
    assert len(api.post("/cgi-bin/menu/trymatch", {"user_id": phone.openid})["button"]) == 2
    phone.person.rest()["platform"] = "2"
    assert len(api.post("/cgi-bin/menu/trymatch", {"user_id": phone.openid})["button"]) == 1
    assert api.post("/cgi-bin/menu/trymatch", {"user_id": "nobody"})["errcode"] == 65302
    assert api.post("/cgi-bin/menu/delconditional", {"menuid": "1"})["errcode"] == 65301
    assert api.post("/cgi-bin/menu/delconditional", {"menuid": menu_id})["errcode"] == 0


def test_rule_21_links_of_conditional_menus_stay_on_three_domains(api: Api) -> None:
    create(api)
    for number, code in ((1, 0), (2, 0), (3, 0), (4, 65316)):
        button = {"type": "view", "name": "a", "url": f"http://{number}.example/"}
        answer = api.post(
            "/cgi-bin/menu/addconditional", {"button": [button], "matchrule": {"tag_id": str(number)}}
        )
        assert answer.get("errcode", 0) == code


def test_menu_taps_push_what_their_type_pushes(emulator: Running, api: Api, robot: Robot) -> None:
    create(api)
    phone = emulator.phone(following=True)
    phone.menu(0)
    assert robot.events("CLICK")[0]["EventKey"] == "match"
    phone.menu(1, 0)
    view = robot.events("VIEW")[0]
    assert view["EventKey"] == "http://union.example/"
    assert view["MenuId"].isdigit()
    people = f"{emulator.url}/emulator/api/people/{phone.person.id}"
    assert requests.post(people + "/menu", json={"path": [1, 1]}).json()["ask"] == "scan"
    requests.post(people + "/scan", json={"content": "hello", "menu": [1, 1]})
    emulator.settle()
    assert robot.events("scancode_waitmsg")[0]["ScanCodeInfo"] == {
        "ScanType": "qrcode",
        "ScanResult": "hello",
    }
    requests.post(people + "/location", json={"x": 30.2, "y": 120.1, "label": "西湖", "menu": [1, 3]})
    emulator.settle()
    assert robot.events("location_select")[0]["SendLocationInfo"]["Label"] == "西湖"
    assert requests.post(people + "/menu", json={"path": [1, 9]}).status_code == 409


def qr(action: str, scene: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"action_name": action, "action_info": {"scene": scene}, **more}


WRONG_CODES = [
    (qr("QR_LIMIT_STR_SCENE", {"scene_str": "x" * 65}), 40053),
    (qr("QR_LIMIT_STR_SCENE", {"scene_str": ""}), 40053),
    (qr("QR_LIMIT_SCENE", {"scene_id": 100_001}), 40053),
    (qr("QR_SCENE", {"scene_id": 0}), 40053),
    (qr("QR_SCENE", {"scene_id": 2**32}), 40053),
    (qr("QR_DANCE", {"scene_id": 1}), 40052),
    ({"action_name": "QR_SCENE"}, 40053),
]


@pytest.mark.parametrize(("body", "code"), WRONG_CODES)
def test_rule_22_qr_code_limits(api: Api, body: Any, code: int) -> None:
    assert api.post("/cgi-bin/qrcode/create", body)["errcode"] == code


def test_rule_22_permanent_codes_run_out_and_long_expiry_is_capped(make: Make) -> None:
    api = Api(make(permanent_codes=2))
    for scene, code in (("a", 0), ("b", 0), ("c", 45029)):
        answer = api.post("/cgi-bin/qrcode/create", qr("QR_LIMIT_STR_SCENE", {"scene_str": scene}))
        assert answer.get("errcode", 0) == code
        assert "expire_seconds" not in answer
    long = qr("QR_STR_SCENE", {"scene_str": "t"}, expire_seconds=9_999_999)
    assert api.post("/cgi-bin/qrcode/create", long)["expire_seconds"] == 2_592_000
    short = api.post("/cgi-bin/qrcode/create", qr("QR_SCENE", {"scene_id": 7}))
    assert short["expire_seconds"] == 60


def test_rule_23_showqrcode_gives_a_code_or_404(emulator: Running, api: Api) -> None:
    made = api.post("/cgi-bin/qrcode/create", qr("QR_STR_SCENE", {"scene_str": "t"}, expire_seconds=100))
    show = emulator.url + "/cgi-bin/showqrcode"
    picture = requests.get(show, params={"ticket": made["ticket"]})
    assert picture.headers["Content-Type"] == "image/jpg"
    assert find_code(picture.content) == made["url"]
    assert made["url"].startswith("http://weixin.qq.com/q/")
    assert requests.get(show, params={"ticket": "nope"}).status_code == 404
    emulator.advance(101)
    assert requests.get(show, params={"ticket": made["ticket"]}).status_code == 404


def test_rule_24_scans_of_strangers_followers_and_expired_codes(
    emulator: Running, api: Api, robot: Robot
) -> None:
    made = api.post("/cgi-bin/qrcode/create", qr("QR_STR_SCENE", {"scene_str": "card:7"}, expire_seconds=100))
    picture = requests.get(emulator.url + "/cgi-bin/showqrcode", params={"ticket": made["ticket"]}).content
    phone = emulator.phone()
    phone.scan_picture(picture)
    event = robot.posts[-1].message
    assert (event["Event"], event["EventKey"], event["Ticket"]) == (
        "subscribe",
        "qrscene_card:7",
        made["ticket"],
    )
    phone.scan_picture(picture)
    event = robot.posts[-1].message
    assert (event["Event"], event["EventKey"], event["Ticket"]) == ("SCAN", "card:7", made["ticket"])
    emulator.advance(101)
    assert phone.scan_picture(picture).verdict == "nothing pushed"
    assert len(robot.posts) == 2
    info = api.get("/cgi-bin/user/info", openid=phone.openid)
    assert (info["subscribe_scene"], info["qr_scene_str"]) == ("ADD_SCENE_QR_CODE", "card:7")
