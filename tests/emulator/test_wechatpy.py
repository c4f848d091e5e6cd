"""A public SDK as the emulator's client: every call that both know, made by wechatpy."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import wechatpy
from wechatpy import WeChatClient, WeChatOAuth
from wechatpy.exceptions import WeChatClientException

from emulator.platform import ROUTES
from emulator.scanning import find_code
from emulator.testing import Phone, Running

from .conftest import FILLED
from .robot import APP_ID, SECRET

# wechatpy marks its own `_get` and `_post` as deprecated, and calls them everywhere.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

AGENT = "amy@union"
MENU = {"button": [{"type": "click", "name": "相亲", "key": "k"}]}
CODE = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "card:1"}}}
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 64
AMR = b"#!AMR\n" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64


@dataclass
class Desk:
    """What a call needs: the client, the emulator, one phone that follows and has just spoken."""

    client: Any
    oauth: Any
    emulator: Running
    phone: Phone
    png: bytes

    def file(self, content: bytes, name: str) -> io.BytesIO:
        made = io.BytesIO(content)
        made.name = name
        return made

    def upload(self, kind: str, content: bytes) -> str:
        made = self.client.media.upload(kind, self.file(content, "f"))
        return str(made.get("media_id") or made["thumb_media_id"])

    def keep(self) -> str:
        return str(self.client.material.add("image", self.file(self.png, "a.png"))["media_id"])

    def tag(self) -> int:
        return int(self.client.tag.create("会员")["id"])

    def agent(self) -> None:
        self.client.customservice.add_account(AGENT, "小艾", "x")

    def code(self, scope: str = "snsapi_userinfo") -> str:
        self.phone.person.rest()["consented"] = True
        self.oauth.scope = scope
        url = self.oauth.authorize_url.partition("#")[0] + f"&emulator_person={self.phone.person.id}"
        back = requests.get(url, allow_redirects=False)
        return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]


@pytest.fixture
def desk(emulator: Running, png: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    client = WeChatClient(APP_ID, SECRET)
    client.API_BASE_URL = emulator.url + "/cgi-bin/"
    oauth = WeChatOAuth(APP_ID, SECRET, "http://union.example/me")
    oauth.API_BASE_URL = emulator.url + "/"
    oauth.OAUTH_BASE_URL = emulator.url + "/connect/"
    ordinary = requests.Session.request

    def to_the_emulator(self: requests.Session, method: str, url: str, *rest: Any, **more: Any) -> Any:
        # Some addresses are written out in wechatpy.
        url = re.sub(r"^https://(api|mp)\.weixin\.qq\.com", emulator.url, url)
        return ordinary(self, method, url, *rest, **more)

    monkeypatch.setattr(requests.Session, "request", to_the_emulator)
    phone = emulator.phone("阿强", following=True)
    phone.say("hi")
    yield Desk(client, oauth, emulator, phone, png)
    client._http.close()
    oauth._http.close()


Check = Callable[[Desk], Any]
CHECKS: dict[str, Check] = {}


def check(*paths: str) -> Callable[[Check], Check]:
    def keep(run: Check) -> Check:
        for path in paths:
            CHECKS[path] = run
        return run

    return keep


@check("/cgi-bin/token", "/cgi-bin/getcallbackip")
def _(desk: Desk) -> None:
    assert desk.client.fetch_access_token()["expires_in"] == 7200
    assert desk.client.misc.get_wechat_ips() == ["127.0.0.1"]


@check("/cgi-bin/ticket/getticket")
def _(desk: Desk) -> None:
    assert desk.client.jsapi.get_ticket()["expires_in"] == 7200


@check(
    "/cgi-bin/menu/create", "/cgi-bin/menu/get", "/cgi-bin/menu/delete", "/cgi-bin/get_current_selfmenu_info"
)
def _(desk: Desk) -> None:
    assert desk.client.menu.get() is None
    desk.client.menu.create(MENU)
    assert desk.client.menu.get()["menu"]["button"][0]["name"] == "相亲"
    assert desk.client.menu.get_menu_info()["is_menu_open"] == 1
    desk.client.menu.delete()
    assert desk.client.menu.get() is None


@check("/cgi-bin/menu/addconditional", "/cgi-bin/menu/delconditional", "/cgi-bin/menu/trymatch")
def _(desk: Desk) -> None:
    desk.client.menu.create(MENU)
    made = desk.client.menu.add_conditional({**MENU, "matchrule": {"client_platform_type": "1"}})
    assert desk.client.menu.try_match(desk.phone.openid)["button"][0]["key"] == "k"
    assert desk.client.menu.del_conditional(made["menuid"])["errcode"] == 0


@check("/cgi-bin/qrcode/create", "/cgi-bin/showqrcode")
def _(desk: Desk) -> None:
    made = desk.client.qrcode.create(CODE)
    assert find_code(desk.client.qrcode.show(made).content) == made["url"]


@check("/cgi-bin/message/custom/send")
def _(desk: Desk) -> None:
    send, to = desk.client.message, desk.phone.openid
    thumb = desk.upload("thumb", JPEG)
    article = {"title": "t", "description": "d", "url": "u", "image": "i"}
    menu = {"head_content": "h", "list": [{"id": "1", "content": "c"}], "tail_content": "t"}
    program = {"title": "t", "appid": "wx", "pagepath": "p", "thumb_media_id": thumb}
    calls: list[Callable[[], Any]] = [
        lambda: send.send_text(to, "你好"),
        lambda: send.send_image(to, desk.upload("image", desk.png)),
        lambda: send.send_voice(to, desk.upload("voice", AMR)),
        lambda: send.send_video(to, desk.upload("video", MP4), "t", "d"),
        lambda: send.send_music(to, "u", "h", thumb, "t", "d"),
        lambda: send.send_articles(to, [article]),
        lambda: send.send_msg_menu(to, menu),
        lambda: send.send_mini_program_page(to, program),
    ]
    for call in calls:
        desk.phone.say("再来")
        assert call()["errcode"] == 0
    kinds = [one.kind for one in desk.phone.heard]
    assert kinds == ["text", "image", "voice", "video", "music", "news", "msgmenu", "miniprogram"]
    with pytest.raises(WeChatClientException) as refused:
        send.send_articles(to, [article, article])
    assert refused.value.errcode == 45008


@check(
    "/customservice/kfaccount/add",
    "/customservice/kfaccount/update",
    "/customservice/kfaccount/del",
    "/cgi-bin/customservice/getkflist",
    "/cgi-bin/customservice/getonlinekflist",
)
def _(desk: Desk) -> None:
    desk.agent()
    desk.client.customservice.update_account(AGENT, "小美", "x")
    assert desk.client.customservice.get_accounts()[0]["kf_nick"] == "小美"
    assert desk.client.customservice.get_online_accounts()[0]["kf_account"] == AGENT
    desk.client.customservice.delete_account(AGENT)
    assert desk.client.customservice.get_accounts() == []


@check(
    "/customservice/kfsession/create",
    "/customservice/kfsession/close",
    "/customservice/kfsession/getsession",
    "/customservice/kfsession/getsessionlist",
    "/customservice/kfsession/getwaitcase",
    "/customservice/msgrecord/getmsglist",
)
def _(desk: Desk) -> None:
    service, to = desk.client.customservice, desk.phone.openid
    desk.agent()
    service.create_session(to, AGENT)
    assert service.get_session(to)["kf_account"] == AGENT
    assert service.get_session_list(AGENT)[0]["openid"] == to
    service.close_session(to, AGENT)
    assert service.get_wait_case()["count"] == 0
    now = int(time.time())
    assert service.get_records(now - 3600, now + 60)["recordlist"][0]["text"] == "hi"


@check(
    "/cgi-bin/message/mass/send",
    "/cgi-bin/message/mass/sendall",
    "/cgi-bin/message/mass/preview",
    "/cgi-bin/message/mass/get",
    "/cgi-bin/message/mass/delete",
)
def _(desk: Desk) -> None:
    mass, to = desk.client.message, desk.phone.openid
    other = desk.emulator.phone(following=True)
    made = mass.send_mass_text([to, other.openid], "放假通知", client_msg_id="once")
    assert mass.get_mass(made["msg_id"])["msg_status"] == "SENDING"
    tag = desk.tag()
    desk.client.tag.tag_user(tag, to)
    mass.send_mass_image(tag, desk.upload("image", desk.png))
    mass.send_mass_text(to, "先看看", preview=True)
    assert [one.text for one in desk.phone.heard] == ["先看看"]
    desk.emulator.advance(5)
    desk.emulator.settle_jobs()
    assert mass.get_mass(made["msg_id"])["msg_status"] == "SEND_SUCCESS"
    assert [one.kind for one in desk.phone.heard] == ["text", "text", "image"]
    with pytest.raises(WeChatClientException) as refused:
        mass.delete_mass(made["msg_id"])
    assert refused.value.errcode == 40065


@check("/cgi-bin/message/template/send")
def _(desk: Desk) -> None:
    assert desk.client.message.send_template(desk.phone.openid, "booked", FILLED)["msgid"]


@check("/cgi-bin/message/subscribe/bizsend")
def _(desk: Desk) -> None:
    desk.phone.subscribe("notice")
    assert desk.client.message.send_subscribe_message(desk.phone.openid, "notice", FILLED)["errcode"] == 0


@check("/cgi-bin/message/template/subscribe")
def _(desk: Desk) -> None:
    send = desk.client.message
    asked = send.get_subscribe_authorize_url(7, "once", "http://union.example/back", "r1").partition("#")[0]
    more = f"&emulator_person={desk.phone.person.id}"
    assert "允许" in requests.get(asked + more).text
    back = requests.get(asked + more + "&emulator_answer=confirm", allow_redirects=False)
    answer = parse_qs(urlsplit(back.headers["Location"]).query)
    assert (answer["action"], answer["openid"]) == (["confirm"], [desk.phone.openid])
    data = {"content": {"value": "开始了", "color": "#000000"}}
    assert send.send_subscribe_template(desk.phone.openid, "once", 7, "提醒", data)["errcode"] == 0
    with pytest.raises(WeChatClientException) as refused:
        send.send_subscribe_template(desk.phone.openid, "once", 7, "提醒", data)
    assert refused.value.errcode == 43101


@check(
    "/cgi-bin/template/api_add_template",
    "/cgi-bin/template/get_all_private_template",
    "/cgi-bin/template/del_private_template",
    "/cgi-bin/template/api_set_industry",
    "/cgi-bin/template/get_industry",
)
def _(desk: Desk) -> None:
    made = desk.client.template.get("43216")
    rows = desk.client.template.get_all_private_template()["template_list"]
    assert {"booked", made} == {row["template_id"] for row in rows}
    desk.client.template.del_private_template(made)
    desk.client.template.set_industry("39", "41")
    assert "primary_industry" in desk.client.template.get_industry()


@check(
    "/cgi-bin/user/info",
    "/cgi-bin/user/info/batchget",
    "/cgi-bin/user/get",
    "/cgi-bin/user/info/updateremark",
)
def _(desk: Desk) -> None:
    user, to = desk.client.user, desk.phone.openid
    user.update_remark(to, "老张")
    assert user.get(to)["remark"] == "老张"
    assert user.get_batch([to])[0]["openid"] == to
    assert user.get_followers()["data"]["openid"] == [to]
    assert list(user.iter_followers()) == [to]


@check(
    "/cgi-bin/tags/create",
    "/cgi-bin/tags/get",
    "/cgi-bin/tags/update",
    "/cgi-bin/tags/delete",
    "/cgi-bin/tags/members/batchtagging",
    "/cgi-bin/tags/members/batchuntagging",
    "/cgi-bin/tags/getidlist",
    "/cgi-bin/user/tag/get",
)
def _(desk: Desk) -> None:
    tag, to = desk.client.tag, desk.phone.openid
    number = desk.tag()
    tag.update(number, "老会员")
    tag.tag_user(number, to)
    assert tag.get_user_tag(to) == [number]
    assert list(tag.iter_tag_users(number)) == [to]
    assert {"id": number, "name": "老会员", "count": 1} in tag.get()
    tag.untag_user(number, to)
    tag.delete(number)


@check(
    "/cgi-bin/tags/members/getblacklist",
    "/cgi-bin/tags/members/batchblacklist",
    "/cgi-bin/tags/members/batchunblacklist",
)
def _(desk: Desk) -> None:
    tag, to = desk.client.tag, desk.phone.openid
    tag.batch_black_list([to])
    assert tag.get_black_list()["data"]["openid"] == [to]
    tag.batch_unblack_list([to])
    assert tag.get_black_list()["total"] == 0


@check("/cgi-bin/media/upload", "/cgi-bin/media/get", "/cgi-bin/media/uploadimg")
def _(desk: Desk) -> None:
    made = desk.upload("image", desk.png)
    assert desk.client.media.download(made).content == desk.png
    assert desk.client.media.upload_image(desk.file(desk.png, "a.png")).startswith("http")


@check(
    "/cgi-bin/material/add_material",
    "/cgi-bin/material/get_material",
    "/cgi-bin/material/del_material",
    "/cgi-bin/material/get_materialcount",
    "/cgi-bin/material/batchget_material",
)
def _(desk: Desk) -> None:
    material = desk.client.material
    made = desk.keep()
    assert material.get(made).content == desk.png
    video = material.add("video", desk.file(MP4, "v.mp4"), title="t", introduction="i")["media_id"]
    assert material.get(video)["title"] == "t"
    assert material.get_count()["image_count"] == 1
    assert material.batchget("image")["item"][0]["media_id"] == made
    assert material.delete(made)["errcode"] == 0


@check("/sns/oauth2/access_token", "/sns/oauth2/refresh_token", "/sns/auth", "/sns/userinfo")
def _(desk: Desk) -> None:
    token = desk.oauth.fetch_access_token(desk.code())
    assert token["openid"] == desk.phone.openid
    assert desk.oauth.refresh_access_token(token["refresh_token"])["openid"] == desk.phone.openid
    assert desk.oauth.check_access_token() is True
    assert desk.oauth.get_user_info()["nickname"] == "阿强"


def known_to_wechatpy() -> set[str]:
    """Paths of the emulator that wechatpy's sources call."""
    folder = Path(wechatpy.__file__).parent
    sources = [*folder.glob("client/*.py"), *folder.glob("client/api/*.py"), folder / "oauth.py"]
    source = "\n".join(path.read_text("utf-8") for path in sources)
    found = set()
    for route in ROUTES:
        name = re.escape(route.path.removeprefix("/cgi-bin/").lstrip("/"))
        if re.search(rf"['\"/]{name}['\"?]", source):
            found.add(route.path)
    return found


def test_no_call_that_both_know_is_left_out() -> None:
    known = known_to_wechatpy()
    assert len(known) > 50
    assert known == set(CHECKS)


@pytest.mark.parametrize(
    "name", sorted({min(p for p, r in CHECKS.items() if r is run) for run in CHECKS.values()})
)
def test_wechatpy_makes_the_call(desk: Desk, name: str) -> None:
    run = CHECKS[name]
    run(desk)
    counts = desk.emulator.world.wire.counts
    assert all(counts.get(path) for path, one in CHECKS.items() if one is run)


def test_wechatpy_refreshes_an_ended_token_by_itself(desk: Desk) -> None:
    desk.client.message.send_text(desk.phone.openid, "一")
    requests.post(desk.emulator.url + "/emulator/control/tokens/expire", json={})
    assert desk.client.message.send_text(desk.phone.openid, "二")["errcode"] == 0
