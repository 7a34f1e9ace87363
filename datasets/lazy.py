"""Hand out a package's public names without loading the modules behind them."""

import importlib
import sys
from collections.abc import Callable, Mapping

__all__ = ["attach"]


def attach(
    package: str, public: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Build ``__getattr__`` and ``__dir__`` (PEP 562) for a package.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    public : mapping of public name to the module (full name) that defines it

    Returns
    -------
    (__getattr__, __dir__)
        The first loads the module when one of its names is first asked for.

    Examples
    --------
    >>> get, listing = attach("siyu.datasets", {"ParameterError": "siyu.datasets.errors"})
    >>> get("ParameterError").__name__
    'ParameterError'
    """

    def load(name: str) -> object:
        if name not in public:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        value: object = getattr(importlib.import_module(public[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: sorted(public)
