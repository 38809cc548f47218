"""ReLU networks that differ in nothing but the derivative at 0, which is 0 or 1.

python -m experiments.kinks

trains 960 networks in 3 programs: wide ones, which never meet the kink, and two narrow kinds, in
which whole layers are silent for an example, so that the layer above, its biases being 0, sees
exactly 0. Then those with the derivative 0 once more, at the next larger rate that float32 has.
Expect the wide ones to be the same to the last bit, which says nothing, and the narrow ones to end
no farther apart than those do.
"""

from acts_jax.sweep.config import make_config


def get_config():
    """The derivative at 0 is a traced parameter: one program trains both kinds side by side."""
    return make_config(
        # Data
        dataset="digits",
        # Network
        activation="acts_jax.theory.kinks:relu_at_zero",
        relu_at_zero=dict(slope_at_zero=(0, 1)),
        hidden_sizes=("64-64-64", "8-8-8-8", "4-4-4-4-4-4"),
        init="he_normal",  # with zero biases
        # Optimizer
        optimizer="momentum",
        learning_rate=(0.003, 0.01, 0.03, 0.1, 0.3),
        # Schedule
        batch_size=64,  # examples
        epochs=20,  # of 18 steps each
        evals=1,
        seed="range(0, 32)",
    )
