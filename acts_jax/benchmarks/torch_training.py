"""A population trained in PyTorch: one network after another, or all by torch.func.vmap.

Imports no JAX, so that processes of PyTorch alone can use it.
"""

import numpy as np

Weights = list[tuple[np.ndarray, np.ndarray]]


def activation_of(name: str):
    """PyTorch's function of that name."""
    import torch

    return getattr(torch, name, None) or getattr(torch.nn.functional, name)


class Networks:
    """Modules and their optimizers, trained one after another.

    Args:
        inputs, labels: float32 [n, features], int64 [n].
        activation: A name of PyTorch.
        learning_rate, momentum: Of heavy-ball SGD.
        weights: (kernel, bias) of each layer, with a leading axis of networks.
        order: int32 [networks, steps, batch], the examples of each batch.
    """

    def __init__(self, inputs, labels, activation, learning_rate, momentum, weights, order):
        import torch

        self.inputs, self.labels = map(torch.from_numpy, (inputs, labels))
        self.function = activation_of(activation)
        self.order = torch.from_numpy(order.astype(np.int64))
        self.modules = [self._module(weights, n) for n in range(len(order))]
        self.optimizers = [
            torch.optim.SGD(module.parameters(), learning_rate, momentum) for module in self.modules
        ]

    def _module(self, weights: Weights, n: int):
        import torch

        layers = torch.nn.ModuleList()
        for kernel, bias in weights:
            layer = torch.nn.Linear(*kernel.shape[1:])
            with torch.no_grad():
                layer.weight.copy_(torch.tensor(kernel[n].T))
                layer.bias.copy_(torch.tensor(bias[n]))
            layers.append(layer)
        return layers

    def step_all(self) -> None:
        """All steps of the first network, then of the next."""
        import torch

        for layers, optimizer, order in zip(self.modules, self.optimizers, self.order, strict=True):
            for index in order:
                x = self.inputs[index]
                for layer in layers[:-1]:
                    x = self.function(layer(x))
                loss = torch.nn.functional.cross_entropy(layers[-1](x), self.labels[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def weights(self) -> Weights:
        """As given, where training has brought them."""
        return [
            (
                np.stack([layer.weight.detach().numpy().T for layer in same]),
                np.stack([layer.bias.detach().numpy() for layer in same]),
            )
            for same in zip(*self.modules, strict=True)
        ]


class Stacked:
    """All networks at once by torch.func.vmap; takes what `Networks` takes."""

    def __init__(self, inputs, labels, activation, learning_rate, momentum, weights, order):
        import torch

        self.inputs, self.labels = map(torch.from_numpy, (inputs, labels))
        self.order = torch.from_numpy(order.astype(np.int64))
        self.rate, self.momentum = learning_rate, momentum
        self.params = [tuple(map(torch.tensor, layer)) for layer in weights]
        self.velocity = [tuple(map(torch.zeros_like, layer)) for layer in self.params]
        function = activation_of(activation)

        def loss(params, x, y):
            for kernel, bias in params[:-1]:
                x = function(x @ kernel + bias)
            kernel, bias = params[-1]
            return torch.nn.functional.cross_entropy(x @ kernel + bias, y)

        self.gradient = torch.func.vmap(torch.func.grad(loss))

    def step_all(self) -> None:
        """All networks take each step together."""
        for step in range(self.order.shape[1]):
            index = self.order[:, step]
            gradients = self.gradient(self.params, self.inputs[index], self.labels[index])
            for layer in zip(self.params, self.velocity, gradients, strict=True):
                for value, velocity, gradient in zip(*layer, strict=True):
                    velocity.mul_(self.momentum).add_(gradient)
                    value.add_(velocity, alpha=-self.rate)

    def weights(self) -> Weights:
        """As given, where training has brought them."""
        return [tuple(value.numpy() for value in layer) for layer in self.params]


_own: list[Networks] = []  # the share of networks of a worker process


def begin(*arguments) -> None:
    """In a worker process: one thread, and the networks to train."""
    import torch

    torch.set_num_threads(1)
    _own[:] = [Networks(*arguments)]


def call(method: str) -> Weights | None:
    """In a worker process: calls a method of its networks."""
    return getattr(_own[0], method)()
