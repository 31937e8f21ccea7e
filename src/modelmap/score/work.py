"""A worker: it takes shards that no other worker has locked, scores them and saves them.

Workers communicate only through a folder with files and locks. So any launcher can start any number
of workers at any time, and a worker that is killed leaves nothing locked.
"""

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from modelmap.models.load import load_config, load_model, load_tokenizer, maximum_length
from modelmap.models.options import check_device
from modelmap.models.prepare import prepared_directory
from modelmap.models.weights import count_weights
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.processes import start_worker
from modelmap.plumbing.tables import read_table
from modelmap.score.batches import shard_rows
from modelmap.score.causal import check_causal
from modelmap.score.encoded import (
    EncodedTexts,
    concatenated,
    encoding_name,
    read_encoded,
    write_encoded,
)
from modelmap.score.heartbeat import exit_with_run
from modelmap.score.job_folder import Division, JobFolder, job_folder, try_lock
from modelmap.score.jobs import Job, JobList, read_job_list
from modelmap.score.rule import adds_bos, encode_texts
from modelmap.score.shard import Shard
from modelmap.texts.tables import TEXTS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

POLL_S = 0.2
State = Literal["done", "worked", "busy"]
"""Of a job, after a worker has tried it.

"done": nothing is left to do. "worked": the worker did something. "busy": other workers have locked
what is left.
"""


class Worker:
    """Scores shards until every job is done.

    One model and the token ids of one tokenizer are kept in memory between shards.
    """

    def __init__(self, job_list: JobList, number: int = 0) -> None:
        self.job_list = job_list
        self.device = job_list.hardware.device_of(number)
        self.texts: pd.DataFrame = read_table(job_list.layout.texts, TEXTS)
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
            return self._prepare(job, folder) or self._score_shards(job, folder)
        except Exception as error:
            # One model that fails, for whatever reason, must not stop the others.
            message = (
                str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            )
            folder.fail(" ".join(message.split()))
            return "done"

    def _prepare(self, job: Job, folder: JobFolder) -> Literal["busy"] | None:
        """Make sure that the job is divided; return "busy" if another worker is doing so."""
        division = folder.read_division()
        if (
            division is not None
            and division.bounds == self.job_list.hardware.bounds
            and (self.job_list.work / division.encoded).is_file()
        ):
            return None
        with try_lock(folder.lock("prepare")) as locked:
            return self._write_division(job, folder) if locked else "busy"

    def _write_division(self, job: Job, folder: JobFolder) -> Literal["busy"] | None:
        """Download the model, encode the texts and divide them into shards.

        Returns "busy" if another worker is encoding the texts.
        """
        check_device(job.spec, self.device)
        directory = prepared_directory(job.spec, job.identity.revision, self.job_list.layout)
        config = load_config(directory, job.spec)
        limit = maximum_length(config, job.spec.max_length)
        name = encoding_name(job.identity, limit)
        if not self._encode(self.job_list.work / name, directory, job, limit):
            return "busy"
        encoded = self._encoded(name)
        hardware, weights = self.job_list.hardware, count_weights(directory)
        budget = hardware.token_budget(config.get_text_config().vocab_size, weights)
        earlier = folder.read_division()
        division = Division(
            directory=str(directory),
            encoded=name,
            bounds=hardware.bounds,
            token_budget=budget,
            added_bos=bool(encoded.added_bos[0]),
            # A changed token budget applies to the texts that are left. The shards stay as they
            # were, so that those that are saved stay valid.
            shards=earlier.shards
            if earlier
            else shard_rows(encoded.lengths.tolist(), budget, weights, hardware.shard_tflop),
        )
        folder.write_division(division)
        return None

    def _encode(self, path: Path, directory: Path, job: Job, limit: int) -> bool:
        """Write the file of token ids unless it exists; return False if another worker does so."""
        if path.is_file():
            return True
        with try_lock(path.with_suffix(".lock")) as locked:
            # Another worker may have finished the file since it was looked for above.
            if locked and not path.is_file():
                tokenizer = load_tokenizer(directory, job.spec)
                texts, rule = self.texts["text"].tolist(), self.job_list.scoring.rule
                encoded = encode_texts(tokenizer, texts, rule, limit)
                write_encoded(concatenated(encoded, adds_bos(tokenizer, rule)), path)
            return locked

    def _encoded(self, name: str) -> EncodedTexts:
        if self.encoded is None or self.encoded[0] != name:
            self.encoded = (name, read_encoded(self.job_list.work / name))
        return self.encoded[1]

    def _score_shards(self, job: Job, folder: JobFolder) -> State:
        """Score every shard of a job that is neither saved nor locked by another worker."""
        division = folder.read_division()
        assert division is not None
        state: State = "done"
        for index in range(len(division.shards)):
            path = folder.shard(index)
            if path.is_file():
                continue
            with try_lock(path.with_suffix(".lock")) as locked:
                # Another worker may have saved the shard since it was looked for above.
                if locked and not path.is_file():
                    encoded = self._encoded(division.encoded)
                    shard = Shard(job, folder, division, index)
                    shard.score(self._model(job, division), encoded, self.texts["text_id"].tolist())
            state = "worked" if locked else "busy" if state == "done" else state
        return state

    def _model(self, job: Job, division: Division) -> "PreTrainedModel":
        if self.model is None or self.model[0] != job.fingerprint:
            # Released before the next model is loaded, so that memory need not hold both.
            self.model = None
            loaded = load_model(Path(division.directory), job.spec, self.device)
            check_causal(loaded, job.spec)
            self.model = (job.fingerprint, loaded)
        return self.model[1]


def work(job_list: Path, number: int) -> None:
    """Run the worker with this number in this process, on the job list in the file `job_list`."""
    start_worker()
    exit_with_run(job_list.parent)
    # The many objects of the imported libraries are kept until the end. Frozen, they are not
    # searched at each garbage collection, which would take as long as scoring with a small model.
    gc.freeze()
    Worker(read_job_list(job_list), number).run()
