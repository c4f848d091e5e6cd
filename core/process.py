"""Processes that do not outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(how: signal.Signals = signal.SIGTERM, *, parent: int | None = None) -> None:
    """Ask Linux to end this process by a signal when the one that started it is gone, however it went.

    `parent`: who that was, so that a process whose parent was gone before it could ask ends at once.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, how, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), how)
