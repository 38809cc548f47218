"""What "package.module:name" names, and one sentence where it names nothing."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from acts_jax.suggestion import suggest
from acts_jax.words import raised_by, shown


def import_named(
    spec: str, noun: str = "function", fits: Callable[[Any], bool] = callable
) -> Callable:
    """Import what "package.module:name" names.

    Args:
        spec: "package.module:name".
        noun: What the name is to be of, as a message says it.
        fits: Whether a value of the module is worth naming to who misspelt another.

    Raises:
        ValueError: if there is no such module, or nothing to call of that name in it, with the
            nearest one; or if the module raises when it is imported, with where it does.
    """
    module_name, _, name = spec.partition(":")
    if not module_name or not name.isidentifier():
        raise ValueError(f"{shown(spec)} should read 'package.module:{noun}'.")
    try:
        module = importlib.import_module(module_name)
        found = getattr(module, name, None)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _unimportable(spec, error) from error
        siblings = [module.name for module in pkgutil.iter_modules()]
        raise ValueError(
            f"{shown(spec)}: there is no module {shown(error.name)} on the Python path"
            + suggest(error.name, siblings)
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a user's module may raise, SystemExit among them
        raise _unimportable(spec, error) from error
    if not callable(found):
        public = [key for key, value in vars(module).items() if fits(value)]
        raise ValueError(
            f"{shown(spec)}: module {shown(module_name)} has no {noun} {shown(name)}"
            + suggest(name, public)
        )
    return found


def _unimportable(spec: str, error: BaseException) -> ValueError:
    """What to say of a module that was found and raises: why, and in which line of it."""
    return ValueError(f"{shown(spec)} cannot be imported: {raised_by(error)}.")
