"""E1, E2, E3, E5 and B4, B8 as people live them: through the real callback, on both databases."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.config import Config
from models.matchmaking import Card, Mark, MeetRequest, Profile, ProfileMove, RequestState, Scan
from models.messages import Notice, NoticeState
from qr.scenes import CardScene, new_token
from rules import dialogs
from tests.chat.account import Account, Phone, in_mode, opened
from tests.chat.fair import Fair, passes, pushed
from tests.chat.waiting import at_once

TEN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai."""

GONE = "这张卡片现在看不了。可以去别的墙逛逛，或者回“找对象”。"
FORM = (
    "男",
    "1990",
    "176",
    "本科",
    "电工",
    "西湖",
    "嘉兴",
    "喜欢修老自行车",
    "老周",
    "未婚",
    "85-95",
    "微信",
)


@pytest.fixture
def account(config: Config) -> Iterator[Account]:
    """An account at ten in the morning, where a wish waits for an hour and a card is asked for thrice in an hour."""
    limits = config.matchmaking.model_copy(update={"request_minutes": 60, "card_requests_per_hour": 3})
    with opened(in_mode(config.model_copy(update={"matchmaking": limits}), "plain")) as account:
        account.clock.now = TEN
        yield account


def asks(fair: Fair, asker: Phone, asked: Phone) -> str:
    """Scan a card and tap 想认识TA."""
    asker.scans(fair.code(asked))
    return asker.taps("想认识TA")


def told(phone: Phone) -> list[str]:
    """The notices due, as they are read; the last one's links can be tapped."""
    return [phone.reads(content) for content in pushed(phone.account, phone)]


def says_of(phone: Phone, word: str, fair: Fair, asker: Phone) -> str:
    """Tap an answer to a wish: yes, no or later."""
    return phone.says("…", bizmsgmenuid=f"{word}.{fair.request(asker, phone).id}")


def fills_in(phone: Phone, *, answers: tuple[str, ...] = FORM) -> str:
    """The profile form from its first question to the summary."""
    for answer in answers:
        phone.says(answer)
    phone.says("laozhou_90")
    return phone.says("同意")


def without_time(xml: str | None) -> str:
    """A reply as it is but for the second in which it was made."""
    assert xml is not None
    return re.sub("<CreateTime>.*?</CreateTime>", "", xml)


# -- E1: the code says nothing, and what cannot be seen looks the same whatever the reason


def test_E1_tokens_have_128_bits_and_no_two_are_alike() -> None:
    tokens = [new_token() for _ in range(5000)]
    assert len(set(tokens)) == len(tokens)
    assert {len(token) for token in tokens} == {22}
    for place in range(21):
        assert len({token[place] for token in tokens}) == 64, "each of 21 characters has 6 bits"


def test_E1_nothing_personal_in_the_code_or_in_the_answer(account: Account, fair: Fair, phone: Phone) -> None:
    her = fair.person("小禾", contact_kind="phone", contact="13912345678")
    phone.scans(fair.code(her))
    assert phone.xml is not None
    with fair.db() as db:
        profile = fair.profile(db, her)
        hidden = [her.openid, "13912345678", profile.draft_id, profile.district, profile.education]
    for secret in hidden:
        assert secret not in phone.xml
        assert secret not in fair.code(her)
    assert fair.code(her).removeprefix("card-") == fair.token(her)


def reissued(fair: Fair, her: Phone, him: Phone) -> None:
    fair.reissue(her)


def withdrawn(fair: Fair, her: Phone, him: Phone) -> None:
    her.says("撤下")
    her.taps("确定撤下")


def paused(fair: Fair, her: Phone, him: Phone) -> None:
    her.says("暂停")


def in_review(fair: Fair, her: Phone, him: Phone) -> None:
    her.says("修改资料卡")
    her.dialog(("同意", "看一眼"), ("提交", "收到"))


def unfollowed(fair: Fair, her: Phone, him: Phone) -> None:
    her.unfollows()


def has_blocked(fair: Fair, her: Phone, him: Phone) -> None:
    _block(fair, her, him)


def is_blocked(fair: Fair, her: Phone, him: Phone) -> None:
    _block(fair, him, her)


def _block(fair: Fair, one: Phone, other: Phone) -> None:
    with fair.db() as db:
        profile = fair.profile(db, other)
        db.add(
            Mark(
                worker_id=fair.worker(db, one).id,
                profile_id=profile.id,
                kind="blocked",
                at=fair.account.clock(),
            )
        )


def expired(fair: Fair, her: Phone, him: Phone) -> None:
    """The fair is over, and her card hangs at the next one."""
    passes(fair.account, days=3)
    next_fair = Fair(fair.account, city=fair.city)
    in_review(next_fair, her, him)
    next_fair.approve(her)


