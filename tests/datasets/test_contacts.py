"""Phones, e-mails and WeChat ids."""

import hashlib
import hmac

import pyarrow as pa
import pytest

from siyu.datasets import ParameterError
from siyu.datasets.reading.contacts import contact_kind, hash_contacts, key_bytes

KEY = b"a long secret"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("手机号", "phone"),
        ("买家手机", "phone"),
        ("收货人手机号码", "phone"),
        ("Billing Phone", "phone"),
        ("E-mail", "email"),
        ("openid", "openid"),
        ("union_id", "unionid"),
        ("微信号", "wechat"),
        ("身份证号", "id_card"),
        ("收货地址", "address"),
        ("城市", None),
        ("customer", None),
        ("amount", None),
    ],
)
def test_contacts_are_known_by_name(name: str, kind: str | None) -> None:
    assert contact_kind(name) == kind


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("13800138000", "phone"),
        ("+86 13800138000", "phone"),
        ("a.b@example.com", "email"),
        ("11010519491231002X", "id_card"),
        ("420000101820720000", None),
        ("10086", None),
    ],
)
def test_contacts_are_known_by_value(value: str, kind: str | None) -> None:
    assert contact_kind("note", pa.chunked_array([[value, value, ""]])) == kind


def test_the_hash_is_the_standard_one() -> None:
    expected = hmac.new(KEY, b"13800138000", hashlib.sha256).hexdigest()
    assert hash_contacts(pa.array(["138-0013-8000"]), "phone", KEY).to_pylist() == [expected]


def test_another_key_gives_another_hash() -> None:
    values = pa.array(["o6_bmjrPTlm6"])
    assert hash_contacts(values, "openid", KEY) != hash_contacts(values, "openid", b"other key")


def test_capitals_do_not_matter_in_mails_but_in_openids() -> None:
    values = pa.array(["A@x.cn", "a@x.cn"])
    assert (
        hash_contacts(values, "email", KEY).to_pylist()[0]
        == (hash_contacts(values, "email", KEY).to_pylist()[1])
    )
    assert len(set(hash_contacts(values, "openid", KEY).to_pylist())) == 2


def test_a_missing_contact_stays_missing() -> None:
    assert hash_contacts(pa.array([None], pa.string()), "phone", KEY).null_count == 1


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ParameterError, match="8 bytes or more"):
        key_bytes("1234567")
