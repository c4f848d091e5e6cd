"""Rules 10 to 18 and 44 to 47: tokens, quotas, methods and bodies, faults."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from emulator.testing import Running

from .conftest import Api, Make
from .robot import APP_ID, SECRET, Robot

DAY = 86400
LIVE_RID = re.compile(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$")


def old_token(emulator: Running, **change: str) -> dict[str, Any]:
    query = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, **change}
    answer: dict[str, Any] = requests.get(emulator.url + "/cgi-bin/token", params=query).json()
    return answer


def stable(emulator: Running, force: bool = False) -> dict[str, Any]:
    body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": force}
    answer: dict[str, Any] = requests.post(emulator.url + "/cgi-bin/stable_token", json=body).json()
    return answer


def code_with(emulator: Running, token: str) -> int:
    """errcode of an ordinary call made with a token (0 when it worked)."""
    query = {"access_token": token} if token else {}
    answer = requests.get(emulator.url + "/cgi-bin/getcallbackip", params=query).json()
    return int(answer.get("errcode", 0))


def test_rule_10_a_new_token_leaves_the_old_one_300_seconds(emulator: Running) -> None:
    first, second = old_token(emulator)["access_token"], old_token(emulator)["access_token"]
    assert first != second
    emulator.advance(299)
    assert code_with(emulator, first) == 0
    emulator.advance(2)
    assert code_with(emulator, first) == 40001
    assert code_with(emulator, second) == 0


def test_rule_11_the_2001st_token_of_a_day_is_refused(emulator: Running) -> None:
    emulator.state.add_count("quota:token", emulator.world.clock.day(), 2000)
    assert old_token(emulator)["errcode"] == 45009
    emulator.advance(DAY)
    assert "access_token" in old_token(emulator)


def test_rule_12_the_stable_token_stays_until_its_last_300_seconds(emulator: Running) -> None:
    first = stable(emulator)
    emulator.advance(6000)
    second = stable(emulator)
    assert second["access_token"] == first["access_token"]
    assert 300 <= second["expires_in"] <= 1201
    emulator.advance(950)
    third = stable(emulator)
    assert third["access_token"] != first["access_token"]
    assert third["expires_in"] == 7200
    assert code_with(emulator, first["access_token"]) == 0
    assert code_with(emulator, third["access_token"]) == 0


def test_rule_13_forced_refreshes_are_30_seconds_apart_and_20_a_day(emulator: Running) -> None:
    first = stable(emulator)["access_token"]
    forced = stable(emulator, force=True)["access_token"]
    assert forced != first
    assert code_with(emulator, first) == 40001
    assert stable(emulator, force=True)["access_token"] == forced
    for _ in range(19):
        emulator.advance(31)
        assert "access_token" in stable(emulator, force=True)
    emulator.advance(31)
    assert stable(emulator, force=True)["errcode"] == 45009


def test_rule_14_the_pools_leave_each_other_alone(emulator: Running) -> None:
    one, two = old_token(emulator)["access_token"], stable(emulator)["access_token"]
    stable(emulator, force=True)
    emulator.advance(400)
    assert code_with(emulator, one) == 0
    assert code_with(emulator, two) == 40001
    other = stable(emulator)["access_token"]
    old_token(emulator)
    emulator.advance(400)
    assert code_with(emulator, other) == 0


def test_rule_15_missing_random_and_expired_tokens(emulator: Running) -> None:
    token = stable(emulator)["access_token"]
    assert code_with(emulator, "") == 41001
    assert code_with(emulator, "made_up") == 40001
    assert code_with(emulator, "坏 token") == 40014
    emulator.advance(7201)
    assert code_with(emulator, token) == 42001


@pytest.mark.parametrize(("as_if", "code"), [(42001, 42001), (40001, 40001)])
def test_rule_15_tests_may_end_all_tokens(emulator: Running, as_if: int, code: int) -> None:
    token = stable(emulator)["access_token"]
    requests.post(emulator.url + "/emulator/control/tokens/expire", json={"errcode": as_if})
    assert code_with(emulator, token) == code
    assert code_with(emulator, stable(emulator)["access_token"]) == 0


def test_rule_16_wrong_secret_appid_and_grant_type(emulator: Running) -> None:
    assert old_token(emulator, secret="x" * 32)["errcode"] == 40125
    assert old_token(emulator, appid="wx0")["errcode"] == 40013
    assert old_token(emulator, grant_type="password")["errcode"] == 40002
    assert old_token(emulator, appid="")["errcode"] == 41002
    assert old_token(emulator, secret="")["errcode"] == 41004


def test_rule_17_an_address_outside_the_list_is_named(make: Make) -> None:
    emulator = make(ip_allow_list=("10.1.2.3",))
    answer = old_token(emulator)
    assert answer["errcode"] == 40164
    assert answer["errmsg"].startswith("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist")
    assert stable(emulator)["errcode"] == 40164


def test_rule_18_method_and_body(api: Api) -> None:
    assert api.get("/cgi-bin/menu/create")["errcode"] == 43002
    assert api.post("/cgi-bin/menu/get", {})["errcode"] == 43001
    assert api.post("/cgi-bin/menu/create", b"")["errcode"] == 44002
    assert api.post("/cgi-bin/menu/create", b"{")["errcode"] == 47001
    assert api.post("/cgi-bin/menu/create", b"[]")["errcode"] == 47001
    assert api.get("/cgi-bin/no/such/call")["errcode"] == 40066


def test_rule_44_quotas_are_cleared_ten_times_a_month(emulator: Running, api: Api) -> None:
    assert api.post("/cgi-bin/clear_quota", {"appid": "wx0"})["errcode"] == 40013
    emulator.state.add_count("quota:menu/get", emulator.world.clock.day(), 10_000)
    assert api.get("/cgi-bin/menu/get")["errcode"] == 45009
    assert api.post("/cgi-bin/clear_quota", {"appid": APP_ID})["errcode"] == 0
    assert api.get("/cgi-bin/menu/get")["errcode"] == 46003
    by_secret = {"appid": APP_ID, "appsecret": SECRET}
    for _ in range(9):
        assert api.post("/cgi-bin/clear_quota/v2", by_secret, access_token="")["errcode"] == 0
    assert api.post("/cgi-bin/clear_quota", {"appid": APP_ID})["errcode"] == 48006


def test_rule_44_quotas_can_be_read_and_cleared_by_path(api: Api) -> None:
    api.get("/cgi-bin/menu/get")
    path = {"cgi_path": "/cgi-bin/menu/get"}
    quota = api.post("/cgi-bin/openapi/quota/get", path)["quota"]
    assert quota == {"daily_limit": 10_000, "used": 1, "remain": 9_999}
    assert api.post("/cgi-bin/openapi/quota/clear", path)["errcode"] == 0
    assert api.post("/cgi-bin/openapi/quota/get", path)["quota"]["used"] == 0
    assert api.post("/cgi-bin/openapi/quota/get", {"cgi_path": "/nope"})["errcode"] == 76021
    assert api.post("/cgi-bin/openapi/quota/get", {"cgi_path": "/sns/userinfo"})["errcode"] == 76022


def test_rule_45_callback_check(api: Api, robot: Robot) -> None:
    path = "/cgi-bin/callback/check"
    assert api.post(path, {"action": "look"})["errcode"] == 40202
    assert api.post(path, {"action": "dns", "check_operator": "MARS"})["errcode"] == 40203
    answer = api.post(path, {"action": "all", "check_operator": "DEFAULT"})
    assert answer["dns"][0]["ip"] == "127.0.0.1"
    assert answer["ping"][0]["package_loss"] == "0%"


def test_rule_45_without_a_callback_url(make: Make) -> None:
    emulator = make(callback_url="")
    assert Api(emulator).post("/cgi-bin/callback/check", {"action": "all"})["errcode"] == 40201


def test_rule_46_random_system_errors(emulator: Running, api: Api) -> None:
    emulator.fault("*", percent=50, errcode=-1)
    emulator.world.faults.random.seed(1)
    codes = [api.get("/cgi-bin/getcallbackip").get("errcode", 0) for _ in range(60)]
    assert 10 < codes.count(-1) < 50
    assert set(codes) == {0, -1}


def test_rule_46_an_answer_lost_after_the_call_was_executed(emulator: Running, api: Api) -> None:
    phone = emulator.phone(following=True)
    phone.say("hi")
    emulator.fault("/cgi-bin/message/custom/send", times=1, reset_after=True)
    with pytest.raises(requests.ConnectionError):
        api.send(phone.openid)
    assert len(phone.heard) == 1
    emulator.fault("/cgi-bin/message/custom/send", times=1, reset_before=True)
    with pytest.raises(requests.ConnectionError):
        api.send(phone.openid)
    assert len(phone.heard) == 1
    assert api.send(phone.openid)["errcode"] == 0


def test_rule_46_http_errors_and_delays(emulator: Running, api: Api) -> None:
    emulator.fault("*", times=1, http=502)
    assert requests.get(emulator.url + "/cgi-bin/token").status_code == 502
    emulator.fault("*", times=1, timeout=30)
    with pytest.raises(requests.Timeout):
        requests.get(emulator.url + "/cgi-bin/token", timeout=0.2)
    emulator.fault("*", times=1, delay=0.05)
    assert api.get("/cgi-bin/getcallbackip")["ip_list"]


def test_rule_46_a_lost_callback_answer_is_pushed_again(emulator: Running, robot: Robot) -> None:
    emulator.fault("callback", times=1, reset_after=True)
    phone = emulator.phone(following=True)
    result = phone.say("在吗")
    assert [one.verdict for one in result.attempts] == ["answer lost", "success"]
    assert robot.posts[0].body == robot.posts[1].body


def test_rule_47_every_refusal_is_http_200_with_a_rid_that_can_be_explained(
    emulator: Running, api: Api
) -> None:
    response = requests.get(emulator.url + "/cgi-bin/menu/get", params={"access_token": api.token})
    assert response.status_code == 200
    message = response.json()["errmsg"]
    assert LIVE_RID.search(message)
    rid = message.rpartition(" ")[2]
    found = api.post("/cgi-bin/openapi/rid/get", {"rid": rid})["request"]
    assert found["request_url"].startswith("/cgi-bin/menu/get?")
    assert api.token not in found["request_url"]
    assert (
        api.post("/cgi-bin/openapi/rid/get", {"rid": "0" * 8 + "-" + "0" * 8 + "-" + "0" * 8})["errcode"]
        == 76001
    )
    assert api.post("/cgi-bin/openapi/rid/get", {"rid": "x"})["errcode"] == 76002
