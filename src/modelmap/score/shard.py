"""One shard: its batches scored in order, saved on the way, with less at once if memory ends."""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from modelmap.plumbing.errors import UserError
from modelmap.score.batches import batches
from modelmap.score.encoded import EncodedTexts
from modelmap.score.finite import check_finite
from modelmap.score.job_folder import Division, JobFolder
from modelmap.score.jobs import Job
from modelmap.score.loglik import log_likelihoods
from modelmap.score.store import read_whole, shard_facts, write_scores

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SAVE_EVERY_S = 10.0
CPU_MEMORY = "DefaultCPUAllocator"


@dataclass
class Progress:
    """The texts of a shard that are scored, and the token budgets they were scored with."""

    loglik_nats: dict[int, float]
    token_budgets: list[int]


class Shard:
    """The shard `index` of a job."""

    def __init__(self, job: Job, folder: JobFolder, division: Division, index: int) -> None:
        self.job, self.folder, self.division = job, folder, division
        self.rows = division.shards[index]
        self.path, self.partial = folder.shard(index), folder.partial(index)

    def score(
        self, model: "PreTrainedModel", encoded: EncodedTexts, text_ids: Sequence[int]
    ) -> None:
        """Score what an earlier worker did not, and save the shard.

        Raises UserError if a score is not finite or a text alone is too much for the memory.
        """
        progress = self._resumed(text_ids)
        saved_at = time.monotonic()
        while queue := self._batches(encoded, progress):
            budget = self.folder.token_budget(self.division)
            for rows in queue:
                found = _pass(model, [encoded.sequence(row) for row in rows], budget)
                if found is None:
                    _free_memory()
                    self._lower(budget, [text_ids[row] for row in rows])
                    break
                progress.loglik_nats.update(zip(rows, found.tolist(), strict=True))
                if budget not in progress.token_budgets:
                    progress.token_budgets.append(budget)
                if time.monotonic() - saved_at > SAVE_EVERY_S:
                    self._save(self.partial, progress, encoded, text_ids, model)
                    saved_at = time.monotonic()
        self._save(self.path, progress, encoded, text_ids, model)
        self.partial.unlink(missing_ok=True)

    def _batches(self, encoded: EncodedTexts, progress: Progress) -> list[list[int]]:
        """Return the rows of each batch that is left, under the budget of now."""
        left = [row for row in self.rows if row not in progress.loglik_nats]
        lengths = encoded.lengths[left].tolist()
        budget = self.folder.token_budget(self.division)
        return [[left[place] for place in batch] for batch in batches(lengths, budget)]

    def _resumed(self, text_ids: Sequence[int]) -> Progress:
        """Return what a worker that was stopped had saved, nothing if it does not fit."""
        saved = read_whole(self.partial, self.job.fingerprint)
        if saved is None:
            return Progress({}, [])
        frame, metadata = saved
        row_of = {text_ids[row]: row for row in self.rows}
        rows = [row_of[text_id] for text_id in frame["text_id"]]
        values = dict(zip(rows, frame["loglik_nats"].tolist(), strict=True))
        return Progress(values, shard_facts(metadata, self.partial.name).token_budgets)

    def _save(
        self,
        path: Path,
        progress: Progress,
        encoded: EncodedTexts,
        text_ids: Sequence[int],
        model: "PreTrainedModel",
    ) -> None:
        rows = list(progress.loglik_nats)
        frame = pd.DataFrame(
            {
                "text_id": [text_ids[row] for row in rows],
                "loglik_nats": list(progress.loglik_nats.values()),
                "n_tokens": np.maximum(encoded.lengths[rows] - 1, 0),
                "truncated": encoded.truncated[rows],
                "lossless": encoded.lossless[rows],
            }
        )
        check_finite(frame, self.job.spec)
        facts: dict[str, object] = {
            "n_params": model.num_parameters(),
            "added_bos": self.division.added_bos,
            "token_budgets": progress.token_budgets,
        }
        write_scores(frame, path, self.job.identity, facts)

    def _lower(self, budget: int, text_ids: Sequence[int]) -> None:
        """Halve the budget for all that is left of this model."""
        if len(text_ids) == 1:
            raise UserError(
                f"model {self.job.spec.name}: text {text_ids[0]} alone needs more memory than "
                "there is: choose hardware device-map, a smaller dtype, quantisation or max_length"
            )
        self.folder.lower_budget(max(1, budget // 2))


def _pass(
    model: "PreTrainedModel", sequences: Sequence[np.ndarray], budget: int
) -> np.ndarray | None:
    """Return the log-likelihoods of one batch, or None if there was not enough memory.

    The failed pass's memory is held by its exception, which ends here.
    """
    try:
        return log_likelihoods(model, sequences, budget)
    except Exception as error:
        if not _out_of_memory(error):
            raise
        return None


def _out_of_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError | MemoryError) or CPU_MEMORY in str(error)


def _free_memory() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
