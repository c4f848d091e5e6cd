"""QR codes with a scene (带参数二维码)."""

from __future__ import annotations

import io
from typing import Any

import qrcode
from qrcode.constants import ERROR_CORRECT_L

from .calls import Call, Calls, Raw
from .errors import Refused
from .records import Json

calls = Calls()

MAX_SECONDS = 2_592_000
#: action: (permanent, by string)
ACTIONS = {
    "QR_SCENE": (False, False),
    "QR_STR_SCENE": (False, True),
    "QR_LIMIT_SCENE": (True, False),
    "QR_LIMIT_STR_SCENE": (True, True),
}


@calls.post("/cgi-bin/qrcode/create", quota="qrcode/create")
def create(call: Call) -> Json:
    action = call.body.get("action_name")
    if not isinstance(action, str) or action not in ACTIONS:
        raise Refused(40052)
    permanent, by_string = ACTIONS[action]
    info = call.body.get("action_info")
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise Refused(40053)
    value = scene_text(scene, permanent=permanent, by_string=by_string)
    state, base = call.world.state, call.world.settings.qr_base
    if permanent:
        ticket = state.permanent_by_scene.get(value)
        if ticket is None:
            if len(state.permanent_by_scene) >= call.world.settings.permanent_codes:
                raise Refused(45029)
            ticket = state.add_ticket(value, call.now, None)
        return {"ticket": ticket.ticket, "url": base + ticket.code}
    seconds = lifetime(call)
    ticket = state.add_ticket(value, call.now, call.now + seconds)
    return {"ticket": ticket.ticket, "expire_seconds": seconds, "url": base + ticket.code}


def scene_text(scene: Json, *, permanent: bool, by_string: bool) -> str:
    """The scene as it comes back in events; 40053 when it is not allowed."""
    if by_string:
        text: Any = scene.get("scene_str")
        # Only the permanent limit is enforced live; longer temporary ones were seen to work.
        if not isinstance(text, str) or not text or (permanent and len(text) > 64):
            raise Refused(40053)
        return text
    number: Any = scene.get("scene_id")
    if isinstance(number, str) and number.isdigit():
        number = int(number)
    top = 100_000 if permanent else 2**32 - 1
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= top:
        raise Refused(40053)
    return str(number)


def lifetime(call: Call) -> int:
    seconds: Any = call.body.get("expire_seconds", call.world.settings.expire_seconds_default)
    if isinstance(seconds, str) and seconds.isdigit():
        seconds = int(seconds)
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 1:
        raise Refused(40053)
    if seconds > MAX_SECONDS:
        if call.world.settings.expire_seconds_over_limit == "refuse":
            raise Refused(40053)
        seconds = MAX_SECONDS
    return int(seconds)


@calls.get("/cgi-bin/showqrcode", token=False, reads=True)
def show(call: Call) -> Raw:
    """The picture of a code as JPEG; HTTP 404 for an unknown or expired ticket."""
    ticket = call.world.state.tickets.get(call.query.get("ticket", ""))
    if ticket is None or (ticket.expires_at is not None and ticket.expires_at <= call.now):
        return Raw(b"", "text/html", status=404)
    return Raw(picture(call.world.settings.qr_base + ticket.code), "image/jpg")


def picture(content: str) -> bytes:
    """A JPEG of 430 × 430 pixels, as the platform gives."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_L, box_size=10, border=3)
    code.add_data(content)
    code.make(fit=True)
    out = io.BytesIO()
    image = code.make_image().get_image().convert("L").resize((430, 430))
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
