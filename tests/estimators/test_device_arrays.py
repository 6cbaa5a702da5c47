"""Arrays of other packages are refused in words."""

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.frozen import FrozenEstimator
from small import X, network, quick, y

from skscreen import CNNClassifier


class DeviceArray:
    """As an array of the standard that lives elsewhere: NumPy cannot have it."""

    def __init__(self, values):
        self.values = values
        self.shape = values.shape

    def __len__(self):
        return len(self.values)

    def __dlpack__(self, **options):
        raise BufferError("on a device")

    def __array__(self, *args, **kwargs):
        raise TypeError("implicit conversion is not allowed")


ESTIMATORS = {
    "MLP": lambda: network(),
    "CNN": lambda: CNNClassifier((8, 8), max_iter=1, tol=None),
    "pruner": lambda: quick(network(), sparsity=0.5),
    "pruner of a frozen network": lambda: quick(FrozenEstimator(network().fit(X, y))),
    "pruner of scikit-learn's": lambda: quick(
        neural_network.MLPClassifier((5,), max_iter=200, tol=1e-2), sparsity=0.3
    ),
}


@pytest.mark.parametrize("make", ESTIMATORS.values(), ids=ESTIMATORS)
def test_arrays_of_other_packages_are_refused(make):
    estimator = make()
    with pytest.raises(ValueError, match=r"X must be an array of NumPy .*DeviceArray"):
        estimator.fit(DeviceArray(X), y)
    with pytest.raises(ValueError, match="y must be an array of NumPy"):
        estimator.fit(X, DeviceArray(y))
    estimator.fit(X, y)
    for method in ("predict", "predict_proba", "transform"):
        with pytest.raises(ValueError, match=r"cupy\.asnumpy\(X\)"):
            getattr(estimator, method)(DeviceArray(X))


def test_arrays_of_numpy_are_not():
    net = network().fit(X.view(np.ndarray), y.tolist())
    assert net.predict(X.tolist()).shape == y.shape
    assert net.score(np.ma.array(X), y) > 0
