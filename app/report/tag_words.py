"""Names and meanings of tags, from the catalog of the run."""

from .wording import Text

__all__ = ["tag_meaning", "tag_name"]


def tag_name(catalog, name):
    return Text(name, name)


def tag_meaning(catalog, name):
    return Text("", "")
