"""The ground floor: errors, schemas, the Community, readers, member rows, shared statistics."""

if __name__ != "siyu.datasets":
    raise ImportError("this folder installs as siyu.datasets; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.datasets.community import Community
    from siyu.datasets.errors import (
        DataError,
        FileError,
        ModelFileError,
        ParameterError,
        SchemaError,
        SiyuError,
        SiyuWarning,
    )
    from siyu.datasets.labels import label
    from siyu.datasets.member_rows import MemberRows
    from siyu.datasets.public import load_cdnow, load_ciao, load_complete_journey, load_lastfm
    from siyu.datasets.reading.column_names import suggest_columns
    from siyu.datasets.reading.readers import (
        read_events,
        read_members,
        read_orders,
        read_products,
        read_table,
    )
    from siyu.datasets.schema import SCHEMAS
    from siyu.datasets.synthetic.community_maker import make_community

_PUBLIC = {
    "SCHEMAS": "siyu.datasets.schema",
    "Community": "siyu.datasets.community",
    "DataError": "siyu.datasets.errors",
    "FileError": "siyu.datasets.errors",
    "MemberRows": "siyu.datasets.member_rows",
    "ModelFileError": "siyu.datasets.errors",
    "ParameterError": "siyu.datasets.errors",
    "SchemaError": "siyu.datasets.errors",
    "SiyuError": "siyu.datasets.errors",
    "SiyuWarning": "siyu.datasets.errors",
    "label": "siyu.datasets.labels",
    "load_cdnow": "siyu.datasets.public",
    "load_ciao": "siyu.datasets.public",
    "load_complete_journey": "siyu.datasets.public",
    "load_lastfm": "siyu.datasets.public",
    "make_community": "siyu.datasets.synthetic.community_maker",
    "read_events": "siyu.datasets.reading.readers",
    "read_members": "siyu.datasets.reading.readers",
    "read_orders": "siyu.datasets.reading.readers",
    "read_products": "siyu.datasets.reading.readers",
    "read_table": "siyu.datasets.reading.readers",
    "suggest_columns": "siyu.datasets.reading.column_names",
}

__all__ = [
    "SCHEMAS",
    "Community",
    "DataError",
    "FileError",
    "MemberRows",
    "ModelFileError",
    "ParameterError",
    "SchemaError",
    "SiyuError",
    "SiyuWarning",
    "label",
    "load_cdnow",
    "load_ciao",
    "load_complete_journey",
    "load_lastfm",
    "make_community",
    "read_events",
    "read_members",
    "read_orders",
    "read_products",
    "read_table",
    "suggest_columns",
]

__getattr__, __dir__ = attach(__name__, _PUBLIC)
