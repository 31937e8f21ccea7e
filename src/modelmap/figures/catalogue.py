"""Every figure of the project. To add one: write its module, and add its line here.

A line has the figure's name, its module, and the files that it reads. The module holds
`draw(inputs)` and `caption(inputs)` and, if the figure can lack something to show,
`skip_reason(inputs)`. A file that no other figure reads is also added to the dependencies of the
stage `figures` in dvc.yaml.
"""

from modelmap.figures import (
    category_bits,
    category_differences,
    designs,
    kl_heatmap,
    kl_scale,
    map_stability,
    map_values,
    model_map,
    neighbours,
    new_models,
    pca_spectrum,
    prediction_curves,
    prediction_scatter,
    resample_errors,
)
from modelmap.figures.entry import FigureEntry

MODELS = ("models.parquet", "matrix.json")
PREDICTION = ("matrix.json", "prediction.csv", "predict.json", "resample.json")

FIGURES = (
    FigureEntry("model_map", model_map, (*MODELS, "map.parquet", "map.json")),
    FigureEntry(
        "map_values",
        map_values,
        (
            *MODELS,
            *("map.parquet", "category_bits.parquet", "predictions.parquet", "predict.json"),
        ),
    ),
    FigureEntry(
        "neighbours",
        neighbours,
        (*MODELS, "neighbours.parquet", "kl.parquet", "divergence.json"),
    ),
    FigureEntry(
        "kl_heatmap", kl_heatmap, (*MODELS, "kl.parquet", "clusters.parquet", "divergence.json")
    ),
    FigureEntry("kl_scale", kl_scale, ("matrix.json", "kl.parquet")),
    FigureEntry("category_bits", category_bits, (*MODELS, "category_bits.parquet")),
    FigureEntry("category_differences", category_differences, (*MODELS, "category_bits.parquet")),
    FigureEntry("pca_spectrum", pca_spectrum, ("matrix.json", "spectrum.parquet", "map.json")),
    FigureEntry(
        "resample_errors", resample_errors, ("matrix.json", "resample.csv", "resample.json")
    ),
    FigureEntry(
        "designs", designs, ("matrix.json", "designs.csv", "plan.csv", "plan.json", "resample.json")
    ),
    FigureEntry(
        "map_stability",
        map_stability,
        (*MODELS, "map.parquet", "stability.parquet", "stability.json"),
    ),
    FigureEntry(
        "new_models",
        new_models,
        (*MODELS, "new_models.parquet", "new_models.csv", "new_models.json"),
    ),
    FigureEntry("prediction_curves", prediction_curves.PEARSON, PREDICTION),
    FigureEntry("prediction_rank_curves", prediction_curves.SPEARMAN, PREDICTION),
    FigureEntry(
        "prediction_scatter",
        prediction_scatter,
        (*MODELS, "predictions.parquet", "predict.json"),
    ),
)
"""In the order of the index."""
