"""The signature for WeChat's JS-SDK: only for our own pages, with one ticket for all processes."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from bot.jssdk import signature
from tests.web.mobile.hall import BASE, Browser, Hall

TICKET = "/cgi-bin/ticket/getticket"
JSON = {"Accept": "application/json"}


def test_a_page_of_ours_is_signed_with_a_ticket_that_is_kept(hall: Hall, phone: Browser) -> None:
    phone.opens("/m/")
    page = f"{BASE}/m/?a=1&b=2"
    answers = [phone.get(f"/m/jssdk?url={quote(page, safe='')}%23part", headers=JSON).json for _ in range(3)]
    said = answers[-1]
    assert said
    assert len({one["nonceStr"] for one in answers if one}) == 3
    ticket = hall.account.app.extensions["mobile"].client.page_ticket()
    expected = signature(ticket, nonce=said["nonceStr"], timestamp=said["timestamp"], url=page)
    assert (said["signature"], said["appId"]) == (expected, hall.account.config.wechat.app_id)
    assert len(hall.wechat.calls(TICKET)) == 1
    assert ticket not in str(said)
    assert ticket not in hall.account.log.getvalue()


@pytest.mark.parametrize(
    "url", ["", "https://evil.example/", f"{BASE}.evil.example/m/", f"{BASE}/console/", f"{BASE}/m", f"{BASE}/m/\\x",
            f"{BASE}/m/\nx", f"{BASE}/m/" + "x" * 1000],
)  # fmt: skip
def test_nothing_else_is_signed(hall: Hall, phone: Browser, url: str) -> None:
    phone.opens("/m/")
    assert phone.get(f"/m/jssdk?url={quote(url, safe='')}", headers=JSON).status_code == 400
    assert hall.wechat.calls(TICKET) == []


def test_who_is_not_known_and_a_platform_that_is_down(hall: Hall, phone: Browser) -> None:
    assert phone.get(f"/m/jssdk?url={BASE}/m/", headers=JSON).status_code == 403
    phone.opens("/m/")
    hall.wechat.fault(TICKET, errcode=-1, times=1)
    assert phone.get(f"/m/jssdk?url={BASE}/m/", headers=JSON).status_code == 503
