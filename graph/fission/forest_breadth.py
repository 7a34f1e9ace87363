"""The widest generation below every member, in trees of any depth.

Follow from each member the highest branch: the forest falls into long paths, which lie in
preorder one after another. Climbing such a path, generations only get wider, when a smaller
subtree joins at a member of the path. A subtree is no higher than the branch it joins, so it
widens no more generations than its own path is long: n widenings in all, whatever the shape.
"""

import numpy as np
import numpy.typing as npt

from siyu.datasets.ordering import opens_run, stable_order

from .forest_shape import ForestShape

__all__ = ["widest_below"]

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


def widest_below(shape: ForestShape) -> Ints:
    """Count the widest generation below each member; 0 for who brought nobody.

    Parameters
    ----------
    shape : ForestShape

    Returns
    -------
    int64 array, n members

    Examples
    --------
    >>> from siyu.graph.fission.forest_shape import climb
    >>> parent = np.array([-1, 0, 0, 2, 2, 2], dtype=np.int32)
    >>> widest_below(ForestShape.of(parent, *climb(parent)[:2]))
    array([3, 0, 3, 0, 0, 0])
    """
    n = len(shape.order)
    if not n:
        return np.empty(0, dtype=np.int64)
    place = np.arange(n, dtype=np.int32)  # from here on members are places
    depth, above = shape.depth[shape.order], shape.parent[shape.order]
    parent = np.where(above >= 0, shape.place[above], np.int32(-1))
    opens = parent != place - 1  # who stands behind their parent goes on with its path
    opens[0] = True
    top = np.maximum.accumulate(np.where(opens, place, np.int32(0)))
    joining = np.flatnonzero(parent[top] >= 0)
    joint = parent[top[joining]]
    met = (joint + depth[joining] - depth[joint]).astype(np.int64)  # as deep on the other path
    width = _width(shape, depth, top, joining)
    order = stable_order(met * n + (n - joint))  # by generation of a path, from below upwards
    joint, met, width = joint[order], met[order], width[order]
    running = np.cumsum(width)
    first = np.flatnonzero(opens_run(met))
    before = np.repeat(running[first] - width[first], np.diff(np.append(first, len(met))))
    widest = np.ones(n, dtype=np.int64)
    np.maximum.at(widest, joint, running - before + 1)
    # A path is a run of places: carry the widest up from its end to its top.
    run = np.cumsum(opens)
    lift = (run[-1] - run) * (n + 1)
    carried = np.maximum.accumulate((widest + lift)[::-1])[::-1] - lift
    found = np.empty(n, dtype=np.int64)
    found[shape.order] = np.where(shape.height[shape.order] > 0, carried, 0)
    return found


def _width(shape: ForestShape, depth: Codes, top: Codes, at: Ints) -> Ints:
    """Count, at the generation of each place, everybody below the top of its path.

    The place itself is the first of them, because the highest branch comes first.
    """
    width = np.ones(len(at), dtype=np.int64)
    inner = np.flatnonzero(top[at] != at)
    if not len(inner):
        return width
    n, place = len(depth), at[inner]
    end = top[place] + shape.size[shape.order[top[place]]]
    level = depth.astype(np.int64) * n
    by_level = stable_order(level)
    rank = np.empty(n, dtype=np.int64)
    rank[by_level] = np.arange(n)
    after = np.searchsorted(level[by_level] + by_level, level[place] + end)
    width[inner] = after - rank[place]
    return width
