"""Training: the schedule, the loss, and the same bytes for the same seed."""

import hashlib
import math
from typing import Any

import numpy as np
import pytest
import torch

from modelmap.zoo.architectures import untrained_model
from modelmap.zoo.settings import Architecture, Shape, TokenizerRecipe, Training
from modelmap.zoo.tokenizers import train_tokenizer
from modelmap.zoo.train import learning_rate_factor, token_stream, train

SHAPE = Shape(hidden_size=16, n_layers=1, n_heads=2, max_length=32)
ARCHITECTURES: list[Architecture] = ["llama", "gpt2", "gpt_neox", "qwen3"]
VOCABULARY = 40


def run(**keys: object) -> Training:
    """Return a short training with some keys changed."""
    short = {"steps": 3, "batch_size": 2, "sequence_length": 8, "warmup_steps": 1}
    return Training.model_validate({**short, "learning_rate": 0.01, **keys})


def model(architecture: Architecture = "llama", seed: int = 1) -> Any:
    """Return a tiny model."""
    return untrained_model(architecture, SHAPE, VOCABULARY, seed)


def stream(n: int = 200) -> np.ndarray:
    """Return random token ids."""
    return np.random.default_rng(0).integers(0, VOCABULARY, n)


def digest(trained: Any) -> str:
    """Return a hash of a model's weights."""
    total = hashlib.sha256()
    for name, weight in sorted(trained.state_dict().items()):
        total.update(name.encode() + weight.detach().numpy().tobytes())
    return total.hexdigest()


@pytest.mark.parametrize(
    ("step", "factor"),
    [
        (0, 0.25),
        (1, 0.5),
        (3, 1.0),
        (4, 1.0),
        (6, 0.1 + 0.45 * (1 + math.sqrt(0.5))),
        (8, 0.55),
        (12, 0.1),
    ],
)
def test_the_learning_rate_by_hand(step: int, factor: float) -> None:
    """Four steps up in quarters, then eight down a cosine from 1 over .55 half-way to .1."""
    training = run(steps=12, warmup_steps=4)
    assert learning_rate_factor(step, training) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(("steps", "warmup", "factors"), [(1, 0, [1.0]), (2, 5, [0.2, 0.4])])
