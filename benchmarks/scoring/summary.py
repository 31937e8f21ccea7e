"""Sums of rows over models, and tables in Markdown."""

from collections.abc import Sequence
from statistics import median
from typing import Any

COLUMNS = ("texts/s", "tokens/s", "GFLOP/s", "share of product rate", "times the first")


def summary(rows: Sequence[dict[str, Any]], product_gflop_per_s: float) -> dict[str, Any]:
    """Return each method's rates over all rows, and as multiples of the first method's."""
    texts, tokens, gflop = (sum(row[key] for row in rows) for key in ("texts", "tokens", "gflop"))
    methods = {}
    first = next(iter(rows[0]["seconds"]))
    for name in rows[0]["seconds"]:
        seconds = sum(row["seconds"][name] for row in rows)
        base = sum(row["seconds"][first] for row in rows)
        ratios = [row["seconds"][first] / row["seconds"][name] for row in rows]
        methods[name] = {
            "texts_per_s": round(texts / seconds, 2),
            "tokens_per_s": round(tokens / seconds),
            "gflop_per_s": round(gflop / seconds, 1),
            "share_of_product_rate": round(gflop / seconds / product_gflop_per_s, 3),
            "times_first": round(base / seconds, 2),
            "times_first_median_model": round(median(ratios), 2),
        }
    summed: dict[str, Any] = {"models": len(rows), "texts": texts, "tokens": tokens}
    summed |= {"product_gflop_per_s": round(product_gflop_per_s, 1), "methods": methods}
    padded = [row["padding"] for row in rows if "padding" in row]
    if padded:
        summed["largest_padding"] = round(max(padded), 3)
    whole = [row["all_texts"] for row in rows if "all_texts" in row]
    if whole:
        rate = sum(one["texts"] for one in whole) / sum(one["seconds"] for one in whole)
        summed["ours_all_texts_per_s"] = round(rate, 2)
        summed["ours_all_times_first"] = round(rate / methods[first]["texts_per_s"], 2)
    return summed


def table(content: dict[str, Any]) -> str:
    """Return a summary as a table in Markdown."""
    lines = [f"| method | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, one in content["methods"].items():
        values = [one[key] for key in list(one)[: len(COLUMNS)]]
        lines.append(f"| {name} | {' | '.join(map(str, values))} |")
    if "ours_all_texts_per_s" in content:
        rate, times = content["ours_all_texts_per_s"], content["ours_all_times_first"]
        lines.append(f"| ours on all texts | {rate} | | | | {times} |")
    return "\n".join(lines)


def rows_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows with the same keys as a table in Markdown."""
    lines = [" | ".join(key.replace("_", " ") for key in rows[0]), "---|" * len(rows[0])]
    lines += [" | ".join(str(value) for value in row.values()) for row in rows]
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}" for line in lines)


def marked(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between its comments `name` and `end of name`."""
    first, last = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = text.partition(first)
    _, closed, after = rest.partition(last)
    if not found or not closed:
        raise ValueError(f"the document has no part {name}")
    return f"{before}{first}{content}\n{last}{after}"
