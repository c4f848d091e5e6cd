"""我的数据: taking it away, and being forgotten. The same as 导出我的数据 and 注销 in the chat."""

from __future__ import annotations

from typing import Any

from flask import request

from bot.texts.persons import GOES, NOT_THE_WORDS, STAYS, kept_for
from forms.persons import WORDS
from forms.words import plain
from rules.persons import erasing, links
from web.mobile.gate import Pages, Visit, page, to

pages = Pages("leaving")


@pages.route("/me/export", methods=("GET", "POST"), limit="10/minute")
def export(visit: Visit) -> Any:
    """What the file is; the button makes the link, which works in any browser."""
    limits = visit.config.persons
    if request.method != "POST":
        return page("me_export.html", minutes=limits.export_minutes, kept=kept_for(visit.config))
    return to("export.by_link", token=links.make(visit.db, visit.worker_id, limits=limits, now=visit.now))


@pages.route("/me/erase")
def erase(visit: Visit) -> Any:
    """First what goes and what stays, and why."""
    years = visit.config.persons.exam_years
    return page("erase.html", goes=GOES, stays=[line.format(years=years) for line in STAYS])


@pages.route("/me/erase/sure", methods=("GET", "POST"), limit="10/minute")
def sure(visit: Visit) -> Any:
    """Then four words are typed, and it is done."""
    if request.method != "POST":
        return page("erase_sure.html", words=WORDS, wrong="")
    if plain(request.form.get("words", "")[:40]) != WORDS:
        return page("erase_sure.html", 422, words=WORDS, wrong=NOT_THE_WORDS)
    erasing.erase(visit.db, visit.worker, config=visit.config, now=visit.now)
    visit.drop_login()
    return page("erased.html")
