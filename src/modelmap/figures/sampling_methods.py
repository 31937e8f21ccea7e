"""How sampling methods look in figures: each method has a name and a colour."""

from dataclasses import dataclass

from modelmap.figures.inputs import Inputs

COLOURS = ("#3B6969", "#D55E00", "#0072B2", "#780D0D", "#E69F00", "#CC79A7", "#56B4E9", "#1C3B78")


@dataclass(frozen=True)
class MethodStyle:
    """A method's name in legends and captions, and the colour of its lines."""

    label: str
    colour: str


def method_styles(inputs: Inputs) -> dict[str, MethodStyle]:
    """Return the style of every sampling method by its key, in the order of resample.json.

    Colours are given in that order, and begin again after the last.
    """
    labels = inputs.metric("resample.json", "methods")
    return {
        key: MethodStyle(label, COLOURS[i % len(COLOURS)])
        for i, (key, label) in enumerate(labels.items())
    }


def abbreviation(key: str) -> str:
    """Return a method's key as the papers write it: LS and KL in capitals, others as they are."""
    return key.upper() if len(key) <= 2 else key