REASONS = (reissued, withdrawn, paused, in_review, unfollowed, has_blocked, is_blocked, expired)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.__name__)
@pytest.mark.parametrize("how", ["scan", "follow", "meet", "keep", "pass", "report", "card"])
def test_E1_what_cannot_be_seen_is_answered_like_a_code_that_never_was(
    fair: Fair, her: Phone, him: Phone, reason: Callable[[Fair, Phone, Phone], None], how: str
) -> None:
    token = fair.token(her)

    def answer(token: str) -> str:
        if how == "scan":
            him.scans(CardScene(token).pack())
        elif how == "follow":
            him.follows(CardScene(token).pack())
        else:
            him.says("想认识TA", bizmsgmenuid=f"{how}.{token}")
        return without_time(him.xml)

    assert GONE not in answer(token)
    reason(fair, her, him)
    told(him)
    assert answer(token) == answer(new_token())
    assert him.heard.startswith(GONE)


# -- E2: what a scan leads to


def test_E2_not_registered_then_registered_and_the_scan_goes_on(fair: Fair, her: Phone, phone: Phone) -> None:
    assert "小禾" in phone.follows(fair.code(her))
    assert "先让别人认识你" in phone.taps("想认识TA")
    phone.taps("现在做")
    assert "看一眼" in fills_in(phone)
    assert "心意带给小禾" in phone.taps("提交")
    assert told(her) == []
    fair.approve(phone)
    assert "已经问过小禾了" in told(phone)[0]
    assert told(her)[0].startswith("有人想认识你：\n老周 · 男 · 90年")
    assert "laozhou_90" in her.taps("愿意见见")
    assert "xiaohe_wx" in told(phone)[0]


def test_E2_the_wish_that_led_to_a_profile_outlives_a_refusal_of_it(
    fair: Fair, her: Phone, phone: Phone
) -> None:
    phone.scans(fair.code(her))
    phone.taps("想认识TA")
    phone.taps("现在做")
    fills_in(phone)
    phone.says("提交")
    fair.refuse(phone, "一句话里有单位")
    assert "一句话里有单位" in told(phone)[0]
    phone.taps("修改资料卡")
    phone.dialog(("同意", "看一眼"), ("改8 喜欢爬山", "改好了"), ("提交", "收到"))
    fair.approve(phone)
    assert len(told(her)) == 1


def test_E2_the_card_is_gone_when_the_profile_is_listed(fair: Fair, her: Phone, phone: Phone) -> None:
    phone.scans(fair.code(her))
    phone.taps("想认识TA")
    phone.taps("现在做")
    fills_in(phone)
    phone.says("提交")
    her.says("暂停")
    fair.approve(phone)
    heard = told(phone)
    assert "通过了" in heard[0]
    assert "小禾" not in heard[0]
    assert heard[1].startswith("小禾这次没有回音")
    assert told(her) == []


def test_E2_ones_own_card(fair: Fair, her: Phone) -> None:
    assert her.scans(fair.code(her)).startswith("这是你自己的卡片（3号墙 A-01）")
    assert "自己的卡片" in her.says("想认识TA", bizmsgmenuid=f"meet.{fair.token(her)}")
    fair.account.bot.looks.write_down()
    with fair.db() as db:
        assert db.scalar(select(func.count()).select_from(Scan)) == 0


