"""The machine: what of it this process may use, and what it is."""

import contextlib
import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from acts_jax.errors import ConfigError
from acts_jax.words import said_by, shortened


def cores() -> int:
    """CPU cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def devices() -> list[Any]:
    """The devices that jax finds for this process.

    Raises:
        ConfigError: If it finds none, as where JAX_PLATFORMS names a kind that is not there.
    """
    import jax

    try:
        return jax.local_devices()
    except (AssertionError, RuntimeError) as error:  # which of them depends on the kind
        asked = os.environ.get("JAX_PLATFORMS", "")
        which = f" for JAX_PLATFORMS={shortened(asked)}" if asked else ""
        said = f": {said_by(error)}" if str(error) else ""
        raise ConfigError(f"jax finds no device{which}{said}") from error


def facts() -> dict[str, str]:
    """What the numbers of a run depend on: the machine and the versions."""
    import jax

    versions = {name: metadata.version(name) for name in ("jax", "flax", "optax")}
    device = devices()[0]
    kind = platform.processor() or platform.machine() if device.platform == "cpu" else ""
    return {
        "devices": f"{jax.device_count()} x {device.device_kind} {kind}".strip(),
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }


def environment() -> dict[str, Any]:
    """The machine, its load and the versions, for a record of measurements."""
    versions = {}
    for package in ("jax", "jaxlib", "torch", "numpy", "mpmath"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return {
        "device": devices()[0].device_kind,
        "processor": _processor(),
        "cores": cores(),
        "torch_threads": _torch_threads(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": versions,
    }


def describe(environment: Mapping[str, Any]) -> str:
    """What `environment` says, in one line."""
    versions = environment["versions"]
    torch = f", torch {versions['torch']}" if "torch" in versions else ""
    threads = f" on {environment['torch_threads']} threads" if torch else ""
    return (
        f"{environment['processor']}, {environment['cores']} cores, load {environment['load']} "
        f"at the start; jax {versions['jax']} on {environment['device']}{torch}{threads}"
    )


def _torch_threads() -> int | None:
    try:
        import torch
    except ModuleNotFoundError:
        return None
    return torch.get_num_threads()


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
