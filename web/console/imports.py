"""导入: a file is checked, shown with everything that is wrong, and brought in whole or not at all."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from flask import request

from core.errors import Refused
from forms.imports import IMPORTS, template
from forms.imports.base import Import, Work, digest, put, read
from forms.imports.reading import BYTES, Table, Unreadable
from forms.imports.reading import read as opened
from rules import imports as rules
from rules.access import Permission
from web.console.exports import attached, spooled
from web.console.gate import Desk, Pages, page, say, to
from web.parts.area import BODY_BYTES

MOST_BAD: Final = 500
"""Bad cells that are listed; who has more has another problem."""
pages = Pages("imports")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pages.route("/imports", needs=Permission.WORKERS_CHANGE)
def index(desk: Desk) -> Any:
    """What this member may bring in."""
    return page("imports.html", imports=[what for what in IMPORTS if desk.may(what.needs)])


def _offer(what: Import) -> None:
    """The addresses of one import."""
    rule = f"/imports/{what.name}"

    def one(desk: Desk) -> Any:
        """Choose a file."""
        return page("import.html", what=what)

    def empty(desk: Desk) -> Any:
        """The file to fill in."""
        file, _ = spooled(lambda out: template.write(out, what, _work(desk)))
        return attached(file, f"{what.title}-模板.xlsx", XLSX)

    def checked(desk: Desk) -> Any:
        """The dry run."""
        return _check(desk, what)

    def done(desk: Desk) -> Any:
        """Bring it in."""
        return _bring_in(desk, what)

    for view, path, methods in (
        (one, "", ("GET",)),
        (empty, "/template", ("GET",)),
        (checked, "/check", ("POST",)),
        (done, "/done", ("POST",)),
    ):
        view.__name__ = f"{what.name}_{view.__name__}"
        body, limit = (BYTES + 64 * 1024, "30/minute") if view is checked else (BODY_BYTES, "")
        pages.route(rule + path, needs=what.needs, methods=methods, body_bytes=body, limit=limit)(view)


for _what in IMPORTS:
    _offer(_what)


def _work(desk: Desk, *, dry: bool = False) -> Work:
    return Work(desk.db, desk.staff, desk.now, desk.config, dry)


def _check(desk: Desk, what: Import) -> Any:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return page("import.html", 422, what=what, problem="先选一个文件。")
    try:
        table = opened(sent.read(BYTES + 1), sent.filename)
    except Unreadable as error:
        return page("import.html", 422, what=what, problem=str(error))
    before = rules.earlier(desk.db, what.name, digest(what, table))
    if before is not None:
        return page("import.html", 409, what=what, before=before)
    work = _work(desk, dry=True)
    found = read(work, what, table)
    put(work, what, found)
    if found.bad:
        return page("import.html", 422, what=what, found=found, most=MOST_BAD)
    run = rules.keep(
        desk.db,
        desk.staff,
        what.name,
        digest(what, table),
        rows=found.rows,
        content=json.dumps(asdict(table), ensure_ascii=False),
        now=desk.now,
    )
    return page("import.html", what=what, found=found, run=run)


def _bring_in(desk: Desk, what: Import) -> Any:
    number = request.form.get("run", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise Refused("not_found")
    run = rules.mine(desk.db, desk.staff, what.name, int(number))
    stored = json.loads(run.content or '{"head": [], "rows": []}')
    work = _work(desk)
    found = read(work, what, Table(stored["head"], [(line, row) for line, row in stored["rows"]]))
    try:
        rules.begin(desk.db, run, now=desk.now)
    except Refused:
        say("这个文件已经导入过了，没有再改什么。", "warn")
        return to(f"imports.{what.name}_one")
    put(work, what, found)
    if found.bad:
        desk.db.rollback()
        desk.db.refresh(desk.staff)
        return page(
            "import.html", 409, what=what, found=found, most=MOST_BAD, problem="情况变了，一行也没有导入。"
        )
    rules.note(desk.db, desk.staff, run, changed=found.changed, now=desk.now)
    say(f"导入好了：{found.changed} 行有变化，{found.same} 行本来就是这样。")
    return to(f"imports.{what.name}_one")
