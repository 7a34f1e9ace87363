"""One thread for matrix products, so that their last bits do not depend on the machine's load."""

from contextlib import AbstractContextManager

__all__ = ["one_blas_thread"]


def one_blas_thread() -> AbstractContextManager[object]:
    """Hold the linear-algebra library to one thread for a ``with`` block.

    Another number of threads adds up in another order.

    Examples
    --------
    >>> with one_blas_thread():
    ...     pass
    """
    from threadpoolctl import threadpool_limits

    limit: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limit
