"""The staff's phones: the code of a login page confirmed or denied, and their own WeChat bound."""

from __future__ import annotations

from collections.abc import Callable

from bot.chat import Chat
from bot.replies import Say
from bot.router import Router
from bot.texts import logins as texts
from bot.texts import refused
from core.errors import Noted
from handlers import taps
from qr.scenes import BindScene, LoginScene
from rules import logins

router = Router("logins")

Said = Say | tuple[Say, ...]


@router.scene(LoginScene)
def scan(chat: Chat, scene: LoginScene) -> Said:
    """The code of a login page was scanned."""

    def ask() -> Say:
        found = logins.scanned(chat.db, chat.worker_id, scene.token, now=chat.now)
        return texts.confirm(found.id, found.ip, found.browser, found.made_at)

    return _noted(ask)


@router.tap("login_yes")
def confirm(chat: Chat, scan_id: str) -> Said:
    """确认登录."""

    def say_yes() -> Say:
        logins.confirm_scan(chat.db, chat.worker_id, taps.number(scan_id), now=chat.now)
        return texts.CONFIRMED

    return _noted(say_yes)


@router.tap("login_no")
def deny(chat: Chat, scan_id: str) -> Say:
    """不是我."""
    logins.deny_scan(chat.db, chat.worker_id, taps.number(scan_id), now=chat.now)
    return texts.DENIED


@router.scene(BindScene)
def scan_to_bind(chat: Chat, scene: BindScene) -> Say:
    """The code by which somebody on the staff names their WeChat was scanned."""
    binding = logins.bind_scanned(chat.db, chat.worker_id, scene.token, now=chat.now)
    return texts.bind(binding.id, binding.staff.name, binding.staff.login)


@router.tap("bind_yes")
def bind(chat: Chat, binding_id: str) -> Say:
    """确认绑定."""
    staff = logins.confirm_bind(chat.db, chat.worker_id, taps.number(binding_id), now=chat.now)
    return texts.bound(staff.name)


@router.tap("bind_no")
def do_not_bind(chat: Chat, binding_id: str) -> Say:
    """不是我."""
    logins.deny_bind(chat.db, chat.worker_id, taps.number(binding_id), now=chat.now)
    return texts.BIND_DENIED


def _noted(act: Callable[[], Say]) -> Said:
    """What a rule wrote down when it said no stays written: answered here, the message commits."""
    try:
        return act()
    except Noted as no:
        return refused(no)
