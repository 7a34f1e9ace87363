"""Phones, e-mails and WeChat ids: hashed with the caller's key on load, or left out."""

import hashlib
import hmac
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import ParameterError, Problem

from .file_rows import Fault, FileRows, Findings

__all__ = ["contact_kind", "hash_contacts", "key_bytes", "phone_like_ids", "without_contacts"]

_NAMES = {
    "phone": "phone phonenumber mobile mobilephone mobilenumber mobiles tel telephone cellphone "
    "手机 手机号 手机号码 电话 电话号码 联系电话 联系方式 联系手机",
    "email": "email mail emailaddress 邮箱 电子邮箱 邮件 邮箱地址",
    "openid": "openid wxopenid yzopenid",
    "unionid": "unionid wxunionid",
    "wechat": "wechat wechatid wxid 微信 微信号",
    "id_card": "idcard idcardno idcardnumber 身份证 身份证号 身份证号码 证件号 证件号码",
    "address": "address address1 address2 street 地址 详细地址",
}
_KIND_OF = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_OWNER = (
    r"^(?:billing|shipping|customer|buyer|user|member|receiver|wechat|remark|"
    r"会员|买家|收货人?|收件人?|客户|用户|下单人|微信)"
)
_HASHED = ("phone", "email", "openid", "unionid", "wechat")
_LOOKS = {
    "phone": re.compile(r"(?:\+?86[- ]?)?1[3-9]\d{9}"),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "id_card": re.compile(r"\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"),
}
_SAMPLE = 1_000


def contact_kind(name: str, values: pa.ChunkedArray | None = None) -> str | None:
    """Tell what kind of contact a column holds, by its name or by its first 1,000 values.

    Examples
    --------
    >>> contact_kind("手机号"), contact_kind("openId"), contact_kind("city")
    ('phone', 'openid', None)
    >>> contact_kind("remark", pa.chunked_array([["13800138000", "13900139000"]]))
    'phone'
    """
    plain = re.sub(r"[\s_\-.:（）()]", "", name).lower()
    kind = _KIND_OF.get(plain) or _KIND_OF.get(re.sub(_OWNER, "", plain))
    if kind is not None or values is None or not _is_text(values.type):
        return kind
    seen = [text.strip() for text in values.slice(0, _SAMPLE).to_pylist() if text]
    for look, pattern in _LOOKS.items():
        if seen and sum(pattern.fullmatch(text) is not None for text in seen) > 0.5 * len(seen):
            return look
    return None


def hash_contacts(values: pa.ChunkedArray | pa.Array, kind: str, key: bytes) -> pa.Array:
    """Replace contacts by their keyed hash (HMAC-SHA256, hexadecimal).

    Equal contacts have equal hashes under one key: phones are hashed without spaces,
    dashes and the prefix +86, e-mails in small letters. Whoever lacks the key cannot
    test whether a given phone is among them.

    Parameters
    ----------
    values : array of text
    kind : str
        As `contact_kind` tells it.
    key : bytes

    Returns
    -------
    large_string array
        64 hexadecimal digits; null stays null.

    Examples
    --------
    >>> one = hash_contacts(pa.array(["+86 138-0013-8000"]), "phone", b"secret")
    >>> one == hash_contacts(pa.array(["13800138000"]), "phone", b"secret")
    True
    """
    flat = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    text = pc.utf8_trim_whitespace(flat.cast(pa.large_string()))
    if kind == "phone":
        text = pc.replace_substring_regex(text, r"^(?:\+|00)86|[\s-]", "")
    if kind == "email":
        text = pc.utf8_lower(text)
    coded = text.dictionary_encode()
    hashes = [
        hmac.digest(key, contact.encode(), hashlib.sha256).hex()
        for contact in coded.dictionary.to_pylist()
    ]
    return pa.array(hashes, pa.large_string()).take(coded.indices)


def without_contacts(
    rows: FileRows, keep: frozenset[str], key: bytes | None, findings: Findings
) -> FileRows:
    """Hash the contact columns of a table, or leave them out, and report it.

    Parameters
    ----------
    rows : FileRows
    keep : frozenset of str
        Columns that are no contacts whatever they look like: those of the schema.
    key : bytes or None
        Without it contacts are left out. Addresses and identity cards always are.
    findings : Findings
        The report.

    Returns
    -------
    FileRows
    """
    table = rows.table
    for name in table.column_names:
        kind = None if name in keep else contact_kind(name, table[name])
        if kind is None:
            continue
        if key is not None and kind in _HASHED:
            at = table.column_names.index(name)
            table = table.set_column(at, name, hash_contacts(table[name], kind, key))
            continue
        hint = "; give hash_key to keep its hash" if kind in _HASHED else ""
        rule = f"personal data ({kind}) was left out{hint}"
        findings.mended.append(Problem(name, rule, table.num_rows))
        table = table.drop_columns([name])
    return rows.with_table(table)


def key_bytes(hash_key: str | bytes | None) -> bytes | None:
    """Take the caller's key as bytes; an empty or short key hides nothing."""
    if hash_key is None:
        return None
    key = hash_key.encode() if isinstance(hash_key, str) else hash_key
    if len(key) < 8:
        raise ParameterError("hash_key", "hash_key must have 8 bytes or more")
    return key


def phone_like_ids(rows: FileRows, column: str) -> list[Fault]:
    """Warn where a member's id is a phone or an e-mail: it is kept, for tags must go back."""
    kind = contact_kind("", rows.table[column])
    if kind is None:
        return []
    rule = f"ids look like personal data ({kind}); kept as given, mind where results go"
    return [Fault(rule, np.ones(rows.table.num_rows, dtype=bool), refused=False)]


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
