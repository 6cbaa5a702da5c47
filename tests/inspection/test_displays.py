"""Every picture is drawn, and shows the numbers that it was given."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from small import X, network, quick, y

from skscreen import CNNClassifier, MLPRegressor
from skscreen.inspection import (
    LayersDisplay,
    PixelsDisplay,
    SparsityDisplay,
    StatisticsDisplay,
    TrainingDisplay,
    UnitDisplay,
)


@pytest.fixture(autouse=True)
def _closed_figures():
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def pruner():
    return quick(network(), sparsity=0.9).fit(X, y)


@pytest.fixture(scope="module")
def channels():
    return quick(network(), sparsity=0.7, granularity="channel").fit(X, y)


def drawn(display):
    """Render a picture; return the texts in it."""
    figure = display.figure_
    figure.canvas.draw()
    assert np.ptp(np.asarray(figure.canvas.buffer_rgba())) > 0
    return {text.get_text() for text in figure.findobj(mpl.text.Text)}


class TestSparsity:
    sparsities = np.array([0.5, 0.9, 0.99])
    scores = np.array([[0.95, 0.97], [0.94, 0.96], [0.7, 0.8]])

    def test_one_curve_has_the_band_of_one_standard_error(self):
        display = SparsityDisplay(
            {"": self.sparsities}, {"": self.scores}, {"": 0.9}, np.array([0.96, 0.98])
        ).plot()
        texts = drawn(display)
        assert {"90 %", "99 %", "dense", "chosen: 90 %"} <= texts
        # means 0.96, 0.95, 0.75; each standard error is |a - b| / 2
        np.testing.assert_allclose(display.standard_error(""), [0.01, 0.01, 0.05])
        band = next(p for p in display.ax_.patches if p.get_alpha() == 0.12)
        low, high = band.get_extents().transformed(display.ax_.transData.inverted()).intervaly
        assert (low, high) == (pytest.approx(0.95), pytest.approx(0.96))

    def test_searches_by_name_share_the_axes(self):
        found = {
            criterion: GridSearchCV(
                quick(network(), criterion=criterion), {"sparsity": [0.5, 0.95]}, cv=2
            ).fit(X, y)
            for criterion in ("screening", "magnitude")
        }
        _, ax = plt.subplots()
        display = SparsityDisplay.from_estimator(found, ax=ax, score_name="accuracy")
        assert display.ax_ is ax
        assert ax.get_ylabel() == "accuracy"
        assert len(display.lines_) == 2
        results = found["magnitude"].cv_results_
        np.testing.assert_allclose(
            display.scores["magnitude"].mean(axis=1), results["mean_test_score"]
        )
        assert "screening ± 1 standard error" in drawn(display)

    def test_a_search_over_something_else(self):
        search = GridSearchCV(quick(network()), {"f_weight": [0, 0.1]}, cv=2).fit(X, y)
        inputs = SparsityDisplay(
            {"": np.array([20.0, 5.0])}, {"": np.array([[0.9, 0.8], [0.5, 0.6]])}, {"": 5.0}
        ).plot()
        assert inputs.ax_.get_xlabel() == "inputs kept"
        assert [text.get_text() for text in inputs.ax_.get_xticklabels()] == ["5", "20"]
        assert inputs.ax_.get_xticks().tolist() == [5, 20]
        with pytest.raises(ValueError, match="must have searched over sparsity"):
            SparsityDisplay.from_estimator(search)


def test_statistics_of_connections(pruner):
    display = StatisticsDisplay.from_estimator(pruner)
    assert [len(F) for F in display.F] == [64, 30, 20]
    for number, (kept, mask) in enumerate(zip(display.kept, pruner.masks_, strict=True)):
        np.testing.assert_array_equal(kept, mask.any(axis=1))
        assert f"layer {number}\n{kept.sum()} of {len(kept)} kept" in drawn(display)


def test_statistics_of_units(channels):
    display = StatisticsDisplay.from_estimator(channels)
    assert [len(F) for F in display.F] == [30, 20]
    assert display.kept[0].sum() == channels.network_.layers[0].n_outputs
    drawn(display)


def test_statistics_without_variation_within_the_classes():
    display = StatisticsDisplay([np.array([0.0, np.inf])], [np.array([False, True])], ["a"])
    drawn(display.plot())
    heights = [points.get_offsets()[:, 1] for points in display.ax_.collections[:2]]
    assert np.isfinite(heights).all()


def test_pixels(pruner):
    display = PixelsDisplay.from_estimator(pruner)
    np.testing.assert_array_equal(display.F.ravel(), pruner.report_.layer(0)["F"])
    np.testing.assert_array_equal(display.kept.ravel(), pruner.masks_[0].sum(axis=1))
    n_read = pruner.get_support().sum()
    assert f"connections kept: {n_read} of 64 pixels read" in drawn(display)
    assert PixelsDisplay.from_estimator(pruner, image_shape=(4, 16)).F.shape == (4, 16)
    with pytest.raises(ValueError, match=r"image_shape must have 64 pixels, got \(3, 4\)"):
        PixelsDisplay.from_estimator(pruner, image_shape=(3, 4))


def test_pixels_that_were_not_screened(channels):
    with pytest.raises(ValueError, match="its report has 30 units for 64 inputs"):
        PixelsDisplay.from_estimator(channels)


def test_layers(pruner, channels):
    display = LayersDisplay.from_estimator(pruner)
    np.testing.assert_allclose(display.densities, [mask.mean() for mask in pruner.masks_])
    texts = drawn(display)
    assert {"1 dense", "2 dense", "3 dense"} <= texts
    first = pruner.masks_[0]
    assert f"{100 * first.mean():.3g} % ({first.sum():,} of 1,920)" in texts
    assert f"reads {first.any(axis=1).sum()} of 64" in texts
    assert "gives 10 of 10" in drawn(LayersDisplay.from_estimator(channels))


def test_layers_of_a_convolutional_network():
    net = CNNClassifier((8, 8), conv_channels=4, hidden_layer_sizes=10, max_iter=2, tol=None)
    lean = quick(net, sparsity=0.5).fit(X[:100], y[:100])
    texts = drawn(LayersDisplay.from_estimator(lean))
    assert {"1 conv", "2 dense", "3 dense"} <= texts


def test_a_unit(pruner, channels):
    row = pruner.report_.layer(1)[3]
    display = UnitDisplay.from_estimator(pruner, 1, 3)
    np.testing.assert_array_equal(display.means, row["mean"])
    # the pooled deviation is the root of the mean square within
    assert display.deviation == pytest.approx(np.sqrt(row["SSW"] / (600 - 10)))
    texts = drawn(display)
    assert {"layer 1, unit 3", *map(str, range(10))} <= texts
    assert any(f"{row['kept']} connections kept" in text for text in texts)
    display = UnitDisplay.from_estimator(channels, 0, 2)
    assert display.verdict.endswith(": kept" if display.kept else ": cut")
    with pytest.raises(ValueError, match="unit must be from 0 to 19, got 20"):
        UnitDisplay.from_estimator(pruner, 2, 20)


def test_a_unit_of_a_regressor():
    net = MLPRegressor((8,), max_iter=3, tol=None, random_state=0)
    with pytest.raises(ValueError, match="class means need a pruned classifier"):
        UnitDisplay.from_estimator(quick(net).fit(X, y), 0, 0)


def test_training(pruner):
    display = TrainingDisplay.from_estimator(pruner)
    assert display.starts == [8, 9, 10, 11]  # 8 dense epochs, 3 rounds of one, 2 of fine-tuning
    texts = drawn(display)
    assert {"loss, dense", "loss, pruning", "loss, fine-tuning", "sparsity [%]"} <= texts
    shown = [line for line in display.ax_.lines if str(line.get_label()).startswith("loss")]
    losses = np.concatenate([line.get_ydata() for line in shown])
    assert len(losses) == 13
    assert losses[-1] == pruner.history_[-1]["loss"]


@pytest.mark.parametrize(
    "display", [LayersDisplay, PixelsDisplay, StatisticsDisplay, TrainingDisplay]
)
def test_what_is_not_fitted_is_not_drawn(display):
    with pytest.raises(NotFittedError):
        display.from_estimator(quick(network()))


def test_axes_of_ones_own(pruner):
    _, axes = plt.subplots(1, 2)
    assert LayersDisplay.from_estimator(pruner, ax=axes).axes_ == list(axes)
    with pytest.raises(ValueError, match="ax must hold 2 axes, got 1"):
        PixelsDisplay.from_estimator(pruner, ax=axes[0])


def test_without_matplotlib(pruner, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skscreen\[plot\]'"):
        LayersDisplay.from_estimator(pruner)
