"""Speed of activations and of sweeps, beside their rivals."""
