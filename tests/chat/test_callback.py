"""The way in: what the platform's contract asks of GET and POST /wechat, and what hostile senders get."""

from __future__ import annotations

import base64
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat import Chat
from bot.replies import MORE, TEXT_LIMIT, Say, Tap, pages, render
from core.config import Config
from core.metrics import callbacks
from core.redis import connect
from emulator.crypto import Envelope, sign
from emulator.xml import document, parse, text_of
from tests.chat.account import Account, Phone, in_mode, opened
from tests.chat.wire import call

MODES = ("plain", "compatible", "secure")
in_all_modes = pytest.mark.parametrize("mode", MODES)
OLD_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

# The platform's own example (wechat: 消息推送, 消息加解密说明).
TOKEN, APP_ID, AES_KEY = "AAAAA", "wxba5fad812f8e6fb9", "A" * 43
SEALED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnn"
    "R8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km"
    "32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)


def refusals(account: Account) -> list[dict[str, Any]]:
    return [line for line in account.lines() if line["event"] == "callback refused"]


def echo(chat: Chat) -> tuple[Say, ...]:
    """A handler that says what it heard."""
    return (Say(chat.message.text),)


def counted(reason: str) -> float:
    value: float = callbacks.labels(reason)._value.get()
    return value


# -- verification ------------------------------------------------------------------------------------------


@in_all_modes
def test_the_address_is_verified_by_the_echo(account: Account) -> None:
    query = account.wire.query(echostr="4375120948345356249")
    answer = call(account.app, "GET", urlencode(query))
    assert (answer.status, answer.body) == (200, b"4375120948345356249")
    assert answer.content_type == "text/plain; charset=utf-8", "an echo is never HTML"


@pytest.mark.parametrize("signature", ["", "0" * 40, "é" * 40, "F464B24FC39322E44B38AA78F5EDD27BD1441696"])
def test_a_wrong_signature_is_not_echoed(account: Account, signature: str) -> None:
    answer = call(account.app, "GET", urlencode(account.wire.query(echostr="x", signature=signature)))
    assert (answer.status, answer.body) == (403, b"")


def test_other_methods_are_refused(account: Account) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert call(account.app, method, urlencode(account.wire.query())).status == 405


# -- the platform's own examples ---------------------------------------------------------------------------


@pytest.fixture
def official(config: Config) -> Config:
    wechat = config.wechat.model_copy(
        update={
            "app_id": APP_ID,
            "token": type(config.wechat.token)(TOKEN),
            "encoding_aes_key": type(config.wechat.token)(AES_KEY),
            "original_id": "gh_97417a04a28d",
        }
    )
    return config.model_copy(update={"wechat": wechat})


def at(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def test_official_vector_of_the_verification(official: Config) -> None:
    with opened(official) as account:
        account.clock.now = at(1714036504)
        query = (
            "signature=f464b24fc39322e44b38aa78f5edd27bd1441696&timestamp=1714036504&nonce=1514711492"
            "&echostr=4375120948345356249"
        )
        assert call(account.app, "GET", query).body == b"4375120948345356249"


def test_official_vector_of_a_plain_push(official: Config) -> None:
    with opened(in_mode(official, "plain")) as account:
        account.clock.now = at(1714037059)
        body = document(account.wire.fields("o9AgO5Kd5ggOC-bXrbNODIiE3bGY", "text", Content="你好"))
        query = "signature=899cf89e464efb63f54ddac96b0a0a235f53aa78&timestamp=1714037059&nonce=486452656"
        assert call(account.app, "POST", query, body).status == 200
        assert call(account.app, "POST", query.replace("899c", "899d"), body).status == 403


def test_official_vector_of_a_secure_push(official: Config) -> None:
    """The example's body is JSON, as mini programs get it: signature and decryption pass, the parser refuses."""
    with opened(official) as account:
        account.clock.now = at(1714112445)
        query = (
            "signature=6c5c811b55cc85e0e1b54100749188c20beb3f5d&timestamp=1714112445&nonce=415670741"
            "&openid=o9AgO5Kd5ggOC-bXrbNODIiE3bGY&encrypt_type=aes"
            "&msg_signature=046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
        )
        body = document([("ToUserName", "gh_97417a04a28d"), ("Encrypt", SEALED)])
        assert call(account.app, "POST", query, body).status == 400
        assert refusals(account)[-1]["reason"] == "unreadable: ExpatError"
        assert call(account.app, "POST", query.replace("046e", "046f"), body).status == 403
        crypto = account.bot.envelope._cryptos[0]
        plain = crypto.prp_crypto.decrypt(SEALED, APP_ID)
        assert len(plain) == 167
        assert b"o9AgO5Kd5ggOC-bXrbNODIiE3bGY" in plain


def test_official_vector_of_an_encrypted_reply(official: Config) -> None:
    sealed = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    message = b'{"demo_resp":"good luck"}'
    assert Envelope(AES_KEY, APP_ID).encrypt(message, b"707722b803182950") == sealed
    signature = "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    assert sign(TOKEN, "1713424427", "415670741", sealed) == signature
    with opened(official) as account:
        crypto = account.bot.envelope._cryptos[0]
        assert crypto.decrypt_message("1713424427", "415670741", signature, sealed) == message
        root = parse(crypto.encrypt_message("<xml/>", timestamp="1713424427", nonce="415670741").encode())
        assert Envelope(AES_KEY, APP_ID).decrypt(text_of(root, "Encrypt")) == b"<xml/>"
        assert [child.tag for child in root] == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]


