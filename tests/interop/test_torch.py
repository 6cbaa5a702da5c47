"""PyTorch's networks, there and back."""

import sys

import numpy as np
import pytest
from nets import outputs, random_estimator, samples
from sklearn.frozen import FrozenEstimator
from small import DIGITS, LABELS, X, network, quick, y

from skscreen import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor
from skscreen.interop import from_torch, to_torch

torch = pytest.importorskip("torch", reason=".ci/run installs it")
nn = torch.nn


def torch_samples(estimator, inputs):
    """Return samples as PyTorch's modules take them."""
    if hasattr(estimator, "image_shape_"):
        inputs = inputs.reshape(len(inputs), *estimator.image_shape_).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(inputs))


def torch_outputs(module, inputs):
    with torch.no_grad():
        return module(inputs).numpy()


def as_columns(values):
    return values.reshape(len(values), -1)


@pytest.mark.parametrize("seed", range(200))
def test_random_networks_there_and_back(seed):
    net = random_estimator(seed)
    inputs = samples(net, seed=seed)
    module = to_torch(net)
    theirs = torch_outputs(module, torch_samples(net, inputs))
    np.testing.assert_allclose(theirs, as_columns(outputs(net, inputs)), atol=1e-5)
    again = from_torch(
        module,
        task="classification" if hasattr(net, "classes_") else "regression",
        classes=getattr(net, "classes_", None),
        image_shape=getattr(net, "image_shape_", None),
    )
    assert type(again) is type(net)
    np.testing.assert_allclose(outputs(again, inputs), outputs(net, inputs), atol=1e-5)
    if hasattr(net, "classes_"):
        probabilities = again.predict_proba(inputs)
        np.testing.assert_allclose(probabilities, net.predict_proba(inputs), atol=1e-5)


@pytest.mark.parametrize("granularity", ["connection", "channel", "input"])
@pytest.mark.parametrize("net", [network(), CNNClassifier((4, 4, 4), max_iter=3, tol=None)])
def test_pruned_networks(net, granularity):
    pruner = quick(net, sparsity=0.7, granularity=granularity).fit(X, y)
    inputs = X.astype(np.float32)
    module = to_torch(pruner)
    theirs = torch_outputs(module, torch_samples(pruner.estimator_, inputs))
    np.testing.assert_allclose(theirs, pruner.decision_function(X), atol=1e-5)
    kept = sum(int((p != 0).sum()) for n, p in module.named_parameters() if n.endswith("weight"))
    assert kept == pruner.network_.n_weights


def lenet():
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(6, 8, 3), nn.MaxPool2d(2), nn.Tanh()),
        nn.Flatten(),
        nn.Linear(8, 20, bias=False),
        nn.Sigmoid(),
        nn.Dropout(0.25),
        nn.Linear(20, 10),
    )


def train(module, inputs, epochs=150):
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    targets = torch.from_numpy(np.asarray(y))
    for _ in range(epochs):
        optimizer.zero_grad()
        nn.functional.cross_entropy(module(inputs), targets).backward()
        optimizer.step()
    return module.eval()


def test_a_trained_network_is_pruned_and_handed_back():
    torch.manual_seed(0)
    images = torch.from_numpy(X.reshape(-1, 1, 8, 8).astype(np.float32))
    module = train(lenet(), images)
    net = from_torch(module, image_shape=(8, 8), max_iter=20)
    assert (net.dropout, net.max_iter, net.conv_channels) == (0.25, 20, (6, 8))
    assert [layer.activation for layer in net.network_.layers] == [
        "relu",
        "tanh",
        "logistic",
        "identity",
    ]
    dense = torch_outputs(module, images)
    np.testing.assert_allclose(net.decision_function(X), dense, atol=1e-5)
    pruner = quick(FrozenEstimator(net), sparsity=0.5).fit(X, y)
    back = to_torch(pruner)
    logits = torch_outputs(back, images)
    np.testing.assert_allclose(logits, pruner.decision_function(X), atol=1e-5)
    assert np.mean(logits.argmax(axis=1) == y) == pytest.approx(pruner.score(X, y), abs=0.005)
    np.testing.assert_array_equal(torch_outputs(module, images), dense)  # it stayed as it was
    before = [p.clone() for p in back.parameters()]
    train(back.train(), images, epochs=1)
    assert all((p != q).any() for p, q in zip(back.parameters(), before, strict=True))


