"""Forms as pages: the same draft as in the chat, the same checks and words, once."""

from __future__ import annotations

import gzip
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.config import Config
from forms import FORMS
from models.appointments import Booking
from models.matchmaking import Profile
from models.messages import Handover
from models.people import Organisation
from tests.chat.fair import Fair
from tests.rules.clinic import open_clinic
from tests.web.mobile.hall import Browser, Hall, open_hall

ANSWERS = (
    # what the page asks, what is tapped or typed
    ("你的性别", "say", "男"),
    ("哪一年出生", "answer", "九零年"),
    ("身高", "answer", "1米76"),
    ("学历", "say", "本科"),
    ("做什么工作", "answer", "机械工程师"),
    ("在哪个区上班", "answer", "西湖"),
    ("老家", "answer", "我是嘉兴人"),
    ("一句话", "answer", "喜欢修老自行车"),
    ("怎么称呼", "answer", "阿岳"),
    ("婚姻状况", "say", "未婚"),
    ("哪些年出生的", "say", "都可以"),
    ("哪种联系方式", "say", "微信号"),
    ("你的微信号", "answer", "ayue_1990"),
    ("我现在单身", "say", "同意"),
)
PROFILE = "/m/forms/profile"


def answer(phone: Browser, *answers: tuple[str, str, str]) -> None:
    for words, how, said in answers:
        assert words in phone.words, phone.words
        phone.sends("/forms/profile", **{how: said})


def begun(phone: Browser) -> Browser:
    phone.opens(PROFILE)
    phone.sends("/begin")
    return phone


def with_clinic(hall: Hall) -> None:
    fair = Fair(hall.account)
    with fair.db() as db:
        phones = {name: fair.worker(db, fair.person(name)) for name in ("陈老师", "高律师")}
        open_clinic(db, db.get_one(Organisation, fair.city), now=hall.account.clock(), phones=phones)


def profiles(hall: Hall) -> list[Profile]:
    with Session(hall.account.engine, expire_on_commit=False) as db:
        return list(db.scalars(select(Profile)))


def test_a_profile_is_filled_in_and_submitted_once(hall: Hall, phone: Browser) -> None:
    Fair(hall.account)
    phone.opens("/m/")
    assert "资料卡" in phone.words
    begun(phone)
    assert "第 1 项，共 13 项" in phone.words
    answer(phone, *ANSWERS)
    assert "看一眼，对吗" in phone.words
    for shown in ("1990年", "176cm", "杭州·西湖区", "喜欢修老自行车"):
        assert shown in phone.words
    assert "ayue_1990" not in phone.page, "what the form keeps apart is masked"
    phone.sends("/forms/profile", say="改 8")
    assert 'maxlength="500" aria-labelledby="question" placeholder' in phone.page
    assert "喜欢修老自行车</textarea>" in phone.page
    phone.sends("/forms/profile", answer="喜欢修老自行车，也会做饭")
    assert "改好了。" in phone.words
    assert "也会做饭" in phone.words
    summary = phone.page
    phone.sends("/forms/profile", say="提交")
    assert "交上来了" in phone.words
    assert "工作人员一般两小时内审核" in phone.words
    done = phone.words
    phone.page = summary
    phone.sends("/forms/profile", say="提交")
    assert phone.words == done, "the same tap again shows what came of the first"
    found = profiles(hall)
    assert [(one.nickname, one.line, one.contact) for one in found] == [
        ("阿岳", "喜欢修老自行车，也会做饭", "ayue_1990")
    ]
    phone.opens(PROFILE)
    assert "开始填" in phone.words


def test_a_draft_goes_from_the_chat_to_the_page_and_back(hall: Hall, phone: Browser) -> None:
    Fair(hall.account)
    chat = hall.chat(phone)
    chat.dialog(("我的资料卡", "还没有"), ("现在做", "① 你的性别"), ("男", "②"), ("1990", "③ 身高"))
    phone.opens("/m/")
    assert "接着填“资料卡”" in phone.words
    phone.opens(PROFILE)
    assert "身高多少厘米？" in phone.words
    assert "填过的 2 项" in phone.words
    phone.sends("/forms/profile", answer="176")
    assert "学历是？" in phone.words
    chat.dialog(("帮助", "填到第 4 项"), ("本科", "⑤ 做什么工作"))
    phone.sends("/forms/profile", say="硕士")
    assert "这个是前面的选项了" in phone.words
    assert "做什么工作？" in phone.words
    answer(phone, *ANSWERS[4:])
    assert "收到，工作人员一般两小时内审核" in chat.says("提交")
    assert [one.education for one in profiles(hall)] == ["本科"]