def test_E2_the_same_pair_twice(fair: Fair, her: Phone, him: Phone) -> None:
    assert "已经问小禾了" in asks(fair, him, her)
    for _ in range(2):
        fair.account.clock.move(minutes=1)
        assert "已经替你问过小禾了" in asks(fair, him, her)
    assert len(told(her)) == 1
    assert "TA的微信号：ayue_1990" in her.taps("愿意见见")
    assert "小禾愿意认识你" in told(him)[0]
    again = asks(fair, him, her)
    assert again.startswith("小禾愿意认识你。\nTA的微信号：xiaohe_wx")
    assert told(her) == []


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"sex": "f"}, {}),
        ({"birth_year": 1979}, {"wants_born_from": 1980}),
        ({"birth_year": 1996}, {"wants_born_to": 1995}),
        ({"wants_born_from": 1992}, {"birth_year": 1991}),
        ({"wants_born_to": 1990}, {"birth_year": 1991}),
    ],
)
def test_E2_who_is_not_looked_for_does_not_ask(
    fair: Fair, mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    her, him = fair.person("小禾", **theirs), fair.man("阿岳", **mine)
    assert "小禾" in him.scans(fair.code(her)), "looking is free"
    assert "你们想找的不太一样" in him.taps("想认识TA")
    assert "小禾" not in him.says("找对象")
    assert told(her) == []


@pytest.mark.parametrize("year", ["2008", "2009", "2010", "16岁"])
def test_E2_a_minor_gets_no_profile(account: Account, phone: Phone, year: str) -> None:
    phone.dialog(
        ("现在做", "性别"),
        ("男", "哪一年"),
        (year, "可以办资料卡" if year == "2008" else "满 18 岁才能办资料卡"),
    )
    phone.dialog(("提交", ""), ("取消", "先不填了"), ("我的资料卡", "你还没有资料卡"))
    with Session(account.engine) as db:
        assert db.scalar(select(func.count()).select_from(Profile)) == 0


def test_E2_nobody_is_looked_for_below_eighteen(account: Account, phone: Phone) -> None:
    phone.says("现在做")
    for answer in FORM[:10]:
        phone.says(answer)
    assert "只介绍满 18 岁的朋友" in phone.says("2005-2012")


def test_E2_who_is_not_single_gets_no_profile(account: Account, phone: Phone) -> None:
    phone.says("现在做")
    for answer in FORM[:9]:
        phone.says(answer)
    assert "只帮单身的朋友牵线" in phone.says("已婚")
    phone.says("提交")
    phone.dialog(("取消", "先不填了"), ("我的资料卡", "你还没有资料卡"))


def test_E2_a_wall_for_those_who_are_there(account: Account) -> None:
    fair = Fair(account, onsite_only=True)
    her, him, her_friend = fair.person("小禾"), fair.man("阿岳"), fair.person("木木")
    token, away = fair.token(her), "这面墙只给到场的朋友看"
    assert away in him.scans(fair.code(her))
    for tap in ("meet", "keep", "pass", "report", "card"):
        assert away in him.says("…", bizmsgmenuid=f"{tap}.{token}"), tap
    assert "小禾" not in him.says("找对象")
    assert "小禾" not in him.says("我的收藏")
    assert told(her) == []
    assert "自己的卡片" in her.scans(fair.code(her))
    fair.check_in(him)
    assert "小禾" in him.says("找对象")
    assert "小禾" in him.scans(fair.code(her))
    assert "已经问小禾了" in him.taps("想认识TA")
    assert away in her_friend.scans(fair.code(her))


# -- E3: contact after both agree, and a no that nobody sees


def test_E3_no_contact_before_a_yes_and_both_after_it(fair: Fair, her: Phone, him: Phone) -> None:
    heard = [asks(fair, him, her), *told(her), him.says("我的消息"), her.says("我的消息")]
    heard += [him.scans(fair.code(her)), him.taps("收藏"), him.says("我的收藏"), her.scans(fair.code(him))]
    assert not [text for text in heard if "xiaohe_wx" in text or "ayue_1990" in text]
    assert "ayue_1990" in says_of(her, "yes", fair, him)
    (yes,) = told(him)
    assert "xiaohe_wx" in yes


def test_E3_who_chose_to_share_nothing_shares_nothing(fair: Fair, him: Phone) -> None:
    her = fair.person("小禾", contact_kind="none", contact=None)
    asks(fair, him, her)
    assert "ayue_1990" in says_of(her, "yes", fair, him)
    assert "TA选择先见面再换联系方式。" in told(him)[0]


def test_E3_later_changes_nothing(fair: Fair, her: Phone, him: Phone) -> None:
    asks(fair, him, her)
    told(her)
    assert "不急" in her.taps("晚点再说")
    assert told(him) == []
    assert "ayue_1990" in says_of(her, "yes", fair, him)
    assert "你说过愿意" in says_of(her, "later", fair, him)
    assert "你说过愿意" in says_of(her, "no", fair, him)


@pytest.mark.parametrize("minute", [59, 60, 61])
def test_E3_a_wish_ends_after_its_time_and_not_before(
    fair: Fair, her: Phone, him: Phone, minute: int
) -> None:
    asks(fair, him, her)
    told(her)
    passes(fair.account, minutes=minute)
    heard = told(him)
    if minute < 60:
        assert heard == []
        assert "ayue_1990" in says_of(her, "yes", fair, him)
    else:
        assert [text.partition("。")[0] for text in heard] == ["小禾这次没有回音"]
        for word in ("yes", "no", "later"):
            assert "已经过了时间" in says_of(her, word, fair, him)
        assert told(him) == []


def test_E3_a_yes_between_the_end_and_the_worker_is_too_late(fair: Fair, her: Phone, him: Phone) -> None:
    asks(fair, him, her)
    fair.account.clock.move(minutes=60)
    assert "已经过了时间" in says_of(her, "yes", fair, him)
    passes(fair.account, seconds=20)
    assert len(told(him)) == 1


def test_E3_a_no_is_seen_nowhere_and_never(account: Account, fair: Fair) -> None:
    """Two pairs live the same two months; one is declined, one never answered. The askers hear the same, word for
    word, at the same moments: in chat, in notices, in limits, in 我的消息, in asking again."""
    other = Fair(account)
    pairs = [
        (here.man("阿岳"), here.person("小禾"), [here.person(f"女{n}") for n in range(5)])
        for here in (fair, other)
    ]
    lives: list[list[str]] = [[], []]

    def both(act: Callable[[Fair, Phone, Phone, list[Phone]], object]) -> None:
        for life, here, (him, her, others) in zip(lives, (fair, other), pairs, strict=True):
            life.append(repr(act(here, him, her, others)))

    both(lambda here, him, her, _: asks(here, him, her))
    for here, (_, her, _) in zip((fair, other), pairs, strict=True):
        assert len(told(her)) == 1
        if here is fair:
            assert "婉拒" in her.links[1].label
            her.taps("婉拒")
    for _ in range(13):
        both(lambda here, him, her, _: told(him))
        both(lambda here, him, her, _: asks(here, him, her))
        both(lambda here, him, her, _: him.says("我的消息"))
        both(lambda here, him, her, _: him.says("我的收藏"))
        both(lambda here, him, her, others: [asks(here, him, one) for one in others])  # 5 open are the limit
        both(lambda here, him, her, _: him.says("找对象"))
        passes(account, minutes=5)
    for _ in range(40):
        passes(account, days=1)
        both(lambda here, him, her, _: told(him))
        both(lambda here, him, her, _: asks(here, him, her))
        both(lambda here, him, her, _: him.says("我的消息"))
    assert lives[0] == lives[1]
    text = "".join(lives[0])
    for sentence in ("在等回音", "小禾这次没有回音", "前阵子问过小禾", "你已经有 5 个"):
        assert sentence in text
    assert text.count("已经问小禾了") == 2, "a month later one may ask again"


def test_E3_a_no_that_is_taken_back_is_a_yes(fair: Fair, her: Phone, him: Phone) -> None:
    asks(fair, him, her)
    told(her)
    her.taps("婉拒")
    assert "这位你婉拒过了" in says_of(her, "yes", fair, him)
    assert "ayue_1990" in asks(fair, her, him)
    assert ["小禾愿意认识你。" in text for text in told(him)] == [True]
    passes(fair.account, days=2)
    assert told(him) == []


def test_E3_two_who_ask_each_other_have_both_agreed(fair: Fair, her: Phone, him: Phone) -> None:
    fair.check_in(her, him)
    asks(fair, him, her)
    assert "1号桌" in asks(fair, her, him)
    assert fair.request(him, her).state == RequestState.ACCEPTED
    assert len(fair.meetings()) == 1
    passes(fair.account, days=2)
    assert not [text for text in told(him) + told(her) if "没有回音" in text]


def test_E3_two_who_ask_each_other_at_the_same_moment_both_get_the_contact(fair: Fair) -> None:
    pairs = [(fair.person(f"她{n}", contact=f"her_wx_{n}"), fair.man(f"他{n}")) for n in range(4)]
    for her, him in pairs:
        her.scans(fair.code(him))
        him.scans(fair.code(her))
        at_once(partial(her.says, "想认识TA"), partial(him.says, "想认识TA"))
        # on PostgreSQL neither may see the other's wish, and both are asked
        at_once(partial(her.says, "愿意"), partial(him.says, "愿意"))
        with fair.db() as db:
            ids = [fair.worker(db, phone).id for phone in (her, him)]
            wishes = db.scalars(select(MeetRequest.state).where(MeetRequest.asker_id.in_(ids))).all()
        assert wishes.count(RequestState.ACCEPTED) == 1
        assert set(wishes) <= {RequestState.ACCEPTED, RequestState.EXPIRED}
        assert "her_wx_" in him.says("想认识TA")
        assert "的微信号" in her.says("想认识TA")


def test_E3_a_yes_to_somebody_who_said_yes_first_gives_the_contact(
    fair: Fair, her: Phone, him: Phone
) -> None:
    asks(fair, him, her)
    first = fair.request(him, her)
    with fair.db() as db:  # as two who asked in the same moment leave it
        back = MeetRequest(
            asker_id=first.asked_id,
            asked_id=first.asker_id,
            card_id=db.scalars(select(Card.id).where(Card.token == fair.token(him))).one(),
            state=RequestState.OPEN,
            asked_at=first.asked_at,
            expires_at=first.expires_at,
        )
        db.add(back)
    assert "xiaohe_wx" in him.says("…", bizmsgmenuid=f"yes.{back.id}")
    assert "ayue_1990" in her.says("…", bizmsgmenuid=f"yes.{first.id}")
    assert fair.request(him, her).state == RequestState.EXPIRED
    assert fair.request(her, him).state == RequestState.ACCEPTED


def test_E3_somebody_else_answers_for_nobody(fair: Fair, her: Phone, him: Phone) -> None:
    asks(fair, him, her)
    stranger, unknown = fair.person("木木"), fair.account.phone()
    request = fair.request(him, her)
    for word in ("yes", "no", "later"):
        for who in (stranger, unknown, him):
            mine = who.says("…", bizmsgmenuid=f"{word}.{request.id}")
            assert mine == who.says("…", bizmsgmenuid=f"{word}.{request.id + 1000}")
            assert mine.startswith("这条已经过了时间")
        for number in ("0", "-1", "x", "9" * 17, "9" * 40, "١", str(2**63)):
            assert "已经过了时间" in her.says("…", bizmsgmenuid=f"{word}.{number}"), number
    assert fair.request(him, her).state == RequestState.OPEN
    assert told(him) == []


# -- what is told to whom


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.__name__)
def test_E5_who_cannot_be_met_any_more_is_not_announced(
    fair: Fair, her: Phone, him: Phone, reason: Callable[[Fair, Phone, Phone], None]
) -> None:
    """The asker left, blocked or was blocked after asking: the notice has no words, and a yes leads nowhere."""
    asks(fair, him, her)
    reason(fair, him, her)  # what befell the owner of a card above befalls the one who asked
    with Session(fair.account.engine) as db:
        asked = db.scalars(select(Notice).where(Notice.kind == "meet_asked")).all()
    heard = told(her)
    if reason is reissued:
        assert len(heard) == 1, "new paper changes nothing between two people"
        return
    assert not [text for text in heard if "有人想认识你" in text]
    with Session(fair.account.engine) as db:
        assert [db.get_one(Notice, notice.id).state for notice in asked] == [NoticeState.VOID]
    assert "已经过了时间" in says_of(her, "yes", fair, him)
    assert "这里还没有消息" in her.says("我的消息")


