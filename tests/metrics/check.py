"""/metrics of a real server, read by the parser of Prometheus' Python library.

    check.py FILE       FILE is the server

Each event is provoked over a socket, and the counter that is there for it must move by exactly as
much. Nothing here measures time: what takes a while is asked for again and again.
"""

import contextlib
import http.client
import os
import resource
import select
import socket
import struct
import subprocess
import sys
import time

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.parser import text_string_to_metric_families

PATIENCE = 30
PROMISED = {
    "process_start_time_seconds": "gauge",
    "ws101_accept_errors_total": "counter",
    "ws101_accepts_total": "counter",
    "ws101_build_info": "gauge",
    "ws101_connections": "gauge",
    "ws101_handshakes": "gauge",
    "ws101_held_bytes": "gauge",
    "ws101_http_responses_total": "counter",
    "ws101_kept_bytes": "gauge",
    "ws101_largest_queue_bytes": "gauge",
    "ws101_max_connections": "gauge",
    "ws101_memory_budget_bytes": "gauge",
    "ws101_messages_sent_total": "counter",
    "ws101_open_files": "gauge",
    "ws101_overload_closes_total": "counter",
    "ws101_panics_total": "counter",
    "ws101_protocol_errors_total": "counter",
    "ws101_queued_bytes": "gauge",
    "ws101_rate_pauses_total": "counter",
    "ws101_refused_total": "counter",
    "ws101_slow_consumers_total": "counter",
    "ws101_timeouts_total": "counter",
    "ws101_timers": "gauge",
    "ws101_turn_seconds_max": "gauge",
    "ws101_websockets": "gauge",
}

checks = failures = 0


def check(what, got, wanted):
    global checks, failures
    checks += 1
    if got != wanted:
        failures += 1
        print("metrics: FAILED: %s: %r, not %r" % (what, got, wanted))


class Server:
    """A server with these flags, for the length of a `with`."""

    def __init__(self, *flags):
        command = [sys.argv[1], "--port", "0", "--log", "off", "--ping-interval", "0"]
        self.process = subprocess.Popen(command + list(flags), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.strip().rpartition(":")[2])
        self.own_files = self.files()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def files(self):
        """The numbers of its descriptors, where that can be known."""
        folder = "/proc/%d/fd" % self.process.pid
        return {int(name) for name in os.listdir(folder)} if os.path.isdir(folder) else set()

    def connect(self, receive_bytes=None):
        client = socket.socket()
        client.settimeout(PATIENCE)
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.connect(("127.0.0.1", self.port))
        return client

    def open(self, path, receive_bytes=None):
        """A WebSocket."""
        client = self.connect(receive_bytes)
        client.sendall(
            b"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" % path
        )
        check("the handshake on %r" % path, read_head(client)[9:12], b"101")
        return client

    def get(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, headers={"Host": "localhost"})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def samples(self):
        """All samples, by name and labels, as the foreign parser reads them."""
        status, _, text = self.get("/metrics")
        check("the status of /metrics", status, 200)
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                key = (sample.name, *sorted(sample.labels.items()))
                if key in found:
                    check("%r" % (key,), "there twice", "there once")
                found[key] = sample.value
        return found

    def expect(self, event, changes, at_least=False):
        """These samples, and no other of their families, change by so much when `event` is called."""
        before = self.samples()
        event()
        names = {key[0] for key in changes}
        begun = time.monotonic()
        while True:
            after = self.samples()
            changed = {key: value - before.get(key, 0) for key, value in after.items()}
            changed = {key: by for key, by in changed.items() if by and key[0] in names}
            if at_least:
                changed = {key: min(by, changes.get(key, 0)) for key, by in changed.items()}
            if changed == changes or time.monotonic() - begun > PATIENCE:
                return check("changes", changed, changes)
            time.sleep(0.05)


def read_head(client):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            break
        head += byte
    return head


def read(client, length):
    """Exactly so many bytes, unless the stream ends."""
    got = b""
    while len(got) < length:
        more = client.recv(length - len(got))
        if not more:
            break
        got += more
    return got


def frame(payload, first=0x82, announced=None):
    """A masked frame; the key is zero."""
    length = announced or len(payload)
    if length < 126:
        return struct.pack("!BB4x", first, 0x80 | length) + payload
    return struct.pack("!BBQ4x", first, 0x80 | 127, length) + payload


def format_is_right(server):
    status, headers, text = server.get("/metrics")
    check("status", status, 200)
    check("type", headers["Content-Type"], CONTENT_TYPE_PLAIN_0_0_4)
    check("caching", headers["Cache-Control"], "no-store")
    check("HEAD", server.get("/metrics", "HEAD")[0], 200)
    check("POST", server.get("/metrics", "POST")[0], 405)
    families = list(text_string_to_metric_families(text))
    # The parser takes `_total` off the name of a counter's family.
    kinds = {f.name + "_total" * (f.type == "counter"): f.type for f in families}
    check("names and types", kinds, PROMISED)
    for family in families:
        check("%s says what it is" % family.name, bool(family.documentation), True)
    check("/healthz", server.get("/healthz")[2], "ok\n")


