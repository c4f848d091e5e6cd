"""What the form engine says in any form. The questions themselves stand with their fields in forms/."""

from __future__ import annotations

CONFIRM_HEAD = "看一眼，对吗？"
HOW_TO_CHANGE = "要改哪项，回“改”加数字。"
CHANGED = "改好了。"
UNCHANGED = "好，没改。"
FROM_THE_START = "好，从头来。"
ALREADY_FIRST = "这已经是第一项了。"
GO_ON = "接着来："
NOT_YET = "答完才能提交，接着来："
STALE_TAP = "这个是前面的选项了，先看眼前这一项："
ORPHAN_TAP = "这个选项已经过去了。想办什么，直接告诉我就好。"
WHICH_ONE = "你说的是哪一个？"
OFFER_A_PERSON = "填不好也没关系，回“人工”，我们帮你填。"
OFFER_HELP = "填不好也没关系，点“找人帮忙”，我们帮你填。"
"""The same on a page."""
NOT_UNDERSTOOD_SUMMARY = "没太明白。没问题就回“提交”；要改哪项，回“改”加数字。"
EXAMPLE = "比如"
FILL_IN_HERE = "在这一页直接填就好。想办别的，回到聊天里说一声。"
ON_A_PAGE = "在网页里填"
GONE = "上次填的放太久，已经清掉了。还想办的话，重新开始就好。"

RESUME = "接着填"
SUBMIT = "提交"
KEEP = "保留"
PERSON = "人工"


def number_of(position: int) -> str:
    """① for 1 and so on; "21." where Unicode has no circle left."""
    return chr(0x245F + position) if position <= 20 else f"{position}."


def before(shown: str) -> str:
    """An earlier answer is offered again."""
    return f"之前填的是 {shown}，回复 0 保留。"


def usual(shown: str) -> str:
    """A default is offered."""
    return f"回复 0 就填 {shown}。"


def example(text: str) -> str:
    """Shown after two answers that could not be read."""
    return f"{EXAMPLE}：{text}"


def change(number: int) -> str:
    """A tap that changes one item of the summary."""
    return f"改 {number}"


def no_such_item(count: int) -> str:
    """改 27 where there are nine."""
    return f"没有这一项，数字是 1 到 {count}。"


def left_out(label: str) -> str:
    """An optional item that was skipped, in the summary."""
    return f"{label} 不填"


def cancelled(title: str) -> str:
    """After 取消."""
    return f"好，“{title}”先不填了，刚才写的没有留下。"


def handed_over(title: str) -> str:
    """After 人工: the draft is kept for a member of staff."""
    return f"好，“{title}”填到哪儿我记着，已经请工作人员来帮你。想自己接着填，回“{RESUME}”。"


def where(title: str, step: int, steps: int) -> str:
    """帮助 in the middle of a form; `step` is one past the last at the summary."""
    place = f"填到第 {step} 项，共 {steps} 项" if step <= steps else "都填好了，就差提交"
    return f"你正在填“{title}”，{place}。\n随时可以说：返回 · 取消 · 重来 · 人工"


def offer(title: str, label: str) -> str:
    """An unfinished form of some time ago; no label when only 提交 was missing."""
    place = f"填到“{label}”" if label else "都填好了，就差提交"
    return f"上次的“{title}”{place}，还留着。"


def migrated(title: str) -> str:
    """The form was changed by an upgrade while it was being filled in."""
    return f"“{title}”刚刚更新过，你填的都还在，接着来："


def closed(title: str) -> str:
    """The form was changed, or withdrawn, and the draft does not fit any more."""
    return f"“{title}”已经换了新的，上次填的接不上了，不好意思。还想办的话，重新开始就好，或回“人工”。"


def already(title: str, receipt: str) -> str:
    """提交 once more."""
    return f"“{title}”已经交上来了，不用再交。{receipt}".rstrip()
