"""Cutting documents into texts (P1: chunks of at most 1,024 UTF-8 bytes)."""

CONTINUATION_MASK = 0b1100_0000
CONTINUATION = 0b1000_0000


def chunk_text(text: str, max_bytes: int) -> list[str]:
    """Return consecutive pieces of `text` of at most `max_bytes` UTF-8 bytes, losing nothing.

    A cut that would fall inside a character backs off to the character's first byte.
    Raises ValueError if `max_bytes` is below 4, the longest UTF-8 character.
    """
    if max_bytes < 4:
        raise ValueError(f"max_bytes must be at least 4, not {max_bytes}")
    encoded = text.encode("utf-8")
    pieces = []
    start = 0
    while start < len(encoded):
        end = min(start + max_bytes, len(encoded))
        while end < len(encoded) and encoded[end] & CONTINUATION_MASK == CONTINUATION:
            end -= 1
        pieces.append(encoded[start:end].decode("utf-8"))
        start = end
    return pieces


def is_long_enough(chunk: str, min_bytes: int) -> bool:
    """Return whether a chunk is kept: it must have MORE than `min_bytes` UTF-8 bytes."""
    return len(chunk.encode("utf-8")) > min_bytes
