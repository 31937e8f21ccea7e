"""A worker: it takes shards that no other worker has locked, scores them and saves them.

Workers communicate only through a folder with files and locks. So any launcher can start any number
of workers at any time, and a worker that is killed leaves nothing locked.
"""

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.processes import start_worker
from modelmap.plumbing.tables import read_table
from modelmap.score.batches import shard_rows
from modelmap.score.encoded import (
    EncodedTexts,
    check_ids,
    encoding_name,
    read_encoded,
    write_encoded,
)
from modelmap.score.heartbeat import exit_with_run
from modelmap.score.job_folder import Division, JobFolder, job_folder, try_lock
from modelmap.score.jobs import Job, JobList, read_job_list
from modelmap.score.loading import ScoredModel, encoded_texts
from modelmap.score.shard import Shard
from modelmap.texts.segments import segment_bounds
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

POLL_S = 0.2
State = Literal["done", "worked", "busy"]
"""Of a job, after a worker has tried it.

"done": nothing is left to do. "worked": the worker did something. "busy": other workers have locked
what is left.
"""


class JobTexts:
    """The texts of a job, as scoring needs them."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.ids: list[int] = frame["text_id"].tolist()
        self.text_set = text_set_hash(frame["text"])
        self.bounds = [segment_bounds(text) for text in frame["text"]]


class Worker:
    """Scores shards until every job is done.

    One model, the texts of one job and the token ids of one tokenizer are kept in memory between
    shards.
    """

    def __init__(self, job_list: JobList, number: int = 0) -> None:
        self.job_list, self.layout = job_list, job_list.layout
        self.device = job_list.hardware.device_of(number)
        self.texts: pd.DataFrame = read_table(job_list.layout.texts, TEXTS)
        self.job_texts: tuple[list[int] | None, JobTexts] | None = None
        self.model: tuple[str, PreTrainedModel] | None = None
        self.encoded: tuple[str, EncodedTexts] | None = None

    def run(self) -> None:
        """Work on the jobs in the order of the job list, until none is left."""
        left = list(self.job_list.jobs)
        while left:
            if not self._work_once(left):
                time.sleep(POLL_S)

    def _work_once(self, left: list[Job]) -> bool:
        """Do the first work that is available, and remove finished jobs from `left`.

        Returns False if all jobs that are left are locked by other workers.
        """
        # Each call starts at the front of the list again: the first jobs are the longest, and one
        # that another worker was preparing may have shards for all workers by now.
        for job in tuple(left):
            state = self._advance(job)
            if state == "done":
                left.remove(job)
            if state == "worked":
                return True
        return not left

    def _advance(self, job: Job) -> State:
        """Do the work of one job that no other worker has locked."""
        folder = job_folder(self.job_list.work, job)
        if folder.failure() is not None:
            return "done"
        try:
            self._check_texts(job)
            return self._prepare(job, folder) or self._score_shards(job, folder)
        except Exception as error:
            # One model that fails, for whatever reason, must not stop the others.
            folder.fail(_message(error, job))
            return "done"

    def _check_texts(self, job: Job) -> None:
        if self._texts(job).text_set != job.identity.text_set:
            raise UserError(
                f"model {job.spec.name}: texts.parquet changed after the run had started: "
                "run `dvc repro` again"
            )

    def _texts(self, job: Job) -> JobTexts:
        if self.job_texts is None or self.job_texts[0] != job.text_ids:
            self.job_texts = (job.text_ids, JobTexts(job.texts_of(self.texts)))
        return self.job_texts[1]

    def _prepare(self, job: Job, folder: JobFolder) -> Literal["busy"] | None:
        """Make sure that the job is divided; return "busy" if another worker is doing so."""
        division = folder.read_division()
        if (
            division is not None
            and division.n_texts == len(self._texts(job).ids)
            and division.bounds == self.job_list.hardware.bounds
            and self._encoded(division.encoded) is not None
        ):
            return None
        with try_lock(folder.lock("prepare")) as locked:
            return self._write_division(job, folder) if locked else "busy"

    def _write_division(self, job: Job, folder: JobFolder) -> Literal["busy"] | None:
        """Download the model, encode the texts and divide them into shards.

        Returns "busy" if another worker is encoding the texts.
        """
        scored = self._scored_model(job)
        tokenizer, limit, vocabulary = scored.tokenizer()
        name = encoding_name(tokenizer, job.identity, limit)
        encoded = self._encode(name, tokenizer, limit, self._texts(job).frame)
        if encoded is None:
            return "busy"
        check_ids(encoded, vocabulary)
        hardware, weights = self.job_list.hardware, scored.n_weights()
        budget = hardware.token_budget(vocabulary, weights)
        earlier = folder.read_division()
        division = Division(
            encoded=name,
            bounds=hardware.bounds,
            token_budget=budget,
            added_bos=bool(encoded.added_bos[0]),
            # A changed token budget applies to the texts that are left. The shards stay as they
            # were, so that those that are saved stay valid.
            shards=earlier.shards
            if earlier and earlier.n_texts == len(encoded.lengths)
            else shard_rows(encoded.lengths.tolist(), budget, weights, hardware.shard_tflop),
        )
        folder.write_division(division, earlier)
        return None

    def _encode(
        self, name: str, tokenizer: "PreTrainedTokenizerBase", limit: int, texts: pd.DataFrame
    ) -> EncodedTexts | None:
        """Return the token ids, after writing their file unless there is a valid one.

        Returns None if another worker is writing it.
        """
        path = self.job_list.work / name
        with try_lock(path.with_suffix(".lock")) as locked:
            # Read under the lock: another worker may have finished the file meanwhile.
            if locked and self._encoded(name) is None:
                rule = self.job_list.scoring.rule
                write_encoded(encoded_texts(tokenizer, texts, rule, limit), path)
        return self._encoded(name)

    def _encoded(self, name: str) -> EncodedTexts | None:
        """Return the token ids in the file of that name, or None if it is missing or damaged."""
        if self.encoded is None or self.encoded[0] != name:
            found = read_encoded(self.job_list.work / name)
            self.encoded = None if found is None else (name, found)
        return None if self.encoded is None else self.encoded[1]

    def _score_shards(self, job: Job, folder: JobFolder) -> State:
        """Score every shard of a job that is neither saved nor locked by another worker."""
        division = folder.read_division()
        encoded = None if division is None else self._encoded(division.encoded)
        if division is None or encoded is None:
            # Removed or damaged since it was looked for: prepare the job again.
            return "worked"
        state: State = "done"
        for index in range(len(division.shards)):
            path = folder.shard(index)
            if path.is_file():
                continue
            with try_lock(path.with_suffix(".lock")) as locked:
                # Another worker may have saved the shard since it was looked for above.
                if locked and not path.is_file():
                    shard = Shard(job, folder, division, index)
                    texts = self._texts(job)
                    shard.score(self._model(job), encoded, texts.ids, texts.bounds)
            state = "worked" if locked else "busy" if state == "done" else state
        return state

    def _model(self, job: Job) -> "PreTrainedModel":
        if self.model is None or self.model[0] != job.fingerprint:
            # Released before the next model is loaded, so that memory need not hold both.
            self.model = None
            self.model = (job.fingerprint, self._scored_model(job).model())
        return self.model[1]

    def _scored_model(self, job: Job) -> ScoredModel:
        return ScoredModel(job.spec, job.identity, self.layout, self.device)


def _message(error: Exception, job: Job) -> str:
    """Return one line that names the model and says what failed."""
    message = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    named = message if job.spec.name in message else f"model {job.spec.name}: {message}"
    return " ".join(named.split())


def work(job_list: Path, number: int) -> None:
    """Run the worker with this number in this process, on the job list in the file `job_list`."""
    start_worker()
    exit_with_run(job_list.parent)
    # The many objects of the imported libraries are kept until the end. Frozen, they are not
    # searched at each garbage collection, which would take as long as scoring with a small model.
    gc.freeze()
    Worker(read_job_list(job_list), number).run()