def test_channels_come_last():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 4, (2, 3), stride=2, padding="valid"),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4 * 3 * 2, 3),
    )
    images = torch.randn(5, 3, 7, 6)
    net = from_torch(module, image_shape=(7, 6, 3))
    ours = net.decision_function(images.permute(0, 2, 3, 1).numpy())
    np.testing.assert_allclose(ours, torch_outputs(module, images), atol=1e-5)


def converted(module):
    """Return the network, or None where the zeros around its images have no counterpart."""
    try:
        return from_torch(module, image_shape=(8, 9))
    except ValueError as error:
        if "zeros around an image" not in str(error):
            raise
        return None


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # PyTorch's speed
@pytest.mark.parametrize("before", [(), (nn.ZeroPad2d((1, 0, 2, 1)),)])
@pytest.mark.parametrize(("stride", "least"), [(1, 23), (2, 14), (3, 14)])
def test_padding_is_right_or_refused(before, stride, least):
    torch.manual_seed(0)
    images = torch.randn(3, 1, 8, 9)
    n_converted = 0
    for kernel in [1, 2, 3, 4, 5, (1, 4), (5, 2)]:
        for padding in ["same", "valid", 0, 1, 2, (2, 0), (0, 1)][stride > 1 :]:
            conv = nn.Conv2d(1, 2, kernel, stride=stride, padding=padding)
            size = nn.Flatten()(nn.Sequential(*before, conv)(images)).shape[1]
            module = nn.Sequential(*before, conv, nn.Flatten(), nn.Linear(size, 3))
            net = converted(module)
            if net is None:
                assert before or padding not in ("same", "valid", 0)
                continue
            n_converted += 1
            ours = net.decision_function(images.permute(0, 2, 3, 1).numpy())
            np.testing.assert_allclose(ours, torch_outputs(module, images), atol=1e-5)
    assert n_converted >= (0 if before else least)


def test_two_logits_become_one():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    inputs = torch.randn(6, 4, dtype=torch.float64)
    net = from_torch(module, classes=["no", "yes"])
    wanted = torch.softmax(module(inputs), dim=1).detach().numpy()
    np.testing.assert_allclose(net.predict_proba(inputs.numpy()), wanted, atol=1e-12)
    assert set(net.predict(inputs.numpy())) <= {"no", "yes"}
    assert net.dtype == "float64"


