"""What the page contains: places, columns, faithfulness, KLs and texts, and how large it is."""

import base64
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.figure_tables import made_up_models
from helpers.page_content import large_models, made_up_page, nearest_pairs, small_page
from helpers.tables import kl_table
from hypothesis import given
from hypothesis import strategies as st

from modelmap.page.content import model_columns, model_entries, nearest_kept
from modelmap.page.encoding import as_base64, log_codes, log_scale, script_json
from modelmap.page.html import page
from modelmap.page.kl_rows import nearest_rows
from modelmap.page.page_texts import chosen_texts, loglik_codes

LINE = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [7.0, 0.0]])


def decoded(text: str, dtype: str = "<u2") -> Any:
    """Return the numbers that a text has in base64."""
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


def test_places_fit_into_the_unit_square_with_one_scale() -> None:
    """Four places on a line of length 7: the ends are at 0 and 1, at half height."""
    ellipses = np.array([[3.5, 0.7, 90.0]] + 3 * [[np.nan] * 3])
    entries = model_entries(made_up_models({"a": 4}), LINE, ellipses)
    assert entries["x"] == [0.0, 0.14286, 0.42857, 1.0]
    assert entries["y"] == [0.5] * 4
    assert entries["ellipses"] == [[0.5, 0.1, 90.0], None, None, None]
    assert entries["parents"] == [-1, 0, 0, 0]


def test_the_nearest_models_that_stay_near_are_counted() -> None:
    """On a line at 0, 1, 3, 7: model 0 has 1 near; 3, which by KL is near to 0, has not."""
    nearest = pd.DataFrame({"model": [0, 1, 2, 3], "other": [1, 0, 1, 0]})
    assert nearest_kept(nearest, LINE).tolist() == [1, 1, 1, 0]


def test_models_at_one_place_are_all_near() -> None:
    """Four models at the origin keep any nearest model near."""
    nearest = pd.DataFrame({"model": [0, 1, 2, 3], "other": [3, 2, 0, 1]})
    assert nearest_kept(nearest, np.zeros((4, 2))).tolist() == [1, 1, 1, 1]


def test_columns_that_differ_are_offered_and_unknown_values_stay_unknown() -> None:
    """0 parameters are unknown; the data type, which is the same for all, is left out."""
    models = made_up_models({"a": 3}).assign(n_params=[0, 10, 20], created=[None, "2024-01-01", ""])
    bits = pd.DataFrame({"model": ["a", "a-1"], "bits_per_byte": [1.0, 2.0]})
    columns = {c["label"]: c for c in model_columns(models, bits, np.array([1, 0, 1]))}
    assert columns["parameters"]["values"] == [None, 10.0, 20.0]
    assert columns["bits per byte, mean of categories"]["values"] == [1.0, 2.0, None]
    assert columns["created"]["levels"][0] == "unknown"
    assert "data type" not in columns
    assert "revision" not in columns


def test_rows_have_the_nearest_models_of_both_sides_of_a_pair() -> None:
    """With 8 values for 4 models each has 2; a pair without an estimate is in no row."""
    kl = np.abs(LINE[:, :1] - LINE[:, 0])
    pairs = kl_table(kl, list("abcd"))
    pairs.loc[(pairs["model_a"] == "a") & (pairs["model_b"] == "b"), "kl_bits_per_byte"] = np.nan
    rows = nearest_rows(pairs, list("abcd"), 8)
    found = {i: rows.loc[rows["model"] == i, "other"].tolist() for i in range(4)}
    assert found == {0: [2, 3], 1: [2, 3], 2: [1, 0], 3: [2, 1]}


@given(st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=20))
def test_codes_on_a_log_scale_stand_for_nearly_the_same_values(values: list[float]) -> None:
    """Over twelve powers of ten a value is off by less than 0.03%."""
    array = np.array(values)
    low, high = log_scale(array)
    codes = log_codes(array, (low, high))
    back = np.exp(np.log(low) + (codes - 1) / 65_534 * (np.log(high) - np.log(low)))
    np.testing.assert_allclose(back, array, rtol=3e-4)
    assert log_codes(np.array([0.0]), (low, high)).tolist() == [0]


def test_integers_that_do_not_fit_are_refused() -> None:
    """65,536 has no code of 16 bits."""
    with pytest.raises(ValueError, match="do not fit"):
        as_base64(np.array([65_536]))


def test_log_likelihoods_are_kept_to_a_512th_of_a_nat() -> None:
    """-1.5 nats is code 768; what is not scored and what is below -128 have codes of their own."""
    codes = loglik_codes(np.array([0.0, -1.5, np.nan, -500.0], dtype=np.float32))
    assert codes.tolist() == [0, 768, 65_535, 65_534]


def test_texts_are_taken_by_rank_and_withheld_ones_are_passed_over() -> None:
    """Of texts with 2, 3, 4 segments, ranks 3, 1, 2 and 2 models, 10 values have room for one."""
    texts = pd.DataFrame({"rank": [3, 1, 2], "withheld": [False, False, False]})
    n_segments = np.array([2, 3, 4])
    assert chosen_texts(texts, n_segments, 10, 2).tolist() == [1]
    assert chosen_texts(texts, n_segments, 14, 2).tolist() == [1, 2]
    withheld = texts.assign(withheld=[False, True, False])
    assert chosen_texts(withheld, n_segments, 14, 2).tolist() == [2, 0]
    assert chosen_texts(texts, n_segments, 0, 2).tolist() == []


@given(st.text())
def test_no_name_ends_the_script_element(name: str) -> None:
    """The JSON has no "<", and is read back as it was."""
    text = script_json({"name": name + "</script><!--"})
    assert "<" not in text
    assert json.loads(text) == {"name": name + "</script><!--"}


def test_a_page_is_the_same_bytes_each_time_and_names_nothing_to_load() -> None:
    """No date and no random id; the only addresses are those in texts of the data."""
    text = page(small_page(), "About <models>.")
    assert text == page(small_page(), "About <models>.")
    assert "About &lt;models&gt;." in text
    assert "default-src &#39;none&#39;" in text
    for attribute in ("src=", "href=", "@import", "url("):
        assert attribute not in text


def test_a_thousand_models_fit_into_6_mb() -> None:
    """1,018 models with all their pairs and texts as long as those of the project."""
    models, places = large_models(1018)
    kl = 0.01 + ((places[:, None] - places[None]) ** 2).sum(axis=2) / 100
    pairs = kl_table(kl, models["model"].tolist())
    texts = ("lorem ipsum " * 100,) * 20
    content = made_up_page(models, places, pairs, texts=texts)
    assert len(content["text_differences"]["texts"]) == 4
    assert len(decoded(content["rows"]["kl"])) == 1018 * 245
    assert len(page(content, "").encode()) < 6_000_000


def test_twenty_thousand_models_fit_into_12_mb() -> None:
    """Each with its 12 nearest models, whose pairs are given."""
    models, places = large_models(20_000)
    content = made_up_page(models, places, nearest_pairs(models, places, 12), texts=("one",))
    assert (np.diff(decoded(content["rows"]["first"], "<u4")) == 12).all()
    assert len(page(content, "").encode()) < 12_000_000