# -- modes and keys ----------------------------------------------------------------------------------------


@in_all_modes
def test_each_mode_hears_and_answers(phone: Phone) -> None:
    phone.dialog(("你好", "娘家"), ("«找对象»", "想看看谁"), ("帮助", "我的消息"))


def test_the_answer_is_encrypted_with_the_key_that_opened_the_message(config: Config) -> None:
    secret = type(config.wechat.token)
    rotating = in_mode(config, "secure", previous_encoding_aes_key=secret(OLD_KEY))
    with opened(rotating) as account:
        phone = account.phone()
        for key in (OLD_KEY, config.wechat.encoding_aes_key.get_secret_value(), OLD_KEY):
            fields = account.wire.fields(phone.openid, "text", Content="你好")
            phone.hears(account.wire.deliver(fields, key=key))
            assert "娘家" in phone.heard


def test_a_key_that_is_gone_opens_nothing(config: Config) -> None:
    with opened(in_mode(config, "secure")) as account:
        message = document(account.wire.fields("o1", "text", Content="你好"))
        answer = account.wire.send(*account.wire.packed(message, key=OLD_KEY))
        assert (answer.status, answer.body) == (400, b"")


@pytest.mark.parametrize("mode", ["secure"])
def test_secure_mode_refuses_plaintext(account: Account, phone: Phone) -> None:
    body = document(account.wire.fields(phone.openid, "text", Content="你好"))
    for query in (
        account.wire.query(),
        account.wire.query() | {"msg_signature": "x", "encrypt_type": "aes"},
        account.wire.query("sealed"),
    ):
        assert call(account.app, "POST", urlencode(query), body).status == 403
    assert {line["reason"] for line in refusals(account)} == {"plaintext refused"}


@pytest.mark.parametrize("mode", ["compatible"])
def test_compatible_mode_takes_plaintext_too_but_only_signed(account: Account, phone: Phone) -> None:
    body = document(account.wire.fields(phone.openid, "text", Content="你好"))
    query = account.wire.query()
    del query["signature"]
    assert call(account.app, "POST", urlencode(query), body).status == 403
    assert call(account.app, "POST", urlencode(query | {"msg_signature": "anything"}), body).status == 403
    answer = call(account.app, "POST", urlencode(account.wire.query()), body)
    assert "娘家" in text_of(parse(answer.body), "Content")


@in_all_modes
def test_another_accounts_message_is_refused(account: Account) -> None:
    if account.wire.mode == "plain":
        return
    seal = Envelope(AES_KEY.replace("A", "B"), "wxanother000000000").encrypt(b"<xml></xml>")
    body = document([("Encrypt", seal)])
    assert account.wire.send(urlencode(account.wire.query(seal)), body).status == 400
    ours = account.config.wechat.encoding_aes_key.get_secret_value()
    seal = Envelope(ours, "wxanother000000000").encrypt(
        document(account.wire.fields("o1", "text", Content="你好"))
    )
    assert account.wire.send(urlencode(account.wire.query(seal)), document([("Encrypt", seal)])).status == 400


