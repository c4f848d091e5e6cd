"""幸福牵手: cards scanned, profiles made, people asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.chat import Chat
from bot.replies import Say
from bot.router import Router, quick
from bot.texts import matchmaking as texts
from core.errors import Refused
from forms import chat as forms
from forms.matchmaking import CONSENT_VERSION, PHOTOS, PROFILE, answers_of
from handlers import taps
from models.matchmaking import ProfileState, RequestState
from qr.scenes import CardScene, CheckInScene
from rules import events
from rules.matchmaking import (
    blocking,
    cards,
    looking,
    meetings,
    photos,
    profiles,
    requests,
    submitting,
)

router = Router("matchmaking")

AFTER_PROFILE = "meet_after_profile"
SUGGESTED = "suggested"
PICTURE = "picture"
"""What the chat remembers: the wish that waits for a profile, the card suggested last, the picture sent last."""


@router.scene(CardScene)
@quick
def scan(chat: Chat, scene: CardScene) -> Say:
    """A card on the wall was scanned."""
    return show(chat, scene.token)


@router.tap("card")
@quick
def show(chat: Chat, token: str) -> Say:
    """Show a card."""
    seen = looking.card(chat.db, chat.worker_id, token)
    where = texts.place(seen.wall, seen.place)
    if seen.worker_id == chat.worker_id:
        return texts.own_card(where)
    chat.look(seen.card_id)
    return texts.card(seen, seen.token, where, welcome=chat.message.kind == "event:subscribe")


@router.scene(CheckInScene)
def arrive(chat: Chat, scene: CheckInScene) -> Say:
    """The code at the door of a fair was scanned."""
    event = events.open_by_token(chat.db, scene.event_token, now=chat.now)
    is_new = requests.arrive(chat.db, chat.worker_id, event, now=chat.now, limits=chat.config.matchmaking)
    return texts.checked_in(event.title, is_new=is_new)


@router.keyword("想认识TA", "想认识他", "想认识她", "想认识")
@router.tap("meet")
def meet(chat: Chat, token: str = "") -> Say:
    """Ask the owner of a card, the one tapped or the one scanned last."""
    seen = _meant(chat, token)
    try:
        request = requests.ask(chat.db, chat.worker_id, seen, now=chat.now, limits=chat.config.matchmaking)
    except Refused as refused:
        if refused.code != "profile_needed":
            raise
        chat.remember(AFTER_PROFILE, seen.token)
        return texts.profile_needed(seen.nickname)
    if request.state == RequestState.ACCEPTED:
        return _contact(chat, request.id)
    if request.state == RequestState.WAITING:
        return texts.asked_after_review(seen.nickname)
    return texts.asked(seen.nickname) if request.asked_at == chat.now else texts.asked_already(seen.nickname)


@router.keyword("收藏")
@router.tap("keep")
def keep(chat: Chat, token: str = "") -> Say:
    """Keep a card."""
    seen = _meant(chat, token)
    looking.mark(chat.db, chat.worker_id, seen.profile_id, looking.KEPT, now=chat.now)
    return texts.kept(seen.nickname, seen.token)


@router.keyword("不合适")
@router.tap("pass")
def pass_on(chat: Chat, token: str = "") -> Say:
    """Do not suggest a card again."""
    seen = _meant(chat, token)
    looking.mark(chat.db, chat.worker_id, seen.profile_id, looking.PASSED, now=chat.now)
    return texts.passed(seen.profile_id)


@router.keyword("举报")
@router.tap("report")
def report(chat: Chat, token: str = "") -> Say:
    """Complain about a card."""
    seen = _meant(chat, token)
    looking.report(chat.db, chat.worker_id, seen.profile_id, now=chat.now)
    forms.hand_over(chat, f"report:{seen.profile_id}")
    return texts.reported(seen.nickname, seen.token)


@router.keyword("拉黑", "不想再看到TA", "不想看到TA", "屏蔽")
@router.tap("block")
def block(chat: Chat, whom: str = "") -> Say:
    """Neither sees the other any more: the owner of a card, or the other one of a wish."""
    if (request_id := taps.number(whom)) > 0:
        request = requests.named(chat.db, chat.worker_id, request_id)
        profile = blocking.by_request(chat.db, chat.worker_id, request)
    else:
        profile = blocking.by_token(chat.db, whom or _meant(chat, "").token)
    mark = blocking.block(chat.db, chat.worker_id, profile, now=chat.now)
    return texts.blocked(mark)


@router.keyword("我的黑名单", "黑名单")
@quick
def blocked(chat: Chat, _: Any) -> Say:
    """Whom one blocked."""
    return texts.blocked_list(blocking.blocked(chat.db, chat.worker_id))


@router.keyword("取消拉黑")
@router.tap("unblock")
def unblock(chat: Chat, profile_id: str = "") -> Say:
    """Take one back; the word alone shows whom."""
    if not profile_id:
        return blocked(chat, "")
    return texts.unblocked(blocking.unblock(chat.db, chat.worker_id, taps.number(profile_id)))


@router.keyword("找对象", "相亲", "找朋友", "牵线", about="看合适的卡片")
@router.menu("find")
@router.tap("find")
@quick
def find(chat: Chat, _: Any) -> Say:
    """A card that fits, the one after those suggested before; behind the last they begin anew."""
    return _suggest(chat, chat.state.get(SUGGESTED, 0))


@router.tap("whom")
@quick
def whom(chat: Chat, sex: str) -> Say:
    """Somebody without a profile says whom to look for."""
    if sex not in texts.SEX:
        raise Refused("nothing")
    chat.remember("whom", sex)
    return _suggest(chat, 0)


@router.tap("next")
@quick
def another(chat: Chat, profile_id: str) -> Say:
    """The next card."""
    return _suggest(chat, max(0, taps.number(profile_id)))


@router.keyword("我的资料卡", "资料卡", "我的资料", about="做卡、改卡、暂停")
@router.menu("profile")
@router.tap("mine")
@quick
def my_profile(chat: Chat, _: Any) -> Say:
    """One's own profile, or an offer to make one."""
    mine = submitting.of(chat.db, chat.worker_id)
    if mine is None:
        return texts.NO_PROFILE
    card = cards.live_card(chat.db, mine)
    return texts.my_profile(mine, texts.place(card.wall.number, card.place) if card else None)


