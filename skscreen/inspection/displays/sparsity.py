"""Score against sparsity."""

import numpy as np

from skscreen.inspection.displays._axes import DENSE, get_axes, tidy

# Of the axis: a network that keeps nothing has no place on a logarithm of what is kept.
LEAST_KEPT = 1e-4


class SparsityDisplay:
    """Cross-validated scores against sparsity, with the band of one standard error.

    Parameters
    ----------
    sparsities : dict of str to ndarray of shape (n_sparsities,)
        For each curve, by name: shares that are cut; or numbers of inputs kept, from 1 on.
    scores : dict of str to ndarray of shape (n_sparsities, n_splits)
        Of each split.
    chosen : dict of str to float
        Sparsity that was chosen, where one was.
    dense_scores : ndarray of shape (n_splits,) or None, default=None
        Of the dense networks.
    score_name : str, default="score"

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib artists
        One for each curve.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.inspection import SparsityDisplay
    >>> scores = np.array([[0.97, 0.95], [0.96, 0.94], [0.80, 0.75]])
    >>> display = SparsityDisplay({"screening": np.array([0.5, 0.9, 0.99])},
    ...                           {"screening": scores}, {"screening": 0.9})
    >>> display.standard_error("screening").round(3)
    array([0.01 , 0.01 , 0.025])
    """

    def __init__(self, sparsities, scores, chosen=None, dense_scores=None, score_name="score"):
        self.sparsities = sparsities
        self.scores = scores
        self.chosen = chosen or {}
        self.dense_scores = dense_scores
        self.score_name = score_name

    @classmethod
    def from_estimator(cls, estimator, *, score_name="score", ax=None):
        """Draw the results of one search over sparsities, or of several.

        Parameters
        ----------
        estimator : fitted search or dict of str to fitted search
            A `ScreeningPrunerCV`, a `GridSearchCV` over ``sparsity`` alone (in a Pipeline
            ``prune__sparsity``), or several by name, for example by criterion.
        score_name : str, default="score"
            For the axis.
        ax : matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        display : SparsityDisplay
        """
        searches = estimator if isinstance(estimator, dict) else {"": estimator}
        sparsities, scores, chosen, dense = {}, {}, {}, None
        for name, search in searches.items():
            results = search.cv_results_
            key = next((key for key in results if key.endswith("sparsity")), None)
            if key is None:
                raise ValueError(
                    "estimator must have searched over sparsity, got cv_results_ with "
                    f"{', '.join(results)}"
                )
            sparsities[name] = np.asarray(results[key], dtype=float)
            scores[name] = _split_scores(results)
            chosen[name] = float(sparsities[name][search.best_index_])
            dense = getattr(search, "dense_scores_", dense)
        return cls(sparsities, scores, chosen, dense, score_name).plot(ax=ax)

    def standard_error(self, name):
        """Standard error of the mean score at each sparsity.

        Parameters
        ----------
        name : str
            Of a curve.

        Returns
        -------
        error : ndarray of shape (n_sparsities,)
        """
        scores = self.scores[name]
        return scores.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])

    def plot(self, ax=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        self : SparsityDisplay
        """
        ax, self.figure_ = get_axes(ax, figsize=(6.4, 4.2))
        self.lines_ = []
        for number, name in enumerate(self.scores):
            self._plot_curve(ax, name, f"C{number}", with_band=len(self.scores) == 1)
        if self.dense_scores is not None:
            ax.axhline(np.mean(self.dense_scores), color=DENSE, linestyle="--", label="dense")
        self._set_scale(ax)
        label = "inputs kept" if self._are_numbers() else "sparsity (share that is cut)"
        ax.set(xlabel=label, ylabel=self.score_name)
        tidy(ax)
        ax.legend(frameon=False, loc="best", fontsize=9)
        self.ax_ = ax
        return self

    def _plot_curve(self, ax, name, colour, *, with_band):
        kept = self._kept(self.sparsities[name])
        order = np.argsort(-kept)
        mean, error = self.scores[name].mean(axis=1), self.standard_error(name)
        bars = ax.errorbar(
            kept[order],
            mean[order],
            error[order],
            color=colour,
            marker="o",
            markersize=4,
            capsize=2,
            label=f"{name or 'mean'} ± 1 standard error",
        )
        self.lines_.append(bars)
        if with_band:
            best = int(np.argmax(mean))
            ax.axhspan(
                mean[best] - error[best],
                mean[best],
                color=colour,
                alpha=0.12,
                linewidth=0,
                label="within 1 standard error of the best",
            )
        if name in self.chosen:
            place = int(np.argmin(np.abs(self.sparsities[name] - self.chosen[name])))
            ax.plot(
                kept[place],
                mean[place],
                "o",
                markersize=12,
                fillstyle="none",
                markeredgewidth=1.8,
                color=colour,
                label=f"chosen{name and ' for '}{name}: {self._words(self.chosen[name])}",
            )

    def _are_numbers(self):
        """Return whether the sparsities are numbers of inputs kept."""
        return all((values >= 1).all() for values in self.sparsities.values())

    def _kept(self, values):
        """Return what is kept, as places on the axis."""
        return values if self._are_numbers() else np.maximum(1 - values, LEAST_KEPT)

    def _words(self, value):
        return f"{value:g}" if self._are_numbers() else f"{100 * value:.4g} %"

    def _set_scale(self, ax):
        """Spread high sparsities: the axis is the logarithm of what is kept."""
        every = np.unique(np.concatenate(list(self.sparsities.values())))
        ax.set_xscale("log")
        ax.invert_xaxis()
        ax.minorticks_off()
        ax.set_xticks(self._kept(every), [self._words(value) for value in every], rotation=45)


def _split_scores(results):
    """Scores of each candidate and split, of shape (n_candidates, n_splits)."""
    columns = []
    while f"split{len(columns)}_test_score" in results:
        columns.append(results[f"split{len(columns)}_test_score"])
    return np.column_stack(columns)
