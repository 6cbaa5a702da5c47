"""The command line: train, prune and compare; and predict with what was saved."""

import os
import sys

from skscreen.cli.arguments import build_parser, build_prediction_parser

__all__ = ["main"]


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str or None
        Arguments; None takes those of the process.

    Returns
    -------
    code : int
        0, or 2 after an error, which is printed in one line.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    # the jobs are imported late: --help and wrong options need not wait for them
    if argv[:1] == ["predict"]:
        arguments = build_prediction_parser().parse_args(argv[1:])
        from skscreen.cli.predict import run
    else:
        arguments = build_parser().parse_args(argv)
        from skscreen.cli.train import run
    try:
        run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has had enough; the interpreter flushes once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, FloatingPointError, OSError, ImportError) as error:
        print(f"skscreen: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0
