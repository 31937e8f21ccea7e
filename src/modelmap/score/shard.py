"""Scoring one shard: saved at intervals, and in smaller batches when memory runs out."""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelmap.models.options import attention_of
from modelmap.models.packed import has_packed_weights
from modelmap.plumbing.arrays import Indices
from modelmap.plumbing.errors import UserError
from modelmap.score.batches import batches
from modelmap.score.encoded import EncodedTexts, score_table
from modelmap.score.finite import check_finite
from modelmap.score.job_folder import Division, JobFolder
from modelmap.score.jobs import Job
from modelmap.score.loglik import TokenLogliks, token_log_likelihoods
from modelmap.score.segment_sums import segment_sums
from modelmap.score.store import read_valid, shard_facts, write_scores

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SAVE_EVERY_S = 10.0
# torch raises a plain RuntimeError when memory runs out on a CPU; the message has this name.
CPU_ALLOCATOR = "DefaultCPUAllocator"


@dataclass
class PartialScores:
    """The scores of some texts of a shard."""

    loglik_nats: dict[int, float]
    """By row of the text table."""
    segments_nats: dict[int, np.ndarray]
    """By row: the log-likelihoods of the text's segments."""
    token_budgets: list[int]
    """All token budgets that they were scored with."""


class Shard:
    """The shard with number `index` of a job."""

    def __init__(self, job: Job, folder: JobFolder, division: Division, index: int) -> None:
        self.job, self.folder, self.division = job, folder, division
        self.rows = division.shards[index]
        self.path, self.partial = folder.shard(index), folder.partial(index)

    def score(
        self,
        model: "PreTrainedModel",
        encoded: EncodedTexts,
        text_ids: Sequence[int],
        bounds: Sequence[Indices],
    ) -> None:
        """Score the texts that an earlier worker has not scored, and save the shard.

        `text_ids` are the ids of all rows of the text table, and `bounds` the bounds of their
        segments. Raises UserError if a score is not finite, or if one text alone needs more memory
        than there is.
        """
        scores = self._read_partial(text_ids)
        saved_at = time.monotonic()
        # After memory has run out, the texts left are divided again, under the lower budget.
        while queue := self._batches(encoded, scores):
            budget = self.folder.token_budget(self.division)
            for rows in queue:
                logliks = _score_batch(model, [encoded.sequence(row) for row in rows], budget)
                if logliks is None:
                    _free_memory()
                    self._halve_budget(budget, [text_ids[row] for row in rows])
                    break
                scores.loglik_nats.update(zip(rows, logliks.totals.tolist(), strict=True))
                for row, tokens in zip(rows, logliks.tokens, strict=True):
                    sums = segment_sums(tokens, encoded.byte_ends(row), bounds[row])
                    scores.segments_nats[row] = sums
                if budget not in scores.token_budgets:
                    scores.token_budgets.append(budget)
                if time.monotonic() - saved_at > SAVE_EVERY_S:
                    self._save(self.partial, scores, encoded, text_ids, model)
                    saved_at = time.monotonic()
        self._save(self.path, scores, encoded, text_ids, model)
        self.partial.unlink(missing_ok=True)

    def _batches(self, encoded: EncodedTexts, scores: PartialScores) -> list[list[int]]:
        """Return the rows of each batch that is not scored yet, under the current budget."""
        # A shard consists of whole batches, and is saved after whole batches. So these batches are
        # those of an uninterrupted run, and the scores have the same bytes.
        left = [row for row in self.rows if row not in scores.loglik_nats]
        lengths = encoded.lengths[left].tolist()
        budget = self.folder.token_budget(self.division)
        return [[left[place] for place in batch] for batch in batches(lengths, budget)]

    def _read_partial(self, text_ids: Sequence[int]) -> PartialScores:
        """Return the scores that an interrupted worker saved, or none if they are not valid."""
        saved = read_valid(self.partial, self.job.fingerprint)
        if saved is None:
            return PartialScores({}, {}, [])
        frame, metadata = saved
        row_of = {text_ids[row]: row for row in self.rows}
        if not row_of.keys() >= set(frame["text_id"]):
            # A copy of another shard's file.
            return PartialScores({}, {}, [])
        rows = [row_of[text_id] for text_id in frame["text_id"]]
        values = dict(zip(rows, frame["loglik_nats"].tolist(), strict=True))
        segments = dict(zip(rows, frame["segments_nats"], strict=True))
        budgets = shard_facts(metadata, self.partial.name).token_budgets
        return PartialScores(values, segments, budgets)

    def _save(
        self,
        path: Path,
        scores: PartialScores,
        encoded: EncodedTexts,
        text_ids: Sequence[int],
        model: "PreTrainedModel",
    ) -> None:
        rows = list(scores.loglik_nats)
        frame = score_table(
            encoded,
            rows,
            [text_ids[row] for row in rows],
            list(scores.loglik_nats.values()),
            [scores.segments_nats[row] for row in rows],
        )
        check_finite(frame, self.job.spec)
        facts: dict[str, object] = {
            "n_params": model.num_parameters(),
            "added_bos": self.division.added_bos,
            "token_budgets": scores.token_budgets,
            "attention": attention_of(model),
            "packed_weights": has_packed_weights(model),
        }
        write_scores(frame, path, self.job.identity, facts)

    def _halve_budget(self, budget: int, text_ids: Sequence[int]) -> None:
        """Halve the token budget for the rest of this model. Raises UserError for a single text."""
        if len(text_ids) == 1:
            raise UserError(
                f"model {self.job.spec.name}: text {text_ids[0]} alone needs more memory than "
                "there is: use hardware device-map, a smaller dtype, quantisation, or a lower "
                "max_length"
            )
        self.folder.lower_budget(max(1, budget // 2))


def _score_batch(
    model: "PreTrainedModel", sequences: Sequence[np.ndarray], budget: int
) -> TokenLogliks | None:
    """Return the log-likelihoods of one batch, or None if memory ran out."""
    # The exception refers to the frames of the failed pass, and through them to its tensors. They
    # can be freed only after the exception is gone, so it must not leave this function.
    try:
        return token_log_likelihoods(model, sequences, budget)
    except Exception as error:
        if not _out_of_memory(error):
            raise
        return None


def _out_of_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError | MemoryError) or CPU_ALLOCATOR in str(error)


def _free_memory() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
