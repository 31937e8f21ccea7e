"""Study kl_truth: simulated KL between models of the zoo, compared with the estimate."""

from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.models.file import read_roster
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table, write_csv
from modelmap.score.settings import ScoreSettings
from modelmap.score.store import read_scores
from modelmap.studies.kl_truth.groups import Group, by_tokenizer, group_of
from modelmap.studies.kl_truth.settings import KlTruthSettings
from modelmap.studies.kl_truth.simulate import simulate
from modelmap.studies.kl_truth.summary import truth_of_groups, truth_summary
from modelmap.studies.kl_truth.tables import KL_TRUTH
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set
from modelmap.zoo.settings import ZooSettings


def run(layout: Layout) -> None:
    """Write reports/studies/kl_truth.csv and kl_truth.json."""
    settings = read_section(layout, "kl_truth", KlTruthSettings)
    rule = read_section(layout, "score", ScoreSettings).rule
    hardware = load_hardware(layout.conf)
    matrix = read_matrix(layout.matrix)
    groups = _groups(layout, matrix, settings.n_texts)
    device = hardware.device_of(0)
    n_workers = hardware.n_workers if device == "cpu" else 1
    simulated = simulate(groups, layout.root, rule, device, settings.seed, n_workers)
    table = truth_of_groups(groups, simulated, matrix)
    write_csv(table, KL_TRUTH, layout.study("kl_truth", "csv"))
    summary = truth_summary(table, groups, settings, matrix)
    write_json(layout.study("kl_truth", "json"), summary)


def _groups(layout: Layout, matrix: LogLikelihoods, n_texts: int) -> list[Group]:
    """Return the groups of the zoo's models by tokenizer, each with texts of the project."""
    texts = read_table(layout.texts, TEXTS)
    check_text_set(texts["text"], matrix.text_set)
    shared = by_tokenizer(read_roster(layout.roster), read_section(layout, "zoo", ZooSettings))
    groups = []
    for tokenizer, specs in shared.items():
        scores, _ = read_scores(layout.scores / specs[0].file_name)
        n_tokens = scores["n_tokens"].to_numpy()
        groups.append(group_of(tokenizer, specs, texts["text"].tolist(), n_tokens, n_texts))
    return groups
