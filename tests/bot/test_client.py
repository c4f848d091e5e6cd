"""Calls of the platform's API: addresses, tokens, errors; requirement A5."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any, ClassVar

import pytest
import redis
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.client import Client
from bot.platform_errors import NotSent, OutcomeUnknown, PlatformError, Reaction
from core.config import ROOT, Config
from core.redis import connect
from emulator.testing import Running
from emulator.tokens import expire
from tests.wechat import environment, heard, open_window, pointed_at, run

TOKEN_CALL = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
def emulator(config: Config) -> Iterator[Running]:
    with run(config) as running:
        yield running


@pytest.fixture
def db(config: Config) -> Iterator[redis.Redis]:
    client = connect(config)
    yield client
    client.close()


@pytest.fixture
def client(config: Config, emulator: Running, db: redis.Redis) -> Iterator[Client]:
    one = Client(pointed_at(config, emulator.url), db)
    yield one
    one.close()


def test_pushes_text_as_it_is(client: Client, emulator: Running) -> None:
    phone = emulator.phone(following=True)
    open_window(phone)
    client.send_text(phone.openid, '你好 😀 "引号"\\u4f60\n第二行 𬭎')
    assert heard(phone) == ['你好 😀 "引号"\\u4f60\n第二行 𬭎']


def test_typing_is_refused_out_of_place(client: Client, emulator: Running) -> None:
    phone = emulator.phone(following=True)
    open_window(phone)
    with pytest.raises(PlatformError) as refused:
        client.typing(phone.openid)
    assert refused.value.code == 45080


def test_makes_codes_and_fetches_their_pictures(client: Client, emulator: Running) -> None:
    code = client.create_code("card:abc", 3600)
    assert code.expires_at is not None
    assert code.url.startswith("http://weixin.qq.com/q/")
    assert client.code_picture(code.ticket)[:3] == b"\xff\xd8\xff"
    assert client.create_code("wall:1", None).expires_at is None
    with pytest.raises(PlatformError) as refused:
        client.code_picture("no such ticket")
    assert refused.value.code == 404


def test_keeps_media(client: Client, emulator: Running) -> None:
    picture = client.code_picture(client.create_code("x", 60).ticket)
    media_id = client.upload("image", "图.jpg", picture, "image/jpeg")
    assert client.download(media_id) == picture
    with pytest.raises(PlatformError) as refused:
        client.download("no such id")
    assert refused.value.code == 40007


def test_methods_of_werobot_go_the_same_way(client: Client, emulator: Running) -> None:
    picture = client.code_picture(client.create_code("x", 60).ticket)
    file = BytesIO(picture)
    file.name = "图.jpg"
    assert client.upload_media("image", file)["media_id"]
    phone = emulator.phone(following=True)
    tag = client.create_tag("志愿者")["tag"]["id"]
    client.tag_users(tag, [phone.openid])
    assert client.get_tags_by_user(phone.openid)["tagid_list"] == [tag]
    assert client.get_user_info(phone.openid)["subscribe"] == 1
    permanent = client.upload_permanent_media("image", BytesIO(picture))["media_id"]
    assert client.download_permanent_media(permanent).content == picture
    assert len(emulator.calls(TOKEN_CALL)) == 1


def test_there_may_be_no_menu(client: Client) -> None:
    assert client.menu() is None
    client.create_menu({"button": [{"type": "click", "name": "帮助", "key": "help"}]})
    menu = client.menu()
    assert menu is not None
    assert menu["menu"]["button"][0]["key"] == "help"


def test_lists_templates_of_both_kinds(client: Client) -> None:
    kinds = {one.id: one.is_subscription for one in client.templates()}
    assert kinds == {"tmpl-meeting": False, "tmpl-amount": False, "tmpl-result": True}


def test_the_page_ticket_is_fetched_once(client: Client, emulator: Running) -> None:
    assert client.page_ticket() == client.page_ticket()
    assert len(emulator.calls("/cgi-bin/ticket/getticket")) == 1


def test_the_openid_behind_a_code_needs_no_token(client: Client, emulator: Running) -> None:
    with pytest.raises(PlatformError) as refused:
        client.visitor_of("made-up")
    assert refused.value.code == 40029
    assert emulator.calls(TOKEN_CALL) == []


@pytest.mark.parametrize("code", [40001, 42001])
def test_A5_a_rejected_token_costs_one_refresh_and_one_repeat(
    client: Client, emulator: Running, code: int
) -> None:
    phone = emulator.phone(following=True)
    open_window(phone)
    client.send_text(phone.openid, "一")
    emulator.do(_expire, emulator, code)
    client.send_text(phone.openid, "二")
    assert heard(phone) == ["一", "二"]
    assert len(emulator.calls(TOKEN_CALL)) == 2
    assert len(emulator.calls(SEND)) == 3


def test_A5_a_token_that_only_the_normal_mode_believes_in_is_forced_once(
    client: Client, emulator: Running
) -> None:
    phone = emulator.phone(following=True)
    open_window(phone)
    client.send_text(phone.openid, "一")
    emulator.fault(SEND, errcode=40001, times=1)
    client.send_text(phone.openid, "二")
    asked = [call["request"] for call in emulator.calls(TOKEN_CALL)]
    assert [('"force_refresh":true' in body) for body in asked] == [False, False, True]

    emulator.fault(SEND, errcode=40001)  # for ever: neither a storm nor another force
    for _ in range(3):
        with pytest.raises(PlatformError) as refused:
            client.send_text(phone.openid, "三")
        assert refused.value.reaction is Reaction.TOKEN
    asked = [call["request"] for call in emulator.calls(TOKEN_CALL)]
    assert sum('"force_refresh":true' in body for body in asked) == 1
    assert len(asked) <= 6
    assert len(emulator.calls(SEND)) == 3 + 2 * 3


def _expire(emulator: Running, code: int) -> None:
    expire(emulator.world, code)


@pytest.mark.parametrize(
    "held", ["expired", *(pytest.param(held, marks=pytest.mark.slow) for held in ("superseded", "none"))]
)
def test_A5_eight_processes_with_an_expired_token_make_one_token_call(
    config: Config, emulator: Running, db: redis.Redis, held: str
) -> None:
    config = pointed_at(config, emulator.url)
    if held != "none":
        first = Client(config, db)
        first.get_ip_list()
        first.close()
        emulator.do(_expire, emulator, 42001 if held == "expired" else 40001)
    before = len(emulator.calls(TOKEN_CALL))
    calls = len(emulator.calls("/cgi-bin/getcallbackip"))
    asked = subprocess.run(
        [sys.executable, "-m", "tests.bot.ask_once", "8"],
        env=environment(config),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (asked.returncode, asked.stdout) == (0, ""), asked.stderr
    accepted = [call for call in emulator.calls("/cgi-bin/getcallbackip")[calls:] if not call["errcode"]]
    assert len(accepted) == 8 * 3
    assert len(emulator.calls(TOKEN_CALL)) - before == 1


def test_A5_a_token_near_its_end_is_renewed_while_the_old_one_serves(
    client: Client, emulator: Running, db: redis.Redis
) -> None:
    client.get_ip_list()
    key = db.keys("*:token")[0]
    old = db.get(key)
    emulator.advance(7200 - 200)
    db.expire(key, 200)
    client.get_ip_list()
    assert db.get(key) != old
    assert db.ttl(key) > 7000
    assert len(emulator.calls(TOKEN_CALL)) == 2


def test_A5_a_failed_early_renewal_harms_nobody(client: Client, emulator: Running, db: redis.Redis) -> None:
    client.get_ip_list()
    db.expire(db.keys("*:token")[0], 200)
    emulator.fault(TOKEN_CALL, errcode=-1)
    for _ in range(3):
        client.get_ip_list()
    assert len(emulator.calls(TOKEN_CALL)) == 2  # the first, and one failure


def test_A5_a_dead_renewer_is_replaced(config: Config, emulator: Running, db: redis.Redis) -> None:
    config = pointed_at(config, emulator.url, connect_timeout=0.5, read_timeout=2.0)
    client = Client(config, db)
    db.set(f"{client.prefix}:token:lock", "a process that was killed", px=300)
    client.get_ip_list()
    client.close()


def test_a_token_just_read_is_not_read_again(config: Config, emulator: Running, db: redis.Redis) -> None:
    client = Client(pointed_at(config, emulator.url), db)
    client.get_ip_list()
    client.get_ip_list()
    db.delete(f"{client.prefix}:token")
    client.get_ip_list()
    assert len(emulator.calls(TOKEN_CALL)) == 1
    client._tokens._fresh_until = 0.0  # a second later
    client.get_ip_list()
    assert len(emulator.calls(TOKEN_CALL)) == 2
    client.close()


def test_without_redis_the_last_token_still_serves(config: Config, emulator: Running) -> None:
    gone = connect(config)
    client = Client(pointed_at(config, emulator.url), gone)
    client.get_ip_list()
    gone.connection_pool.disconnect()
    gone.connection_pool = redis.ConnectionPool.from_url(
        f"{config.redis_url}.gone", retry=Retry(NoBackoff(), 0)
    )
    client.get_ip_list()
    fresh = Client(pointed_at(config, emulator.url), gone)
    with pytest.raises(NotSent):
        fresh.get_ip_list()
    client.close()
    fresh.close()


def test_a_wrong_secret_is_for_the_operator(config: Config, emulator: Running, db: redis.Redis) -> None:
    client = Client(pointed_at(config, emulator.url, app_secret=SecretStr("f" * 32)), db)
    with pytest.raises(PlatformError) as refused:
        client.get_ip_list()
    assert (refused.value.code, refused.value.reaction) == (40125, Reaction.OPERATOR)
    with pytest.raises(NotSent):  # not asked again for two seconds
        client.get_ip_list()
    assert len(emulator.calls(TOKEN_CALL)) == 1
    client.close()


def test_what_never_left_is_not_sent(config: Config, db: redis.Redis) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = Client(pointed_at(config, f"http://127.0.0.1:{port}"), db)
    db.set(f"{client.prefix}:token", "t", ex=7200)
    with pytest.raises(NotSent):
        client.send_text("o", "x")
    client.close()


@pytest.mark.parametrize(
    "fault", [{"reset_after": True}, {"reset_before": True}, {"timeout": 3.0}, {"http": 504}]
)
def test_what_may_have_been_done_is_unknown(
    config: Config, emulator: Running, db: redis.Redis, fault: dict[str, Any]
) -> None:
    client = Client(pointed_at(config, emulator.url, read_timeout=2.0), db)
    client.get_ip_list()
    phone = emulator.phone(following=True)
    open_window(phone)
    emulator.fault(SEND, times=1, **fault)
    with pytest.raises(OutcomeUnknown):
        client.send_text(phone.openid, "x")
    assert emulator.world.wire.counts[SEND] == 1
    client.close()


def test_reads_are_repeated_after_a_gateway_error_and_posts_are_not(
    client: Client, emulator: Running
) -> None:
    client.get_ip_list()
    emulator.fault("/cgi-bin/getcallbackip", http=502, times=2)
    assert client.get_ip_list()["ip_list"] is not None
    emulator.fault(SEND, http=503, times=1)
    with pytest.raises(PlatformError) as refused:
        client.send_text("o", "x")
    assert (refused.value.code, refused.value.reaction) == (503, Reaction.RETRY_LATER)
    assert len(emulator.calls(SEND)) == 1


@pytest.mark.parametrize(
    ("code", "reaction"),
    [
        (-1, Reaction.RETRY_LATER),
        (45009, Reaction.QUOTA),
        (45015, Reaction.NEXT_CHANNEL),
        (45047, Reaction.NEXT_CHANNEL),
        (43004, Reaction.NEXT_CHANNEL),
        (43101, Reaction.NEXT_CHANNEL),
        (40003, Reaction.NEXT_CHANNEL),
        (47003, Reaction.NEVER),
        (40164, Reaction.OPERATOR),
        (99999, Reaction.NEVER),
    ],
)
def test_errors_say_what_to_do(client: Client, emulator: Running, code: int, reaction: Reaction) -> None:
    emulator.fault(SEND, errcode=code, times=1)
    with pytest.raises(PlatformError) as refused:
        client.send_text("o", "x")
    assert (refused.value.code, refused.value.reaction) == (code, reaction)


class _NotTheApi(BaseHTTPRequestHandler):
    answers: ClassVar[bytes] = b"<html>please log in</html>"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answers)))
        self.end_headers()
        self.wfile.write(self.answers)

    def log_message(self, *_: Any) -> None:
        pass


def test_an_answer_that_is_not_the_platforms_is_unknown(config: Config, db: redis.Redis) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _NotTheApi) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        client = Client(pointed_at(config, f"http://127.0.0.1:{server.server_port}"), db)
        db.set(f"{client.prefix}:token", "t", ex=7200)
        with pytest.raises(OutcomeUnknown):
            client.send_text("o", "x")
        client.close()
        server.shutdown()
        thread.join()


_FAIL = """
from bot.client import Client
from core import log
from core.config import load
from core.redis import connect
config = load()
log.setup(config)
try:
    Client(config, connect(config)).send_text("oPLANTEDopenid", "PLANTED words")
except Exception as error:
    print(type(error).__name__)
"""


def test_B11_a_failure_logs_neither_words_nor_secrets(config: Config, emulator: Running) -> None:
    emulator.fault(SEND, errcode=45015, times=1)
    done = subprocess.run(
        [sys.executable, "-c", _FAIL],
        env=environment(pointed_at(config, emulator.url)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "PlatformError\n", done.stderr
    assert '"result": "45015"' in done.stderr
    assert "PLANTED" not in done.stderr
    assert "access_token=" not in done.stderr
    assert config.wechat.app_secret.get_secret_value() not in done.stderr
