"""A load from one thread: connections that send one request after another, as fast as they are answered."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
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


def drive(port: int, conversations: Iterable[Sequence[bytes]], connections: int) -> Result:
    """Send all conversations, each in order on one connection; who is done with one takes the next.

    So all are busy to the end, however the kernel spreads them over the server's processes. An answer other than 200
    counts as bad.
    """
    selector = selectors.EpollSelector()
    clock = time.perf_counter
    waiting = iter(conversations)
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, _Line(connection))
    latencies: list[float] = []
    bad = 0
    sample = b""
    started = clock()
    for key in list(selector.get_map().values()):
        if not key.data.send_next(waiting):
            selector.unregister(key.fileobj)
    while selector.get_map():
        for key, _ in selector.select(timeout=30):
            line: _Line = key.data
            received = line.connection.recv(65536)
            line.answer = answer = line.answer + received
            if received and not _is_whole(answer):
                continue
            latencies.append(clock() - line.sent_at)
            if not answer.startswith(b"HTTP/1.1 200"):
                bad += 1
            sample = answer
            if not line.send_next(waiting):
                selector.unregister(key.fileobj)
    seconds = clock() - started
    return Result(seconds, sorted(latencies), bad, sample)


@dataclass(slots=True)
class _Line:
    """One connection and what is left of its conversation."""

    connection: socket.socket
    rest: Iterator[bytes] = field(default_factory=lambda: iter(()))
    sent_at: float = 0.0
    answer: bytes = b""

    def send_next(self, waiting: Iterator[Sequence[bytes]]) -> bool:
        """Send the next request; whether there was one. Closes the connection at the end."""
        while (request := next(self.rest, None)) is None:
            conversation = next(waiting, None)
            if conversation is None:
                self.connection.close()
                return False
            self.rest = iter(conversation)
        self.answer = b""
        self.sent_at = time.perf_counter()
        self.connection.sendall(request)
        return True


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
