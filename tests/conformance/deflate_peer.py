"""A WebSocket client with permessage-deflate (RFC 7692), for deflate_check.py.

Frames are packed and read here by hand, DEFLATE is zlib's: nothing in here is the server's. What is
random comes from one generator, so that a seed says all. Which messages are sent, and what they
have to come back as, is deflate_check.py's business.
"""

import socket
import struct
import zlib

PATIENCE = 30
TAIL = b"\x00\x00\xff\xff"  # what a sender cuts off and a receiver adds (§7.2.1, §7.2.2)
MAX_WINDOW_BITS = 15
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
STRATEGIES = [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED]
# What may end a part inside a message. With Z_BLOCK and Z_PARTIAL_FLUSH blocks end inside a byte.
FLUSHES = [zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_PARTIAL_FLUSH, zlib.Z_BLOCK]


class Wrong(Exception):
    """The server does not keep to the rules, or to what was agreed."""


def require(condition, what, *details):
    if not condition:
        raise Wrong(what % details)


def shown(data):
    return data.hex(" ") if len(data) <= 700 else data[:600].hex(" ") + " ... " + data[-100:].hex(" ")


class Agreement:
    """What an offer and its answer say together (§7.1); an answer that does not fit is Wrong."""

    def __init__(self, offer, answer):
        name, *params = [part.strip() for part in answer.split(";")]
        require(name == "permessage-deflate", "the answer is %r", answer)
        found = {}
        for param in params:
            key, _, value = param.partition("=")
            require(key not in found, "%s stands twice in %r", key, answer)
            found[key] = value
        self.server_keeps = "server_no_context_takeover" not in found
        self.client_keeps = "client_no_context_takeover" not in found
        for flag in ("server_no_context_takeover", "client_no_context_takeover"):
            require(found.pop(flag, "") == "", "%s has a value", flag)
        require(not (self.server_keeps and "server_no_context_takeover" in offer), "a wish ignored: %r", answer)
        self.server_bits = self.window(found.pop("server_max_window_bits", None), answer)
        self.client_bits = self.window(found.pop("client_max_window_bits", None), answer)
        require(not found, "%r says what nobody asked for", answer)
        wanted = offer.get("server_max_window_bits")
        require(self.server_bits <= int(wanted or MAX_WINDOW_BITS), "%r for %r", answer, offer)
        require("client_max_window_bits" in offer or "client_max_window_bits" not in answer, "unasked: %r", answer)
        wanted = offer.get("client_max_window_bits")
        require(not wanted or "client_max_window_bits" not in answer or self.client_bits <= int(wanted),
                "%r for %r", answer, offer)
        self.client_bits = min(self.client_bits, int(wanted or MAX_WINDOW_BITS))

    @staticmethod
    def window(value, answer):
        if value is None:
            return MAX_WINDOW_BITS
        require(value in "8 9 10 11 12 13 14 15".split(), "%r is no window in %r", value, answer)
        return int(value)