def test_E5_a_block_after_a_yes_frees_the_table_and_shows_the_contact_no_more(
    fair: Fair, her: Phone, him: Phone
) -> None:
    fair.check_in(her, him)
    asks(fair, him, her)
    told(her)
    assert "ayue_1990" in her.taps("愿意见见")
    assert "xiaohe_wx" in told(him)[-1]
    number = fair.request(him, her).id
    assert "互相看不到" in her.says("拉黑", bizmsgmenuid=f"block.{number}")
    heard = told(him)
    assert ["对方这次来不了" in text for text in heard] == [True]
    assert told(her) == []
    for phone in (her, him):
        for tap in (f"yes.{number}", f"meet.{fair.token(him if phone is her else her)}"):
            heard = [phone.says("…", bizmsgmenuid=tap)]
            assert not {"ayue_1990", "xiaohe_wx"} & set(re.findall(r"\w+", heard[0]))
    stranger = fair.man("路人")
    assert "互相看不到" not in stranger.says("拉黑", bizmsgmenuid=f"block.{number}"), "somebody else's wish"


@pytest.mark.parametrize("reason", [paused, withdrawn], ids=lambda reason: reason.__name__)
def test_E5_who_does_not_want_to_be_asked_is_not_asked(
    fair: Fair, her: Phone, him: Phone, reason: Callable[[Fair, Phone, Phone], None]
) -> None:
    asks(fair, him, her)
    reason(fair, her, him)
    assert told(her) == []
    passes(fair.account, minutes=60)
    assert "没有回音" in told(him)[0]


