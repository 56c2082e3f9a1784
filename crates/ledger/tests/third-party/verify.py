#!/usr/bin/env python3
"""Verifies a log of Vigie from the public specifications alone: C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-proof.

    pip install cryptography
    python3 verify.py DIRECTORY KEY                  the whole log
    python3 verify.py PROOF.tlog-proof KEY ENTRY     that the bytes of the file ENTRY are in the log
"""

import base64
import hashlib
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def fail(what):
    sys.exit(f"bad: {what}")


def open_checkpoint(text, key):
    """The size and the root that the key signed."""
    name, key_id, material = key.strip().split("+", 2)
    material = base64.b64decode(material)
    expected = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    if material[0] != 1 or expected.hex() != key_id:
        fail("the key is malformed")
    body, signatures = text.rsplit("\n\n", 1)
    body += "\n"
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        signature = base64.b64decode(signature)
        if dash == "\u2014" and signer == name and signature[:4] == expected:
            try:
                Ed25519PublicKey.from_public_bytes(material[1:]).verify(signature[4:], body.encode())
            except InvalidSignature:
                fail("the signature does not belong to the checkpoint")
            break
    else:
        fail(f"{name} did not sign the checkpoint")
    origin, size, root = body.splitlines()[:3]
    if origin != name:
        fail(f"the checkpoint is of {origin}")
    return int(size), base64.b64decode(root)


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree(hashes):
    """RFC 6962, section 2.1."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node(tree(hashes[:split]), tree(hashes[split:]))


def path(level, number, width):
    parts = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03}")
    return f"tile/{level}/" + "/".join(parts) + ("" if width == 256 else f".p/{width}")


def verify_log(directory, key):
    size, root = open_checkpoint((directory / "checkpoint").read_text(), key)
    leaves = []
    for number in range((size + 255) // 256):
        name = path("entries", number, min(256, size - number * 256))
        bundle = (directory / name).read_bytes()
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            leaves.append(leaf(bundle[2 : 2 + length]))
            bundle = bundle[2 + length :]
    if len(leaves) != size:
        fail(f"{len(leaves)} entries, not {size}")
    if tree(leaves) != root:
        fail("the root of the entries is not the one signed")
    level, hashes, tiles = 0, leaves, 0
    while hashes:
        for number in range((len(hashes) + 255) // 256):
            tile = hashes[number * 256 : number * 256 + 256]
            name = path(level, number, len(tile))
            if (directory / name).read_bytes() != b"".join(tile):
                fail(f"{name} has other hashes")
            tiles += 1
        full = len(hashes) // 256
        hashes = [tree(hashes[number * 256 : number * 256 + 256]) for number in range(full)]
        level += 1
    print(f"good: {size} entries, {tiles} tiles, root {base64.b64encode(root).decode()}")


def verify_proof(proof, key, entry):
    head, checkpoint = proof.split("\n\n", 1)
    lines = head.splitlines()
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        fail("it is not a proof")
    if lines[0].startswith("extra "):
        lines.pop(0)
    index = int(lines.pop(0).removeprefix("index "))
    size, root = open_checkpoint(checkpoint, key)
    # RFC 9162, section 2.1.3.2.
    place, last, computed = index, size - 1, leaf(entry)
    if index >= size:
        fail("the place is not in the log")
    for line in lines:
        sibling = base64.b64decode(line)
        if last == 0:
            fail("the proof is too long")
        if place & 1 or place == last:
            computed = node(sibling, computed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            computed = node(computed, sibling)
        place, last = place >> 1, last >> 1
    if last != 0 or computed != root:
        fail("the entry is not at that place of the log")
    print(f"good: entry {index} of {size}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    where = pathlib.Path(sys.argv[1])
    if len(sys.argv) == 3:
        verify_log(where, sys.argv[2])
    else:
        verify_proof(where.read_text(), sys.argv[2], pathlib.Path(sys.argv[3]).read_bytes())