def test_what_cannot_be_read_is_said_beside_the_question_in_the_chats_words(phone: Browser) -> None:
    begun(phone)
    phone.sends("/forms/profile", say="女")
    phone.sends("/forms/profile", answer="三千年<script>")
    assert 'role="alert"' in phone.page
    assert 'value="三千年&lt;script&gt;"' in phone.page
    assert "哪一年出生" in phone.words
    phone.sends("/forms/profile", answer=" ")
    assert "这一项还没写" in phone.words
    assert "哪一年出生" in phone.words
    phone.sends("/forms/profile", answer="上个月")
    assert "比如：1990" in phone.words
    phone.sends("/forms/profile", answer="上个月")
    assert "点“找人帮忙”" in phone.words
    assert "回“人工”" not in phone.words
    phone.sends("/forms/profile", say="返回")
    assert "你的性别？" in phone.words
    assert "保留 女" in phone.words
    phone.sends("/forms/profile", say="0")
    assert "哪一年出生" in phone.words


def test_a_secret_is_never_sent_back(phone: Browser) -> None:
    begun(phone)
    answer(phone, *ANSWERS[:11], ("哪种联系方式", "say", "手机号"))
    phone.sends("/forms/profile", answer="138 0013")
    assert "你的手机号" in phone.words
    assert "138 0013" not in phone.page.replace("138 0013 8000", "")
    phone.sends("/forms/profile", answer="13912345678")
    phone.sends("/forms/profile", say="返回")
    assert "保留 139****5678" in phone.words
    assert "13912345678" not in phone.page


def test_the_same_words_at_every_step(hall: Hall, phone: Browser) -> None:
    begun(phone)
    phone.sends("/forms/profile", say="男")
    phone.sends("/forms/profile", answer="帮助")
    assert "在这一页直接填就好" in phone.words
    phone.sends("/forms/profile", answer="预约")
    assert "哪一年出生" in phone.words, "a word of the chat opens no other door here"
    phone.sends("/forms/profile", say="人工")
    assert "已经请工作人员来帮你" in phone.words
    with Session(hall.account.engine) as db:
        assert db.scalars(select(Handover.about)).all() == ["profile"]
    phone.sends("/begin")
    assert "哪一年出生" in phone.words
    hall.account.clock.move(minutes=31)
    phone.opens(PROFILE)
    assert "上次填的还留着" in phone.words
    phone.sends("/begin")
    assert "哪一年出生" in phone.words
    phone.sends("/forms/profile", say="取消")
    assert "先不填了" in phone.words
    assert "开始填" in phone.words


def test_words_that_worry_us_are_answered_with_care_and_the_form_stays(hall: Hall, phone: Browser) -> None:
    Fair(hall.account)
    begun(phone)
    answer(phone, *ANSWERS[:7])
    phone.sends("/forms/profile", answer="活着没意思，不想活了")
    assert "12356" in phone.words
    assert "用一句话说说自己" in phone.words
    assert 'class="wrong"' not in phone.page, "nobody did anything wrong"
    phone.sends("/crisis_call/begin")
    assert "电话" in phone.words
    phone.sends("/forms/crisis_call", answer="13800138000")
    assert "交上来了" in phone.words
    with Session(hall.account.engine) as db:
        assert db.scalar(select(func.count()).where(Handover.about == "crisis")) == 1


def test_another_draft_is_not_thrown_away_unasked(hall: Hall, phone: Browser) -> None:
    with_clinic(hall)
    begun(phone)
    phone.sends("/forms/profile", say="男")
    phone.opens("/m/forms/booking")
    assert "你还有一份“资料卡”没填完" in phone.words
    phone.opens(PROFILE)
    assert "哪一年出生" in phone.words, "looking changes nothing"
    phone.opens("/m/forms/booking")
    phone.sends("/booking/begin")
    assert "想约哪一项" in phone.words