def test_E3_a_yes_of_somebody_without_a_card_gives_no_contact(fair: Fair, her: Phone, him: Phone) -> None:
    asks(fair, him, her)
    told(her)
    withdrawn(fair, her, him)
    assert "ayue_1990" not in says_of(her, "yes", fair, him)
    assert told(him) == []


def test_E3_withdrawing_takes_the_contact_out_of_what_was_told(fair: Fair, her: Phone, him: Phone) -> None:
    asks(fair, him, her)
    says_of(her, "yes", fair, him)
    assert "xiaohe_wx" in told(him)[0]
    withdrawn(fair, her, him)
    assert "xiaohe_wx" not in him.says("我的消息")
    assert "xiaohe_wx" not in asks_again(him)
    with fair.db() as db:
        assert fair.profile(db, her).contact is None


def asks_again(phone: Phone) -> str:
    """想认识TA in words, whoever was scanned last."""
    return phone.says("想认识TA")


def test_E6_nobody_reads_what_another_was_told_or_keeps(fair: Fair, her: Phone, him: Phone) -> None:
    asks(fair, him, her)
    him.scans(fair.code(her))
    him.taps("收藏")
    told(her)
    says_of(her, "yes", fair, him)
    told(him)
    stranger = fair.person("木木")
    with Session(fair.account.engine) as db:
        ids = db.scalars(select(Notice.id)).all()
    gone = stranger.says("看", bizmsgmenuid="message.999999")
    for number in ids:
        assert stranger.says("看", bizmsgmenuid=f"message.{number}") == gone
    assert "这里还没有消息" in stranger.says("我的消息")
    assert "后面没有了" in stranger.says("更早的")
    assert "还没有收藏" in stranger.says("我的收藏")
    assert "还没有收藏" in her.says("我的收藏")
    assert "小禾" in him.says("我的收藏")