class Deflater:
    """Plain messages into compressed ones, each in a random one of the ways that DEFLATE allows."""

    def __init__(self, rng, agreed):
        self.rng, self.keeps, self.bits = rng, agreed.client_keeps, agreed.client_bits
        self.history, self.stream = b"", None

    def begin(self):
        """Another stream, which goes on behind what was compressed before."""
        rng = self.rng
        # zlib does not compress with 8 bits. With 9 it reaches back 250 bytes, which are enough for 8.
        bits = max(self.bits, 9)
        level = rng.choice([0, 1, 1, 2, 4, 6, 9])
        history = self.history[-min(1 << self.bits, 32768):]
        known = {"zdict": history} if history else {}
        return zlib.compressobj(level, zlib.DEFLATED, -bits, rng.randint(1, 9), rng.choice(STRATEGIES), **known)

    def compress(self, message):
        rng, out = self.rng, b""
        if not self.keeps or rng.random() < 0.05:  # who may refer back need not
            self.history, self.stream = b"", None
        before = self.history
        for part in cut(rng, message, rng.choice([0, 0, 1, 4])):
            if self.stream is None:
                self.stream = self.begin()
            out += self.stream.compress(part)
            self.history = (self.history + part)[-32768:]
            if rng.random() < 0.25:
                out += self.stream.flush(zlib.Z_FINISH)  # BFINAL; the next stream may still refer back
                self.stream = None
            else:
                flush = rng.choice(FLUSHES)
                out += self.stream.flush(flush) if flush != zlib.Z_NO_FLUSH else b""
        payload = self.end(out)
        self.verify(message, before, payload)
        return payload

    def end(self, out):
        rng = self.rng
        if self.stream is None:  # the last block has BFINAL: one byte is the beginning of an empty one
            return out + b"\x00"
        if rng.random() < 0.2:
            out += self.stream.flush(zlib.Z_FINISH)
            self.stream = None
            return out + b"\x00"
        # A second flush with nothing in between writes nothing, so this one may be an empty block of its own.
        last = self.stream.flush(rng.choice([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
        out += last
        if not last or not out.endswith(TAIL) or rng.random() < 0.1:
            return out + b"\x00"  # nothing is cut off, an empty block stands behind it
        return out[:-len(TAIL)]

    def verify(self, message, before, payload):
        """What goes out is what it should be, so that no mistake here is taken for the server's."""
        got, data = b"", payload + TAIL
        while True:
            known = (before + got)[-(1 << self.bits):]
            inflate = zlib.decompressobj(-self.bits, **({"zdict": known} if known else {}))
            got += inflate.decompress(data)
            data = inflate.unused_data
            if not inflate.eof:
                break
        assert got == message, "this test compresses wrongly"


class Inflater:
    """What the server sends, read with a window of exactly the size that was agreed to."""

    def __init__(self, agreed):
        self.keeps, self.bits = agreed.server_keeps, agreed.server_bits
        self.stream = None

    def inflate(self, payload):
        if self.stream is None or not self.keeps:
            self.stream = zlib.decompressobj(-self.bits)
        # zlib sees that a distance is too far only if it is beyond the window and all that it has put out in
        # one call. So it may put out one byte at a time, unless no distance can be beyond the window.
        step = 0 if self.bits == MAX_WINDOW_BITS else 1
        out, data = [], payload + TAIL
        for at in range(0, len(data), 64):
            piece = data[at:at + 64]
            while True:
                came = self.stream.decompress(piece, step)
                out.append(came)
                piece = self.stream.unconsumed_tail
                if step == 0 or (not came and not piece):
                    break
        require(not self.stream.eof, "a block of the server's has BFINAL")
        return b"".join(out)


def cut(rng, data, cuts):
    """The same bytes in parts, some perhaps empty."""
    places = sorted(rng.randint(0, len(data)) for _ in range(cuts))
    return [data[a:b] for a, b in zip([0] + places, places + [len(data)])]


def frame(rng, opcode, payload, fin=True, rsv1=False):
    size = len(payload)
    head = bytes([fin << 7 | rsv1 << 6 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += struct.pack("!BH", 0x80 | 126, size)
    else:
        head += struct.pack("!BQ", 0x80 | 127, size)
    key = rng.randbytes(4)
    pad = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    return head + key + (int.from_bytes(payload, "big") ^ pad).to_bytes(size, "big")


class Client:
    """One connection. `offer`: the parameters and their values (None: none), or None for no offer."""

    def __init__(self, port, path, rng, offer):
        self.rng, self.pongs_due = rng, []
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = self.socket.makefile("rb")
        self.offered = None
        if offer is not None:
            params = [name if value is None else "%s=%s" % (name, value) for name, value in offer.items()]
            rng.shuffle(params)
            self.offered = "; ".join(["permessage-deflate"] + params)
        self.answer = self.handshake(path)
        self.agreed = None
        if offer is not None:
            require(self.answer is not None, "declined: %s", self.offered)
            self.agreed = Agreement(offer, self.answer)
            self.deflater, self.inflater = Deflater(rng, self.agreed), Inflater(self.agreed)

    def handshake(self, path):
        lines = ["GET %s HTTP/1.1" % path, "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        if self.offered:
            lines.append("Sec-WebSocket-Extensions: " + self.offered)
        self.socket.sendall("".join(line + "\r\n" for line in lines + [""]).encode())
        status = self.bytes.readline()
        require(status.split()[1:2] == [b"101"], "the answer to %r is %r", self.offered, status)
        extensions = []
        while (line := self.bytes.readline().strip()):
            name, _, value = line.decode().partition(":")
            if name.lower() == "sec-websocket-extensions":
                extensions.append(value.strip())
        require(len(extensions) <= 1, "more than one answer: %r", extensions)
        return extensions[0] if extensions else None

    def frames(self, opcode, message, compressed):
        """A message as a list of frames, with Pings in between."""
        rng = self.rng
        payload = self.deflater.compress(message) if compressed else message
        fragments = cut(rng, payload, rng.choice([0, 0, 1, 2, 7]))
        out = []
        for n, fragment in enumerate(fragments):
            if rng.random() < 0.2:
                ping = rng.randbytes(rng.randint(0, 125))
                self.pongs_due.append(ping)
                out.append(frame(rng, PING, ping))
            is_first, is_last = n == 0, n == len(fragments) - 1
            out.append(frame(rng, opcode if is_first else CONTINUATION, fragment, is_last, is_first and compressed))
        return out

    def send(self, opcode, message, compressed):
        data = b"".join(self.frames(opcode, message, compressed))
        for piece in cut(self.rng, data, self.rng.choice([0, 0, 1, 3])):
            self.socket.sendall(piece)

    def read_frame(self):
        first, second = self.exactly(2)
        fin, rsv1, opcode, size = first >> 7, first >> 6 & 1, first & 0xF, second & 0x7F
        require(first & 0x30 == 0 and second < 0x80, "RSV2, RSV3 or a mask: %02x %02x", first, second)
        if size == 126:
            (size,) = struct.unpack("!H", self.exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.exactly(8))
        return fin, rsv1, opcode, self.exactly(size)

    def exactly(self, size):
        data = self.bytes.read(size)
        require(len(data) == size, "the connection ended")
        return data

    def receive(self):
        """The next message: (opcode, plain bytes, bytes on the wire if it was compressed or None)."""
        begun, rsv1, parts = None, 0, []
        while True:
            fin, bit, opcode, payload = self.read_frame()
            if opcode >= CLOSE:
                self.control(fin, bit, opcode, payload)
                continue
            require((opcode == CONTINUATION) == (begun is not None), "opcode %x at the wrong place", opcode)
            if begun is None:
                begun, rsv1 = opcode, bit
            else:
                require(not bit, "RSV1 on a continuation frame")
            parts.append(payload)
            if fin:
                break
        wire = b"".join(parts)
        if not rsv1:
            return begun, wire, None
        require(self.agreed, "RSV1, and nothing was agreed to")
        try:
            return begun, self.inflater.inflate(wire), len(wire)
        except zlib.error as error:
            raise Wrong("%s, in %d bytes: %s" % (error, len(wire), shown(wire))) from error

    def control(self, fin, bit, opcode, payload):
        require(fin and not bit, "a control frame with RSV1 or without FIN")
        if opcode == CLOSE:
            code = int.from_bytes(payload[:2], "big")
            raise Wrong("Close %d: %s" % (code, payload[2:].decode(errors="replace")))
        if opcode == PING:
            self.socket.sendall(frame(self.rng, PONG, payload))
            return
        require(payload in self.pongs_due, "a Pong for no Ping, or a second one")
        del self.pongs_due[:self.pongs_due.index(payload) + 1]  # one Pong may answer several (RFC 6455 §5.5.3)

    def close(self):
        """Until here everything was answered: nothing may come but the answer to our Close."""
        self.socket.sendall(frame(self.rng, CLOSE, b"\x03\xe8"))
        while True:
            fin, bit, opcode, payload = self.read_frame()
            if opcode == CLOSE:
                require(payload == b"\x03\xe8", "Close with %s for one with 1000", payload.hex(" ") or "nothing")
                break
            require(opcode == PONG, "opcode %x after the last message", opcode)
            self.control(fin, bit, opcode, payload)
        require(not self.pongs_due, "%d Pings without a Pong", len(self.pongs_due))
        self.bytes.close()
        self.socket.close()

    def drop(self):
        self.bytes.close()
        self.socket.close()
