"""A load from one thread: connections that each send their requests one after another, as fast as they are answered."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Result:
    """What one round measured. Latencies are in seconds, sorted."""

    seconds: float
    latencies: list[float]
    bad: int = 0
    sample: bytes = field(default=b"", repr=False)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that this share of the answers stayed below."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def http_post(path: str, body: bytes, port: int) -> bytes:
    """The bytes of one request on a connection that is kept."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, queues: Sequence[Sequence[bytes]]) -> Result:
    """Send each queue over a connection of its own, all at once. An answer other than 200 counts as bad."""
    selector = selectors.EpollSelector()
    clock = time.perf_counter
    for queue in queues:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, [iter(queue), 0.0, b""])
    latencies: list[float] = []
    bad = 0
    sample = b""
    started = clock()
    for key in list(selector.get_map().values()):
        _next(selector, key, clock)
    while selector.get_map():
        for key, _ in selector.select(timeout=30):
            state = key.data
            received = key.fileobj.recv(65536)  # type: ignore[union-attr]
            state[2] = answer = state[2] + received if state[2] else received
            if received and not _is_whole(answer):
                continue
            latencies.append(clock() - state[1])
            if not answer.startswith(b"HTTP/1.1 200"):
                bad += 1
            sample = answer
            state[2] = b""
            _next(selector, key, clock)
    seconds = clock() - started
    return Result(seconds, sorted(latencies), bad, sample)


def _next(selector: selectors.BaseSelector, key: selectors.SelectorKey, clock: object) -> None:
    connection: socket.socket = key.fileobj  # type: ignore[assignment]
    request = next(key.data[0], None)
    if request is None:
        selector.unregister(connection)
        connection.close()
        return
    key.data[1] = time.perf_counter()
    connection.sendall(request)


def _is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at < 0:
        return True
    end = lower.find(b"\r\n", at)
    length = int(lower[at + 15 : end if end > 0 else None])
    return len(body) >= length
