"""Processes that make calls at the same moment: `python -m tests.bot.ask_once 8`. Prints how many calls failed."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from typing import Any

from bot.client import Client
from core import log
from core.config import Config, load
from core.redis import connect

THREADS = 3


def _ask(config: Config, barrier: Any, failed: Any) -> None:
    client = Client(config, connect(config))

    def call() -> None:
        try:
            client.get_ip_list()
        except Exception as error:
            failed.put(repr(error))

    barrier.wait(60)
    threads = [threading.Thread(target=call) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(count: int) -> None:
    fork = multiprocessing.get_context("fork")  # nothing runs here yet, and the imports are paid once
    barrier, failed = fork.Barrier(count), fork.SimpleQueue()
    config = load()
    log.setup(config)  # to stderr
    processes = [fork.Process(target=_ask, args=(config, barrier, failed)) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    codes = [process.exitcode for process in processes]
    assert codes == [0] * count, codes
    while not failed.empty():
        sys.stdout.write(failed.get() + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
