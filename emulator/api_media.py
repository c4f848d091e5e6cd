"""Media: temporary files of three days, permanent material, pictures for article bodies."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from .calls import Call, Calls, Raw
from .errors import Refused
from .records import Json, Media, loads

calls = Calls()

MB = 1024 * 1024
THREE_DAYS = 3 * 86400
TEMPORARY = {
    "image": (10 * MB, ("png", "jpeg", "gif")),
    "voice": (2 * MB, ("amr", "mp3")),
    "video": (10 * MB, ("mp4",)),
    "thumb": (64 * 1024, ("jpeg",)),
}
PERMANENT = {
    "image": (10 * MB, ("bmp", "png", "jpeg", "gif")),
    "voice": (2 * MB, ("mp3", "wma", "wav", "amr")),
    "video": (10 * MB, ("mp4",)),
    "thumb": (64 * 1024, ("jpeg",)),
}
MIME = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "amr": "audio/amr",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "wma": "audio/x-ms-wma",
    "mp4": "video/mp4",
}
MOST = {"image": 100_000, "voice": 1000, "video": 1000, "thumb": 1000}


def format_of(content: bytes) -> str:
    """The format that the first bytes show, or ''."""
    starts = {
        b"\x89PNG\r\n": "png",
        b"\xff\xd8\xff": "jpeg",
        b"GIF8": "gif",
        b"BM": "bmp",
        b"#!AMR": "amr",
        b"ID3": "mp3",
        b"\xff\xfb": "mp3",
        b"\xff\xf3": "mp3",
        b"\xff\xf2": "mp3",
        b"RIFF": "wav",
        b"\x30\x26\xb2\x75": "wma",
    }
    for start, name in starts.items():
        if content.startswith(start):
            return name
    return "mp4" if content[4:8] == b"ftyp" else ""


def uploaded(call: Call) -> tuple[str, bytes]:
    """(file name, bytes) of the field `media`: 41005 without one, 44001 when it is empty."""
    field: Any = call.form.get("media")
    if not isinstance(field, web.FileField):
        raise Refused(41005)
    content = field.file.read()
    if not content:
        raise Refused(44001)
    return field.filename, content


def keep(call: Call, limits: dict[str, tuple[int, tuple[str, ...]]], *, permanent: bool) -> Media:
    kind = call.query.get("type") or str(call.form.get("type") or "")
    if kind not in limits:
        raise Refused(40004)
    name, content = uploaded(call)
    most, formats = limits[kind]
    if len(content) > most:
        raise Refused(45001)
    found = format_of(content)
    if found not in formats:
        raise Refused(40137 if kind in ("image", "thumb") else 40005)
    media = Media(
        media_id=secrets.token_urlsafe(48),
        kind=kind,
        name=name,
        mime=MIME[found],
        created_at=call.now,
        permanent=permanent or None,
        size=len(content),
    )
    call.world.state.files.put(media.media_id, content)
    call.world.state.media[media.media_id] = media
    return media


def living(call: Call, media_id: Any, *, permanent: bool) -> tuple[Media, bytes]:
    if not media_id:
        raise Refused(41006)
    media = call.world.state.media.get(str(media_id))
    content = call.world.state.files.get(media.media_id) if media is not None else None
    if media is None or content is None or bool(media.permanent) != permanent:
        raise Refused(40007)
    if not permanent and media.created_at + THREE_DAYS <= call.now:
        raise Refused(40007)
    return media, content


@calls.post("/cgi-bin/media/upload", body="form", quota="media/upload")
def upload(call: Call) -> Json:
    media = keep(call, TEMPORARY, permanent=False)
    name = "thumb_media_id" if media.kind == "thumb" else "media_id"
    return {"type": media.kind, name: media.media_id, "created_at": int(media.created_at)}


@calls.get("/cgi-bin/media/get", quota="media/get", reads=True)
def download(call: Call) -> Json | Raw:
    media, content = living(call, call.query.get("media_id"), permanent=False)
    if media.kind == "video":
        return {"video_url": f"{call.base}/emulator/media/{media.media_id}"}
    return Raw(content, media.mime, media.media_id[:32] + "." + media.mime.split("/")[1])


@calls.post("/cgi-bin/media/uploadimg", body="form")
def upload_image(call: Call) -> Json:
    """A picture for article bodies: JPG or PNG up to 1 MB, only its address comes back."""
    name, content = uploaded(call)
    if len(content) > MB:
        raise Refused(40009)
    found = format_of(content)
    if found not in ("jpeg", "png"):
        raise Refused(40005)
    media = Media(
        media_id=secrets.token_urlsafe(24),
        kind="article",
        name=name,
        mime=MIME[found],
        created_at=call.now,
        permanent=True,
        size=len(content),
    )
    call.world.state.files.put(media.media_id, content)
    call.world.state.media[media.media_id] = media
    return {"url": f"{call.base}/emulator/media/{media.media_id}"}


@calls.post("/cgi-bin/material/add_material", body="form")
def add_material(call: Call) -> Json:
    kind = call.query.get("type") or str(call.form.get("type") or "")
    if kind in MOST and number_of(call, kind) >= MOST[kind]:
        raise Refused(45026, "material count out of limit")
    title = introduction = None
    if kind == "video":
        title, introduction = described(call)
    media = keep(call, PERMANENT, permanent=True)
    media.title, media.introduction = title, introduction
    answer: Json = {"media_id": media.media_id}
    if media.kind in ("image", "thumb"):
        answer["url"] = f"{call.base}/emulator/media/{media.media_id}"
    return answer


def described(call: Call) -> tuple[str, str]:
    """Title and introduction of a video, from the form field (or, as SDKs do, the query) `description`."""
    try:
        words = loads(call.form.get("description") or call.query.get("description") or "")
        return str(words["title"]), str(words.get("introduction") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(47001) from None


def number_of(call: Call, kind: str) -> int:
    return sum(1 for one in call.world.state.media.values() if one.permanent and one.kind == kind)


@calls.post("/cgi-bin/material/get_material", reads=True)
def get_material(call: Call) -> Json | Raw:
    media, content = living(call, call.body.get("media_id"), permanent=True)
    if media.kind == "video":
        down = f"{call.base}/emulator/media/{media.media_id}"
        return {"title": media.title, "description": media.introduction, "down_url": down}
    return Raw(content, media.mime, media.name)


@calls.post("/cgi-bin/material/del_material")
def delete_material(call: Call) -> None:
    media, _ = living(call, call.body.get("media_id"), permanent=True)
    del call.world.state.media[media.media_id]
    call.world.state.files.drop(media.media_id)


@calls.get("/cgi-bin/material/get_materialcount", reads=True)
def count_material(call: Call) -> Json:
    kinds = {"voice_count": "voice", "video_count": "video", "image_count": "image"}
    return {**{name: number_of(call, kind) for name, kind in kinds.items()}, "news_count": 0}


@calls.post("/cgi-bin/material/batchget_material", reads=True)
def list_material(call: Call) -> Json:
    kind, offset, count = call.body.get("type"), call.body.get("offset", 0), call.body.get("count", 20)
    if kind not in ("image", "voice", "video", "news"):
        raise Refused(40004)
    if not isinstance(offset, int) or not isinstance(count, int) or offset < 0 or not 1 <= count <= 20:
        raise Refused(40035)
    found = [one for one in call.world.state.media.values() if one.permanent and one.kind == kind]
    rows = [
        {
            "media_id": one.media_id,
            "name": one.title or one.name,
            "update_time": int(one.created_at),
            "url": f"{call.base}/emulator/media/{one.media_id}",
        }
        for one in found[offset : offset + count]
    ]
    return {"total_count": len(found), "item_count": len(rows), "item": rows}
