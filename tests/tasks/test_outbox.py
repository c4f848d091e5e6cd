"""Requirement A6: each rung of the ladder, each answer of the platform, each way to die."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core.clock import utcnow
from models.messages import Notice, NoticeAttempt
from models.people import Worker
from rules.persons import erasing
from tasks import channels, outbox
from tasks.outbox import BACK_OFF, LEASE, deliver_due
from tests.tasks.office import Office
from tests.wechat import heard

SEND = "/cgi-bin/message/custom/send"
TEMPLATE = "/cgi-bin/message/template/send"
NOTICE = "/cgi-bin/message/subscribe/bizsend"


def test_A6_an_open_window_takes_a_customer_service_text(office: Office) -> None:
    phone = office.person()
    notice = office.tell(phone, "对方同意见面了")
    assert office.deliver() == 1
    assert heard(phone) == ["对方同意见面了"]
    assert office.stand(notice) == ("sent", "customer", 0)
    assert office.tries(notice) == [("customer", 0)]
    assert office.deliver() == 0


def test_A6_a_closed_window_leads_to_a_template_message(office: Office) -> None:
    phone = office.person(window=False)
    notice = office.tell(phone, "今天下午三点，在三号桌和小禾见面，记得提前五分钟到\n第二行", "meeting")
    office.deliver()
    assert office.stand(notice) == ("sent", "template", 0)
    assert office.tries(notice) == [("customer", 45015), ("template", 0)]
    assert phone.heard[-1].kind == "template"
    assert [row["value"] for row in phone.heard[-1].public()["fields"]] == [
        "今天下午三点，在三号桌和小禾见面，记得…",
        "2026年11月23日 10:00",
    ]


def test_A6_a_consent_leads_to_a_subscription_notice_and_is_counted_down(office: Office) -> None:
    phone = office.person(window=False)
    office.consent(phone, 1)
    first, second = office.tell(phone, "结果出来了", "result"), office.tell(phone, "第二个结果", "result")
    office.deliver()
    assert office.stand(first) == ("sent", "subscription", 0)
    assert office.credit(phone) == 0
    office.deliver()
    assert office.stand(second) == ("kept", "inbox", 45015)
    assert office.tries(second) == [("customer", 45015)]


def test_A6_what_no_channel_takes_is_kept(office: Office) -> None:
    phone = office.person(window=False)
    plain, unfit, unknown = (
        office.tell(phone, "没有模板"),
        office.tell(phone, "模板要金额", "amount"),
        office.tell(phone, "模板没了", "gone"),
    )
    while office.deliver():
        pass
    assert [office.stand(one) for one in (plain, unfit, unknown)] == [("kept", "inbox", 45015)] * 3
    assert office.platform.calls(TEMPLATE) == []


def test_A6_who_left_is_told_nothing(office: Office) -> None:
    phone = office.person(following=False)
    notice = office.tell(phone, "你还在吗", "meeting")
    office.deliver()
    assert office.stand(notice) == ("kept", "inbox", None)
    assert office.tries(notice) == []
    assert office.platform.calls() == [
        call
        for call in office.platform.calls()
        if "template/get" in call["path"] or "newtmpl" in call["path"] or "token" in call["path"]
    ]


def test_what_went_into_the_chat_is_noted_and_nothing_else(office: Office) -> None:
    """So that the labels of its taps can be typed (bot/offers.py)."""
    told: list[tuple[str, str]] = []
    box = replace(office.outbox, told=lambda openid, text: told.append((openid, text)))
    here, away = office.person(), office.person(window=False)
    office.tell(here, "对方同意见面了")
    office.tell(away, "一", "meeting")
    assert deliver_due(box, utcnow()) == 2
    assert told == [(here.openid, "对方同意见面了")]


def test_what_is_no_longer_true_is_not_said(office: Office) -> None:
    notice = office.tell(office.person(), None)
    office.deliver()
    assert office.stand(notice) == ("void", None, None)
    assert office.tries(notice) == []


@pytest.mark.parametrize("code", [45015, 45047, 40003, 43004, 45009, 48002, 47003, 99999])
def test_A6_a_no_leads_to_the_next_channel(office: Office, code: int) -> None:
    phone = office.person()
    office.platform.fault(SEND, errcode=code, times=1)
    notice = office.tell(phone, "见面", "meeting")
    office.deliver()
    assert office.tries(notice) == [("customer", code), ("template", 0)]
    assert office.stand(notice) == ("sent", "template", 0)


@pytest.mark.parametrize("code", [43004, 40003, 40037, 45009, 47003])
def test_A6_a_no_on_the_last_channel_keeps_it(office: Office, code: int) -> None:
    phone = office.person(window=False)
    office.platform.fault(TEMPLATE, errcode=code, times=1)
    notice = office.tell(phone, "见面", "meeting")
    office.deliver()
    assert office.stand(notice) == ("kept", "inbox", code)


@pytest.mark.parametrize(("told", "kept"), [(731, 731), (None, None), ("731", None), (1 << 64, None)])
def test_A6_the_number_of_a_subscription_notice_is_kept_if_there_is_one(
    office: Office, monkeypatch: pytest.MonkeyPatch, told: Any, kept: int | None
) -> None:
    phone = office.person(window=False)
    office.consent(phone, 1)
    notice = office.tell(phone, "一", "result")
    post = office.client.post

    def answer(url: str, **more: Any) -> dict[str, Any]:
        said = post(url, **more)
        return {**said, "msgid": told} if url.endswith(NOTICE) and told is not None else said

    monkeypatch.setattr(office.client, "post", answer)
    office.deliver()
    assert office.stand(notice) == ("sent", "subscription", 0)
    with Session(office.engine) as db:
        tried = db.scalars(select(NoticeAttempt).where(NoticeAttempt.notice_id == notice))
        assert [one.message_id for one in tried if one.channel == "subscription"] == [kept]


def test_A6_a_refused_consent_is_forgotten_and_an_unused_one_given_back(office: Office) -> None:
    phone = office.person(window=False)
    office.consent(phone, 3)
    office.platform.fault(NOTICE, errcode=45009, times=1)
    first = office.tell(phone, "一", "result")
    office.deliver()
    assert office.stand(first) == ("kept", "inbox", 45009)
    assert office.credit(phone) == 3
    office.platform.fault(NOTICE, errcode=43101, times=1)
    second = office.tell(phone, "二", "result")
    office.deliver()
    assert office.stand(second) == ("kept", "inbox", 43101)
    assert office.credit(phone) == 0


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"http": 503}, {"errcode": 45011}, {"errcode": 40164}])
def test_A6_a_busy_platform_is_tried_again_later(office: Office, fault: dict[str, Any]) -> None:
    phone = office.person()
    office.platform.fault(SEND, times=2, **fault)
    notice = office.tell(phone, "再试")
    office.deliver()
    assert office.notice(notice).state == "pending"
    assert office.deliver() == 0  # not yet
    office.deliver(after=BACK_OFF[0].total_seconds() + 20)
    assert office.notice(notice).state == "pending"
    office.deliver(after=BACK_OFF[1].total_seconds() + 20)
    code = fault.get("errcode", fault.get("http"))
    assert office.tries(notice) == [("customer", code), ("customer", code), ("customer", 0)]
    assert heard(phone) == ["再试"]


def test_A6_it_gives_up_after_some_tries_and_keeps_it(office: Office) -> None:
    phone = office.person()
    office.platform.fault(SEND, errcode=-1)
    notice = office.tell(phone, "总是忙")
    for wait in (0.0, *(pause.total_seconds() + 1 for pause in BACK_OFF)):
        assert office.notice(notice).state == "pending"
        office.deliver(after=wait)
    assert office.stand(notice) == ("kept", "inbox", -1)
    assert len(office.tries(notice)) == len(BACK_OFF) + 1


def test_A6_an_unreachable_platform_is_tried_again(office: Office) -> None:
    phone = office.person()
    office.client.get_ip_list()
    notice = office.tell(phone, "等会儿")
    bases = office.client._bases
    office.client._bases = tuple((fixed, "http://127.0.0.1:9") for fixed, _ in bases)
    office.deliver()
    assert office.stand(notice) == ("pending", None, -100)
    office.client._bases = bases
    office.deliver(after=18)
    assert office.stand(notice) == ("sent", "customer", 0)


@pytest.mark.parametrize(
    "fault",
    [{"reset_after": True}, {"reset_before": True}, pytest.param({"timeout": 4.0}, marks=pytest.mark.slow)],
)
def test_A6_a_text_with_a_lost_answer_is_never_sent_again(office: Office, fault: dict[str, Any]) -> None:
    phone = office.person()
    office.client.get_ip_list()
    office.platform.fault(SEND, times=1, **fault)
    notice = office.tell(phone, "到底到没到")
    office.deliver()
    assert office.stand(notice) == ("unknown", "customer", None)
    office.deliver(after=7 * 86400)
    assert office.platform.world.wire.counts[SEND] == 1
    assert heard(phone) in ([], ["到底到没到"])


def test_A6_a_template_message_with_a_lost_answer_is_repeated_as_the_same_message(office: Office) -> None:
    phone = office.person(window=False)
    office.platform.fault(TEMPLATE, reset_after=True, times=2)
    notice = office.tell(phone, "见面", "meeting")
    office.deliver()
    assert office.notice(notice).state == "pending"
    office.deliver(after=18)
    office.deliver(after=40)
    assert office.stand(notice) == ("sent", "template", 0)
    assert office.platform.world.wire.counts[TEMPLATE] == 3
    assert office.platform.world.wire.counts[SEND] == 1  # the first rung is not tried again
    assert len(phone.heard) == 1


def test_A6_a_template_message_is_not_repeated_when_the_platform_may_have_forgotten_it(
    office: Office,
) -> None:
    phone = office.person(window=False)
    office.platform.fault(TEMPLATE, reset_after=True, times=1)
    notice = office.tell(phone, "见面", "meeting")
    office.deliver()
    office.deliver(after=3600)
    assert office.stand(notice) == ("unknown", "template", None)
    assert len(phone.heard) == 1


def test_A6_a_subscription_notice_with_a_lost_answer_is_not_sent_again(office: Office) -> None:
    phone = office.person(window=False)
    office.consent(phone, 2)
    office.platform.fault(NOTICE, reset_after=True, times=1)
    notice = office.tell(phone, "结果", "result")
    office.deliver()
    assert office.stand(notice) == ("unknown", "subscription", None)
    assert office.credit(phone) == 1


def test_A11_a_long_notice_comes_in_pages(office: Office) -> None:
    phone = office.person()
    lines = [f"第{n}行：" + "春眠不觉晓" * 8 for n in range(40)]
    notice = office.tell(phone, "\n".join(lines))
    office.deliver()
    assert office.stand(notice) == ("sent", "customer", 0)
    assert len(heard(phone)) > 1
    assert "\n".join(heard(phone)).split("\n") == lines


def test_A11_when_only_the_first_pages_went_out_the_whole_is_kept(office: Office) -> None:
    phone = office.person()
    bucket = phone.person.windows["message"]  # type: ignore[index]
    bucket[1] = 1
    notice = office.tell(phone, "\n".join("春眠不觉晓" * 8 for _ in range(40)))
    office.deliver()
    assert office.stand(notice) == ("kept", "inbox", 45047)
    assert len(heard(phone)) == 1


def test_notices_of_one_person_arrive_in_order(office: Office) -> None:
    phone, other = office.person(), office.person()
    office.platform.fault(SEND, errcode=-1, times=1)
    for number in range(4):
        office.tell(phone, str(number))
    office.tell(other, "别人不用等")
    office.deliver()
    assert (heard(phone), heard(other)) == ([], ["别人不用等"])
    office.deliver(after=18)
    while office.deliver():
        pass
    assert heard(phone) == ["0", "1", "2", "3"]


def test_a_notice_for_later_holds_nobody_up(office: Office) -> None:
    phone = office.person()
    office.tell(phone, "五分钟后", due_at=office.now + timedelta(minutes=5))
    office.tell(phone, "现在")
    office.deliver()
    assert heard(phone) == ["现在"]
    office.deliver(after=301)
    assert heard(phone) == ["现在", "五分钟后"]


def test_a_bug_in_the_words_stops_nobody_else_and_ends(office: Office) -> None:
    phone, other = office.person(), office.person()
    with Session(office.engine) as db:
        notice = Notice(
            worker_id=office.worker_id(phone), kind="plain", facts={}, made_at=office.now, due_at=office.now
        )
        db.add(notice)
        db.commit()
        broken = notice.id
    office.tell(other, "没事")
    office.deliver()
    assert heard(other) == ["没事"]
    assert office.notice(broken).state == "pending"
    for pause in BACK_OFF:
        office.deliver(after=pause.total_seconds() + 20)
    assert office.stand(broken) == ("kept", "inbox", None)


def test_a_notice_that_cannot_be_opened_stops_nobody_else_and_ends(office: Office) -> None:
    """Sealed with a key that is gone, or damaged: also when its sender died."""
    phone, other = office.person(), office.person()
    spoiled, lapsed = office.tell(phone, "打不开"), office.tell(office.person(), "也打不开")
    good = office.tell(other, "后面的照样送到")
    with Session(office.engine) as db:
        db.execute(text("UPDATE notice SET facts = :none WHERE id <> :id"), {"none": bytes(40), "id": good})
        db.execute(
            update(Notice)
            .where(Notice.id == lapsed)
            .values(state="sending", attempts=1, lease_until=office.now - LEASE)
        )
        db.commit()
    office.deliver()
    assert heard(other) == ["后面的照样送到"]
    for pause in BACK_OFF:
        office.deliver(after=pause.total_seconds() + 20)
    with Session(office.engine) as db:
        states = db.execute(select(Notice.id, Notice.state).order_by(Notice.id)).all()
    assert [tuple(row) for row in states] == [(spoiled, "kept"), (lapsed, "unknown"), (good, "sent")]


def test_A6_a_text_whose_sender_died_is_never_sent_again(office: Office) -> None:
    """The row is left as a killed worker leaves it; test_worker.py kills a real one."""
    phone = office.person()
    notice = office.tell(phone, "只说一次")

    def die(*_: Any) -> None:
        raise SystemExit

    office.client.send_text, kept = die, office.client.send_text  # type: ignore[method-assign,assignment]
    with pytest.raises(SystemExit):
        office.deliver()
    office.client.send_text = kept  # type: ignore[method-assign]
    assert office.notice(notice).state == "sending"
    assert office.deliver(after=LEASE.total_seconds() - 5) == 0
    assert office.deliver(after=10) == 1
    assert office.stand(notice) == ("unknown", "customer", None)
    office.deliver(after=3600)
    assert heard(phone) == []


def test_A6_a_result_that_comes_after_the_lease_still_counts(office: Office) -> None:
    phone = office.person()
    notice = office.tell(phone, "慢")
    send = office.client.send_text

    def slow(openid: str, words: str) -> None:
        send(openid, words)
        with Session(office.engine) as db:  # meanwhile, another worker thought we were dead
            db.execute(text("UPDATE notice SET lease_until = NULL, state = 'unknown'"))
            db.commit()

    office.client.send_text = slow  # type: ignore[method-assign,assignment]
    office.deliver()
    assert office.stand(notice) == ("sent", "customer", 0)


@pytest.mark.slow
def test_A6_many_senders_never_send_twice(office: Office) -> None:
    phones = [office.person() for _ in range(12)]
    for number in range(4):
        for phone in phones:
            office.tell(phone, str(number))

    def send() -> None:
        while True:
            with Session(office.engine) as db:
                if not db.scalar(select(Notice.id).where(Notice.state.in_(("pending", "sending"))).limit(1)):
                    return
            deliver_due(office.outbox, office.now)

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert [heard(phone) for phone in phones] == [["0", "1", "2", "3"]] * 12
    with Session(office.engine) as db:
        assert set(db.scalars(select(Notice.state))) == {"sent"}
        assert db.scalar(text("SELECT count(*) FROM notice_attempt")) == 48


def test_nothing_is_sent_to_whom_was_erased_while_their_notice_was_under_way(office: Office) -> None:
    """The first try was about to be made; neither a second channel nor another try follows it."""
    phone = office.person(window=False)
    office.consent(phone, 1)
    first, second = office.tell(phone, "结果出来了", "result"), office.tell(phone, "还有一件", "result")
    worker = office.worker_id(phone)
    template = office.outbox.templates.find(office.outbox.template_ids["result"])
    _, one = outbox._claim(office.outbox, first, template, True, office.now)
    assert one is not None
    with Session(office.engine) as db:
        assert erasing.erase(db, db.get_one(Worker, worker), config=office.config, now=office.now)
        db.commit()
    closed = channels.Outcome(channels.Verdict.CLOSED, 45015)
    assert outbox._record(office.engine, one, closed, office.now) is None
    assert office.deliver() == 0
    assert office.deliver(after=300) == 0
    assert heard(phone) == []
    with Session(office.engine) as db:
        assert db.scalars(select(Notice).where(Notice.id.in_((first, second)))).all() == []
