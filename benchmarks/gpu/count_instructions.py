#!/usr/bin/env python3
"""Counts the instructions of the loops of a kernel in a cubin, without a disassembler.

    count_instructions.py kernel.cubin kernelops_tile [dimension]

From sm_70 on an instruction has 16 bytes and its opcode is in the lowest 9 bits (the 3 above say
where the operands come from). A loop is what lies between a branch backwards and its target. The
printed loops are those that hold no other; the numbers of the opcodes come from assembling small
kernels. With the dimension of the points it also guesses how many instructions a pair takes: a loop
has as many pairs as special functions, or else as it has products for all components.
"""
import collections
import struct
import sys

NAMES = {
    0x002: "MOV", 0x007: "SEL", 0x008: "FSEL", 0x009: "FMNMX", 0x00b: "FSETP", 0x00c: "ISETP",
    0x010: "IADD3", 0x011: "LEA", 0x012: "LOP3", 0x019: "SHF", 0x020: "FMUL", 0x021: "FADD",
    0x023: "FFMA", 0x024: "IMAD", 0x025: "IMAD.WIDE", 0x028: "DMUL", 0x029: "DADD", 0x02a: "DSETP",
    0x02b: "DFMA", 0x03c: "HMMA", 0x048: "VIMNMX", 0x108: "MUFU", 0x110: "F2F", 0x11d: "BAR", 0x145: "BSSY",
    0x141: "BSYNC", 0x147: "BRA", 0x181: "LDG", 0x183: "LDL", 0x184: "LDS", 0x186: "STG",
    0x187: "STL", 0x188: "STS", 0x118: "NOP",
}


def section(data, wanted):
    names_at = struct.unpack_from("<Q", data, 0x28)[0]
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, names_at + n * size) for n in range(count)]
    strings = headers[names][4]
    for name, _, _, _, offset, length in headers:
        text = data[strings + name:data.index(b"\0", strings + name)].decode()
        if text == ".text." + wanted:
            return data[offset:offset + length]
    raise SystemExit("no kernel " + wanted)


def main():
    dimension = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    code = section(open(sys.argv[1], "rb").read(), sys.argv[2])
    words = [struct.unpack_from("<QQ", code, at) for at in range(0, len(code), 16)]
    opcodes = [low & 0x1FF for low, _ in words]
    loops = []
    for n, (low, high) in enumerate(words):
        if opcodes[n] != 0x147:
            continue
        # The branch's distance in words of 4 bytes: bits 16 to 23, and from 34 on, signed.
        distance = ((high << 64 | low) >> 34) & ((1 << 40) - 1)
        distance -= (distance >> 39) << 40
        distance = (distance * 256 + (low >> 16 & 255)) // 4
        if -n <= distance < -1:
            loops.append((n + 1 + distance, n))
    for first, last in loops:
        if last - first < 8 or any((a, b) != (first, last) and first <= a and b <= last
                                   for a, b in loops):
            continue
        found = collections.Counter(NAMES.get(op, hex(op)) for op in opcodes[first:last + 1])
        length = last - first + 1
        pairs = found["MUFU"]
        if pairs == 0 and dimension:
            pairs = (found["FFMA"] + found["FMUL"]) / dimension
        guess = f" ({length / pairs:.1f} for a pair)" if dimension and pairs > 0 else ""
        print(f"instructions {first} to {last}: {length}{guess}:",
              ", ".join(f"{name} {count}" for name, count in found.most_common()))


main()
