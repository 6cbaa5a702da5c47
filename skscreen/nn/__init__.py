"""Networks of arrays: layers, losses, optimisers and the training loop."""

from skscreen.nn.conv import Conv
from skscreen.nn.dense import Dense
from skscreen.nn.losses import Loss, Teacher
from skscreen.nn.network import Network, Parameter
from skscreen.nn.training import TrainingOptions, TrainingResult, train

__all__ = [
    "Conv",
    "Dense",
    "Loss",
    "Network",
    "Parameter",
    "Teacher",
    "TrainingOptions",
    "TrainingResult",
    "train",
]
