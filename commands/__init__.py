"""The commands behind ./niangjia: one file each, loaded only when called.

This table is the list, and the help texts: a command is added here and as commands/NAME.py with a click `command`.
"""

from __future__ import annotations

COMMANDS: dict[str, str] = {
    "run": "Start everything for a look: demo data, web, worker, emulator. Ctrl-C stops it.",
    "test": "Run every check: lint, types, migrations, tests on SQLite and PostgreSQL, browser.",
    "serve": "Serve the callback and the pages.",
    "worker": "Send notices and do what is due.",
    "redis": "Run the embedded Redis in the foreground (only where redis.url is empty).",
    "emulator": "Run the pretend WeChat with its page of phones.",
    "migrate": "Bring the database's tables to the newest version.",
    "demo": "Load invented people, a fair and phones, and print a wall (only with the emulator).",
    "staff": "Add unions and staff, see what waits, review profiles, answer 人工.",
    "wall": "Plan fairs, print their walls, void cards, count scans.",
    "exam": "Plan exams, see who signed up, export lists for Excel.",
    "broadcast": "Write to many: new, preview, approve, send, pause, resume, status.",
    "appointment": "Set up services, professionals and hours; see, move and cancel bookings.",
    "audit": "Check that nobody changed what is written down of staff.",
    "keys": "Seal what identifies a person again with a new key.",
    "menu": "Check, push and show the menu at the bottom of the chat.",
    "doctor": "Check settings, database, Redis, WeChat, clock and disk, and say what to do.",
    "bench": "Measure speed and memory beside a peer.",
    "assets": "Fetch fonts and front-end files (run and test do it by themselves).",
    "lock": "Write the locked requirements from the .in files.",
}
