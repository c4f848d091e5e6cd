"""Words that worry us, in any text at any step: an answer at once, and an urgent notice to whoever is on duty.

Found by patterns, cheap enough for every message. Better one answer of care too many than one too few, but nobody
who is only tired of work is asked whether they want to live.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.config import Crisis
from core.hanzi import fold
from models.appointments import Offer, Professional, Service
from models.people import Staff
from rules.access import Role
from rules.notices import tell

WORRYING = (
    r"不想(?:再)?活(?:了|着|下去)?",
    r"(?:活|撑|熬)不下去",
    r"(?:不|没)想(?:再)?(?:活|醒过?来)",
    r"活(?:着|下去)(?:真|也|还|都|好|太|实在)?(?:没(?:有|什么|啥|多大)?|无|有什么|有啥|还有什么)(?:意思|意义|劲|盼头|价值)",
    r"活够了|活腻了|不如死|死了算了|一死了之|生不如死",
    r"(?:想|要|打算|准备|考虑|决定)(?:过|去|着|到)?(?:要)?(?:死(?!磕|守|记|撑|党|心|机|扛|盯)|自杀|自尽|轻生|寻死|寻短见|上吊|割腕|跳楼|跳河|跳江|跳桥|投河|投江|烧炭)",
    r"(?:想|要|打算)(?:办法)?(?:结束|了结)(?:掉)?(?:自己|我|这一?生|生命|这条命|这?一切)",
    r"(?:结束|了结)(?:掉)?(?:自己的?|我的?)(?:生命|性命|命|一生)",
    r"自杀|轻生|割腕|寻短见|自残|伤害自己|遗书",
    r"(?:从|去)(?:楼|窗|桥)[^，。,.]{0,6}跳下",
    r"(?:没有?|要是没有?)我(?:大家|他们|家里|你们|孩子)?[^，。,.]{0,6}(?:更好|会好|轻松)",
    r"(?:吃|吞)(?:了|下)?(?:好多|很多|一瓶|整瓶|一把|大量)(?:的)?(?:安眠药|药)",
    r"(?:想|真想|就想)(?:就这样|一下子)?(?:消失|离开这个?世界|离开人世)",
    r"(?:杀|弄死|砍死)(?:了)?(?:他|她|他们|老板|领导|全家)",
    r"(?:活着|人生|生活)(?:太)?(?:没有?希望|绝望)|(?<!不)(?<!没)(?<!没有)绝望(?:了|透|得|到)",
)
HARMLESS = (
    r"不想(?:再)?活(?:动|跃|络)|不想(?:再)?活在(?!这个?世|这世|世上|人间)",
    r"(?:累|忙|困|热|冷|饿|气|急|烦|笑|堵|吵|疼|痛|难受|渴|馋|吓|羡慕|丑|无聊|尴尬)死",
    r"(?:预防|防止|防范|干预)(?:学生|职工|员工)?自杀|自杀(?:干预|预防|率|的?讲座|热线|式)",
    r"(?:意外|工伤|车祸|病故|去世)[^，。,.]{0,8}遗书",
    r"(?:死也|死都)(?:要|想)?(?:吃|去|买|看)",
    r"花(?:都)?(?:不想活|要死|想死)|(?:多肉|绿植|盆栽|鱼|乌龟|仙人掌)[^，。,.]{0,6}(?:死|活不下去)",
    r"想死(?:你|他|她|你们|家|妈|爸|娘|孩子|那个?味)|(?:吃|喝|玩|买|看|逛)得?[^，。,.]{0,3}想死",
    r"游戏(?:里|中)[^，。,.]{0,12}(?:死|杀|自杀)|(?:电影|小说|剧|电视剧)[^，。,.]{0,14}(?:死|杀|自杀|轻生)",
    r"(?:这|那|新|旧|公司|厂子|店|手机|电脑|项目|系统|车间|生意)[^我，。,.]{0,8}(?:活|撑|熬)不下去",
)


COUNSELLING = "心理"
"""What the name of a service says when it is offered by those who can help in a crisis."""


@lru_cache(8)
def _patterns(more: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    worrying = (*WORRYING, *(re.escape(word) for word in more if word))
    return re.compile("|".join(worrying)), re.compile("|".join(HARMLESS))


def is_worrying(text: str, more: tuple[str, ...] = ()) -> bool:
    """Whether somebody who writes this may be in danger. `more` are the words of `crisis.words`."""
    worrying, harmless = _patterns(more)
    said = re.sub(r"[\s、~…·*_\-]+", "", fold(text))
    if worrying.search(said) is None:
        return False
    return worrying.search(harmless.sub("，", said)) is not None


def alert(db: Session, worker_id: int, *, now: datetime, crisis: Crisis, phone: str = "") -> int:
    """Tell whoever is on duty at once; not what was said. How many were told. `phone`: where to be called.

    Those are the staff named in the settings, else the duty officers and everybody who can be booked for counselling.
    """
    query = select(Staff).where(Staff.worker_id.is_not(None), Staff.disabled_at.is_(None))
    if crisis.on_duty:
        query = query.where(Staff.login.in_(crisis.on_duty))
    else:
        counsellors = (
            select(Professional.staff_id)
            .join(Offer, Offer.professional_id == Professional.id)
            .join(Service, Service.id == Offer.service_id)
            .where(Professional.is_active, Service.name.contains(COUNSELLING))
        )
        query = query.where((Staff.role == Role.DUTY) | Staff.id.in_(counsellors))
    told = 0
    for staff in db.scalars(query).all():
        assert staff.worker_id is not None
        tell(db, staff.worker_id, "crisis", now=now, about=worker_id, phone=phone)
        told += 1
    return told
