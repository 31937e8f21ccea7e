"""A caption for each figure, every number in it computed from what is drawn."""

from modelmap.figures.category_table import colour_limits, extension, table
from modelmap.figures.inputs import Inputs
from modelmap.figures.kinship import family_colours, legend_colours
from modelmap.figures.kl_heatmap import ordered, plan
from modelmap.figures.map_labels import NAMED_UP_TO
from modelmap.figures.pca_spectrum import marks
from modelmap.figures.scale import scale_for
from modelmap.map.embed import perplexity
from modelmap.map.settings import MapSettings


def counts(inputs: Inputs) -> str:
    """Return K, N and B: models, texts and a text's mean bytes."""
    return (
        f"K = {len(inputs.models)} models, N = {inputs.n_texts} texts "
        f"of B = {inputs.mean_bytes:.1f} bytes on average"
    )


def model_map(inputs: Inputs, settings: MapSettings) -> str:
    """Return the caption of the model map."""
    n_models, n_families = len(inputs.models), inputs.models["family"].nunique()
    near = perplexity(n_models, settings.max_perplexity)
    names = (
        "each family is named once, where there is room"
        if n_models > NAMED_UP_TO
        else "names leave out the parent's, have in brackets what lies upon them, and are only "
        "written where there is room"
    )
    families = "family" if n_families == 1 else "families"
    return (
        f"Map of language models by their log-likelihoods ({counts(inputs)}; {n_families} "
        f"{families}): t-SNE with metric {settings.metric} and perplexity {near:g}, so that "
        "nearness has a meaning and the axes have none. "
        f"Lines join models to the model they were made from; {names}."
    )


def kl_heatmap(inputs: Inputs) -> str:
    """Return the caption of the heat map."""
    values = inputs.kl["kl_bits_per_byte"]
    scale = scale_for(values.to_numpy())
    heat = ordered(inputs.kl, inputs.clusters, inputs.models)
    legend = list(legend_colours(family_colours(list(inputs.models["family"]))))
    below = f"; what lies below {scale.low:g} has its darkest colour"
    unnamed = "" if plan(heat.names, legend).name_size else "; there are too many models to name"
    return (
        f"Estimated KL divergence of every two models in bits per byte ({counts(inputs)}), "
        f"median {values.median():.3g} and largest {values.max():.3g}. Rows and columns are in "
        f"the order of the clustering at the left, drawn on the same {scale.kind}"
        f"{below if scale.has_below else ''}{unnamed}."
    )


def category_bits(inputs: Inputs) -> str:
    """Return the caption of the figure of bits per byte."""
    content = table(inputs.category_bits, inputs.models)
    low, high = limits = colour_limits(content.bits)
    clipped = extension(content.bits, limits) != "neither"
    return (
        f"Bits per byte by model and category of texts, the number of texts in brackets "
        f"({counts(inputs)}): least {content.bits.min():.2f}, greatest {content.bits.max():.2f}, "
        f"lower is better{f'; colours end at {low:.2f} and {high:.2f}' if clipped else ''}. "
        "Families are in the order of their best model, categories in the order of their mean; "
        "the last column is the mean over categories, each counted alike."
    )


def pca_spectrum(inputs: Inputs) -> str:
    """Return the caption of the spectrum."""
    reached = " and ".join(
        f"{needed} reach {share:.0%}" for share, needed in marks(inputs.spectrum)
    )
    return (
        "Share of the variance of the double-centred log-likelihoods on each principal component, "
        f"and added up ({counts(inputs)}): of {len(inputs.spectrum)} components, {reached}."
    )
