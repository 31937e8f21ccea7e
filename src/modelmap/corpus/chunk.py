"""Cutting documents into chunks.

Oyama et al. 2025 (ACL) use chunks of at most 1,024 UTF-8 bytes, and keep those of more than 256.
"""

# In UTF-8 the bytes of a character after its first one, and only these, begin with the bits 10.
CONTINUATION_MASK = 0b1100_0000
CONTINUATION = 0b1000_0000


def chunk_text(text: str, max_bytes: int) -> list[str]:
    """Return consecutive pieces of `text` of at most `max_bytes` UTF-8 bytes each.

    Joined, they are the whole text. A cut that would fall inside a character is moved to its first
    byte. Raises ValueError if `max_bytes` is below 4, the length of the longest UTF-8 character.
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
    """Return whether a chunk is kept: it must have more than `min_bytes` UTF-8 bytes."""
    return len(chunk.encode("utf-8")) > min_bytes
