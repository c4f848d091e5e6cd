"""Whatever arrives, the platform answers HTTP 200 with a code of its own, and stays up."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import aiohttp
import pytest
import requests

from emulator.platform import ROUTES
from emulator.testing import Running

from .conftest import Api

VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x",
    "长" * 3000,
    [],
    [[]],
    [1],
    {},
    {"a": [{}]},
    "\x00",
    "😀",
]
KEYS = [
    "button", "matchrule", "menuid", "user_id", "action_name", "action_info", "expire_seconds", "touser", "msgtype",
    "text", "news", "msgmenu", "command", "template_id", "data", "page", "url", "client_msg_id", "openid", "remark",
    "openid_list", "user_list", "tag", "tagid", "next_openid", "media_id", "type", "offset", "count", "appid",
    "appsecret", "cgi_path", "rid", "action", "check_operator", "grant_type", "secret", "force_refresh", "tid",
    "kidList", "sceneDesc", "priTmplId", "template_id_short", "keyword_name_list", "kf_account", "nickname",
    "starttime", "endtime", "msgid", "number", "scene", "title", "begin_openid", "industry_id1", "miniprogram",
    "filter", "clientmsgid", "towxname", "image", "images", "voice", "mpvideo", "mpnews", "msg_id", "article_idx",
    "speed", "articles", "publish_id", "index", "no_content",
]  # fmt: skip


def bodies(openid: str) -> list[dict[str, Any]]:
    """Each value under every key at once, alone and around otherwise usable values."""
    usable = {
        "touser": openid,
        "openid": openid,
        "openid_list": [openid],
        "template_id": "booked",
        "button": [{"type": "click", "name": "a", "key": "k"}],
        "matchrule": {"tag_id": "1"},
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": "s"}},
        "tag": {"id": 100, "name": "n"},
        "tagid": 100,
        "msgtype": "text",
        "tid": "43216",
        "template_id_short": "43216",
        "type": "image",
        "kf_account": "amy@union",
        "action": "dns",
        "starttime": 1,
        "endtime": 2,
    }
    made: list[dict[str, Any]] = [dict.fromkeys(KEYS, value) for value in VALUES]
    made += [{**usable, key: value} for key, value in itertools.product(KEYS, VALUES)]
    kinds = ("text", "news", "msgmenu", "image", "voice", "mpvideo", "mpnews")
    made += [{**usable, "msgtype": kind, kind: value} for kind in kinds for value in VALUES]
    made += [{**usable, "msgtype": kind, kind: {"media_id": value}} for kind in kinds for value in VALUES]
    made += [{**usable, "touser": [openid, value], "text": {"content": "x"}} for value in VALUES]
    made += [
        {**usable, "text": {"content": "x"}, key: value}
        for key in ("filter", "clientmsgid")
        for value in VALUES
    ]
    made += [{**usable, "filter": {"is_to_all": value, "tag_id": value}} for value in VALUES]
    made += [
        {**usable, "articles": [{"title": value, "content": value, "thumb_media_id": value}]}
        for value in VALUES
    ]
    made += [{**usable, "button": [{"type": value, "name": value, "key": value}]} for value in VALUES]
    made += [{**usable, "tag": {"id": value, "name": value}} for value in VALUES]
    made += [{**usable, "action_info": {"scene": {"scene_str": v, "scene_id": v}}} for v in VALUES]
    made += [{**usable, "data": {"thing1": value, "time2": {"value": value}}} for value in VALUES]
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [route.path for route in ROUTES if route.method == "POST" and route.body == "json"]
)
def test_any_json_is_answered(make: Any, path: str) -> None:
    emulator: Running = make(check_quotas=False, wire_log=False, callback_url="")
    api = Api(emulator)
    phone = emulator.phone(following=True)
    api.http.close()

    async def send_all() -> None:
        async with aiohttp.ClientSession() as http:
            for body in bodies(phone.openid):
                raw = json.dumps(body, ensure_ascii=False).encode()
                query = {"access_token": api.token}
                async with http.post(emulator.url + path, params=query, data=raw) as response:
                    text = await response.text()
                    assert response.status == 200, (body, text)
                    assert isinstance(json.loads(text), dict)

    asyncio.run(send_all())


@pytest.mark.parametrize("path", [route.path for route in ROUTES if route.method == "GET"])
def test_any_query_is_answered(emulator: Running, api: Api, path: str) -> None:
    keys = [
        "openid",
        "next_openid",
        "media_id",
        "ticket",
        "type",
        "ids",
        "start",
        "limit",
        "tid",
        "kf_account",
        "code",
    ]
    for value in ("", "x", "-1", "长" * 50, "\x00", "9" * 99):
        response = requests.get(
            emulator.url + path, params={**dict.fromkeys(keys, value), "access_token": api.token}
        )
        assert response.status_code in (200, 404)


def test_a_broken_upload_is_answered(emulator: Running, api: Api) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data; name=media\r\n\r\n", b"--x--"):
        response = requests.post(
            emulator.url + "/cgi-bin/media/upload",
            params={"access_token": api.token, "type": "image"},
            data=body,
            headers=headers,
        )
        assert response.status_code == 200
        assert response.json()["errcode"] != 0


def test_what_is_nested_too_deeply_is_no_json(emulator: Running, api: Api) -> None:
    query = {"access_token": api.token}
    for deep in (b"[" * 100_000, b'{"a":' * 100_000):
        answer = requests.post(f"{emulator.url}/cgi-bin/tags/create", params=query, data=deep)
        assert (answer.status_code, answer.json()["errcode"]) == (200, 47001)
        for path in ("/emulator/control/faults", "/emulator/api/people"):
            assert requests.post(emulator.url + path, data=deep).status_code == 400
    for number in ("²", "9" * 5000):
        assert requests.get(f"{emulator.url}/emulator/api/people/{number}/chat").status_code == 404
