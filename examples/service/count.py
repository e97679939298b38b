#!/usr/bin/python3
import struct, sys

header = struct.Struct("<4sIQII")
while data := sys.stdin.buffer.read(header.size):
    magic, length, value, rights, zero = header.unpack(data)
    page = sys.stdin.buffer.read(length)
    count = length - page.count(0)
    sys.stdout.buffer.write(header.pack(b"VIPC", 0, count, 0, 0))
    sys.stdout.buffer.flush()