def protocol_errors(server):
    def event():
        for _ in range(2):
            with server.open(b"/echo") as client:
                client.sendall(b"\x81\x00")
                check("Close", read(client, 4)[2:], b"\x03\xea")

    server.expect(event, {("ws101_protocol_errors_total", ("code", "1002")): 2})


def slow_consumer(server):
    def event():
        slow = server.open(b"/broadcast", receive_bytes=4096)
        with slow, server.open(b"/broadcast") as sender:
            # Enough for the kernel's buffers, and then for the queue.
            for _ in range(40):
                sender.sendall(frame(bytes(500_000)))
                read(sender, 10 + 500_000)

    server.expect(event, {("ws101_slow_consumers_total",): 1})


def timeouts(server):
    def event():
        with server.connect() as silent, server.connect() as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            read_head(idle)
            for client in (silent, idle):
                while client.recv(100):
                    pass

    state = "ws101_timeouts_total"
    server.expect(event, {(state, ("state", "head")): 1, (state, ("state", "keep_alive")): 1})


def overload(server):
    def event():
        clients = [server.open(b"/echo") for _ in range(6)]
        for client in clients:
            with contextlib.suppress(OSError):
                client.sendall(frame(bytes(450_000), announced=500_000))
        select.select(clients, [], [], PATIENCE)
        for client in clients:
            client.close()

    # Six do not fit into 2 MiB. How many go is a matter of how buffers grow.
    server.expect(event, {("ws101_overload_closes_total",): 1}, at_least=True)


def refused_connections(server):
    def event():
        with contextlib.ExitStack() as stack:
            for _ in range(MOST):
                stack.enter_context(server.open(b"/echo"))
            for _ in range(3):
                with server.connect() as client:
                    check("refusal", read_head(client)[9:12], b"503")

    server.expect(event, {("ws101_refused_total", ("reason", "connections")): 3})


def rate(server):
    def event():
        with server.open(b"/echo") as client:
            client.sendall(frame(b"x", first=0x81) * 22)
            check("echoes", read(client, 66), b"\x81\x01x" * 22)

    server.expect(event, {("ws101_rate_pauses_total",): 1}, at_least=True)


def refused_addresses(server):
    def event():
        with server.open(b"/echo"), server.open(b"/echo"), server.connect() as client:
            check("refusal", read_head(client)[9:12], b"429")

    server.expect(event, {("ws101_refused_total", ("reason", "ip")): 1})


def refused_handshakes(server):
    def event():
        with server.connect(), server.connect(), server.connect() as client:
            check("refusal", read_head(client)[9:12], b"503")

    server.expect(event, {("ws101_refused_total", ("reason", "handshakes")): 1})


def accept_errors(server):
    """Without a descriptor left. The limit can be raised again."""
    if not hasattr(resource, "prlimit"):
        return
    pid = server.process.pid
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)

    def event():
        begun = time.monotonic()
        while server.files() != server.own_files and time.monotonic() - begun < PATIENCE:
            time.sleep(0.05)
        least = min(set(range(1_000)) - server.own_files)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (least, limits[1]))
        with server.connect() as client:
            check("turned away", read_head(client), b"")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)

    changes = {
        ("ws101_accept_errors_total",): 1,
        ("ws101_refused_total", ("reason", "descriptors")): 1,
    }
    server.expect(event, changes)


def messages(server):
    def event():
        with server.open(b"/broadcast") as one, server.open(b"/broadcast") as other:
            one.sendall(frame(b"Hello", first=0x81))
            for client in (one, other):
                check("delivery", read(client, 7), b"\x81\x05Hello")

    server.expect(event, {("ws101_messages_sent_total",): 2})


def gauges(server):
    with server.open(b"/echo"), server.open(b"/echo"):
        samples = server.samples()
        check("WebSockets", samples["ws101_websockets",], 2)
        check("connections", samples["ws101_connections",], 3)
    check("budget", samples["ws101_memory_budget_bytes",], 2 << 20)
    check("cap", samples["ws101_max_connections",], MOST)
    check("a turn takes time", samples["ws101_turn_seconds_max",] > 0, True)


MOST = 12


def main():
    flags = "--max-message-bytes 500k --max-queue-bytes 1m --memory-budget-bytes 2m"
    short = "--head-timeout 300ms --keep-alive-timeout 300ms"
    with Server("--max-connections", str(MOST), *flags.split(), *short.split()) as server:
        for part in (
            format_is_right,
            gauges,
            messages,
            protocol_errors,
            slow_consumer,
            timeouts,
            overload,
            refused_connections,
            accept_errors,
        ):
            part(server)
    with Server("--max-connections-per-ip", "2", "--max-messages-per-second", "20") as server:
        refused_addresses(server)
        rate(server)
    with Server("--max-handshakes", "2") as server:
        refused_handshakes(server)
    print("metrics: %d checks passed, %d failed" % (checks - failures, failures))
    return 1 if failures else 0


sys.exit(main())
