"""How work is divided."""

from hypothesis import given
from hypothesis import strategies as st

from modelmap.hardware import Hardware
from modelmap.scoring.plan import batches, estimated_tflop, shard_rows

lengths_of_texts = st.lists(st.integers(1, 1024), min_size=1, max_size=60)


@given(lengths_of_texts, st.integers(1, 4096))
def test_batches_hold_every_text_once_longest_first_within_the_budget(
    lengths: list[int], budget: int
) -> None:
    """No text is lost or doubled; only a text alone may pass the budget, padding counted."""
    made = batches(lengths, budget)
    flat = [index for batch in made for index in batch]
    assert sorted(flat) == list(range(len(lengths)))
    assert [lengths[i] for i in flat] == sorted(lengths, reverse=True)
    for batch in made:
        padded = len(batch) * max(lengths[i] for i in batch)
        assert padded <= budget or len(batch) == 1


def test_batches_by_hand() -> None:
    """Of lengths 4, 10, 3, 4 a budget of 12 makes {10}, {4, 4}, {3}: 3 x 4 fits, so {4, 4, 3}."""
    assert batches([4, 10, 3, 4], 12) == [[1], [0, 3, 2]]


@given(st.lists(st.integers(257, 1024), min_size=1, max_size=60), st.floats(0.01, 100))
def test_shards_hold_every_row_once_in_like_mixes(n_bytes: list[int], tflop: float) -> None:
    """Shards differ by at most one text, and none is empty."""
    shards = shard_rows(n_bytes, tflop, 1.0)
    assert sorted(row for shard in shards for row in shard) == list(range(len(n_bytes)))
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 1


def test_the_estimate_is_two_operations_per_weight_and_token() -> None:
    """10^9 float32 weights on 3,500 bytes, 1,000 tokens: 2 x 10^12 operations."""
    assert estimated_tflop(4_000_000_000, 3_500) == 2.0


def test_the_token_budget_shrinks_with_the_vocabulary() -> None:
    """64 MB of float32 logits are 4,096 tokens at most, and 62 of a vocabulary of 256,000."""
    hardware = Hardware(device="cpu", workers=1, batch_tokens=4096, logits_mb=64, shard_tflop=1)
    assert hardware.token_budget(2048) == 4096
    assert hardware.token_budget(256_000) == 62
