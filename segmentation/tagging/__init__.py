"""Tags of members: the facts they are made of, each family of tags, the catalogue."""

__all__: list[str] = []
