"""Code that comes with a model: run only where its entry says so, and only what is there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.model_with_code import LOG, expected_loglik, write_own_model
from helpers.tiny_models import TEXTS, tiny_tokenizer

from modelmap.models.load import load_model
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts

SPEC = ModelSpec(
    name="own", source="directory", location="own", family="own", kind="base", attention="eager"
)
TRUSTED = SPEC.model_copy(update={"trust_remote_code": True})
VOCABULARY = 300


@pytest.fixture(scope="module", autouse=True)
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have transformers copy code to a place apart; a process has one, which Python remembers."""
    place = str(tmp_path_factory.mktemp("modules"))
    with pytest.MonkeyPatch.context() as patch:
        for module in ("transformers.utils", "transformers.dynamic_module_utils"):
            patch.setattr(f"{module}.HF_MODULES_CACHE", place)
        patch.syspath_prepend(place)
        yield


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that tells what code was run."""
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    return tmp_path / "log"


def test_code_is_not_run_unless_the_entry_trusts_it(tmp_path: Path, log: Path) -> None:
    """Without the option a model with code of its own fails, in one line that names the option."""
    write_own_model(tmp_path / "own", VOCABULARY, "ran")
    with pytest.raises(UserError) as caught:
        load_model(tmp_path / "own", SPEC, "cpu")
    assert str(caught.value) == (
        "model own cannot be loaded: it needs code of its own: read that, then set "
        "trust_remote_code and revision in its entry (docs/models.md)"
    )
    assert not log.exists()


def test_trusted_code_scores(tmp_path: Path, log: Path) -> None:
    """With the option the model's own code runs, and gives the log-likelihoods of its table."""
    write_own_model(tmp_path / "own", VOCABULARY, "ran")
    model = load_model(tmp_path / "own", TRUSTED, "cpu")
    ids = [list(one.ids) for one in encode_texts(tiny_tokenizer(True), TEXTS, "own", 256)]
    expected = [expected_loglik(tmp_path / "own", one) for one in ids]
    assert log_likelihoods(model, ids, 4096).tolist() == pytest.approx(expected, abs=1e-3)
    assert log.read_text() == "ran\n"


def test_changed_code_is_run_as_it_is_now(tmp_path: Path, log: Path) -> None:
    """Of two directories of one name the second runs its own code, not the first one's copy.

    The code makes its classes known to transformers, as much code on the hub does.
    """
    for place in ("one", "two"):
        write_own_model(tmp_path / place / "own", VOCABULARY, place)
        load_model(tmp_path / place / "own", TRUSTED, "cpu")
    assert log.read_text() == "one\ntwo\n"
    with pytest.raises(UserError, match="it needs code of its own"):
        load_model(tmp_path / "two" / "own", SPEC, "cpu")


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_of_other_repos_is_refused(tmp_path: Path, log: Path, file: str) -> None:
    """Code that would come from another repo, at whatever commit, is never asked for."""
    write_own_model(tmp_path / "own", VOCABULARY, "ran", repo="some-one/code")
    (tmp_path / "own" / "config.json").rename(tmp_path / "own" / file)
    with pytest.raises(UserError) as caught:
        load_model(tmp_path / "own", TRUSTED, "cpu")
    assert str(caught.value) == (
        "model own: its code is in some-one/code, without a pinned commit: put the model and its "
        "code into one directory, and use source directory"
    )
    assert not log.exists()


def test_what_names_the_code_must_be_readable(tmp_path: Path, log: Path) -> None:
    """A config.json that says one thing twice cannot hide a second repo behind the first."""
    write_own_model(tmp_path / "own", VOCABULARY, "ran")
    (tmp_path / "own" / "config.json").write_text('{"auto_map": {}, "auto_map": {}}')
    with pytest.raises(UserError) as caught:
        load_model(tmp_path / "own", TRUSTED, "cpu")
    assert str(caught.value) == (
        "model own cannot be loaded: config.json has the key auto_map twice"
    )
