"""Stopping broadcasts, taking them up again, and what staff hear of them."""

from __future__ import annotations

from datetime import datetime

from bot.replies import Say, Tap
from bot.texts import HELP
from bot.texts.times import month_day
from models.broadcasts import BroadcastState, BroadcastVersion, Topic

TOPICS = {Topic.ACTIVITY: "活动", Topic.BENEFIT: "福利", Topic.NEWS: "资讯"}
STATES = {
    BroadcastState.DRAFT: "草稿",
    BroadcastState.PREVIEWED: "已预览",
    BroadcastState.APPROVED: "已批准",
    BroadcastState.SENDING: "发送中",
    BroadcastState.PAUSED: "暂停",
    BroadcastState.DONE: "完成",
}
BACK = Tap("恢复订阅")


def words(version: BroadcastVersion) -> str:
    """The text, or the titles of an article."""
    if version.kind == "text":
        return str(version.body["text"])
    return "、".join(f"《{one['title']}》" for one in version.body["articles"])


def muted(topics: frozenset[Topic]) -> Say:
    """What somebody does not get any more."""
    if topics == frozenset(Topic):
        only = tuple(Tap(f"只退{name}", id=f"mute.{topic}") for topic, name in TOPICS.items())
        return Say("好，群发的消息都不再发给你。你自己办的事，有结果照样告诉你。", (*only, BACK))
    names = "、".join(name for topic, name in TOPICS.items() if topic in topics)
    return Say(f"好，{names}类的群发不再发给你，别的照常。", (Tap("全部退订", says="退订", id="mute"), BACK))


UNMUTED = Say("好，活动、福利、资讯又会发给你了。不想收随时回“退订”。", (HELP,))
NOT_MUTED = Say("你没有退订过，群发的消息都会发给你。", (Tap("退订"), HELP))


def kept(text: str, sent_at: datetime) -> Say:
    """A broadcast that could not be sent to somebody, read when they come; the day, as it may be long ago."""
    return Say(f"{month_day(sent_at)}发给大家的：\n{text}")


def differs(broadcast_id: int, number: int, size: int, status: str, sent: int | None) -> Say:
    """The platform counts otherwise than we do."""
    if status != "send success":
        return Say(f"群发 {broadcast_id} 的第 {number} 批（{size} 人）微信没有发出去：{status}。")
    return Say(f"群发 {broadcast_id} 的第 {number} 批对不上：我们交了 {size} 人，微信说发到 {sent} 人。")
