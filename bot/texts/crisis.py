"""What is said to somebody who may be in danger. Plain words, no emoji, nothing to fill in."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies import Say, Tap

CALL = Tap("请打给我", id="crisis_call")
LATER = Tap("先不用", id="crisis_later")


def care(hotlines: Sequence[str], *, is_known: bool) -> Say:
    """The answer at once. `is_known`: somebody on duty was told."""
    lines = [
        "听到你这样说，很想现在就有人陪你说说话。你不用一个人扛。",
        f"随时可以打：{'、'.join(hotlines)}。",
        "如果你正处在危险中，请打 110 或 120，或去最近的医院急诊。",
    ]
    if is_known:
        lines.append("我们值班的同事也已经知道，会尽快联系你。")
    return Say("\n".join(lines), (CALL, LATER))


ASK_PHONE = "打哪个电话找你？只有值班的同事看得到"
CALLING = Say("收到，值班的同事会尽快打给你。等的时候也可以直接拨热线，他们一直在。")
HERE = Say("好。什么时候想说话了，直接发给我，或回“人工”。热线也一直在。")


def alarm(number: int, phone: str) -> Say:
    """To whoever is on duty. Not what was said: that is told to nobody."""
    where = f"TA希望你打电话：{phone}" if phone else "请尽快在人工对话里联系TA。"
    return Say(f"【紧急】有职工（{number} 号）刚才在聊天里说的话让人很担心。\n{where}")
