"""permessage-deflate (RFC 7692) of a real server, against Python's zlib.

    deflate_check.py FILE [--seed N] [--messages N] [--only WORDS]

FILE is the server. For every set of parameters that can be agreed to, random messages go to /echo
and /broadcast, compressed and cut in every way that the RFC allows, and must come back as they
were, in a window as small as agreed. The server's own DEFLATE, on both sides, could be wrong in the
same way twice; zlib is nobody's relative. Nothing here measures time. deflate_peer.py is the client.

Each run has dice of its own, made of the seed and its name: the same seed gives the same messages,
also with --only, which leaves out the runs that do not have these words in their names. The last
line is `N passed, N failed`, in runs.
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import zlib

from deflate_peer import BINARY, CLOSE, TAIL, TEXT, Client, Wrong, cut, frame, require, shown

LONGEST = 200_000
# Absent; valueless (only a client may say so of itself); a number.
SERVER_WINDOWS = [{}] + [{"server_max_window_bits": bits} for bits in range(9, 16)]
CLIENT_WINDOWS = [{}, {"client_max_window_bits": None}] + [{"client_max_window_bits": bits} for bits in range(8, 16)]
SERVER_FLAGS = [{}, {"server_no_context_takeover": None}]
CLIENT_FLAGS = [{}, {"client_no_context_takeover": None}]
OFFERS = [{**a, **b, **c, **d}
          for a, b, c, d in itertools.product(SERVER_WINDOWS, CLIENT_WINDOWS, SERVER_FLAGS, CLIENT_FLAGS)]
WORDS = "temperature humidity sensor naïve 🚀 you wrote client says value time true null 你好".split()


class Server:
    """A server with these flags, for the length of a `with`."""

    def __init__(self, file, mode, threshold, *more):
        self.name, self.takes_over, self.threshold = "%s/%d" % (mode, threshold), mode == "takeover", threshold
        command = [file, "--port", "0", "--log", "off", "--ping-interval", "0", "--deflate", mode]
        command += ["--deflate-threshold", str(threshold), *more]
        # WS101_* are flags to the server; those of the caller are none of its business here.
        env = {name: value for name, value in os.environ.items() if not name.startswith("WS101_")}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("Server running at "):
            sys.exit("deflate: %s gave no start line" % " ".join(command))
        self.port = int(line.strip().rpartition(":")[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()  # does nothing behind stop()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Nothing that was sent may have ended the server: SIGTERM does, with status 0."""
        self.process.terminate()
        status = self.process.wait(30)
        require(status == 0, "the server ended with status %d", status)

    def client(self, path, rng, offer):
        client = Client(self.port, path, rng, offer)
        if client.agreed:
            # Takeover only by flag, and then whenever the offer leaves it to us.
            allowed = self.takes_over and "server_no_context_takeover" not in offer
            require(client.agreed.server_keeps == allowed, "%s: %s", client.offered, client.answer)
            allowed = self.takes_over and "client_no_context_takeover" not in offer
            require(client.agreed.client_keeps == allowed, "%s: %s", client.offered, client.answer)
        return client


# ---- Messages ----

