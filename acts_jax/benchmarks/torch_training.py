"""A population trained in PyTorch: one network after another, or all by torch.func.vmap.

Imports no JAX, so that processes of PyTorch alone can use it. Parameters go by the names that
`acts_jax.models` has for them, and lie here as PyTorch has them: see `_native`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Weights = dict[str, np.ndarray]  # by path, such as "hidden_1.kernel", with an axis of networks


class Plain(NamedTuple):
    """What PyTorch needs to know of a task, without JAX.

    Attributes:
        model: A name of `FORWARD`.
        depth: Hidden layers of an mlp, blocks of another model.
        fields: Of the model's own, such as `pool`.
        inputs, labels: float32 [n, ...], int64 [n].
        activation: A name of PyTorch.
        learning_rate, momentum: Of heavy-ball SGD.
    """

    model: str
    depth: int
    fields: Mapping[str, Any]
    inputs: np.ndarray
    labels: np.ndarray
    activation: str
    learning_rate: float
    momentum: float

    def loss(self) -> Callable:
        """From parameters, inputs and labels of a batch to the mean loss."""
        import torch

        function = activation_of(self.activation)

        def loss(p, x, y):
            outputs = FORWARD[self.model](p, x, function, self.depth, self.fields)
            return torch.nn.functional.cross_entropy(outputs, y)

        return loss


def activation_of(name: str):
    """PyTorch's function of that name."""
    import torch

    return getattr(torch, name, None) or getattr(torch.nn.functional, name)


def _linear(p, name, x):
    import torch

    return torch.nn.functional.linear(x, p[f"{name}.kernel"], p[f"{name}.bias"])


def _mlp(p, x, function, depth, fields):
    x = x.flatten(1)
    for layer in range(1, depth + 1):
        x = function(_linear(p, f"hidden_{layer}", x))
    return _linear(p, "readout", x)


def _cnn(p, x, function, depth, fields):
    import torch

    functional = torch.nn.functional
    pool = {"max": functional.max_pool2d, "mean": functional.avg_pool2d}[fields["pool"]]
    x = x.permute(0, 3, 1, 2)  # channels last in memory, which is PyTorch's fastest on a CPU
    for layer in range(1, depth + 1):
        kernel, bias = p[f"hidden_{layer}.kernel"], p[f"hidden_{layer}.bias"]
        x = pool(function(functional.conv2d(x, kernel, bias, padding=1)), 2)
    x = x.permute(0, 2, 3, 1).flatten(1)
    return _linear(p, "readout", function(_linear(p, f"hidden_{depth + 1}", x)))