def test_E6_a_notice_cannot_be_read_before_it_is_told(fair: Fair, her: Phone, him: Phone) -> None:
    fair.check_in(her, him)
    asks(fair, him, her)
    says_of(her, "yes", fair, him)
    with Session(fair.account.engine) as db:
        soon = db.scalars(select(Notice.id).where(Notice.kind == "meeting_over")).all()
    for number in soon:
        assert "这条消息已经过期了" in her.says("看", bizmsgmenuid=f"message.{number}")


def test_messages_go_past_those_that_are_not_true_any_more(fair: Fair, her: Phone) -> None:
    first = fair.man("第一位")
    asks(fair, first, her)
    says_of(her, "yes", fair, first)
    asked = asks(fair, her, other := fair.man("另一位"))
    assert "已经问另一位了" in asked
    says_of(other, "yes", fair, her)
    told(her)
    for number in range(30):
        passes(fair.account, minutes=61)
        asks(fair, fair.man(f"男{number}"), her)
        told(her)
    passes(fair.account, minutes=61)
    assert "1. 11月23日 另一位愿意认识你" in her.says("我的消息")


# -- E5: limits


def test_E5_so_many_may_be_open_and_a_no_does_not_make_room(fair: Fair, him: Phone) -> None:
    others = [fair.person(f"女{n}") for n in range(6)]
    for one in others[:5]:
        assert "已经问" in asks(fair, him, one)
    full = asks(fair, him, others[5])
    assert "你已经有 5 个在等回音了" in full
    for one in others[:5]:
        told(one)
        one.taps("婉拒")
        assert asks(fair, him, others[5]) == full, "or the asker would learn of the no"
    passes(fair.account, minutes=60)
    assert len(told(him)) == 5
    assert "已经问女5了" in asks(fair, him, others[5])


def test_E5_a_yes_makes_room(fair: Fair, him: Phone) -> None:
    others = [fair.person(f"女{n}") for n in range(6)]
    for one in others[:5]:
        asks(fair, him, one)
    says_of(others[0], "yes", fair, him)
    assert "已经问女5了" in asks(fair, him, others[5])


def test_E5_so_many_a_day(fair: Fair, him: Phone) -> None:
    others = [fair.person(f"女{n}") for n in range(12)]
    for number, one in enumerate(others[:10]):
        if number % 5 == 0:
            passes(fair.account, minutes=61)
        assert "已经问" in asks(fair, him, one)
    passes(fair.account, minutes=61)
    assert "今天约了 10 位了" in asks(fair, him, others[10])
    told(him)
    local_midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    fair.account.clock.now = local_midnight - timedelta(seconds=10)
    assert "今天约了 10 位了" in asks(fair, him, others[10])
    fair.account.clock.now = local_midnight + timedelta(seconds=1)
    assert "已经问女10了" in asks(fair, him, others[10])


def test_E5_so_many_for_a_card_in_an_hour_who_all_ask_at_once(fair: Fair, her: Phone) -> None:
    men = [fair.man(f"男{n}") for n in range(8)]
    for one in men:
        one.scans(fair.code(her))
    heard = at_once(*(partial(one.taps, "想认识TA") for one in men))
    assert sorted("已经问小禾了" in one for one in heard) == [False] * 5 + [True] * 3, heard


def test_E5_so_many_for_a_card_in_an_hour(fair: Fair, her: Phone) -> None:
    men = [fair.man(f"男{n}") for n in range(4)]
    for him in men[:3]:
        assert "已经问小禾了" in asks(fair, him, her)
        fair.account.clock.move(minutes=10)
    assert "这会儿约小禾的人有点多" in asks(fair, men[3], her)
    fair.account.clock.move(minutes=31)
    assert "已经问小禾了" in asks(fair, men[3], her)


def test_E5_a_pause_works_at_once_and_a_pause_of_ones_own_asks_nobody(
    fair: Fair, her: Phone, him: Phone
) -> None:
    him.scans(fair.code(her))
    her.says("暂停接受")
    assert him.taps("想认识TA").startswith(GONE)
    her.taps("恢复接受")
    him.says("暂停")
    assert "正收着" in asks(fair, him, her)
    assert told(her) == []


# -- a table and a time


def overlapping(fairs: list[Fair], minutes: int = 8) -> list[str]:
    """Whoever, or whichever table, is booked twice at one time."""
    taken: dict[object, list[datetime]] = {}
    for fair in fairs:
        for meeting, people in fair.meetings():
            assert len(people) == 2
            for what in (*people, (fair.event_id, "table", meeting.table_number)):
                taken.setdefault(what, []).append(meeting.starts_at)
    clashes = []
    for what, times in taken.items():
        times.sort()
        clashes += [f"{what}" for a, b in itertools.pairwise(times) if b - a < timedelta(minutes=minutes)]
    return clashes


