"""Schema of the distances between checkpoints of one training run."""

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, column, table

TRAJECTORIES = table(
    "How far checkpoints of a training run are from an earlier one of the same run.",
    {
        "family": column("text", "family of the zoo whose architecture and tokenizer are trained"),
        "run": column("int", "number of the seed, from 1", AT_LEAST_1),
        "origin": column("int", "training step t0 that distances are from", AT_LEAST_0),
        "lag": column("int", "number of steps t - t0", AT_LEAST_1),
        "squared_weight_distance": column("float", "squared distance of all weights", AT_LEAST_0),
        "kl_papers_bits_per_byte": column(
            "float", "papers' estimate, the squared distance of coordinates Q", AT_LEAST_0
        ),
        "kl_bits_per_byte": column("float", "mixture estimate", AT_LEAST_0),
    },
    unique=["family", "run", "origin", "lag"],
)
