"""A documented simulator of a private-domain brand, with planted truth."""
