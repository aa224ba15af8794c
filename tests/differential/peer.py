#!/usr/bin/env python3
"""What the sans-I/O server of `websockets` makes of streams of frames.

On stdin, again and again: the message limit (8 bytes), a length (4 bytes), so many bytes. On stdout, for
each: its events, a letter, a length and a payload, then how it ended, a letter and a code.

The protocol object gives frames; that they make messages, and texts UTF-8, is the business of the layer above it. So
here frames are joined, and texts checked frame by frame by Python's own decoder. (Not by its incremental one: that
waits for the third byte of a surrogate.)
"""
import logging
import struct
import sys

from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

LOGGER = logging.getLogger("quiet")
LOGGER.addHandler(logging.NullHandler())
LOGGER.propagate = False
LOGGER.setLevel(logging.CRITICAL)


def is_text(data, final):
    try:
        data.decode()
        return True
    except UnicodeDecodeError as error:
        return not final and error.reason == "unexpected end of data"


def outcome(stream, limit):
    protocol = ServerProtocol(state=OPEN, max_size=limit, logger=LOGGER)
    protocol.receive_data(stream)
    message, kind = b"", None
    for frame in protocol.events_received():
        if frame.opcode is Opcode.PING:
            yield b"i", bytes(frame.data)
        elif frame.opcode is Opcode.PONG:
            yield b"o", b""
        elif frame.opcode is Opcode.CLOSE:
            break
        else:
            if frame.opcode is not Opcode.CONT:
                message, kind = b"", frame.opcode
            message += frame.data
            if kind is Opcode.TEXT and not is_text(message, frame.fin):
                yield b"F", 1007
                return
            if frame.fin:
                yield (b"t" if kind is Opcode.TEXT else b"b"), message
    if protocol.parser_exc is not None:
        yield b"F", protocol.close_sent.code
    elif protocol.close_rcvd is not None:
        code = protocol.close_rcvd.code
        yield b"C", 0 if code == 1005 else code
    else:
        yield b"W", 0


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while True:
        head = stdin.read(12)
        if len(head) < 12:
            return
        limit, length = struct.unpack("!QI", head)
        for letter, value in outcome(stdin.read(length), limit):
            if isinstance(value, int):
                stdout.write(letter + struct.pack("!I", value))
            else:
                stdout.write(letter + struct.pack("!I", len(value)) + value)
        stdout.flush()


main()
