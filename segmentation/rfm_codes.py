"""Which RFM scores make which class."""

__all__ = ["CN8", "NAMED11", "NO_PURCHASE"]

NO_PURCHASE = "no_purchase"
"""The class of members who never bought."""

CN8: dict[tuple[int, int, int], str] = {
    (2, 2, 2): "key_value",
    (2, 1, 2): "key_develop",
    (1, 2, 2): "key_keep",
    (1, 1, 2): "key_retain",
    (2, 2, 1): "common_value",
    (2, 1, 1): "common_develop",
    (1, 2, 1): "common_keep",
    (1, 1, 1): "common_retain",
}
"""The eight classes by low (1) or high (2) recency, frequency and monetary score."""

_NAMED11 = {
    "champions": "555 554 544 545 454 455 445",
    "loyal": "543 444 435 355 354 345 344 335",
    "potential_loyalist": (
        "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 "
        "333 323"
    ),
    "new_customers": "512 511 422 421 412 411 311",
    "promising": "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    "need_attention": "535 534 443 434 343 334 325 324",
    "about_to_sleep": "331 321 312 221 213 231 241 251",
    "at_risk": (
        "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124"
    ),
    "cannot_lose": "155 154 144 214 215 115 114 113",
    "hibernating": "332 322 233 232 223 222 132 123 122 212 211",
    "lost": "111 112 121 131 141 151",
}

NAMED11: dict[tuple[int, int, int], str] = {
    (int(code[0]), int(code[1]), int(code[2])): name
    for name, codes in _NAMED11.items()
    for code in codes.split()
}
"""The eleven classes by scores of 1 to 5; every one of the 125 codes stands in one class."""
