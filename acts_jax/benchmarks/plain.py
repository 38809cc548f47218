"""The networks that are timed, as a tutorial writes them with Flax; layers go by our names.

So the parameters of `acts_jax.models` are theirs, too.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flax import linen as nn


class PlainMLP(nn.Module):
    """Hidden layers and a readout."""

    sizes: tuple[int, ...]
    outputs: int
    activation: Callable

    @nn.compact
    def __call__(self, x):
        """Inputs [batch, ...] -> logits [batch, outputs]."""
        x = x.reshape(len(x), -1)
        for layer, units in enumerate(self.sizes, start=1):
            x = self.activation(nn.Dense(units, name=f"hidden_{layer}")(x))
        return nn.Dense(self.outputs, name="readout")(x)


class PlainCNN(nn.Module):
    """Blocks of convolution, activation and pooling, a dense layer, a readout."""

    sizes: tuple[int, ...]
    outputs: int
    activation: Callable
    dense: int
    pool: str

    @nn.compact
    def __call__(self, x):
        """Inputs [batch, ...] -> logits [batch, outputs]."""
        pool = {"max": nn.max_pool, "mean": nn.avg_pool}[self.pool]
        for layer, channels in enumerate(self.sizes, start=1):
            x = self.activation(nn.Conv(channels, (3, 3), name=f"hidden_{layer}")(x))
            x = pool(x, (2, 2), (2, 2))
        x = nn.Dense(self.dense, name=f"hidden_{len(self.sizes) + 1}")(x.reshape(len(x), -1))
        return nn.Dense(self.outputs, name="readout")(self.activation(x))


class PlainViT(nn.Module):
    """Patches, pre-normalised blocks of attention and feed-forward layers, a readout."""

    sizes: tuple[int, ...]
    outputs: int
    activation: Callable
    patch: int
    heads: int
    expand: int

    @nn.compact
    def __call__(self, x):
        """Inputs [batch, ...] -> logits [batch, outputs]."""
        (n, height, width, channels), p, features = x.shape, self.patch, self.sizes[0]
        x = x.reshape(n, height // p, p, width // p, p, channels).transpose(0, 1, 3, 2, 4, 5)
        x = nn.Dense(features, name="embedding")(x.reshape(n, -1, p * p * channels))
        x = x + self.param("position", nn.initializers.normal(0.02), x.shape[1:])[None]
        for b in range(1, len(self.sizes) + 1):
            y = nn.LayerNorm(name=f"attention_norm_{b}")(x)
            x = x + nn.MultiHeadDotProductAttention(self.heads, name=f"attention_{b}")(y)
            y = nn.LayerNorm(name=f"hidden_norm_{b}")(x)
            y = self.activation(nn.Dense(self.expand * features, name=f"hidden_{b}")(y))
            x = x + nn.Dense(features, name=f"projection_{b}")(y)
        x = nn.LayerNorm(name="norm")(x).mean(axis=1)
        return nn.Dense(self.outputs, name="readout")(x)


PLAIN = {"mlp": PlainMLP, "cnn": PlainCNN, "vit": PlainViT}


def network(
    model: str,
    sizes: tuple[int, ...],
    outputs: int,
    activation: Callable,
    fields: Mapping[str, Any],
) -> nn.Module:
    """One of them.

    Args:
        model: A name of `PLAIN`.
        sizes: Units or channels of each hidden layer or block.
        outputs: How many.
        activation: A function of an array.
        fields: Of the model's own, such as `pool`; those that it has not are left out.
    """
    kind: Any = PLAIN[model]
    own = {name: value for name, value in fields.items() if name in kind.__dataclass_fields__}
    return kind(sizes, outputs, activation, **own)
