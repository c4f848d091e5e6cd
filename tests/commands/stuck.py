"""An application that is never done loading, in a server of its own: run as `python -m tests.commands.stuck PORT`."""

from __future__ import annotations

import os
import sys
import threading

from commands.serve import serve
from core.config import load


def make() -> None:
    """Say who is at it, and stay."""
    print(os.getpid(), flush=True)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    serve(load(), int(sys.argv[1]), "tests.commands.stuck:make")
