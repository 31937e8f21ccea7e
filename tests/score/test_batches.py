"""How work is divided."""

from hypothesis import given
from hypothesis import strategies as st

from modelmap.plumbing.hardware import Hardware
from modelmap.score.batches import batches, estimated_tflop, shard_rows

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


@given(lengths_of_texts, st.integers(1, 4096), st.floats(1e-7, 1e-3))
def test_shards_are_runs_of_the_batches_of_all_texts(
    lengths: list[int], budget: int, shard_tflop: float
) -> None:
    """However much a shard holds, its batches are those that all texts together make."""
    shards = shard_rows(lengths, budget, 1000, shard_tflop)
    again = [
        [shard[place] for place in batch]
        for shard in shards
        for batch in batches([lengths[row] for row in shard], budget)
    ]
    assert again == batches(lengths, budget)


def test_a_shard_takes_batches_until_it_is_full() -> None:
    """500 weights on batches of 10 tokens are 10^-8 TFLOP each: 1.5 of these take two batches."""
    assert shard_rows([10, 10, 10, 10, 10], 10, 500, 1.5e-8) == [[0, 1], [2, 3], [4]]


def test_the_estimate_is_two_operations_per_weight_and_token() -> None:
    """10^9 weights on 3,500 bytes, 1,000 tokens: 2 x 10^12 operations."""
    assert estimated_tflop(1_000_000_000, 3_500) == 2.0


def test_the_token_budget_shrinks_with_the_vocabulary_and_with_the_model() -> None:
    """64 MB of float32 logits are 62 tokens of a vocabulary of 256,000; 10^12 operations are 50
    tokens of 10^10 weights; a small model is given the tokens of the setting."""
    hardware = Hardware(device="cpu", workers=1, batch_tokens=4096, logits_mb=64, shard_tflop=1)
    assert hardware.token_budget(2048, 1_000_000) == 4096
    assert hardware.token_budget(256_000, 1_000_000) == 62
    assert hardware.token_budget(2048, 10**10) == 50
    assert hardware.token_budget(2048, 10**13) == 1
