"""The scripts of docs/scale.md: a file that is larger than the memory there may be."""

import os
import subprocess
import sys

import scale


def run(*arguments):
    return subprocess.run(
        [sys.executable, scale.__file__, *arguments],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


def test_a_file_larger_than_the_limit_of_memory_is_screened_trained_pruned_and_predicted():
    done = run("--memmap", "7e8", "--limit", "6e8")
    assert done.returncode == 0, done.stderr
    first, *table = done.stdout.splitlines()
    assert first == "700 MB of samples; as an array they are beyond the limit"
    peaks = {line.split("|")[1].strip(): float(line.split("|")[3]) for line in table[2:]}
    assert list(peaks) == ["class moments", "fit, an epoch", "prune, two epochs", "predict"]
    assert max(peaks.values()) < 200


def test_chunks_are_no_longer_than_classes_allow():
    for case in ((10**4, 100, 10), (3000, 10, 1000), (600, 10**4, 2)):
        sizes = [samples.shape for samples, codes in scale.chunks(*case)]
        assert sum(length for length, _ in sizes) == case[0]
        assert {width for _, width in sizes} == {case[1]}
        assert max(sizes)[0] in (10**4, 1000, scale.FEWEST)


def test_a_row_has_a_number_in_each_column_but_for_matrices_that_are_too_large():
    small = scale.row((1000, 10, 3))
    assert small[:3] == ["1,000", "10", "3"]
    assert all(float(cell) > 0 for cell in small[3:])
    wide = scale.row((500, scale.LARGEST_MATRIX + 1, 3))
    assert wide[5:7] == ["–", "–"]
