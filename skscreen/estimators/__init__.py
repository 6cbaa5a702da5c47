"""The scikit-learn estimators.

- A network: `parameters` and `training_set` are what it gets, `tasks` what it learns, `base` how
  it is trained, `fitted_network` what it is then; `mlp`, and `cnn` with `images`, are the kinds.
  `adapt` and `adapt_sklearn` make one of what was trained elsewhere.
- A pruner: its network comes from `dense_network`, out of whatever `wrapping` it stands in;
  `planning` turns parameters into a plan, `pruning_job` says what ``fit`` of `pruner` starts with
  and comes to; `delegation` and `facts` are what it hands on.
- Many sparsities: `path` walks down, `pruner_cv` does so in `folds` and makes a `choice`.
- Between the two: `handoff` from step to step of a Pipeline; `samples` that are sparse or some of
  others; `callbacks` and `progress` for those who watch.
"""

from skscreen.estimators.cnn import CNNClassifier, CNNRegressor
from skscreen.estimators.handoff import HiddenActivations
from skscreen.estimators.mlp import MLPClassifier, MLPRegressor
from skscreen.estimators.path import PruningPath, pruning_path
from skscreen.estimators.pruner import ScreeningPruner
from skscreen.estimators.pruner_cv import ScreeningPrunerCV

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "HiddenActivations",
    "MLPClassifier",
    "MLPRegressor",
    "PruningPath",
    "ScreeningPruner",
    "ScreeningPrunerCV",
    "pruning_path",
]
