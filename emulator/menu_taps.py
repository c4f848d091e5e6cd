"""What a tap on a menu button does, and what the phone then sends because of it."""

from __future__ import annotations

import hashlib

from . import windows
from .menus import button_at, menu_of
from .phone import Impossible, must_follow, push_event, touched
from .records import Json, Person
from .world import World
from .xml import Field


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def click_menu(world: World, person: Person, path: list[int]) -> Json:
    """Tap a menu button: {"message"}, and "open" (a page) or "ask" (what the phone must do next)."""
    must_follow(person)
    button = button_at(menu_of(world.state, person), path)
    if button is None:
        raise Impossible("没有这个菜单")
    kind, key = button.get("type"), str(button.get("key", ""))
    note = {"note": str(button.get("name", ""))}
    if kind == "click":
        message = world.put(person, "worker", "event", f"点了菜单「{button['name']}」", note)
        windows.renew(person, "menu", world.clock.now())
        touched(world, person)
        world.spawn(push_event(world, person, "CLICK", [("EventKey", key)]))
        return {"message": message}
    menu_id = (world.state.menu or {}).get("menuid", 0)
    if kind == "view":
        message = world.put(person, "worker", "event", f"点了菜单「{button['name']}」", note)
        url = str(button["url"])
        world.spawn(push_event(world, person, "VIEW", [("EventKey", url), ("MenuId", menu_id)]))
        return {"message": message, "open": url}
    if kind == "miniprogram":
        path_in = str(button.get("pagepath", ""))
        message = world.put(person, "worker", "event", f"打开了小程序「{button['name']}」", note)
        world.spawn(
            push_event(world, person, "view_miniprogram", [("EventKey", path_in), ("MenuId", menu_id)])
        )
        return {"message": message}
    if kind in ("scancode_push", "scancode_waitmsg"):
        return {"message": None, "ask": "scan"}
    if kind in ("pic_sysphoto", "pic_photo_or_album", "pic_weixin"):
        return {"message": None, "ask": "image"}
    if kind == "location_select":
        return {"message": None, "ask": "location"}
    if kind == "media_id":
        media = world.state.media.get(str(button.get("media_id")))
        if media is None:
            raise Impossible("素材不存在")
        more = {"image_url": f"/emulator/media/{media.media_id}"}
        return {"message": world.put(person, "account", media.kind, media.title or "", more)}
    raise Impossible(f"模拟器没有这种菜单：{kind}")


def asked_button(world: World, person: Person, path: list[int], kinds: tuple[str, ...]) -> Json:
    button = button_at(menu_of(world.state, person), path)
    if button is None or button.get("type") not in kinds:
        raise Impossible("没有这个菜单")
    return button


def scanned_by_menu(world: World, person: Person, path: list[int], content: str) -> None:
    """A scan begun by a menu button: the scan event with the result, for the bot to use."""
    must_follow(person)
    button = asked_button(world, person, path, ("scancode_push", "scancode_waitmsg"))
    windows.renew(person, "menu", world.clock.now())
    touched(world, person)
    info: list[Field] = [("ScanType", "qrcode"), ("ScanResult", content)]
    world.put(person, "worker", "event", "扫了一个码", {"note": content})
    fields: list[Field] = [("EventKey", str(button.get("key", ""))), ("ScanCodeInfo", info)]
    world.spawn(push_event(world, person, str(button["type"]), fields))


def pictured_by_menu(world: World, person: Person, path: list[int], contents: list[bytes]) -> None:
    """Pictures begun by a menu button: the event; the pictures follow as messages."""
    must_follow(person)
    button = asked_button(world, person, path, ("pic_sysphoto", "pic_photo_or_album", "pic_weixin"))
    items: list[Field] = [("item", [("PicMd5Sum", md5(one))]) for one in contents]
    info: list[Field] = [("Count", len(contents)), ("PicList", items)]
    fields: list[Field] = [("EventKey", str(button.get("key", ""))), ("SendPicsInfo", info)]
    world.spawn(push_event(world, person, str(button["type"]), fields))


def located_by_menu(world: World, person: Person, path: list[int], x: float, y: float, label: str) -> None:
    """A place chosen by a menu button: the event; the location message follows."""
    must_follow(person)
    button = asked_button(world, person, path, ("location_select",))
    info: list[Field] = [
        ("Location_X", f"{x:.6f}"),
        ("Location_Y", f"{y:.6f}"),
        ("Scale", "16"),
        ("Label", label),
        ("Poiname", ""),
    ]
    fields: list[Field] = [("EventKey", str(button.get("key", ""))), ("SendLocationInfo", info)]
    world.spawn(push_event(world, person, "location_select", fields))
