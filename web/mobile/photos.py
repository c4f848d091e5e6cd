"""我的照片: the photos of one's own profile. They are added by the form."""

from __future__ import annotations

from typing import Any

from flask import Response
from werkzeug.exceptions import NotFound

from core import sealed_files
from models.matchmaking import ProfileState
from rules.matchmaking import photos, submitting
from web.mobile import words
from web.mobile.gate import Pages, Visit, page, say, to

pages = Pages("photos")


@pages.route("/photos")
def index(visit: Visit) -> Any:
    """What there is, and the way to add one."""
    profile = submitting.of(visit.db, visit.worker_id)
    if profile is None or profile.state == ProfileState.WITHDRAWN:
        return page("photos.html", found=None)
    found = photos.of(visit.db, profile)
    return page("photos.html", found=found, most=photos.MOST)


@pages.route("/photos/<id:number>")
def picture(visit: Visit, number: int) -> Any:
    """One of one's own."""
    found = photos.mine(visit.db, visit.worker_id, number)
    jpeg = photos.read(photos.folder(visit.config), found)
    if jpeg is None:
        raise NotFound
    return Response(jpeg, mimetype="image/jpeg")


@pages.route("/photos/<id:number>/remove", methods=("POST",))
def remove(visit: Visit, number: int) -> Any:
    """Take one away, for good and at once."""
    name = photos.remove(visit.db, visit.worker_id, number)
    visit.db.commit()
    if name is not None:
        sealed_files.drop(photos.folder(visit.config), name)
    say(words.PHOTO_REMOVED)
    return to("photos.index")