@pytest.mark.parametrize(
    ("module", "options", "kind"),
    [
        (nn.Sequential(nn.Linear(3, 4)), {}, MLPClassifier),
        (nn.Linear(3, 1), {}, MLPClassifier),
        (nn.Linear(3, 1), {"task": "regression"}, MLPRegressor),
        (lenet(), {"image_shape": (8, 8, 1), "task": "regression"}, CNNRegressor),
    ],
)
def test_kinds(module, options, kind):
    net = from_torch(module, **options)
    assert type(net) is kind
    inputs = samples(net)
    theirs = torch_outputs(module.eval(), torch_samples(net, inputs))
    np.testing.assert_allclose(as_columns(outputs(net, inputs)), theirs, atol=1e-5)
    data = DIGITS[:50, : net.n_features_in_], LABELS[:50] % max(2, net.n_outputs_)
    if kind is not CNNRegressor:
        assert net.partial_fit(*data).n_iter_ == 1


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        ([nn.Linear(4, 3), nn.GELU(), nn.Linear(3, 2)], r"^1, GELU.*has no counterpart: there"),
        ([nn.Linear(4, 3), nn.Sequential(nn.BatchNorm1d(3)), nn.Linear(3, 2)], r"^1\.0, Batch"),
        ([nn.ReLU(), nn.Linear(4, 3)], r"^0, ReLU.*must follow"),
        ([nn.Linear(4, 3), nn.ReLU(), nn.Tanh(), nn.Linear(3, 2)], r"^2, Tanh.*must follow"),
        ([nn.Linear(4, 3), nn.Dropout(1.0), nn.Linear(3, 2)], r"^1, Dropout.*leaves nothing"),
        ([nn.Linear(4, 3), nn.ReLU()], "end in a Linear"),
        ([nn.Flatten()], "end in a Linear"),
        ([nn.Conv2d(1, 2, 3), nn.Flatten()], "end in a Linear"),
        ([nn.Conv2d(1, 2, 3), nn.Linear(6, 2)], r"^1, Linear.*a Flatten must come"),
        ([nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(5, 2)], r"^2, Linear.*it gets \(6, 6, 2\)"),
        ([nn.Flatten(0), nn.Linear(4, 2)], r"^0, Flatten.*flatten each sample"),
        ([nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, 2)], r"^0, MaxPool2d.*follow a Conv2d"),
        ([nn.Conv2d(2, 2, 3), nn.Flatten(), nn.Linear(9, 2)], r"^0, Conv2d.*it gets \(8, 8, 1\)"),
        (
            [nn.Conv2d(1, 2, 3), nn.MaxPool2d(3, 2), nn.Flatten(), nn.Linear(8, 2)],
            r"^1, MaxPool2d.*side by side",
        ),
        (
            [nn.Conv2d(1, 2, 3, dilation=2), nn.Flatten(), nn.Linear(32, 2)],
            r"^0, Conv2d.*no dilation",
        ),
        (
            [nn.Conv2d(1, 2, 9, padding=5, padding_mode="reflect"), nn.Linear(32, 2)],
            r"^0, Conv2d.*no dilation",
        ),
        ([nn.Linear(4, 3).double(), nn.Linear(3, 2)], "of one dtype"),
        ([nn.Linear(4, 3).half()], "float32 or float64, got float16"),
    ],
)
def test_what_has_no_counterpart_is_named(modules, words):
    with pytest.raises(ValueError, match=words):
        from_torch(nn.Sequential(*modules), image_shape=(8, 8))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "ranking"}, "task must be"),
        ({"classes": ["a", "b"]}, "classes must be 3 labels"),
        ({"classes": ["a", "c", "b"]}, "classes must be sorted"),
        ({"classes": ["a", "a", "b"]}, "classes must be 3 labels"),
    ],
)
def test_bad_options(options, words):
    with pytest.raises(ValueError, match=words):
        from_torch(nn.Linear(4, 3), **options)


def test_convolutions_need_the_shape_of_images():
    with pytest.raises(ValueError, match="give image_shape"):
        from_torch(lenet())


def test_dropout_beside_convolutions_is_left_out_with_a_warning():
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Dropout2d(0.1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(72, 3)
    )
    with pytest.warns(UserWarning, match="is left out") as record:
        net = from_torch(module, image_shape=(8, 8))
    assert len(record) == 2
    assert net.dropout == 0


def test_an_activation_may_follow_the_flattening():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Tanh(), nn.Linear(108, 3))
    images = torch.randn(5, 1, 8, 8)
    ours = from_torch(module, image_shape=(8, 8)).decision_function(images.numpy().reshape(5, -1))
    np.testing.assert_allclose(ours, torch_outputs(module, images), atol=1e-5)


def test_dropout_of_inputs_is_left_out_with_a_warning():
    with pytest.warns(UserWarning, match="no dropout of inputs"):
        assert from_torch(nn.Sequential(nn.Dropout(0.2), nn.Linear(4, 3))).dropout == 0


@pytest.mark.parametrize("granularity", ["connection", "channel"])
def test_a_pruned_network_of_convolutions_in_float64(granularity):
    net = CNNClassifier((8, 8), conv_channels=(4, 4), max_iter=2, tol=None, dtype="float64")
    pruner = quick(net, granularity=granularity, sparsity=0.6).fit(X, y)
    module = to_torch(pruner)
    images = torch.from_numpy(X.reshape(-1, 1, 8, 8))
    np.testing.assert_allclose(
        torch_outputs(module, images), pruner.decision_function(X), atol=1e-12
    )
    again = from_torch(module, image_shape=(8, 8))
    np.testing.assert_allclose(again.decision_function(X), pruner.decision_function(X), atol=1e-12)


def test_dropout_between_hidden_layers_is_kept():
    net = network(dropout=0.3).fit(X, y)
    rates = [m.p for m in to_torch(net) if isinstance(m, nn.Dropout)]
    assert rates == [0.3, 0.3]


def test_without_torch_the_command_is_named(monkeypatch):
    module = lenet()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'skscreen\[torch\]'"):
        from_torch(module, image_shape=(8, 8))
    with pytest.raises(ImportError, match=r"pip install 'skscreen\[torch\]'"):
        to_torch(network().fit(X, y))