@pytest.mark.parametrize("mode", ["compatible", "secure"])
@pytest.mark.parametrize(
    "seal",
    [
        "!",
        "AAAA",
        base64.b64encode(b"x" * 15).decode(),
        base64.b64encode(b"x" * 16).decode(),
        base64.b64encode(b"x" * 64).decode(),
        "汉字",
        " ",
    ],
)
def test_a_broken_envelope_is_a_400(account: Account, seal: str) -> None:
    body = document([("Encrypt", seal)])
    stripped = seal.strip()
    answer = account.wire.send(urlencode(account.wire.query(stripped or "-")), body)
    assert answer.status == (400 if stripped else 403)


# -- refusals ----------------------------------------------------------------------------------------------


@in_all_modes
def test_a_wrong_signature_is_a_403_and_no_handler_runs(account: Account, phone: Phone) -> None:
    ran: list[Chat] = []

    def converse(chat: Chat) -> tuple[Say, ...]:
        ran.append(chat)
        return (Say("x"),)

    account.bot.converse = converse
    before = counted("bad signature") + counted("bad msg_signature")
    query, body = account.wire.packed(document(account.wire.fields(phone.openid, "text", Content="你好")))
    for broken in (
        re.sub("signature=.", "signature=x", query),
        re.sub("nonce=", "nonce=1", query),
        re.sub(r"timestamp=(\d+)", lambda found: f"timestamp={int(found[1]) - 1}", query),
        "",
    ):
        answer = account.wire.send(broken, body)
        assert (answer.status, answer.body) == (403, b"")
    assert not ran
    assert counted("bad signature") + counted("bad msg_signature") == before + 4
    lines = account.lines()
    assert len(lines) == 4, "one line each"
    assert all(line["level"] == "warning" and "exception" not in line for line in lines)


class Slow:
    """A body that never comes."""

    def read(self, most: int) -> bytes:
        raise AssertionError("waited for a body that nobody signed")


@in_all_modes
def test_a_body_is_read_only_when_the_query_string_is_signed(account: Account) -> None:
    """Or whoever sends a few of them slowly keeps all threads busy."""
    good = account.wire.query("sealed")
    late = str(int(account.clock().timestamp()) - 1000)
    for query in (
        {},
        good | {"signature": "x"},
        {name: value for name, value in good.items() if name != "signature"},
        account.wire.query("sealed", timestamp=late),
    ):
        answer = call(
            account.app, "POST", urlencode(query), environ={"wsgi.input": Slow(), "CONTENT_LENGTH": "9"}
        )
        assert answer.status == 403


@in_all_modes
@pytest.mark.parametrize(
    ("late", "status"), [(-301, 403), (-299, 200), (0, 200), (299, 200), (301, 403), (10**9, 403)]
)
def test_a_stale_or_future_timestamp_is_a_403(account: Account, phone: Phone, late: int, status: int) -> None:
    message = document(account.wire.fields(phone.openid, "text", Content="你好"))
    timestamp = str(int((account.clock() + timedelta(seconds=late)).timestamp()))
    assert account.wire.send(*account.wire.packed(message, timestamp=timestamp)).status == status
    if status == 403:
        assert refusals(account)[-1]["reason"] == "stale timestamp"


@pytest.mark.parametrize("timestamp", ["", "x", "-5", "1.5", "1e9", "٣٣٣٣٣٣٣٣٣٣", "9" * 40, "9" * 5000])
def test_a_timestamp_that_is_none_is_a_403(account: Account, phone: Phone, timestamp: str) -> None:
    message = document(account.wire.fields(phone.openid, "text", Content="你好"))
    assert account.wire.send(*account.wire.packed(message, timestamp=timestamp)).status == 403


def big(account: Account, size: int) -> tuple[str, bytes]:
    body = document(account.wire.fields("o1", "text", Content="x"))
    body = body.replace(b"</xml>", b" " * (size - len(body)) + b"</xml>")
    assert len(body) == size
    return urlencode(account.wire.query()), body


def test_a_body_over_64_kib_is_a_413(account: Account) -> None:
    assert account.wire.send(*big(account, 65536)).status == 200
    assert account.wire.send(*big(account, 65537)).status == 413
    query, body = big(account, 70000)
    for length in (None, "10", "0x10", "", "-1", "70000", "99999999999999999999"):
        answer = call(account.app, "POST", query, body, environ={"CONTENT_LENGTH": length})
        assert answer.status == 413, length


class Endless(io.RawIOBase):
    """A chunked body that never ends."""

    given = 0

    def read(self, size: int = -1) -> bytes:
        assert 0 < size < 100_000, "never reads without a limit"
        self.given += size
        return b" " * size


