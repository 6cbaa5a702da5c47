"""Write the tables of the documents from the results: docs/results.md, and the rows of README.md.

    python benchmarks/report.py          # writes both
    python benchmarks/report.py --check  # only says whether they are up to date (exit code 1: no)

Nothing is trained; every figure comes from the CSV files in benchmarks/results, and the marks on
MNIST from `published`.
"""

import argparse
import sys
from pathlib import Path

import few_report
import published
import table_report
from layout import NETWORKS, number, with_spread
from pruning import HERE, read, summarise
from table_report import table_of

ROOT = HERE.parent
RESULTS = HERE / "results" / "pruning.csv"
DOCUMENT = ROOT / "docs" / "results.md"
README = ROOT / "README.md"

DATA = {"digits": "digits", "fashion": "Fashion-MNIST", "mnist5k": "5,000 MNIST digits"}
#: options of the pruner in words
TRAINING = {
    "": "",
    "budget=macs": "",
    "pruning_epochs=20 fine_tune_epochs=20": "20 + 20 epochs",
    "alpha=None dropout=None learning_rate_init=None": "trained on as the dense one",
    "fine_tune_epochs=0 n_rounds=1 pruning_epochs=0": "not trained on",
}
SCHEDULES = {"gradual": "", "one-shot": "cut in one go"}

#: the rows of README.md: data, network, granularity, schedule, options, sparsity
PLAIN, BARE = list(TRAINING)[3:5]
FRONT = [
    ("digits", "lenet-300-100", "connection", "gradual", "", 0.9),
    ("fashion", "lenet-300-100", "connection", "gradual", "", 0.95),
    ("fashion", "lenet-300-100", "connection", "gradual", "", 0.99),
    ("fashion", "lenet-300-100", "connection", "gradual", PLAIN, 0.98),
    ("fashion", "lenet-300-100", "connection", "gradual", BARE, 0.9),
    ("mnist5k", "lenet-300-100", "connection", "gradual", PLAIN, 0.99),
    ("fashion", "lenet-5", "connection", "gradual", "", 0.9907),
    ("fashion", "lenet-5", "channel", "gradual", "budget=macs", 0.875),
]
F_WEIGHT = 0.05
BEGIN, END = "<!-- results: written by benchmarks/report.py -->", "<!-- end of results -->"

HEAD = """\
# Results

Written by `python benchmarks/report.py` from the files in `benchmarks/results`; not to be edited.
`sh benchmarks/all.sh` trains what is missing there and prints the same figures.

Of images: test accuracy in points below the dense network: smaller is better, negative is better
than the dense one. Means over the seeds, ± the standard deviation of the error. λ is `f_weight`.
"Ahead" is the paired difference to magnitude pruning with everything else the same, and its 95 %
interval: positive where the criterion is better. All settings are the defaults but for what is
said: "trained on as the dense one" is `alpha=None, dropout=None, learning_rate_init=None`, "not
trained on" `n_rounds=1, pruning_epochs=0, fine_tune_epochs=0`, "cut in one go"
`schedule="one-shot"`. The revision is that of the code that made the rows.
"""


def wording(row):
    """Say what was cut, and how it was trained afterwards."""
    cut = "nothing" if row.sparsity == 0 else f"{100 * row.sparsity:g} %"
    if "budget=macs" in row.options:
        cut += " of the multiply-accumulates"
    training = TRAINING.get(row.options, f"`{row.options}`")
    return ", ".join(part for part in (cut, SCHEDULES[row.schedule], training) if part)


def document(settings):
    """Return the text of docs/results.md.

    Parameters
    ----------
    settings : DataFrame
        From `pruning.summarise`.

    Returns
    -------
    text : str
    """
    order = {name: place for place, name in enumerate(["screening", "magnitude", "wanda"])}
    settings = settings.assign(place=[order.get(name, 9) for name in settings.criterion])
    parts = [HEAD]
    for (data, network, granularity), part in settings.groupby(
        ["data", "network", "granularity"], sort=True
    ):
        what = "connections" if granularity == "connection" else "channels"
        parts.append(f"## {DATA.get(data, data)}, {NETWORKS.get(network, network)}, {what}\n")
        part = part.sort_values(
            ["options", "schedule", "sparsity", "place", "criterion", "f_weight"], kind="stable"
        )
        parts.append(
            table_of(
                [
                    *("cut", "criterion", "dense error [%]", "points below dense", "ahead"),
                    *("weights kept", "MACs of dense [%]", "seconds", "seeds", "revision"),
                ],
                [line(row) for row in part.itertuples()],
            )
        )
        parts.append("")
    return "\n".join(parts)


def line(row):
    """Return the cells of a row of docs/results.md."""
    criterion = row.criterion
    if criterion == "screening":
        criterion += f", λ = {row.f_weight}"
    return [
        wording(row),
        criterion,
        number(row.dense),
        with_spread(row.below, row.sd),
        with_spread(row.ahead, row.half, "+"),
        f"{row.n_weights:,.0f}",
        number(100 * row.macs / row.dense_macs, 1),
        f"{row.seconds:.0f}",
        row.seeds,
        row.revisions,
    ]


def front(settings):
    """Return the table of README.md, a row for each setting of `FRONT`."""
    names = ["data", "network", "granularity", "schedule", "options", "sparsity"]
    rows = []
    for setting in FRONT:
        found = settings[(settings[names] == list(setting)).all(axis=1)]
        magnitude = found[found.criterion == "magnitude"].iloc[0]
        ours = found[(found.criterion == "screening") & (found.f_weight == F_WEIGHT)].iloc[0]
        cut = wording(ours)
        if ours.granularity == "channel":
            cut = f"channels, {cut.replace('multiply-accumulates', 'MACs')}"
        rows.append(
            [
                f"{DATA[ours.data]}, {NETWORKS[ours.network]}",
                cut,
                number(ours.dense),
                number(ours.below),
                number(magnitude.below),
                with_spread(ours.ahead, ours.half, "+"),
                ours.seeds,
            ]
        )
    header = [
        "data, network",
        "cut",
        "dense error [%]",
        "screening",
        "magnitude",
        "ahead",
        "seeds",
    ]
    return table_of(header, rows)


def insert(text, table):
    """Return a document with the table between its markers replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def texts(results=RESULTS):
    """Return what each document should be, as a dict of path to text."""
    settings = summarise(read(Path(results)).query("split == 'test'"))
    return {
        DOCUMENT: "\n".join(
            [
                document(settings) + table_report.sections(),
                few_report.sections(),
                published.section(),
            ]
        ),
        README: insert(README.read_text(encoding="utf-8"), front(settings)),
    }


def main(argv=None):
    """Write the documents, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args(argv)
    stale = [
        path
        for path, text in texts().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        name = path.relative_to(ROOT)
        if arguments.check:
            print(f"{name} is not what benchmarks/report.py writes")
        else:
            path.write_text(texts()[path], encoding="utf-8")
            print(f"wrote {name}")
    return int(arguments.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
