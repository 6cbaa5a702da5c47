"""The private names of scikit-learn that this package uses, in one place."""

from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._set_output import _get_output_config as get_output_config
from sklearn.utils._set_output import _wrap_data_with_container as wrap_data_with_container
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = ["check_sample_weight", "get_output_config", "safe_indexing", "wrap_data_with_container"]