def test_E4_who_agreed_before_sits_down_when_the_second_has_come(fair: Fair, her: Phone, him: Phone) -> None:
    away = fair.man("阿远")
    for one in (him, away):
        asks(fair, one, her)
        says_of(her, "yes", fair, one)
        told(one)
    her.says("拉黑", bizmsgmenuid=f"block.{fair.request(away, her).id}")
    fair.check_in(her, away)
    assert fair.meetings() == [], "somebody is alone, or blocked"
    fair.check_in(him)
    ((meeting, people),) = fair.meetings()
    assert len(people) == 2
    for one, other in ((her, "阿岳"), (him, "小禾")):
        (said,) = told(one)
        assert said.startswith(f"你和{other}都到了。")
        assert f"{meeting.table_number}号桌" in said
    fair.check_in(him, her)
    assert len(fair.meetings()) == 1
    assert told(her) == told(him) == []


def test_E4_two_who_agreed_and_come_at_the_same_moment_sit_down_once(fair: Fair) -> None:
    pairs = [(fair.person(f"她{n}"), fair.man(f"他{n}")) for n in range(4)]
    for number, (her, him) in enumerate(pairs):
        asks(fair, him, her)
        says_of(her, "yes", fair, him)
        wire, door = fair.account.wire, {"Event": "SCAN", "EventKey": fair.door, "Ticket": "t"}
        scans = [wire.fields(phone.openid, "event", **door) for phone in (her, him)]
        assert all(
            "签到好了" in (xml or "") for xml in at_once(*(partial(wire.deliver, one) for one in scans))
        )
        assert len(fair.meetings()) == number + 1
        assert ["都到了" in said for said in told(her)] == [True]


@pytest.mark.slow
def test_E4_forty_say_yes_at_once_and_no_table_or_person_is_booked_twice(account: Account) -> None:
    fair = Fair(account, tables=3)
    men = [fair.man(f"男{n}") for n in range(8)]
    women = [fair.person(f"女{n}") for n in range(40)]
    fair.check_in(*men, *women)
    for number, her in enumerate(women):
        assert "已经问" in asks(fair, men[number % 8], her)
    heard = at_once(
        *(partial(says_of, her, "yes", fair, men[number % 8]) for number, her in enumerate(women))
    )
    passes(account, seconds=1)
    meetings = fair.meetings()
    states = [fair.request(men[number % 8], her).state for number, her in enumerate(women)]
    assert states == [RequestState.ACCEPTED] * 40
    assert len(meetings) == 40, "three tables for four hours have room for all"
    assert overlapping([fair]) == []
    told_here = [text for text in heard if "号桌，聊8分钟" in text]
    assert len(told_here) == 40, heard
    starts = sorted(meeting.starts_at for meeting, _ in meetings)
    assert starts[0] >= account.clock() + timedelta(minutes=5) - timedelta(minutes=1)
    assert len(set(starts)) <= 15, "no time is left out while tables are free"
    for number, him in enumerate(men):
        places = [text for text in told(him) if "愿意见见你" in text]
        assert len(places) == 5, number
        assert len({re.search(r"\d\d:\d\d", text)[0] for text in places}) == 5  # type: ignore[index]


def test_E4_somebody_at_two_fairs_is_booked_at_one_time_once(account: Account) -> None:
    one = Fair(account, tables=2)
    two = Fair(account, tables=2, opened=1.05)  # another grid
    him = one.man("阿岳")
    here, there = [one.person(f"甲{n}") for n in range(3)], [two.person(f"乙{n}") for n in range(3)]
    one.check_in(him, *here)
    for her in here[:2]:
        asks(one, him, her)
        assert "号桌，聊8分钟" in says_of(her, "yes", one, him)
    account.clock.move(seconds=30)
    two.check_in(him, *there)  # now he is there
    for her in there:
        asks(two, him, her)
        assert "号桌，聊8分钟" in says_of(her, "yes", two, him)
    assert (len(one.meetings()), len(two.meetings())) == (2, 3)
    assert overlapping([one, two]) == []
    told(him)
    assert "号桌" not in asks(one, him, here[2])
    assert "号桌" not in says_of(here[2], "yes", one, him), "he is elsewhere; both have the contact"


