"""Rules 30 to 38: mass messages, drafts, publishing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from emulator.testing import Phone, Running

from .conftest import Api, Make
from .robot import Robot

SEND = "/cgi-bin/message/mass/send"
ALL = "/cgi-bin/message/mass/sendall"
STATUS = "/cgi-bin/message/mass/get"


def body(phones: list[Phone], words: str = "通知", **more: Any) -> dict[str, Any]:
    return {"touser": [one.openid for one in phones], "msgtype": "text", "text": {"content": words}, **more}


def to_all(words: str = "大家好", **more: Any) -> dict[str, Any]:
    return {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": words}, **more}


def finish(emulator: Running, seconds: float = 5) -> None:
    emulator.advance(seconds)
    emulator.settle_jobs()


def said(phone: Phone) -> list[str]:
    return [one.text for one in phone.heard]


@pytest.fixture
def phones(emulator: Running) -> list[Phone]:
    return [emulator.phone(following=True) for _ in range(3)]


def article(api: Api, png: bytes, title: str = "新课开班") -> str:
    thumb = api.upload("/cgi-bin/material/add_material", png, type="image")["media_id"]
    rows = [{"title": title, "content": "<p>正文</p><script>x</script>", "thumb_media_id": thumb}]
    return str(api.post("/cgi-bin/draft/add", {"articles": rows})["media_id"])


def test_rule_30_lists_have_two_to_ten_thousand_people(api: Api, phones: list[Phone]) -> None:
    assert api.post(SEND, body(phones[:1]))["errcode"] == 40130
    assert api.post(SEND, {**body(phones), "touser": ["o"] * 10_001})["errcode"] == 40032
    assert api.post(SEND, {**body(phones), "touser": ["o1", "o2"]})["errcode"] == 40003
    assert api.post(ALL, {**to_all(), "filter": {"tag_id": 999}})["errcode"] == 40152


def test_a_mass_message_is_queued_and_told_of_later(
    emulator: Running, api: Api, phones: list[Phone], robot: Robot
) -> None:
    answer = api.post(SEND, body(phones))
    assert answer["errcode"] == 0
    assert api.post(STATUS, {"msg_id": answer["msg_id"]})["msg_status"] == "SENDING"
    assert said(phones[0]) == []
    finish(emulator)
    assert [said(one) for one in phones] == [["通知"]] * 3
    assert api.post(STATUS, {"msg_id": answer["msg_id"]})["msg_status"] == "SEND_SUCCESS"
    event = robot.events("MASSSENDJOBFINISH")[0]
    counts = [
        event[name] for name in ("MsgID", "Status", "TotalCount", "FilterCount", "SentCount", "ErrorCount")
    ]
    assert counts == [str(answer["msg_id"]), "send success", "3", "3", "3", "0"]
    assert event["FromUserName"] not in [one.openid for one in phones]
    assert api.post(STATUS, {"msg_id": 1})["errcode"] == 40059


def test_rule_31_a_known_clientmsgid_sends_nothing_again(
    emulator: Running, api: Api, phones: list[Phone]
) -> None:
    first = api.post(SEND, body(phones, clientmsgid="a" * 32))
    assert api.post(SEND, body(phones, clientmsgid="a" * 33))["errcode"] == 45067
    assert api.post(SEND, body(phones, clientmsgid="a" * 32))["errcode"] == 45066
    emulator.advance(61)
    again = api.post(SEND, body(phones, "别的话", clientmsgid="a" * 32))
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    finish(emulator)
    assert said(phones[0]) == ["通知"]
    emulator.advance(86400)
    api.renew()
    assert api.post(SEND, body(phones, clientmsgid="a" * 32))["errcode"] == 0


def test_rule_32_the_digest_stands_in_for_a_clientmsgid(
    emulator: Running, api: Api, phones: list[Phone]
) -> None:
    first = api.post(SEND, body(phones))
    emulator.advance(61)
    assert api.post(SEND, body(phones))["msg_id"] == first["msg_id"]
    assert api.post(SEND, body(phones, "别的"))["errcode"] == 0


def test_rule_33_quotas_by_minute_day_and_month(emulator: Running, api: Api, phones: list[Phone]) -> None:
    codes = [api.post(SEND, body(phones, str(n)))["errcode"] for n in range(61)]
    assert codes == [0] * 60 + [45011]
    emulator.advance(61)
    codes = [api.post(SEND, body(phones, f"x{n}"))["errcode"] for n in range(41)]
    assert codes == [0] * 40 + [45009]
    emulator.do(emulator.world.clock.set, datetime(2027, 3, 2, 4, tzinfo=UTC).timestamp())
    days = []
    for day in range(5):
        api.renew()
        days.append([api.post(ALL, to_all(words))["errcode"] for words in (f"{day}", f"{day} again")])
        emulator.advance(86400)
    assert days == [[0, 45028]] * 4 + [[45028, 45028]]


def test_rule_34_a_fifth_message_in_a_month_is_filtered(
    emulator: Running, api: Api, phones: list[Phone], robot: Robot
) -> None:
    for number in range(5):
        api.post(SEND, body(phones, str(number)))
    finish(emulator)
    assert said(phones[0]) == ["0", "1", "2", "3"]
    last = max(robot.events("MASSSENDJOBFINISH"), key=lambda event: int(event["MsgID"]))
    assert (last["TotalCount"], last["FilterCount"], last["SentCount"]) == ("3", "0", "0")


@pytest.mark.parametrize(
    ("verdict", "status"), [(True, "send success"), (False, "err(40001)"), (None, "err(40002)")]
)
def test_rule_35_protection_asks_the_administrator(
    make: Make, robot: Robot, verdict: bool | None, status: str
) -> None:
    emulator = make(mass_protection=True)
    api, phone = Api(emulator), emulator.phone(following=True)
    msg_id = api.post(ALL, to_all())["msg_id"]
    finish(emulator, 60)
    assert api.post(STATUS, {"msg_id": msg_id})["msg_status"] == "SENDING"
    if verdict is not None:
        url = f"{emulator.url}/emulator/control/mass/{msg_id}"
        assert requests.post(url, json={"approve": verdict}).ok
    finish(emulator, 1800)
    assert [one["Status"] for one in robot.events("MASSSENDJOBFINISH")] == [status]
    assert said(phone) == (["大家好"] if verdict else [])
    api.http.close()


def test_rule_36_only_finished_articles_can_be_taken_back(
    emulator: Running, api: Api, phones: list[Phone], png: bytes
) -> None:
    text = api.post(SEND, body(phones))["msg_id"]
    media = article(api, png)
    news = {**body(phones), "msgtype": "mpnews", "mpnews": {"media_id": media}}
    made = api.post(SEND, news)
    assert made["msg_data_id"]
    remove = "/cgi-bin/message/mass/delete"
    assert api.post(remove, {"msg_id": made["msg_id"]})["errcode"] == 40065
    finish(emulator)
    assert api.post(remove, {"msg_id": text})["errcode"] == 40065
    assert api.post(remove, {"msg_id": made["msg_id"], "article_idx": 2})["errcode"] == 40060
    assert api.post(remove, {"msg_id": made["msg_id"]})["errcode"] == 0
    assert api.post(STATUS, {"msg_id": made["msg_id"]})["msg_status"] == "DELETE"
    assert phones[0].heard[-1].kind == "news"


def test_rule_37_a_draft_that_was_sent_is_gone(
    emulator: Running, api: Api, phones: list[Phone], png: bytes
) -> None:
    media = article(api, png)
    assert api.post("/cgi-bin/draft/get", {"media_id": media})["news_item"][0]["content"] == "<p>正文</p>"
    news = {**body(phones), "msgtype": "mpnews", "mpnews": {"media_id": media}}
    assert api.post(SEND, news)["errcode"] == 0
    finish(emulator)
    assert api.post(SEND, {**news, "clientmsgid": "other"})["errcode"] == 40007
    assert api.post("/cgi-bin/draft/get", {"media_id": media})["errcode"] == 40007


def test_rule_38_publishing_tells_its_end_and_uses_no_mass_quota(
    emulator: Running, api: Api, phones: list[Phone], png: bytes, robot: Robot
) -> None:
    media = article(api, png)
    made = api.post("/cgi-bin/freepublish/submit", {"media_id": media})["publish_id"]
    ask = "/cgi-bin/freepublish/get"
    assert api.post(ask, {"publish_id": made})["publish_status"] == 1
    finish(emulator)
    done = api.post(ask, {"publish_id": made})
    assert done["publish_status"] == 0
    info = robot.events("PUBLISHJOBFINISH")[0]["PublishEventInfo"]
    assert (info["publish_id"], info["article_id"]) == (str(made), done["article_id"])
    assert api.post("/cgi-bin/draft/get", {"media_id": media})["errcode"] == 40007
    assert emulator.state.count("quota:mass/send", emulator.world.clock.day()) == 0
    assert phones[0].heard == []
    read = api.post("/cgi-bin/freepublish/getarticle", {"article_id": done["article_id"]})
    assert read["news_item"][0]["title"] == "新课开班"
    phones[0].say("hi")
    card: dict[str, Any] = {"touser": phones[0].openid, "msgtype": "mpnewsarticle"}
    card["mpnewsarticle"] = {"article_id": done["article_id"]}
    assert api.post("/cgi-bin/message/custom/send", card)["errcode"] == 0
    assert api.post("/cgi-bin/freepublish/batchget", {})["total_count"] == 1
    assert api.post("/cgi-bin/freepublish/delete", {"article_id": done["article_id"]})["errcode"] == 0
    assert api.post(ask, {"publish_id": made})["publish_status"] == 5


def test_drafts_are_kept_changed_listed_and_thrown_away(api: Api, png: bytes) -> None:
    media = article(api, png)
    item = api.post("/cgi-bin/draft/get", {"media_id": media})["news_item"][0]
    changed = {"media_id": media, "index": 0, "articles": {**item, "title": "改过"}}
    assert api.post("/cgi-bin/draft/update", changed)["errcode"] == 0
    assert api.post("/cgi-bin/draft/update", {**changed, "index": 1})["errcode"] == 40114
    listed = api.post("/cgi-bin/draft/batchget", {"offset": 0, "count": 20, "no_content": 1})
    assert listed["item"][0]["content"]["news_item"][0]["title"] == "改过"
    assert "content" not in listed["item"][0]["content"]["news_item"][0]
    assert api.get("/cgi-bin/draft/count")["total_count"] == 1
    assert api.post("/cgi-bin/draft/delete", {"media_id": media})["errcode"] == 0
    assert api.get("/cgi-bin/draft/count")["total_count"] == 0
    long = {"articles": [{**item, "title": "长" * 33}]}
    assert api.post("/cgi-bin/draft/add", long)["errcode"] == 45003


def test_preview_and_speed(emulator: Running, api: Api, phones: list[Phone]) -> None:
    named = emulator.phone("阿强", following=True)
    shown = {"touser": phones[0].openid, "towxname": "阿强", "msgtype": "text", "text": {"content": "看看"}}
    assert api.post("/cgi-bin/message/mass/preview", shown)["errcode"] == 0
    assert (said(named), said(phones[0])) == (["看看"], [])
    assert api.post("/cgi-bin/message/mass/speed/set", {"speed": 3})["errcode"] == 0
    assert api.post("/cgi-bin/message/mass/speed/get", {}) == {"speed": 3, "realspeed": 30}
    assert api.post("/cgi-bin/message/mass/speed/set", {"speed": 5})["errcode"] == 45083
