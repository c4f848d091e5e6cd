"""我的照片: the photos of one's own profile, added from the phone."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from werkzeug.exceptions import NotFound

from core import sealed_files
from core.pictures import BYTES, NotAPicture, TooLarge, small_jpeg
from models.matchmaking import ProfileState
from rules.matchmaking import photos, submitting
from web.mobile import words
from web.mobile.gate import Pages, Visit, page, say, to

pages = Pages("photos")
BODY: Final = BYTES + 64 * 1024


@pages.route("/photos")
def index(visit: Visit) -> Any:
    """What there is, and the way to add one."""
    profile = submitting.of(visit.db, visit.worker_id)
    if profile is None or profile.state == ProfileState.WITHDRAWN:
        return page("photos.html", found=None)
    found = photos.of(visit.db, profile)
    return page("photos.html", found=found, most=photos.MOST, is_listed=profile.state == ProfileState.LISTED)


@pages.route("/photos", methods=("POST",), limit="20/minute", body_bytes=BODY)
def add(visit: Visit) -> Any:
    """One more."""
    sent = request.files.get("photo")
    data = sent.read() if sent else b""
    if sent:
        sent.close()  # a large one lies in a file meanwhile
    if not data:
        say(words.PHOTO_MISSING, "bad")
        return to("photos.index")
    visit.db.rollback()  # unpacking takes a moment
    try:
        picture = small_jpeg(data)
    except (NotAPicture, TooLarge) as error:
        say(words.PHOTO_TOO_LARGE if isinstance(error, TooLarge) else words.PHOTO_UNREADABLE, "bad")
        return to("photos.index")
    photos.add(visit.db, visit.worker_id, picture, place=photos.folder(visit.config), now=visit.now)
    say(words.PHOTO_ADDED)
    return to("photos.index")


@pages.route("/photos/<id:number>")
def picture(visit: Visit, number: int) -> Any:
    """One of one's own."""
    found = photos.mine(visit.db, visit.worker_id, number)
    jpeg = sealed_files.read(photos.folder(visit.config), found.name)
    if jpeg is None:
        raise NotFound
    return Response(jpeg, mimetype="image/jpeg")


@pages.route("/photos/<id:number>/remove", methods=("POST",))
def remove(visit: Visit, number: int) -> Any:
    """Take one away, for good and at once."""
    name = photos.remove(visit.db, visit.worker_id, number)
    visit.db.commit()
    sealed_files.drop(photos.folder(visit.config), name)
    say(words.PHOTO_REMOVED)
    return to("photos.index")