def test_E4_nobody_sits_down_after_closing_time(account: Account) -> None:
    fair = Fair(account, tables=1, hours=0.5)  # from :05 there is room at 10:10 and at 10:20
    her = fair.person("小禾")
    men = [fair.man(f"男{n}") for n in range(3)]
    fair.check_in(her, *men)
    heard = []
    for him in men:
        asks(fair, him, her)
        heard.append(says_of(her, "yes", fair, him))
    assert [re.search(r"\d\d:\d\d", text) is not None for text in heard] == [True, True, False]
    assert "wx_of" in heard[2], "the contact is there all the same"
    ends = [meeting.starts_at + timedelta(minutes=8) for meeting, _ in fair.meetings()]
    assert max(ends) <= TEN + timedelta(minutes=30)
    for him in men:
        told(him)
    passes(account, hours=1)
    assert not [text for text in told(men[2]) if "号桌" in text]


@pytest.mark.parametrize("who", ["neither", "asker", "asked"])
def test_E4_a_table_only_when_both_are_there(fair: Fair, her: Phone, him: Phone, who: str) -> None:
    fair.check_in(*{"neither": [], "asker": [him], "asked": [her]}[who])
    asks(fair, him, her)
    assert "号桌" not in says_of(her, "yes", fair, him)
    assert fair.meetings() == []


def test_E4_the_door_is_open_only_while_the_fair_is(account: Account, phone: Phone) -> None:
    fair = Fair(account, opened=-3, hours=6)
    assert "现在用不了" in phone.scans(fair.door)
    passes(account, hours=1, seconds=1)
    assert "签到好了" in phone.scans(fair.door)
    assert "已经签过到" in phone.scans(fair.door)
    passes(account, hours=5)
    assert "现在用不了" in phone.scans(fair.door)


# -- B4 and B8


def test_B4_one_reminder_whoever_looks_and_however_often(account: Account, phone: Phone) -> None:
    phone.dialog(("现在做", "性别"), ("男", "哪一年"))
    account.clock.move(minutes=24)

    def look() -> int:
        with Session(account.engine) as db:
            count = dialogs.remind_due(db, account.clock())
            db.commit()
            return count

    assert look() == 0
    account.clock.move(minutes=2)
    assert sum(at_once(*[look] * 4)) == 1
    assert look() == 0
    assert [text.partition("\n")[0] for text in told(phone)] == ["“资料卡”填到一半，我帮你留着。"]
    assert "哪一年出生" in phone.taps("接着填")
    phone.says("1990")
    passes(account, minutes=26)
    passes(account, days=1)
    assert told(phone) == [], "one reminder for one form"
    phone.dialog(("你好", "还留着"), ("不填了", "先不填了"), ("现在做", "性别"))
    passes(account, minutes=26)
    assert len(told(phone)) == 1, "and one for the next"


@pytest.mark.parametrize("end", ["取消", "人工", "提交"])
def test_B4_no_reminder_of_what_is_over(account: Account, phone: Phone, end: str) -> None:
    phone.says("现在做")
    if end == "提交":
        fills_in(phone)
    account.clock.move(minutes=26)
    with Session(account.engine) as db:
        assert dialogs.remind_due(db, account.clock()) == 1
        db.commit()
    phone.says(end)
    assert told(phone) == []


def test_B8_two_devices_hand_in_one_profile(account: Account, fair: Fair, phone: Phone) -> None:
    phone.says("现在做")
    fills_in(phone)
    devices = [Phone(account, phone.openid) for _ in range(6)]
    for device in devices:
        device.reads(phone.content)
    heard = at_once(*(partial(device.taps, "提交") for device in devices))
    first = [text for text in heard if text.startswith("收到")]
    later = [text for text in heard if "已经交上来了，不用再交。资料编号" in text]
    assert (len(first), len(later)) == (1, 5)
    with Session(account.engine) as db:
        assert db.scalar(select(func.count()).select_from(Profile)) == 1
        assert db.scalar(select(func.count()).select_from(ProfileMove)) == 1
        number = db.scalars(select(Profile.id)).one()
    assert f"资料编号 {number}。" in phone.says("提交")


def test_B8_one_wish_of_two_devices(account: Account, fair: Fair, her: Phone, him: Phone) -> None:
    him.scans(fair.code(her))
    devices = [Phone(account, him.openid) for _ in range(6)]
    for device in devices:
        device.reads(him.content)
    heard = at_once(*(partial(device.taps, "想认识TA") for device in devices))
    assert all("小禾" in text for text in heard)
    assert len(told(her)) == 1
    with Session(account.engine) as db:
        assert db.scalar(select(func.count()).select_from(MeetRequest)) == 1


def test_E4_whoever_withdraws_frees_the_table_and_the_other_is_told(
    fair: Fair, her: Phone, him: Phone
) -> None:
    fair.check_in(her, him)
    asks(fair, him, her)
    assert "号桌，聊8分钟" in says_of(her, "yes", fair, him)
    told(him)
    her.says("撤下")
    her.taps("确定撤下")
    assert fair.meetings() == []
    (heard,) = told(him)
    assert "那次见面取消了" in heard
    passes(fair.account, hours=1)
    assert told(him) == told(her) == [], "no bell for a meeting that is off"