def _vit(p, x, function, depth, fields):
    import torch

    def normalised(name, x):
        scale, bias = p[f"{name}.scale"], p[f"{name}.bias"]
        return torch.nn.functional.layer_norm(x, scale.shape, scale, bias, eps=1e-6)

    def attended(name, x):
        parts = (_linear(p, f"{name}.{part}", x) for part in ("query", "key", "value"))
        q, k, v = (y.unflatten(-1, (fields["heads"], -1)).transpose(1, 2) for y in parts)
        if "step by step" in fields:
            y = (q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(dim=-1) @ v
        else:
            y = torch.nn.functional.scaled_dot_product_attention(q, k, v)
        return _linear(p, f"{name}.out", y.transpose(1, 2).flatten(2))

    side = fields["patch"]
    x = x.unflatten(1, (-1, side)).unflatten(3, (-1, side)).transpose(2, 3)
    x = _linear(p, "embedding", x.flatten(3).flatten(1, 2)) + p["position"]
    for b in range(1, depth + 1):
        x = x + attended(f"attention_{b}", normalised(f"attention_norm_{b}", x))
        y = function(_linear(p, f"hidden_{b}", normalised(f"hidden_norm_{b}", x)))
        x = x + _linear(p, f"projection_{b}", y)
    return _linear(p, "readout", normalised("norm", x).mean(dim=1))


FORWARD = {"mlp": _mlp, "cnn": _cnn, "vit": _vit}


def _native(name: str, value: np.ndarray):
    """A parameter of one network as PyTorch has it.

    Kernels are [out, in] or [out, in, height, width], and heads of an attention are one axis.
    """
    import torch

    if name.endswith(".kernel"):
        if value.ndim == 4:
            kernel = torch.tensor(value.transpose(3, 2, 0, 1))
            return kernel.contiguous(memory_format=torch.channels_last)
        outputs = value.shape[-1] if name.endswith("out.kernel") else value[0].size
        value = value.reshape(-1, outputs).T
    elif name.endswith(("query.bias", "key.bias", "value.bias")):
        value = value.ravel()
    return torch.tensor(np.ascontiguousarray(value))


def _ours(name: str, value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The same as `acts_jax.models` has it, of one network."""
    if name.endswith(".kernel"):
        return value.transpose(2, 3, 1, 0) if len(shape) == 4 else value.T.reshape(shape)
    return value.reshape(shape)


class Networks:
    """Networks and their optimizers, trained one after another.

    Args:
        plain: The task.
        weights: Those that they start from.
        order: int32 [networks, steps, batch], the examples of each batch.
    """

    def __init__(self, plain: Plain, weights: Weights, order: np.ndarray):
        import torch

        self.inputs, self.labels = map(torch.from_numpy, (plain.inputs, plain.labels))
        self.loss, self.order = plain.loss(), torch.from_numpy(order.astype(np.int64))
        self.shapes = {name: value.shape[1:] for name, value in weights.items()}
        self.params = [
            {name: _native(name, value[n]).requires_grad_() for name, value in weights.items()}
            for n in range(len(order))
        ]
        self.optimizers = [
            torch.optim.SGD(p.values(), plain.learning_rate, plain.momentum) for p in self.params
        ]

    def step_all(self) -> None:
        """All steps of the first network, then of the next."""
        for p, optimizer, order in zip(self.params, self.optimizers, self.order, strict=True):
            for index in order:
                loss = self.loss(p, self.inputs[index], self.labels[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def weights(self) -> Weights:
        """As given, where training has brought them."""
        return {
            name: np.stack([_ours(name, p[name].detach().numpy(), shape) for p in self.params])
            for name, shape in self.shapes.items()
        }


class Stacked:
    """All networks at once by torch.func.vmap; takes what `Networks` takes."""

    def __init__(self, plain: Plain, weights: Weights, order: np.ndarray):
        import torch

        self.inputs, self.labels = map(torch.from_numpy, (plain.inputs, plain.labels))
        self.order = torch.from_numpy(order.astype(np.int64))
        self.rate, self.momentum = plain.learning_rate, plain.momentum
        self.shapes = {name: value.shape[1:] for name, value in weights.items()}
        self.params = {
            name: torch.stack([_native(name, one) for one in value])
            for name, value in weights.items()
        }
        self.velocity = {name: torch.zeros_like(value) for name, value in self.params.items()}
        # PyTorch's fused attention has no rule for vmap.
        plain = plain._replace(fields={**plain.fields, "step by step": True})
        self.gradient = torch.func.vmap(torch.func.grad(plain.loss()))

    def step_all(self) -> None:
        """All networks take each step together."""
        for step in range(self.order.shape[1]):
            index = self.order[:, step]
            gradients = self.gradient(self.params, self.inputs[index], self.labels[index])
            for name, gradient in gradients.items():
                velocity = self.velocity[name].mul_(self.momentum).add_(gradient)
                self.params[name].add_(velocity, alpha=-self.rate)

    def weights(self) -> Weights:
        """As given, where training has brought them."""
        return {
            name: np.stack([_ours(name, one, shape) for one in self.params[name].numpy()])
            for name, shape in self.shapes.items()
        }


_own: list[Networks] = []  # the share of networks of a worker process


def begin(*arguments) -> None:
    """In a worker process: one thread, and the networks to train."""
    import torch

    torch.set_num_threads(1)
    _own[:] = [Networks(*arguments)]


def call(method: str) -> Weights | None:
    """In a worker process: calls a method of its networks."""
    return getattr(_own[0], method)()
