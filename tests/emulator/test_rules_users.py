"""Rules 39 to 41 and 48: followers, tags, leaving and coming back."""

from __future__ import annotations

from typing import Any

from emulator.testing import Phone, Running

from .conftest import Api, Make
from .robot import Robot

TAGGING = "/cgi-bin/tags/members/batchtagging"


def new_tag(api: Api, name: str) -> dict[str, Any]:
    return api.post("/cgi-bin/tags/create", {"tag": {"name": name}})


def tag(api: Api, phone: Phone, number: int) -> int:
    return int(api.post(TAGGING, {"openid_list": [phone.openid], "tagid": number})["errcode"])


def test_rule_39_user_info_tells_little(emulator: Running, api: Api) -> None:
    phone = emulator.phone()
    assert api.get("/cgi-bin/user/info", openid=phone.openid) == {"subscribe": 0, "openid": phone.openid}
    phone.follow()
    info = api.get("/cgi-bin/user/info", openid=phone.openid)
    assert info["subscribe"] == 1
    assert info["subscribe_scene"] == "ADD_SCENE_SEARCH"
    assert not {"nickname", "headimgurl", "sex", "city"} & set(info)
    assert api.get("/cgi-bin/user/info", openid="o" + "x" * 27)["errcode"] == 40003
    assert len(phone.openid) == 28


def test_rule_40_list_sizes(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    batch = "/cgi-bin/user/info/batchget"
    rows = [{"openid": phone.openid, "lang": "zh_CN"}]
    assert len(api.post(batch, {"user_list": rows * 100})["user_info_list"]) == 100
    assert api.post(batch, {"user_list": rows * 101})["errcode"] == 40032
    number = new_tag(api, "会员")["tag"]["id"]
    people = {"openid_list": [phone.openid] * 51, "tagid": number}
    assert api.post(TAGGING, people)["errcode"] == 40032


def test_rule_40_tags(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    numbers = [new_tag(api, f"标签{n}")["tag"]["id"] for n in range(100)]
    assert new_tag(api, "多一个")["errcode"] == 45056
    assert api.post("/cgi-bin/tags/delete", {"tag": {"id": numbers.pop()}})["errcode"] == 0
    assert new_tag(api, "标签0")["errcode"] == 45157
    assert new_tag(api, "长" * 31)["errcode"] == 45158
    assert api.post("/cgi-bin/tags/delete", {"tag": {"id": 2}})["errcode"] == 45058
    assert [tag(api, phone, number) for number in numbers[:21]] == [0] * 20 + [45059]
    assert tag(api, phone, 999_999) == 45159
    assert api.post("/cgi-bin/tags/getidlist", {"openid": phone.openid})["tagid_list"] == numbers[:20]
    rows = api.get("/cgi-bin/tags/get")["tags"]
    assert next(row for row in rows if row["id"] == numbers[0])["count"] == 1
    rename = {"tag": {"id": numbers[0], "name": "新名"}}
    assert api.post("/cgi-bin/tags/update", rename)["errcode"] == 0
    people = {"openid_list": [phone.openid], "tagid": numbers[0]}
    assert api.post("/cgi-bin/tags/members/batchuntagging", people)["errcode"] == 0
    assert api.post("/cgi-bin/user/tag/get", {"tagid": numbers[0], "next_openid": ""})["count"] == 0
    found = api.post("/cgi-bin/user/tag/get", {"tagid": numbers[1], "next_openid": ""})
    assert found["data"]["openid"] == [phone.openid]


def test_rule_41_follower_pages(emulator: Running, api: Api) -> None:
    made = api.post("/emulator/control/people", {"count": 25_000})
    assert made == {"first": 1, "count": 25_000}
    seen: list[str] = []
    place = ""
    for size in (10_000, 10_000, 5_000, 0):
        page = api.get("/cgi-bin/user/get", next_openid=place)
        assert (page["total"], page["count"]) == (25_000, size)
        found = page.get("data", {}).get("openid", [])
        assert page["next_openid"] == (found[-1] if found else "")
        seen += found
        place = page["next_openid"]
    assert len(set(seen)) == 25_000


def test_rule_41_the_last_page_may_be_told_the_other_way(make: Make) -> None:
    emulator = make(last_page_next_openid=False)
    emulator.phone(following=True)
    page = Api(emulator).get("/cgi-bin/user/get")
    assert (page["count"], page["next_openid"]) == (1, "")


def test_rule_48_leaving_and_coming_back(emulator: Running, api: Api, robot: Robot) -> None:
    phone = emulator.phone()
    phone.follow()
    phone.say("hi")
    number = new_tag(api, "会员")["tag"]["id"]
    assert tag(api, phone, number) == 0
    before = api.get("/cgi-bin/user/info", openid=phone.openid)
    phone.unfollow()
    assert robot.events("unsubscribe")[0]["FromUserName"] == phone.openid
    assert api.send(phone.openid)["errcode"] == 45015
    body = {"touser": phone.openid, "template_id": "booked", "data": {}}
    assert api.post("/cgi-bin/message/template/send", body)["errcode"] == 43004
    assert tag(api, phone, number) == 40003
    emulator.advance(100)
    phone.follow()
    after = api.get("/cgi-bin/user/info", openid=phone.openid)
    assert after["openid"] == before["openid"]
    assert after["subscribe_time"] >= before["subscribe_time"] + 100
    assert after["tagid_list"] == []


def test_remarks_and_the_blacklist(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    remark = {"openid": phone.openid, "remark": "老张"}
    assert api.post("/cgi-bin/user/info/updateremark", remark)["errcode"] == 0
    assert api.get("/cgi-bin/user/info", openid=phone.openid)["remark"] == "老张"
    long = {"openid": phone.openid, "remark": "长" * 30}
    assert api.post("/cgi-bin/user/info/updateremark", long)["errcode"] == 40035
    people = {"openid_list": [phone.openid]}
    assert api.post("/cgi-bin/tags/members/batchblacklist", people)["errcode"] == 0
    blocked = api.post("/cgi-bin/tags/members/getblacklist", {"begin_openid": ""})
    assert (blocked["total"], blocked["data"]["openid"]) == (1, [phone.openid])
    assert api.post("/cgi-bin/tags/members/batchunblacklist", people)["errcode"] == 0
    assert api.post("/cgi-bin/tags/members/getblacklist", {"begin_openid": ""})["total"] == 0
