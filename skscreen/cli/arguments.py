"""What the command line takes."""

import argparse
from pathlib import Path

from skscreen import __version__
from skscreen.datasets import NAMED
from skscreen.pruning import GRANULARITIES

DESCRIPTION = """\
Train a network, prune its connections or channels by a weighted F-statistic, fine-tune it, and
compare the dense network with the pruned one on test data. "skscreen predict MODEL DATA" predicts
with a model that --save has written."""

# Convolutional networks by name; they need images.
CNNS = {
    "cnn": {"conv_channels": (32, 64), "hidden_layer_sizes": (100,)},
    "lenet-5": {
        "conv_channels": (20, 50),
        "kernel_size": 5,
        "padding": "valid",
        "hidden_layer_sizes": (500,),
    },
}


def parse_network(text):
    """Read "300-100" as (300, 100); the name of a convolutional network stays as it is."""
    if text in CNNS:
        return text
    try:
        sizes = tuple(int(size) for size in text.split("-"))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise argparse.ArgumentTypeError(
            f"expected sizes of hidden layers, such as 300-100, or one of {', '.join(CNNS)}, "
            f"got {text!r}"
        )
    return sizes


def parse_share(text):
    """Read a number in [0, 1)."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"expected a number in [0, 1), got {text!r}")
    return share


def parse_sparsity(text):
    """Read a number in [0, 1), or a whole number of at least 1."""
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    return parse_share(text)


def parse_count(text):
    """Read a whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return int(text)


def parse_output(text):
    """Read the path of a file to write, in a folder that is there."""
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {str(path.parent)!r}")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file to write, {text!r} is a folder")
    return path


def parse_picture(text):
    """Read the path of a picture to write."""
    path = parse_output(text)
    if path.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise argparse.ArgumentTypeError(f"expected a .png, .pdf or .svg file, got {text!r}")
    return path


def build_parser():
    """Build the parser of the main job."""
    parser = argparse.ArgumentParser(prog="skscreen", description=DESCRIPTION)
    _add_data(parser.add_argument_group("data"))
    _add_network(parser.add_argument_group("network and pruning"))
    parser.add_argument(
        "--save",
        type=parse_output,
        metavar="FILE",
        help="write the pruned network and the preparation of its data to a file, by custom with "
        "the ending .npz: arrays and text, nothing that could run when it is read",
    )
    parser.add_argument(
        "--plot", type=parse_picture, metavar="FILE", help="draw it into a .png, .pdf or .svg file"
    )
    parser.add_argument("--seed", type=parse_count, default=0, help="random seed (default: 0)")
    parser.add_argument("--version", action="version", version=f"skscreen {__version__}")
    return parser


def _add_data(group):
    group.add_argument(
        "--data",
        default="digits",
        help=f"one of {', '.join(NAMED)}; a folder with the IDX files of MNIST or Fashion-MNIST; "
        "an .npz file with X and y; or a .csv or .tsv file with a header, also compressed "
        "(default: digits, which is part of scikit-learn)",
    )
    group.add_argument(
        "--target",
        help="column of a table to predict (default: the one called target, class, label or y)",
    )
    group.add_argument(
        "--task",
        choices=["auto", "classification", "regression"],
        default="auto",
        help="what to predict of a table's target: its class, or its number; auto takes numbers "
        "that are fractional, or many, as such (default: auto)",
    )
    group.add_argument(
        "--categories",
        nargs="+",
        default=[],
        metavar="COLUMN",
        help="columns of a table that hold categories, though they look like numbers or names",
    )
    group.add_argument(
        "--ignore", nargs="+", default=[], metavar="COLUMN", help="columns to leave out"
    )


def _add_network(group):
    group.add_argument(
        "--network",
        type=parse_network,
        default=(300, 100),
        metavar="NETWORK",
        help="sizes of the hidden layers, or for images a convolutional network: "
        f"{', '.join(CNNS)} (default: 300-100)",
    )
    group.add_argument(
        "--granularity",
        choices=list(GRANULARITIES),
        default="connection",
        help="cut single connections, whole channels and hidden units, or whole inputs (default: "
        "connection)",
    )
    group.add_argument(
        "--sparsity",
        type=parse_sparsity,
        default=0.9,
        help="share of the weights, or of the inputs, to cut; of inputs also a whole number, how "
        "many to keep (default: 0.9)",
    )
    group.add_argument(
        "--cv",
        type=parse_count,
        nargs="?",
        const=5,
        metavar="FOLDS",
        help="choose the sparsity by cross-validation on the training data, prepared in each "
        "fold anew: the sparsest network within one standard error of the best (default: 5 folds)",
    )
    group.add_argument(
        "--epochs",
        type=parse_count,
        help="epochs of the dense training, and half as many each of pruning and fine-tuning "
        "(default: 30, and more for a few hundred samples)",
    )


def build_prediction_parser():
    """Build the parser of ``skscreen predict``."""
    parser = argparse.ArgumentParser(
        prog="skscreen predict",
        description="Predict with a model that --save has written. Prints a table: the row of "
        "the file and its prediction. If the data have the target too, the score is printed to "
        "the error stream.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="file that --save has written")
    parser.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help="a .csv or .tsv file with the columns of the training data, or an .npz file with X",
    )
    parser.add_argument(
        "--proba", action="store_true", help="print the probability of each class as well"
    )
    parser.add_argument(
        "--output", type=parse_output, metavar="FILE", help="write the table to a .csv file"
    )
    return parser
