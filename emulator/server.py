"""Running the emulator as a process of its own."""

from __future__ import annotations

import asyncio
import errno
import signal
import sys

from aiohttp import web

from .app import create_app
from .settings import Settings


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then save and end cleanly; a taken port is one clear line."""
    asyncio.run(run(settings))


async def run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    runner = web.AppRunner(create_app(settings), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        port = await listen(runner, settings)
        sys.stdout.write(f"emulator: http://{settings.host}:{port}/\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


async def listen(runner: web.AppRunner, settings: Settings) -> int:
    """Open the port and say which it is; SystemExit with one line when that fails."""
    site = web.TCPSite(runner, settings.host, settings.port, reuse_address=True)
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SystemExit(f"emulator: port {settings.port} on {settings.host} is taken") from error
        raise SystemExit(f"emulator: cannot listen on {settings.host}:{settings.port}: {error}") from error
    port: int = runner.addresses[0][1]
    return port