@router.keyword("修改资料卡", "现在做")
@router.tap("edit")
@router.tap("profile")
@router.begins("profile", about="做一张，或者改一改")
@quick
def edit_profile(chat: Chat, _: Any) -> Say:
    """The form with what is known already."""
    mine = submitting.of(chat.db, chat.worker_id)
    is_new = not forms.is_asking(chat)
    asked = forms.begin(chat, PROFILE, prefill=answers_of(mine) if mine else None)
    return replace(asked, text=f"{texts.CHANGING}\n{asked.text}") if mine and is_new else asked


@router.submitted("profile")
def profile_submitted(chat: Chat, answers: Any) -> Say:
    """The profile form was confirmed: to review, and the wish that led here waits for it."""
    profile = submitting.submit(
        chat.db,
        chat.worker_id,
        answers,
        draft_id=forms.draft_id(chat),
        consent_version=CONSENT_VERSION,
        now=chat.now,
    )
    nickname = None
    token = chat.state.get(AFTER_PROFILE)
    chat.forget(AFTER_PROFILE)
    chat.forget(SUGGESTED)  # others fit now
    if token:
        try:
            seen = looking.card(chat.db, chat.worker_id, token)
            requests.ask(chat.db, chat.worker_id, seen, now=chat.now, limits=chat.config.matchmaking)
            nickname = seen.nickname
        except Refused:
            nickname = None  # the card is gone or they do not fit; the profile is taken all the same
    forms.done(chat, receipt=texts.receipt(profile.id))
    return texts.profile_taken(nickname)


@router.keyword("照片", "加照片", "上传照片", "我的照片", about="给资料卡加照片")
@router.tap("photos")
@router.begins("photos")
@quick
def add_photos(chat: Chat, _: Any) -> Say:
    """The form that adds photos to one's profile."""
    photos.room(chat.db, chat.worker_id)
    return forms.begin(chat, PHOTOS)


@router.submitted("photos")
def photos_handed_in(chat: Chat, answers: Any) -> Say:
    """They are the profile's now, and it is reviewed with them."""
    count = photos.hand_in(chat.db, chat.worker_id, answers["photos"], now=chat.now)
    forms.done(chat, receipt="")
    return texts.photos_taken(count)


@router.picture
def picture(chat: Chat, media_id: str) -> Say | None:
    """A picture out of the blue: it may be meant for the profile."""
    if forms.is_asking(chat):
        return None
    try:
        photos.room(chat.db, chat.worker_id)
    except Refused:
        return None
    chat.remember(PICTURE, media_id)
    return texts.PHOTO_OFFER


