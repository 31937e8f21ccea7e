"""What one worker does: take shards nobody holds, score them, save each as it goes.

Workers share nothing but a folder. So any launcher may start any number of workers, at any time,
and none waits for another.
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
    encoding_name,
    gathered,
    read_encoded,
    write_encoded,
)
from modelmap.score.heartbeat import watch
from modelmap.score.job_folder import Division, JobFolder, held, job_folder
from modelmap.score.jobs import Job, JobList, read_job_list
from modelmap.score.rule import adds_bos, encode_texts
from modelmap.score.shard import Shard
from modelmap.texts.tables import TEXTS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

POLL_S = 0.2
State = Literal["done", "worked", "busy"]
"""Of a job as a worker leaves it: nothing left to do, something done, or held by others."""


class Worker:
    """Scores shards until no job has one left. Keeps one model and one tokenizer's texts."""

    def __init__(self, job_list: JobList, number: int = 0) -> None:
        self.job_list = job_list
        self.device = job_list.hardware.device_of(number)
        self.texts: pd.DataFrame = read_table(job_list.layout.texts, TEXTS)
        self.model: tuple[str, PreTrainedModel] | None = None
        self.encoded: tuple[str, EncodedTexts] | None = None

    def run(self) -> None:
        """Work through the jobs, those expected to take longest first."""
        left = list(self.job_list.jobs)
        while left:
            if not self._work_once(left):
                time.sleep(POLL_S)

    def _work_once(self, left: list[Job]) -> bool:
        """Do the first work there is, taking jobs that are done off the list; return whether any.

        The next look is from the front again: a long job, busy a moment ago, may be open to all.
        """
        for job in tuple(left):
            state = self._advance(job)
            if state == "done":
                left.remove(job)
            if state == "worked":
                return True
        return not left

    def _advance(self, job: Job) -> State:
        """Do what can be done of one job."""
        folder = job_folder(self.job_list.work, job)
        if folder.failure() is not None:
            return "done"
        try:
            return self._prepare(job, folder) or self._score_shards(job, folder)
        except Exception as error:
            told = (
                str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            )
            folder.fail(" ".join(told.split()))
            return "done"

    def _prepare(self, job: Job, folder: JobFolder) -> Literal["busy"] | None:
        division = folder.read_division()
        if (
            division is not None
            and division.bounds == self.job_list.hardware.bounds
            and (self.job_list.work / division.encoded).is_file()
        ):
            return None
        with held(folder.lock("prepare")) as free:
            return self._write_division(job, folder) if free else "busy"

    def _write_division(self, job: Job, folder: JobFolder) -> Literal["busy"] | None:
        """Fetch the model, encode the texts and divide them; return "busy" if another encodes."""
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
            # Other bounds are for what is left: what is saved stays.
            shards=earlier.shards
            if earlier
            else shard_rows(encoded.lengths.tolist(), budget, weights, hardware.shard_tflop),
        )
        folder.write_division(division)
        return None

    def _encode(self, path: Path, directory: Path, job: Job, limit: int) -> bool:
        """Bring the file of encoded texts about; return whether it is there."""
        if path.is_file():
            return True
        with held(path.with_suffix(".lock")) as free:
            if free and not path.is_file():
                tokenizer = load_tokenizer(directory, job.spec)
                texts, rule = self.texts["text"].tolist(), self.job_list.scoring.rule
                encoded = encode_texts(tokenizer, texts, rule, limit)
                write_encoded(gathered(encoded, adds_bos(tokenizer, rule)), path)
            return free

    def _encoded(self, name: str) -> EncodedTexts:
        if self.encoded is None or self.encoded[0] != name:
            self.encoded = (name, read_encoded(self.job_list.work / name))
        return self.encoded[1]

    def _score_shards(self, job: Job, folder: JobFolder) -> State:
        division = folder.read_division()
        assert division is not None
        state: State = "done"
        for index in range(len(division.shards)):
            path = folder.shard(index)
            if path.is_file():
                continue
            with held(path.with_suffix(".lock")) as free:
                if free and not path.is_file():
                    encoded = self._encoded(division.encoded)
                    shard = Shard(job, folder, division, index)
                    shard.score(self._model(job, division), encoded, self.texts["text_id"].tolist())
            state = "worked" if free else "busy" if state == "done" else state
        return state

    def _model(self, job: Job, division: Division) -> "PreTrainedModel":
        if self.model is None or self.model[0] != job.fingerprint:
            self.model = None
            loaded = load_model(Path(division.directory), job.spec, self.device)
            check_causal(loaded, job.spec)
            self.model = (job.fingerprint, loaded)
        return self.model[1]


def work(job_list: Path, number: int) -> None:
    """Run the worker of that number in this process, for the run that wrote `order`."""
    start_worker()
    watch(job_list.parent)
    # What the libraries hold stays: looking through it again would take as long as a small model.
    gc.freeze()
    Worker(read_job_list(job_list), number).run()
