"""Rules 42 and 43: media, web authorisation; the ticket of the JS-SDK."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qs, urlsplit

import requests

from emulator.testing import Phone, Running

from .conftest import Api, Make
from .robot import APP_ID, SECRET

UPLOAD = "/cgi-bin/media/upload"
MATERIAL = "/cgi-bin/material/add_material"
BACK = "http://union.example/me?a=1"


def test_rule_42_temporary_media_live_72_hours(emulator: Running, api: Api, png: bytes) -> None:
    made = api.upload(UPLOAD, png, type="image")
    assert made["type"] == "image"
    query = {"access_token": api.token, "media_id": made["media_id"]}
    got = requests.get(emulator.url + "/cgi-bin/media/get", params=query)
    assert (got.content, got.headers["Content-Type"]) == (png, "image/png")
    emulator.advance(72 * 3600 + 1)
    api.renew()
    assert api.get("/cgi-bin/media/get", media_id=made["media_id"])["errcode"] == 40007


def test_rule_42_what_may_be_uploaded(api: Api, png: bytes) -> None:
    assert api.upload(UPLOAD, png + b"x" * 11 * 1024 * 1024, type="image")["errcode"] == 45001
    assert api.upload(UPLOAD, None, type="image")["errcode"] == 41005
    assert api.post(UPLOAD, b"", type="image")["errcode"] == 41005
    assert api.upload(UPLOAD, b"", type="image")["errcode"] in (41005, 44001)
    assert api.upload(UPLOAD, png, type="foo")["errcode"] == 40004
    assert api.upload(UPLOAD, b"text", type="image")["errcode"] == 40137
    assert api.upload(UPLOAD, png, type="voice")["errcode"] == 40005
    assert "thumb_media_id" in api.upload(UPLOAD, b"\xff\xd8\xff\xe0" + b"0" * 99, type="thumb")
    assert api.upload(UPLOAD, b"#!AMR\n000", name="a.amr", type="voice")["type"] == "voice"


def test_permanent_material(emulator: Running, api: Api, png: bytes) -> None:
    made = api.upload(MATERIAL, png, type="image")
    assert requests.get(made["url"]).content == png
    body = {"media_id": made["media_id"]}
    assert api.get("/cgi-bin/material/get_materialcount")["image_count"] == 1
    listed = api.post("/cgi-bin/material/batchget_material", {"type": "image", "offset": 0, "count": 20})
    assert listed["item"][0]["media_id"] == made["media_id"]
    assert api.get("/cgi-bin/media/get", media_id=made["media_id"])["errcode"] == 40007
    assert api.post("/cgi-bin/material/del_material", body)["errcode"] == 0
    assert api.post("/cgi-bin/material/get_material", body)["errcode"] == 40007
    assert api.upload("/cgi-bin/media/uploadimg", png)["url"].startswith(emulator.url)


def authorize(
    emulator: Running, phone: Phone | None, scope: str = "snsapi_base", **more: str
) -> requests.Response:
    query = {
        "appid": APP_ID,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": scope,
        "state": "s1",
        **more,
    }
    if phone is not None:
        query["emulator_person"] = str(phone.person.id)
    url = emulator.url + "/connect/oauth2/authorize"
    return requests.get(url, params=query, allow_redirects=False)


def code_of(response: requests.Response) -> str:
    assert response.status_code == 302
    return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]


def exchange(api: Api, code: str) -> dict[str, object]:
    query = {"appid": APP_ID, "secret": SECRET, "code": code, "grant_type": "authorization_code"}
    return api.get("/sns/oauth2/access_token", **query)


def test_rule_43_a_code_works_once_for_300_seconds(emulator: Running, api: Api) -> None:
    phone = emulator.phone()
    back = authorize(emulator, phone)
    assert back.headers["Location"].startswith(BACK + "&code=")
    assert back.headers["Location"].endswith("&state=s1")
    code = code_of(back)
    token = exchange(api, code)
    assert token["openid"] == phone.openid
    assert exchange(api, code)["errcode"] == 40163
    late = code_of(authorize(emulator, phone))
    emulator.advance(301)
    assert exchange(api, late)["errcode"] == 40029
    assert exchange(api, "made-up")["errcode"] == 40029
    info = api.get("/sns/userinfo", access_token=token["access_token"], openid=phone.openid)
    assert info["errcode"] == 48001


def test_rule_43_userinfo_asks_first(emulator: Running, api: Api) -> None:
    phone = emulator.phone("阿强")
    asked = authorize(emulator, phone, "snsapi_userinfo")
    assert asked.status_code == 200
    assert "允许" in asked.text
    assert "拒绝了授权" in authorize(emulator, phone, "snsapi_userinfo", emulator_answer="no").text
    token = exchange(api, code_of(authorize(emulator, phone, "snsapi_userinfo", emulator_answer="yes")))
    query = {"access_token": token["access_token"], "openid": phone.openid}
    assert api.get("/sns/userinfo", **query)["nickname"] == "阿强"
    assert api.get("/sns/auth", **query)["errcode"] == 0
    assert api.get("/sns/auth", access_token=token["access_token"], openid="o1")["errcode"] == 40003
    fresh = {"appid": APP_ID, "grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert api.get("/sns/oauth2/refresh_token", **fresh)["openid"] == phone.openid
    assert api.get("/sns/oauth2/refresh_token", **{**fresh, "refresh_token": "x"})["errcode"] == 40030


def test_authorize_without_a_phone_asks_whose_it_is(emulator: Running) -> None:
    emulator.phone("<阿强>")
    page = authorize(emulator, None).text
    assert "&lt;阿强&gt;" in page
    assert "<阿强>" not in page


def test_authorize_refuses_foreign_domains(make: Make) -> None:
    emulator = make(oauth_domains=("other.example",))
    assert "10003" in authorize(emulator, emulator.phone()).text
    assert "AppID" in authorize(emulator, None, appid="wx0").text


def test_a_page_opened_in_a_phone_is_that_persons(emulator: Running) -> None:
    phone = emulator.phone()
    emulator.phone()
    browser = requests.Session()
    people = f"{emulator.url}/emulator/api/people/{phone.person.id}"
    link = f"https://open.weixin.qq.com/connect/oauth2/authorize?appid={APP_ID}&redirect_uri=http%3A%2F%2Fa.example%2F"
    link += "&response_type=code&scope=snsapi_base&state=1#wechat_redirect"
    go = browser.post(people + "/open", json={"url": link}).json()["url"]
    first = browser.get(emulator.url + go, allow_redirects=False)
    assert f"emulator_person={phone.person.id}" in first.headers["Location"]
    second = browser.get(emulator.url + first.headers["Location"], allow_redirects=False)
    assert second.headers["Location"].startswith("http://a.example/?code=")
    # The page may also send the browser there by itself: the cookie says whose phone it is.
    query = {"appid": APP_ID, "redirect_uri": BACK, "response_type": "code", "scope": "snsapi_base"}
    own = browser.get(emulator.url + "/connect/oauth2/authorize", params=query, allow_redirects=False)
    assert own.status_code == 302
    assert browser.post(people + "/open", json={"url": "javascript:alert(1)"}).status_code == 409
    browser.close()


def test_the_js_ticket_stays_the_same(emulator: Running, api: Api) -> None:
    first = api.get("/cgi-bin/ticket/getticket", type="jsapi")
    emulator.advance(100)
    second = api.get("/cgi-bin/ticket/getticket", type="jsapi")
    assert first["ticket"] == second["ticket"]
    assert second["expires_in"] < first["expires_in"]
    assert api.get("/cgi-bin/ticket/getticket", type="other")["errcode"] == 40097
    text = (
        "jsapi_ticket=sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    )
    text += "&noncestr=Wm3WZYTPz0wzccnW&timestamp=1414587457&url=http://mp.weixin.qq.com?params=value"
    assert hashlib.sha1(text.encode()).hexdigest() == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