@router.tap("picture")
def take_picture(chat: Chat, _: Any) -> tuple[Say, ...] | Say:
    """Yes, it was meant for the profile."""
    asked = add_photos(chat, "")
    media_id = chat.state.get(PICTURE)
    chat.forget(PICTURE)
    if not media_id:
        return asked
    turn = forms.hear_photo(chat, lambda: photos.want(chat.db, chat.worker_id, media_id, now=chat.now))
    return turn.says if turn and turn.says else asked


@router.keyword("我的收藏", "收藏夹", about="看收藏的卡片")
@router.menu("favourites")
@quick
def favourites(chat: Chat, _: Any) -> Say:
    """The cards kept."""
    return texts.favourites(
        [
            (texts.place(seen.wall, seen.place), f"{seen.nickname} · {seen.trade}", seen.token)
            for seen in looking.kept(chat.db, chat.worker_id)
        ]
    )


@router.keyword("签到", about="活动现场签到")
@router.menu("checkin")
@quick
def how_to_check_in(chat: Chat, _: Any) -> Say:
    """Checking in takes the code at the door."""
    return texts.SCAN_TO_CHECK_IN


@router.keyword("暂停接受", "暂停")
@router.tap("pause")
def pause(chat: Chat, _: Any) -> Say:
    """Hide one's card at once."""
    profiles.pause(chat.db, submitting.need(chat.db, chat.worker_id), now=chat.now)
    return texts.PAUSED


@router.keyword("恢复接受", "恢复")
@router.tap("resume")
def resume(chat: Chat, _: Any) -> Say:
    """Show it again."""
    profiles.resume(chat.db, submitting.need(chat.db, chat.worker_id), now=chat.now)
    return texts.RESUMED


@router.keyword("撤下资料卡", "撤下")
@router.tap("withdraw")
def withdraw(chat: Chat, sure: str = "") -> Say:
    """Take one's card off the wall for good; asks once more."""
    mine = submitting.need(chat.db, chat.worker_id)
    if sure != "yes":
        return texts.WITHDRAW_SURE
    profiles.move(chat.db, mine, ProfileState.WITHDRAWN, now=chat.now)
    return texts.WITHDRAWN


@router.keyword("愿意见见", "愿意")
@router.tap("yes")
def accept(chat: Chat, request_id: str = "") -> Say:
    """A yes to the one who asked."""
    request = requests.pending(chat.db, chat.worker_id, _id(request_id), now=chat.now)
    accepted = requests.accept(chat.db, request, now=chat.now, limits=chat.config.matchmaking)
    return _contact(chat, accepted.id)


@router.keyword("婉拒")
@router.tap("no")
def decline(chat: Chat, request_id: str = "") -> Say:
    """A no that looks like no answer."""
    requests.decline(
        chat.db, requests.pending(chat.db, chat.worker_id, _id(request_id), now=chat.now), now=chat.now
    )
    return texts.NO_SAID


@router.keyword("晚点再说")
@router.tap("later")
def later(chat: Chat, request_id: str = "") -> Say:
    """Neither yes nor no for now."""
    request = requests.pending(chat.db, chat.worker_id, _id(request_id), now=chat.now)
    requests.postpone(request, now=chat.now)
    return texts.LATER_SAID


def _meant(chat: Chat, token: str) -> looking.Seen:
    """The card with this token; for words without one the card looked at last."""
    if not token:
        chat.catch_up()
    return looking.card(chat.db, chat.worker_id, token)


def _suggest(chat: Chat, after: int) -> Say:
    sex, has_profile = chat.state.get("whom", ""), submitting.of(chat.db, chat.worker_id) is not None
    if not sex and not has_profile:
        return texts.WHOM
    seen = looking.suggest(chat.db, chat.worker_id, after=after, sex=sex, now=chat.now)
    if seen is None:
        chat.forget(SUGGESTED)
        return texts.NO_MORE if has_profile else texts.NO_MORE_YET
    chat.remember(SUGGESTED, seen.profile_id)
    chat.look(seen.card_id)
    return texts.suggestion(seen, seen.token, texts.place(seen.wall, seen.place), seen.profile_id)


def _contact(chat: Chat, request_id: int) -> Say:
    request = requests.named(chat.db, chat.worker_id, request_id)
    other = requests.contact_of(chat.db, chat.worker_id, request)
    meeting = meetings.meeting_of(chat.db, request)
    minutes = chat.config.matchmaking.meeting_minutes
    if request.asker_id == chat.worker_id:
        return texts.yes_heard(other, meeting, minutes=minutes)
    return texts.yes_said(other, meeting, minutes=minutes, now=chat.now)


def _id(text: str) -> int | None:
    """The number in a tap; None for the word alone. Anything else names nothing."""
    return taps.number(text) if text else None
