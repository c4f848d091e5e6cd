"""A1, A4: one message acts once, one person's messages one after another."""

from __future__ import annotations

import threading
from functools import partial

import pytest
import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.chat import Chat
from bot.replies import Say
from core import redis_server
from core.redis import connect
from emulator.xml import document
from models.messages import Notice, Received
from rules.notices import tell
from tests.chat.account import Account, Phone
from tests.chat.waiting import at_once, until

in_all_modes = pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])


class Effect:
    """A handler that writes a notice each time it runs, and counts in what is remembered."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.runs: list[str] = []
        account.bot.converse = self

    def __call__(self, chat: Chat) -> tuple[Say, ...]:
        self.runs.append(chat.message.text)
        count = chat.state.get("count", 0) + 1
        chat.remember("count", count)
        tell(chat.db, chat.worker_id, "late_answer", now=chat.now, text=chat.message.text)
        return (Say(f"第{count}次：{chat.message.text}"),)

    def made(self) -> int:
        """How many effects are in the database."""
        with Session(self.account.engine) as db:
            return db.scalar(select(func.count()).select_from(Notice)) or 0


@pytest.fixture
def effect(account: Account) -> Effect:
    return Effect(account)


def delivery(phone: Phone, text: str, number: int) -> tuple[str, bytes]:
    """A POST of the message with this MsgId; each is signed anew, as the platform may do."""
    wire = phone.account.wire
    return wire.packed(document(wire.fields(phone.openid, "text", Content=text, MsgId=number)))


@in_all_modes
def test_A1_three_deliveries_one_after_another(account: Account, phone: Phone, effect: Effect) -> None:
    wire = account.wire
    first = wire.read(wire.send(*delivery(phone, "报名", 7)))
    for _ in range(2):
        account.clock.move(seconds=5)
        assert wire.read(wire.send(*delivery(phone, "报名", 7))) == first
    assert effect.runs == ["报名"]
    assert effect.made() == 1


@in_all_modes
def test_A1_three_deliveries_at_the_same_time(account: Account, phone: Phone, effect: Effect) -> None:
    wire = account.wire
    for number in range(10):
        posts = [delivery(phone, str(number), number) for _ in range(3)]
        heard = at_once(*(partial(wire.send, *post) for post in posts))
        assert len({wire.read(answer) for answer in heard}) == 1
    assert effect.runs == [str(number) for number in range(10)]
    assert effect.made() == 10


def test_A1_a_retry_while_the_first_is_at_work_waits_for_its_answer(
    account: Account, phone: Phone, effect: Effect
) -> None:
    started, go = threading.Event(), threading.Event()

    def slow(chat: Chat) -> tuple[Say, ...]:
        started.set()
        assert go.wait(20)
        return effect(chat)

    account.bot.converse = slow
    wire = account.wire
    answers: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: answers.append(wire.read(wire.send(*delivery(phone, "一", 1)))))
        for _ in range(3)
    ]
    threads[0].start()
    assert started.wait(20)
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 3
    assert len(set(answers)) == 1
    assert effect.runs == ["一"]


def test_A1_events_are_known_by_sender_second_event_and_key(
    account: Account, phone: Phone, effect: Effect
) -> None:
    wire = account.wire
    clicks = [
        wire.fields(phone.openid, "event", Event="CLICK", EventKey=key) for key in ("help", "find", "help")
    ]
    heard = [wire.deliver(fields) for fields in clicks]
    assert heard[0] == heard[2] != heard[1]
    assert len(effect.runs) == 2
    long = "http://x.example/?" + "a" * 400
    for key in (long + "1", long + "2", long + "1"):
        wire.deliver(wire.fields(phone.openid, "event", Event="VIEW", EventKey=key))
    assert len(effect.runs) == 4, "what differs only at the end of a long key is different"
    phone.event("CLICK", EventKey="help")
    assert len(effect.runs) == 5, "the same tap a second later is another"


def test_A1_two_people_may_use_one_number(account: Account, effect: Effect) -> None:
    for phone in (account.phone(), account.phone()):
        account.wire.send(*delivery(phone, "一", 1))
    assert len(effect.runs) == 2


def test_A1_an_answer_is_remembered_for_a_minute_at_least(
    account: Account, phone: Phone, effect: Effect
) -> None:
    phone.says("一")
    client = connect(account.config)
    until(lambda: client.keys(f"{account.config.redis.prefix}answer:*"))
    (key,) = client.keys(f"{account.config.redis.prefix}answer:*")
    assert int(client.ttl(key)) >= 60
    client.close()


def test_A1_a_redis_that_forgot_everything_repeats_no_effect(
    account: Account, phone: Phone, effect: Effect
) -> None:
    wire = account.wire
    first = wire.read(wire.send(*delivery(phone, "一", 1)))
    client = connect(account.config)
    for _ in range(2):
        client.flushall()
        account.clock.move(seconds=5)
        assert wire.read(wire.send(*delivery(phone, "一", 1))) == first, "the stored reply"
    assert effect.made() == 1
    assert account.state(phone)["count"] == 1
    client.close()


def test_A1_a_redis_that_forgets_while_a_handler_works_repeats_no_effect(
    account: Account, phone: Phone, effect: Effect
) -> None:
    """Both deliveries run then; the database lets one of them act."""
    meet = threading.Barrier(2)
    client = connect(account.config)

    def slow(chat: Chat) -> tuple[Say, ...]:
        said = effect(chat)
        if len(effect.runs) == 1:
            meet.wait(20)
        return said

    account.bot.converse = slow
    wire = account.wire
    answers: list[str | None] = []

    def deliver() -> None:
        answers.append(wire.read(wire.send(*delivery(phone, "一", 1))))

    first = threading.Thread(target=deliver)
    first.start()
    until(lambda: effect.runs)
    client.flushall()
    second = threading.Thread(target=deliver)
    second.start()
    until(lambda: len(effect.runs) == 2)
    meet.wait(20)
    first.join(20)
    second.join(20)
    assert len(set(answers)) == 1, answers
    assert effect.made() == 1
    assert account.state(phone)["count"] == 1
    client.close()


def test_A1_the_key_is_stored_with_the_effect(account: Account, phone: Phone, effect: Effect) -> None:
    xml = account.wire.read(account.wire.send(*delivery(phone, "一", 1)))
    with Session(account.engine) as db:
        (row,) = db.scalars(select(Received)).all()
        assert (row.key, row.reply, row.is_late) == (f"{phone.openid}:1", xml, False)


# -- A4 ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_A4_a_hundred_messages_at_once_count_to_a_hundred(account: Account, effect: Effect) -> None:
    phones = [account.phone() for _ in range(2)]
    wire = account.wire
    for batch in range(5):
        posts = [
            (phone, delivery(phone, f"{batch}-{n}", 1000 * batch + n)) for phone in phones for n in range(20)
        ]
        for answer in at_once(*(partial(wire.send, *post) for _, post in posts)):
            assert wire.read(answer)
    for phone in phones:
        assert account.state(phone)["count"] == 100
    assert effect.made() == 200


def test_A4_messages_of_one_person_keep_their_order_and_hold_up_nobody_else(
    account: Account, phone: Phone, effect: Effect
) -> None:
    started, go = threading.Event(), threading.Event()

    def slow(chat: Chat) -> tuple[Say, ...]:
        if chat.message.text == "0":
            started.set()
            assert go.wait(20)
        return effect(chat)

    account.bot.converse = slow
    wire = account.wire
    client = connect(account.config)
    queue = f"{account.config.redis.prefix}turn:{phone.openid}"

    def is_long(length: int) -> bool:
        return client.llen(queue) == length

    threads = []
    for number in range(5):
        thread = threading.Thread(target=wire.send, args=delivery(phone, str(number), number))
        thread.start()
        threads.append(thread)
        until(partial(is_long, number + 1))
    other = account.phone()
    assert other.says("我") == "第1次：我", "another person is answered meanwhile"
    go.set()
    for thread in threads:
        thread.join(20)
    assert effect.runs == ["我", "0", "1", "2", "3", "4"]
    client.close()


def test_A4_a_dialog_that_another_process_changed_is_read_again(
    account: Account, phone: Phone, effect: Effect
) -> None:
    """Turns prevent it; but a Redis that lost its memory lets two processes into one conversation."""
    client = connect(account.config)
    meet, wire = threading.Barrier(2), account.wire

    def slow(chat: Chat) -> tuple[Say, ...]:
        count = chat.state.get("count", 0)
        effect.runs.append(chat.message.text)
        if len(effect.runs) <= 3 and chat.message.text != "先":
            meet.wait(20)
        chat.remember("count", count + 1)
        return (Say(f"{count + 1}"),)

    account.bot.converse = slow
    phone.says("先")
    first = threading.Thread(target=wire.send, args=delivery(phone, "一", 1))
    first.start()
    until(lambda: len(effect.runs) == 2)
    client.flushall()
    second = threading.Thread(target=wire.send, args=delivery(phone, "二", 2))
    second.start()
    first.join(20)
    second.join(20)
    assert account.state(phone)["count"] == 3
    assert len(effect.runs) == 4, "one of them ran again"
    client.close()


def test_A4_a_killed_process_holds_its_persons_turn_for_a_moment_only(
    account: Account, phone: Phone, effect: Effect
) -> None:
    """What a dead process leaves in Redis: a message at the head of the queue that nobody works on."""
    client = connect(account.config)
    prefix = account.config.redis.prefix
    client.rpush(f"{prefix}turn:{phone.openid}", "dead", "also-dead")
    client.set(f"{prefix}alive:also-dead", "somebody", px=300)
    assert phone.says("一") == "第1次：一"
    assert client.exists(f"{prefix}alive:also-dead") == 0, "it was waited for while it seemed alive"
    client.close()


def test_the_embedded_redis_keeps_scripts_out_of_the_way(
    account: Account, phone: Phone, effect: Effect
) -> None:
    """A Redis that was restarted knows no scripts; they are sent again."""
    assert redis_server.binary().is_file()
    client = connect(account.config)
    for number in range(3):
        client.script_flush()
        assert phone.says(str(number)) == f"第{number + 1}次：{number}"
    client.close()
    assert isinstance(client, redis.Redis)
