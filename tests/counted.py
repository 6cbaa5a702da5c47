"""An estimator that counts its fits, in a module that worker processes can import."""

from skscreen import MLPClassifier


class CountedMLP(MLPClassifier):
    """Notes every fit in a file, so that fits in other processes count too."""

    def __init__(
        self, hidden_layer_sizes=(100,), log=None, max_iter=200, tol=1e-4, random_state=None
    ):
        super().__init__(hidden_layer_sizes, max_iter=max_iter, tol=tol, random_state=random_state)
        self.log = log

    def fit(self, X, y, sample_weight=None):
        with open(self.log, "a") as file:
            file.write("fit\n")
        return super().fit(X, y, sample_weight)