def test_a_booking_with_choices_made_for_the_moment(hall: Hall, phone: Browser) -> None:
    with_clinic(hall)
    phone.opens("/m/forms/booking")
    phone.sends("/begin")
    phone.sends("/forms/booking", say="心理咨询")
    phone.sends("/forms/booking", say="谁都可以")
    assert "自己写" in phone.words
    picks = re.findall(r'name="say" value="([^"]+)"><span class="cell-main">', phone.page)
    phone.sends("/forms/booking", say=picks[-1])
    slots = re.findall(r'name="say" value="([^"]+)"><span class="cell-main">', phone.page)
    phone.sends("/forms/booking", say=slots[0])
    assert "不想写" in phone.words
    phone.sends("/forms/booking", say="不想写")
    assert "确认一下" in phone.words
    assert "确定" not in phone.words
    for fact in ("心理咨询", "老师", "地点：", "前可以取消", f"{slots[0][:5]}–"):
        assert phone.words.count(fact) == 1, fact
    phone.sends("/forms/booking", say="提交")
    assert "约好了" in phone.words
    assert re.search(r'href="http://pages\.test/calendar/[^"]+\.ics"', phone.page)
    with Session(hall.account.engine) as db:
        assert db.scalar(select(func.count()).select_from(Booking)) == 1


def test_a_double_tap_acts_once_and_both_see_the_same(hall: Hall, phone: Browser) -> None:
    Fair(hall.account)
    begun(phone)
    answer(phone, *ANSWERS)
    fields = dict(re.findall(r'name="(nonce|tap|csrf_token)" value="([^"]+)"', phone.page))
    twins = []
    for _ in range(4):
        twin = Browser(hall, phone.phone)
        found = phone.web.get_cookie("nj_m", "pages.test", "/m")
        assert found
        twin.web.set_cookie("nj_m", found.value, domain="pages.test", path="/m")
        twins.append(twin)
    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(lambda twin: twin.post(PROFILE, say="提交", **fields_of(fields)), twins)]
    assert {one.status_code for one in answers} == {303}
    assert len({one.headers["Location"] for one in answers}) == 1
    assert len(profiles(hall)) == 1


def fields_of(found: dict[str, str]) -> dict[str, str]:
    return {"nonce": found["nonce"], "tap": found["tap"], "token": found["csrf_token"]}


def test_while_another_act_is_at_work_nothing_is_lost(config: Config) -> None:
    with open_hall(config, answer_seconds=0.3) as hall:
        phone, bot = begun(hall.browser()), hall.account.bot
        turn = bot.turns.claim(phone.phone.openid, "somebody-at-work")
        assert bot.turns.ask(turn) == ""
        answer = phone.sends("/forms/profile", say="男")
        assert (answer.status_code, "你填的都还在" in answer.text) == (503, True)
        bot.turns.leave(turn, "")
        phone.opens(PROFILE)
        phone.sends("/forms/profile", say="男")
        assert "哪一年出生" in phone.words


@pytest.mark.parametrize("name", sorted(set(FORMS) - {"erase"}))  # that one has pages of its own
def test_every_form_opens_and_begins(hall: Hall, phone: Browser, name: str) -> None:
    assert phone.opens(f"/m/forms/{name}").status_code == 200
    assert phone.sends("/begin").status_code == 200


def test_what_is_sent_without_a_login_or_token_is_not_taken(hall: Hall, phone: Browser) -> None:
    begun(phone)
    for path in (PROFILE, f"{PROFILE}/begin"):
        assert phone.post(path, token="made-up", say="男").status_code == 400
    assert "你的性别" in phone.opens(PROFILE).text
    hall.account.clock.move(hours=3)
    answer = phone.post(PROFILE, say="男")
    assert (answer.status_code, "离开得久了些" in answer.text) == (403, True)
    assert "Location" not in answer.headers, "form-action forbids a way to another host"
    assert phone.opens("/m/forms/nothing").status_code == 404


def test_the_first_page_is_light(hall: Hall, phone: Browser) -> None:
    phone.opens("/m/")
    size = len(gzip.compress(phone.page.encode()))
    for path in re.findall(r'(?:href|src)="(/m/assets/[^"]+)"', phone.page):
        answer = phone.get(path)
        assert "immutable" in answer.headers["Cache-Control"]
        size += len(gzip.compress(answer.data))
    assert size < 100_000
    assert size < 12_000, "ours has always been far lighter"


def test_nothing_inline_and_nothing_from_elsewhere(hall: Hall, phone: Browser) -> None:
    begun(phone)
    for path in ("/m/", PROFILE, "/m/forms/booking", "/m/forms/nothing"):
        answer = phone.opens(path)
        assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son\w+=|javascript:", answer.text), path
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text), path
        assert answer.headers["Cache-Control"] == "no-store"
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