def test_no_more_than_the_limit_is_ever_read(account: Account) -> None:
    body = Endless()
    answer = call(
        account.app,
        "POST",
        urlencode(account.wire.query()),
        environ={"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body},
    )
    assert answer.status == 413
    assert body.given == 65537


class Dribble(io.BytesIO):
    """A body that comes in small pieces, as it may over a slow line."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(7, size if size is not None and size >= 0 else 7))


def test_a_body_in_small_pieces_is_read_whole(account: Account, phone: Phone) -> None:
    query, body = account.wire.packed(document(account.wire.fields(phone.openid, "text", Content="你好")))
    answer = call(account.app, "POST", query, environ={"wsgi.input": Dribble(body), "CONTENT_LENGTH": None})
    assert "娘家" in phone.hears(account.wire.read(answer))


HEAD = "<ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1</CreateTime>"
TEXT = f"{HEAD}<MsgType>text</MsgType><MsgId>1</MsgId>"
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
MALFORMED = {
    "empty": "",
    "blank": " \n",
    "not XML": "hello",
    "JSON": '{"MsgType": "text"}',
    "cut": f"<xml>{TEXT}",
    "another root": f"<html>{TEXT}</html>",
    "two roots": f"<xml>{TEXT}</xml><xml/>",
    "nothing in it": "<xml/>",
    "only text": "<xml>text</xml>",
    "a list of one element": "<xml><item>1</item><item>2</item></xml>",
    "no MsgType": f"<xml>{HEAD}<MsgId>1</MsgId></xml>",
    "an empty MsgType": f"<xml>{HEAD}<MsgType></MsgType></xml>",
    "two MsgTypes": f"<xml>{TEXT}<MsgType>text</MsgType></xml>",
    "a nested MsgType": f"<xml>{HEAD}<MsgType><a>text</a></MsgType></xml>",
    "an event without its name": f"<xml>{HEAD}<MsgType>event</MsgType></xml>",
    "a nested Event": f"<xml>{HEAD}<MsgType>event</MsgType><Event><a>{'x' * 70}</a></Event></xml>",
    "no sender": f"<xml>{TEXT.replace('FromUserName', 'From')}</xml>",
    "two senders": f"<xml>{TEXT}<FromUserName>o2</FromUserName></xml>",
    "an empty sender": f"<xml>{TEXT.replace('>o1<', '><')}</xml>",
    "a sender that would break the reply": f"<xml>{TEXT.replace('>o1<', '>a]]&gt;&lt;b<')}</xml>",
    "a sender that would split the key": f"<xml>{TEXT.replace('>o1<', '>o1:1<')}</xml>",
    "a long sender": f"<xml>{TEXT.replace('>o1<', '>' + 'o' * 65 + '<')}</xml>",
    "no receiver": f"<xml>{TEXT.replace('ToUserName', 'To')}</xml>",
    "no CreateTime": f"<xml>{TEXT.replace('CreateTime', 'Time')}</xml>",
    "a CreateTime in words": f"<xml>{TEXT.replace('>1</CreateTime', '>now</CreateTime')}</xml>",
    "no MsgId": f"<xml>{HEAD}<MsgType>text</MsgType></xml>",
    "a MsgId in words": f"<xml>{TEXT.replace('<MsgId>1', '<MsgId>one')}</xml>",
    "a long MsgId": f"<xml>{TEXT.replace('<MsgId>1', '<MsgId>' + '1' * 33)}</xml>",
    "a nested Content": f"<xml>{TEXT}<Content><a>b</a></Content></xml>",
    "two Contents": f"<xml>{TEXT}<Content>a</Content><Content>b</Content></xml>",
    "an attribute on Content": f'<xml>{TEXT}<Content x="1">a</Content></xml>',
    "an entity bomb": f"{BOMB}<xml>{TEXT}<Content>&i;</Content></xml>",
    "an external entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    f"<xml>{TEXT}<Content>&a;</Content></xml>",
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]>'
    f"<xml>{TEXT}<Content>a</Content></xml>",
    "an undefined entity": f"<xml>{TEXT}<Content>&nbsp;</Content></xml>",
    "a character XML forbids": f"<xml>{TEXT}<Content>\x00</Content></xml>",
    "a reference to one": f"<xml>{TEXT}<Content>&#0;</Content></xml>",
    "a lone surrogate": f"<xml>{TEXT}<Content>&#xD800;</Content></xml>",
    "pictures without a list": f"<xml>{HEAD}<MsgType>event</MsgType><Event>pic_weixin</Event></xml>",
    "a deep one": f"<xml>{'<a>' * 9000}",
}


@pytest.mark.parametrize("mode", ["plain", "secure"])
@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_no_message_is_a_400_with_one_line(account: Account, what: str) -> None:
    before = counted("unreadable")
    answer = account.wire.send(*account.wire.packed(MALFORMED[what].encode()))
    assert (answer.status, answer.body) == (400, b"")
    (line,) = account.lines()
    assert line["reason"].startswith("unreadable: ")
    assert "exception" not in line
    assert "passwd" not in account.log.getvalue()
    assert counted("unreadable") == before + 1


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe<\x00x\x00m\x00l\x00",
        b"\x80\x81\x82",
        '<?xml version="1.0" encoding="gbk"?><xml><Content>你好</Content></xml>'.encode("gbk"),
        b"<xml><Content>\xed\xa0\x80</Content></xml>",
    ],
)
def test_bytes_that_are_no_utf8_are_a_400(account: Account, body: bytes) -> None:
    assert account.wire.send(*account.wire.packed(body)).status == 400


def test_a_declaration_of_another_encoding_does_no_harm(account: Account, phone: Phone) -> None:
    """The parser is told UTF-8; what the document says of itself does not count."""
    account.bot.converse = echo
    message = b'<?xml version="1.0" encoding="iso-8859-1"?>' + document(
        account.wire.fields(phone.openid, "text", Content="你好")
    )
    assert phone.hears(account.wire.read(account.wire.send(*account.wire.packed(message)))) == "你好"


def test_unknown_elements_are_ignored(account: Account, phone: Phone) -> None:
    account.bot.converse = echo
    more = {
        "type": "event",
        "raw": "x",
        "Idx": 1,
        "MsgDataId": "1",
        "source": "x",
        "Ticket": [("a", [("b", "c")])],
    }
    assert phone.sends("text", Content="一样", **more) == "一样"


def test_too_many_fields_in_the_query_are_a_400(account: Account) -> None:
    query = urlencode(account.wire.query()) + "&a=1" * 30
    assert account.wire.send(query, b"<xml/>").status == 400


# -- replies -----------------------------------------------------------------------------------------------

HOSTILE = [
    "]]>",
    "]]>]]>]]]]>><![CDATA[",
    "a]]",
    "<xml>&amp;&#0;",
    '<a href="weixin://bizmsgmenu?msgmenucontent=x&msgmenuid=y">z</a>',
    "</Content></xml>",
    "一\x00\x01\x08\x0b\x0c\x0e\x1f二",
    "\ud800\udfff",
    "\ufffe\uffff",
    "👨‍👩‍👧‍👦🇨🇳",
    "{content}{0}%s%(x)s",
    "\r\n一\r\n",
    "汉" * 1000,
    "👍" * 800,
    "]]>" * 1000,
    "<a" * 2000,
]


@in_all_modes
@pytest.mark.parametrize("words", HOSTILE)
def test_replies_are_valid_whatever_is_said(account: Account, phone: Phone, words: str) -> None:
    account.bot.converse = lambda chat: (Say(f"你说：{words}。", (Tap(f"再来{words[:5]}", id="again"),)),)
    phone.says("x")
    assert phone.heard.startswith("你说：")
    assert phone.xml is not None
    assert phone.xml.startswith("<xml>"), "nothing before it, not even a line feed"
    assert phone.xml.endswith("</xml>")


@in_all_modes
def test_what_people_type_comes_back_as_they_typed_it(account: Account, phone: Phone) -> None:
    account.bot.converse = echo
    for words in ("]]>", "a]]>b]]>", "<3", "1 < 2 & 3 > 2", "👨‍👩‍👧‍👦", "&lt;", "\u200b零宽", "“引号”'\""):
        assert phone.says(words) == words


def test_markup_that_people_type_is_no_link(account: Account, phone: Phone) -> None:
    account.bot.converse = echo
    assert phone.says('<a href="http://x.example/">点我</a>') == '＜a href="http://x.example/">点我＜/a>'


@in_all_modes
def test_nothing_to_say_is_success(account: Account, phone: Phone) -> None:
    account.bot.converse = lambda chat: ()
    answer = account.wire.send(
        *account.wire.packed(document(account.wire.fields(phone.openid, "text", Content="x")))
    )
    assert (answer.status, answer.body, answer.content_type) == (
        200,
        b"success",
        "text/plain; charset=utf-8",
    )


# -- A11: long answers -------------------------------------------------------------------------------------


@in_all_modes
def test_A11_long_answers_come_in_pages(account: Account, phone: Phone) -> None:
    lines = [f"第{number}行，" + "汉字👍" * 9 for number in range(200)]
    long = Say("\n".join(lines), (Tap("好"), Tap("不好")))

    def converse(chat: Chat) -> tuple[Say, ...]:
        return (long,) if chat.message.text == "长" else real(chat)

    real, account.bot.converse = account.bot.converse, converse
    phone.says("长")
    heard = [phone.content]
    while any(link.label == MORE for link in phone.links):
        phone.taps(MORE)
        heard.append(phone.content)
    assert len(heard) > 5
    tap = "\n" + Tap(MORE).render()
    assert "\n".join(page.removesuffix(tap) for page in heard) == render(long), "nothing lost, nothing twice"
    assert all(page.endswith(tap) for page in heard[:-1])
    assert MORE not in phone.heard
    assert account.state(phone) == {}, "pages that were read are forgotten"


texts = st.text(st.characters(codec="utf-8"), max_size=80) | st.sampled_from(
    ["汉" * 700, "👍" * 900, "\n" * 3]
)
words = st.text("可以选这一项abc<>&\"'1 ", min_size=1, max_size=30)
taps = st.builds(Tap, words, says=st.just("") | words, id=st.sampled_from(["", "meet.x", "yes.1"]))
says = st.builds(Say, st.lists(texts, max_size=12).map("".join), st.lists(taps, max_size=40).map(tuple))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(says, min_size=1, max_size=3))
def test_A11_no_page_cuts_a_character_or_a_link(said: list[Say]) -> None:
    whole, cut = render(*said), pages(*said)
    more = "\n" + Tap(MORE).render()
    assert all(len(page.encode()) <= TEXT_LIMIT for page in cut)
    assert all(page.endswith(more) for page in cut[:-1])
    plain = [page.removesuffix(more) if n < len(cut) - 1 else page for n, page in enumerate(cut)]
    assert "".join(plain).replace("\n", "") == whole.replace("\n", "")
    for page in cut:
        assert (
            page.count("<a href=")
            == page.count("</a>")
            == len(re.findall(r'<a href="[^"]*">[^<]*</a>', page))
        )


def test_A11_a_line_of_links_longer_than_a_page_is_cut_between_them() -> None:
    line = "  ".join(Tap(f"第{n}项", id=f"pick.{n}").render() for n in range(60))
    cut = pages(Say(line, is_rendered=True))
    assert len(cut) > 1
    for page in cut:
        assert len(page.encode()) <= TEXT_LIMIT
        assert page.count("<a href=") == page.count("</a>")


# -- A10 ---------------------------------------------------------------------------------------------------


@in_all_modes
def test_A10_a_signed_query_string_is_good_for_one_message(account: Account, phone: Phone) -> None:
    ran: list[str] = []

    def converse(chat: Chat) -> tuple[Say, ...]:
        ran.append(chat.message.text)
        return echo(chat)

    account.bot.converse = converse
    wire = account.wire
    message = document(wire.fields(phone.openid, "text", Content="第一"))
    query, body = wire.packed(message)
    first = wire.read(wire.send(query, body))
    other = document(wire.fields(phone.openid, "text", Content="第二"))
    if wire.mode == "plain":
        forged = other
    else:
        seal = wire.envelope().encrypt(other)
        forged = document([("Encrypt", seal)])
    answer = wire.send(query, forged)
    assert (answer.status, answer.body) == (403, b"")
    assert wire.read(wire.send(query, body)) == first, "the same message is a retry"
    assert ran == ["第一"]


def test_A10_it_is_remembered_for_as_long_as_the_timestamp_is_good(account: Account, phone: Phone) -> None:
    wire = account.wire
    ahead = str(int(account.clock().timestamp()) + 299)
    query, body = wire.packed(document(wire.fields(phone.openid, "text", Content="x")), timestamp=ahead)
    assert wire.send(query, body).status == 200
    signature = re.findall("signature=([0-9a-f]+)", query)[0]
    with connect(account.config) as redis:
        left = cast(int, redis.ttl(f"{account.config.redis.prefix}signed:{signature}"))
    assert left >= 2 * account.config.limits.timestamp_seconds - 2
