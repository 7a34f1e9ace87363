"""Load what the extra ``report`` installs, or say how to get it."""

import importlib
from typing import Any

from siyu.datasets.errors import SiyuError

__all__ = ["MissingExtraError", "load"]


class MissingExtraError(SiyuError, ImportError):
    """A package of the extra ``report`` is not installed."""

    code = "E002"


def load(module: str) -> Any:
    """Import a module of plotly or jinja2.

    Parameters
    ----------
    module : str
        Full name, for instance ``"plotly.graph_objects"``.

    Returns
    -------
    module

    Raises
    ------
    MissingExtraError
        If it is not installed; the message names the command that installs it.

    Examples
    --------
    >>> load("plotly.graph_objects").Figure.__name__
    'Figure'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise MissingExtraError(
            f"the report needs {package}, which is not installed; "
            'run: pip install "siyu[report]" [E002]'
        ) from error
