"""One more process that answers callbacks, with a handler of the test's own. Run by the tests, not by pytest.

Reads one JSON line of posts from stdin, says "ready", waits for a line, delivers all on several threads and prints
what was answered.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from bot.chat import Chat
from bot.replies import Say
from core.config import load
from rules.notices import tell
from tests.chat.wire import call
from wsgi import create_app


def counting(chat: Chat) -> tuple[Say, ...]:
    """One more in what is remembered, and one notice."""
    count = chat.state.get("count", 0) + 1
    chat.remember("count", count)
    tell(chat.db, chat.worker_id, "late_answer", now=chat.now, text=chat.message.text)
    return (Say(f"{count}"),)


def stuck(chat: Chat) -> tuple[Say, ...]:
    """Never done."""
    threading.Event().wait()
    return ()


def stuck_while_writing(chat: Chat) -> tuple[Say, ...]:
    """Never done, and the database's lock with it."""
    tell(chat.db, chat.worker_id, "late_answer", now=chat.now, text="half")
    chat.db.flush()
    return stuck(chat)


HANDLERS = {"counting": counting, "stuck": stuck, "stuck while writing": stuck_while_writing}


def main() -> None:
    config = load()
    job = json.loads(sys.stdin.readline())
    if "answer_seconds" in job:
        limits = config.limits.model_copy(update={"answer_seconds": job["answer_seconds"]})
        config = config.model_copy(update={"limits": limits})
    app = create_app(config)
    if job["handler"] != "real":
        app.extensions["bot"].converse = HANDLERS[job["handler"]]
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(
            lambda post: call(app, "POST", post[0], base64.b64decode(post[1])),
            job["posts"],
        )
        print(json.dumps([[one.status, one.body.decode()] for one in answers]), flush=True)  # noqa: T201
    sys.stdin.readline()


if __name__ == "__main__":
    main()
