"""The sections of docs/results.md about tables with many inputs, and about whole inputs."""

import pandas as pd
from inputs import RESULTS as INPUTS
from table_data import TABLES
from tables import HERE, KEY, METHODS, differences, read

RESULTS = HERE / "results" / "tables.csv"

#: methods in words
NAMES = {
    "dense": "dense",
    "dense-tuned": "dense, tuned alpha",
    "screening": "default",
    "magnitude": "magnitude",
    "wanda": "wanda",
    "f-0.05": "λ = 0.05",
    "select-fdr": "SelectFdr + dense",
    "select-kbest": "SelectKBest + dense",
    "lasso": "L1",
    "lassonet": "LassoNet",
}
#: headings, the arguments that run a group, and which tables belong to it
GROUPS = [
    ("Kept apart", "--apart", lambda table: table.apart),
    (
        "With noise, of the development",
        "--group noise",
        lambda table: not table.apart and table.kind == "noise",
    ),
]
HEAD = """\
## Tables with many inputs

Test scores in percent: accuracy, of caravan the area under the curve, of regressions
(diabetes+100, meats, friedman-5-of-100) 100 R². Pruned networks at 90 / 98 % cut. A network has
hidden layers of 100 and 30 units; what has an option of its own (alpha, the number of features,
the level, the penalties of L1 and LassoNet) chooses it on the same quarter of the training part.
Numbers of seeds that differ from those of the default stand in brackets; what is missing was not
run. LassoNet's path is coarser than its default (steps of 1.05, at most 30 epochs each). "Ahead"
are paired differences over the seeds that both have, ± the 95 % interval over the seeds, and in
the last rows over the tables. `name+k` has k columns of noise added; `benchmarks/table_data.py`
has the tables. Those of the default are of one revision each; those of the rivals, which did not
change, may be of several.
"""
INPUTS_HEAD = """\
## 50 of the 784 inputs of Fashion-MNIST

The protocol of LassoNet's paper: 10,000 images, 40 % to choose with and to learn from; accuracy of
100 extra trees and of a network with one hidden layer on what was chosen, mean ± standard
deviation over the splits. Seconds of CPU, one thread, the training of the dense network included.

    python benchmarks/inputs.py --methods skscreen "skscreen, one round" f_classif rfe --seeds 3
"""
INPUTS_LASSONET = """\
LassoNet's path has steps of 1.1, started at 15 where all inputs are still in; its default of 1.02,
with five times as many, is published with 0.794 and 0.800:

    python benchmarks/inputs.py --methods lassonet --seeds 3 --lassonet-start 15 \\
        --lassonet-step 1.1
"""


def sections(results=RESULTS, inputs=INPUTS):
    """Return the text of all sections."""
    rows = read(results)
    rows = of_one_revision(rows[rows.part == "test"]).drop_duplicates(KEY[1:], keep="last")
    parts = [HEAD]
    for title, arguments, belongs in GROUPS:
        names = [name for name, table in TABLES.items() if belongs(table)]
        found = rows[rows.table.isin(names)]
        if len(found):
            parts += [f"### {title}\n", group(found, names, arguments)]
    return "\n".join(["", *parts, *inputs_section(pd.read_csv(inputs)), ""])


def of_one_revision(rows):
    """Keep, of each table's rows of the default, those of the last revision."""
    last = rows.groupby(["table", "method"]).revision.transform("last")
    return rows[(rows.method != "screening") | (rows.revision == last)]


def group(rows, names, arguments):
    """Return the tables of a group: scores, and differences at each sparsity."""
    methods = [method for method in METHODS if method in set(rows.method)]
    command = f"    python benchmarks/tables.py {arguments} --seeds 5 --methods"
    names = [name for name in names if name in set(rows.table)]
    parts = [f"{command} {' '.join(methods)}\n", scores(rows, names, methods)]
    for sparsity in sorted(set(rows.sparsity) - {0.0}):
        parts += [f"\nPoints that the default is ahead of, {100 * sparsity:g} % cut:\n"]
        parts += [ahead(rows[rows.sparsity.isin([0.0, sparsity])], names, methods)]
    revisions = ", ".join(rows.revision.drop_duplicates())
    return "\n".join([*parts, f"\nRevisions: {revisions}.\n"])


def scores(rows, names, methods):
    """Mean scores, a row for each table."""
    lines = []
    for name in names:
        here = rows[rows.table == name]
        seeds = here[here.method == "screening"].seed.nunique()
        cells = [cell(here[here.method == method], seeds) for method in methods]
        lines.append([name, seeds, *cells])
    return table_of(["table", "seeds", *(NAMES[method] for method in methods)], lines)


def cell(rows, seeds):
    """Mean scores by sparsity, and the number of seeds if it is another."""
    if rows.empty:
        return ""
    means = rows.groupby("sparsity").score.mean()
    text = " / ".join(f"{mean:.1f}" for mean in means).replace("-", "−")
    number = rows.seed.nunique()
    return text if number == seeds else f"{text} ({number})"


def ahead(rows, names, methods):
    """Paired differences between the default and each rival, a row for each table."""
    rivals = [method for method in methods if method != "screening"]
    found = rows.pivot_table(index=["table", "seed"], columns="method", values="score")
    found = found.dropna(subset=["screening"]).reindex(names, level="table")
    lines = differences(found)
    cells = [
        [name, *(value.replace("+-", "±").replace("-", "−") for value in lines.loc[name, rivals])]
        for name in lines.index
    ]
    return table_of(["table", *(NAMES[method] for method in rivals)], cells)


def inputs_section(rows):
    """Mean accuracies and median times of each method on Fashion-MNIST, below their commands."""
    lines, rows = [], rows[rows.data == "fashion"]
    with_lassonet = rows.method.str.startswith("lassonet").any()
    heads = [INPUTS_HEAD, INPUTS_LASSONET] if with_lassonet else [INPUTS_HEAD]
    for method, found in rows.groupby("method", sort=False):
        accuracies = [mean_and_spread(found[name]) for name in ("extra_trees", "mlp")]
        seconds = f"{found.cpu_seconds.median():.1f}"
        lines.append([method, *accuracies, seconds, len(found)])
    return [*heads, table_of(["method", "extra trees", "network", "CPU [s]", "splits"], lines)]


def mean_and_spread(values):
    """Write a mean and, of more than one value, the standard deviation."""
    spread = f" ± {values.std():.3f}" if len(values) > 1 else ""
    return f"{values.mean():.3f}{spread}"


def table_of(header, rows):
    """Lay out a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