class Writer:
    """Random messages, some of which repeat what was there before, as far back as a window reaches."""

    def __init__(self, rng):
        self.rng, self.said = rng, b""

    def message(self):
        """(opcode, payload)"""
        rng = self.rng
        size = int(min(LONGEST, rng.choice([1, 30, 300, 300, 3_000]) * rng.expovariate(0.7)))
        if rng.random() < 0.008:
            size = rng.randint(LONGEST // 4, LONGEST)
        makers = [self.words, self.words, self.record, self.noise, self.run, self.again, self.far]
        payload = rng.choice(makers)(size)
        self.said = (self.said + payload)[-70_000:]
        try:
            payload.decode()
            return rng.choice([TEXT, BINARY]), payload
        except UnicodeDecodeError:
            return BINARY, payload

    def words(self, size):
        return " ".join(self.rng.choices(WORDS, k=size // 6)).encode()

    def record(self, size):
        rng = self.rng
        rows = [{"id": rng.randrange(1000), "value": round(rng.random(), 3), "ok": True} for _ in range(size // 38)]
        return json.dumps(rows).encode()

    def noise(self, size):
        return self.rng.randbytes(size)

    def run(self, size):
        return bytes([self.rng.randrange(128)]) * size

    def again(self, size):
        """Something that was said before, with another beginning."""
        at = self.rng.randint(0, len(self.said))
        return b"%d " % self.rng.randrange(100) + self.said[at:at + size]

    def far(self, size):
        """The same twice, about as far apart as a window is wide."""
        rng = self.rng
        twice = rng.randbytes(rng.randint(4, 60))
        between = (1 << rng.randint(8, 15)) - len(twice) + rng.randint(-3, 3)
        return twice + rng.randbytes(between) + twice + self.words(size)


# ---- What is tried. Each run is a function of a server and its dice. ----

def expect(server, client, opcode, payload):
    """The next message that this client gets."""
    got, plain, wire = client.receive()
    require(got == opcode, "opcode %x came back as %x", opcode, got)
    if plain != payload:
        where = next((n for n, (a, b) in enumerate(zip(plain, payload)) if a != b), "the end")
        raise Wrong("%d bytes came back as %d, different from %s on" % (len(payload), len(plain), where))
    size = len(payload)
    if wire is not None:
        require(size >= server.threshold, "%d bytes are compressed, the threshold is %d", size, server.threshold)
        require(wire < size, "%d bytes are compressed to %d", size, wire)
    elif client.agreed and size >= max(server.threshold, 64) and len(zlib.compress(payload, 1)) < size // 3:
        raise Wrong("%d bytes that compress well came uncompressed" % size)
    return wire is not None


def echo(server, rng, offer, messages):
    client, writer = server.client("/echo", rng, offer), Writer(rng)
    sent = 0
    while sent < messages:
        batch = [writer.message() for _ in range(rng.choice([1, 1, 3]))]
        for opcode, payload in batch:
            client.send(opcode, payload, rng.random() < 0.85)
        for opcode, payload in batch:
            expect(server, client, opcode, payload)
        sent += len(batch)
    # Whatever the dice said: one that must be compressed, twice.
    for _ in range(2):
        client.send(TEXT, b"compress me, " * 40, True)
        require(expect(server, client, TEXT, b"compress me, " * 40), "never compressed")
    client.close()


def broadcast(server, rng, name, messages):
    """Two or three with different parameters, perhaps none; one is there alone before and afterwards."""
    path, writer = "/broadcast/%s" % name.replace(" ", "-"), Writer(rng)
    members = []

    def talk():
        for _ in range(messages):
            sender = rng.choice(members)
            opcode, payload = writer.message()
            sender.send(opcode, payload, sender.agreed is not None and rng.random() < 0.85)
            for member in members:
                expect(server, member, opcode, payload)

    offers = rng.sample(OFFERS, 2) + [rng.choice(OFFERS + [None])][:rng.randint(0, 1)]
    for offer in offers:
        members.append(server.client(path, rng, offer))
        talk()
    while len(members) > 1:
        members.pop(rng.randrange(len(members))).close()
        talk()
    members[0].close()


def crowd(server, rng, _, messages):
    """More unfinished messages at once than the server will inflate at once."""
    clients = [(server.client("/echo", rng, rng.choice(OFFERS)), Writer(rng)) for _ in range(24)]
    for _ in range(max(1, messages // 2)):
        sent, waiting = [], []
        for client, writer in clients:
            opcode, payload = writer.message()
            sent.append((client, opcode, payload))
            data = b"".join(client.frames(opcode, payload, rng.random() < 0.9))
            waiting.append((client, cut(rng, data, 3)))
        for part in range(4):
            rng.shuffle(waiting)
            for client, parts in waiting:
                client.socket.sendall(parts[part])
        for client, opcode, payload in sent:
            expect(server, client, opcode, payload)
    for client, _ in clients:
        client.close()


def as_zlib_sees(payload):
    """The plain bytes of a payload, or None if it is not one."""
    out, data, ending = b"", payload, False
    while data:  # nothing at all, at the beginning or behind BFINAL, is forgiven
        inflate = zlib.decompressobj(-15, **({"zdict": out[-32768:]} if out else {}))
        try:
            more = inflate.decompress(data)
            if not ending:
                out += more
                if not inflate.eof:
                    # What was cut off must be an empty block's, and a last one must fit behind it.
                    ending, more = True, inflate.decompress(TAIL + b"\x01" + TAIL)
        except zlib.error:
            return None
        if ending and (more or not inflate.eof):
            return None
        data = inflate.unused_data
    return out


def damaged(server, rng, _, messages):
    """What is damaged on the way: zlib says whether it still is a message, and which one."""
    for _ in range(messages):
        client = server.client("/echo", rng, {})
        _, payload = Writer(rng).message()
        payload = bytearray(client.deflater.compress(payload[:5_000]))
        at = rng.randrange(len(payload))
        rng.choice([
            lambda: payload.__setitem__(at, payload[at] ^ 1 << rng.randrange(8)),
            lambda: payload.__delitem__(slice(at, at + rng.randint(1, 9))),
            lambda: payload.__setitem__(slice(at, at), rng.randbytes(rng.randint(1, 9))),
            lambda: payload.__delitem__(slice(at, None)),
            lambda: payload.extend(rng.randbytes(rng.randint(1, 9))),
            lambda: payload.extend(b"\x00" * rng.randint(1, 9)),
        ])()
        wanted = as_zlib_sees(bytes(payload))
        client.socket.sendall(frame(rng, BINARY, bytes(payload), True, True))
        try:
            if wanted is None:
                _, _, opcode, reason = client.read_frame()
                require(opcode == CLOSE, "taken, and zlib says that it is broken")
                require(reason[:2] == b"\x03\xef", "Close %s, not 1007", reason[:2].hex())
                client.drop()
            else:
                expect(server, client, BINARY, wanted)
                client.close()
        except Wrong as error:
            raise Wrong("%s; sent was %s" % (error, shown(payload))) from error


def runs():
    """(name, function, its argument)"""
    for offer in OFFERS:
        params = "; ".join(name if value is None else "%s=%s" % (name, value) for name, value in offer.items())
        yield "echo %s" % (params or "(no parameters)"), echo, offer
    for number in range(60):
        yield "broadcast %d" % number, broadcast, "%d" % number
    for number in range(3):
        yield "crowd %d" % number, crowd, None
    for number in range(10):
        yield "damaged %d" % number, damaged, None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--only", default="", metavar="WORDS", help="the runs with this in their names")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--messages", type=int, default=4, metavar="N", help="for each run, at least (default: 4)")
    args = parser.parse_args()
    if sys.version_info < (3, 9):
        sys.exit("deflate: Python 3.9 or newer is needed")
    print("deflate: zlib %s, seed %d" % (zlib.ZLIB_RUNTIME_VERSION, args.seed), flush=True)
    passed = failed = 0

    def attempt(name, function, *arguments):
        nonlocal passed, failed
        try:
            function(*arguments)
            passed += 1
        except (Wrong, OSError, subprocess.TimeoutExpired) as error:
            failed += 1
            print("deflate: FAILED: %s: %s" % (name, error), flush=True)

    for mode, threshold, *more in [("on", 0), ("on", 256), ("takeover", 0, "--deflate-level", "6"), ("takeover", 256)]:
        with Server(args.file, mode, threshold, *more) as server:
            for name, function, argument in runs():
                name = "%s %s" % (server.name, name)
                if args.only in name:
                    dice = random.Random("%d %s" % (args.seed, name))
                    attempt(name, function, server, dice, argument, args.messages)
            if args.only in server.name:
                attempt("%s, its end" % server.name, server.stop)
        print("deflate: %s: %d passed, %d failed so far" % (server.name, passed, failed), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
