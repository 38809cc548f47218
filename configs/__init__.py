"""Configs of sweeps: one `get_config()` per file."""