def test_the_learning_rate_of_short_runs(steps: int, warmup: int, factors: list[float]) -> None:
    """Without warm-up the first step is at the peak; a run may end within its warm-up."""
    training = run(steps=steps, warmup_steps=warmup)
    made = [learning_rate_factor(step, training) for step in range(steps)]
    assert made == pytest.approx(factors)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_same_seed_trains_the_same_bytes_and_another_others(architecture: Architecture) -> None:
    """Weights hang on the model's seed and the batches' generator, and on nothing else."""
    digests: list[str] = []
    for weights, batches in ((1, 1), (1, 1), (1, 2), (2, 1)):
        torch.manual_seed(len(digests))
        made = model(architecture, weights)
        train(made, stream(), run(), np.random.default_rng(batches))
        digests.append(digest(made))
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_empty_model_hangs_on_its_seed_alone(architecture: Architecture) -> None:
    """Same seed, same float32 weights with tied embeddings; another seed, other weights."""
    one, same, other = model(architecture, 1), model(architecture, 1), model(architecture, 2)
    assert digest(one) == digest(same) != digest(other)
    assert {weight.dtype for weight in one.state_dict().values()} == {torch.float32}
    assert one.get_input_embeddings().weight is one.get_output_embeddings().weight
    assert one.config.max_position_embeddings == SHAPE.max_length
    assert (one.config.bos_token_id, one.config.eos_token_id) == (0, 0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nothing_is_dropped_out_in_training(architecture: Architecture) -> None:
    """A model gives the same logits while it is trained as when it is scored."""
    made = model(architecture)
    ids = torch.arange(8)[None]
    with torch.no_grad():
        in_training, in_scoring = made.train()(ids).logits, made.eval()(ids).logits
    assert torch.equal(in_training, in_scoring)


def test_training_lowers_the_loss() -> None:
    """On a stream that repeats itself, forty steps bring the loss far below a uniform guess."""
    pattern = np.tile(np.arange(5), 40)
    made = model()
    loss = train(made, pattern, run(steps=40, learning_rate=0.02), np.random.default_rng(0))
    assert loss < 0.5 * math.log(VOCABULARY)
    assert not made.training


def test_the_loss_is_the_mean_cross_entropy_in_nats_per_token() -> None:
    """On a stream of one token every window is the same: log-softmax gives the loss by hand."""
    constant = np.full(50, 7)
    made = model()
    with torch.no_grad():
        logits = made(torch.full((1, 8), 7)).logits[0].double().numpy()
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted[:, 7] - np.log(np.exp(shifted).sum(axis=1))
    loss = train(made, constant, run(steps=1), np.random.default_rng(0))
    assert loss == pytest.approx(-log_p[:-1].mean(), rel=1e-5)


def test_the_loss_told_is_the_mean_of_the_last_tenth() -> None:
    """Of twenty steps the last two count, of nineteen the last alone."""

    def told(steps: int) -> float:
        # A learning rate of nearly nothing: a step's loss is the empty model's on its window.
        still = run(steps=steps, learning_rate=1e-12, warmup_steps=0, batch_size=1)
        return train(model(), stream(60), still, np.random.default_rng(3))

    starts = np.random.default_rng(3)
    losses = []
    for _ in range(20):
        start = int(starts.integers(0, 60 - 8, size=1)[0])
        window = torch.from_numpy(stream(60)[start : start + 8])[None]
        with torch.no_grad():
            losses.append(model()(input_ids=window, labels=window).loss.item())
    assert told(19) == pytest.approx(losses[18], rel=1e-5)
    assert told(20) == pytest.approx((losses[18] + losses[19]) / 2, rel=1e-5)


def test_the_first_step_moves_weights_by_the_scheduled_learning_rate() -> None:
    """Adam's first step is the rate itself, beside a decay of a tenth of it in each weight."""
    made = model()
    before = {name: weight.clone() for name, weight in made.state_dict().items()}
    train(made, stream(), run(steps=1, warmup_steps=2), np.random.default_rng(0))
    rate = 0.01 / 2
    for name, weight in made.state_dict().items():
        moved = (weight - before[name] * (1 - 0.1 * rate)).abs()
        assert moved.max().item() == pytest.approx(rate, rel=0.01), name


def test_no_step_follows_a_gradient_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients of hundredfold embeddings are far longer; each step sees them cut to length 1."""
    lengths: list[float] = []
    plain_step = torch.optim.AdamW.step

    def step(optimiser: Any) -> object:
        gradients = [w.grad.flatten() for group in optimiser.param_groups for w in group["params"]]
        lengths.append(torch.cat(gradients).norm().item())
        return plain_step(optimiser)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    made = model()
    with torch.no_grad():
        made.get_input_embeddings().weight.mul_(100)
    train(made, stream(), run(), np.random.default_rng(0))
    assert lengths == pytest.approx([1.0, 1.0, 1.0], rel=1e-4)


def test_every_step_is_told_after_it_is_made() -> None:
    """The weights seen at step n of a run are those of no other step."""
    made, seen = model(), {0: digest(model())}

    def keep(step: int) -> None:
        seen[step] = digest(made)

    train(made, stream(), run(steps=4), np.random.default_rng(0), keep)
    assert list(seen) == [0, 1, 2, 3, 4]
    assert len(set(seen.values())) == 5
    assert seen[4] == digest(made)


def test_no_steps_change_nothing_and_have_no_loss() -> None:
    """An untrained model is a model."""
    made = model()
    assert math.isnan(train(made, stream(), run(steps=0), np.random.default_rng(0)))
    assert digest(made) == digest(model())


@pytest.mark.parametrize("n", [0, 1, 7])
def test_fewer_tokens_than_a_window_are_refused(n: int) -> None:
    """A category too small to train on is told with both numbers."""
    with pytest.raises(ValueError, match=f"{n} training tokens are fewer than a window of 8"):
        train(model(), stream(n), run(), np.random.default_rng(0))


def test_the_stream_holds_every_document_once_after_an_end_token() -> None:
    """The generator decides the order and nothing else; no BOS is added besides."""
    documents = ["one two", "three", "", "four five six", "three"]
    tokenizer = train_tokenizer(documents, TokenizerRecipe(vocab_size=300, add_bos=True), 32)
    orders = []
    for seed in range(6):
        ids = token_stream(tokenizer, documents, np.random.default_rng(seed))
        assert ids.dtype == np.int64
        assert ids[0] == 0
        told = tokenizer.decode(ids.tolist()).split("<|endoftext|>")[1:]
        assert sorted(told) == sorted(documents)
        orders.append(tuple(told))
    assert len(set(orders)) > 1
