"""Snapshots as files: whole or refused, joined only with their model, and forgetting members."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_members, planted_orders
from siyu.datasets import Community, FileError, ModelFileError, ParameterError, bundle
from siyu.datasets.bundle import read_bundle
from siyu.recommend import OfferRecommender
from siyu.recommend.online import snapshot_store
from siyu.recommend.online.forgetting import forget_members
from siyu.recommend.online.offer_service import OfferService


@pytest.fixture
def folder(shop: Community, trained: OfferRecommender, tmp_path: Path) -> Path:
    trained.snapshot(shop, tmp_path / "night", as_of=AS_OF)
    return tmp_path / "night"


def lists_of(service: OfferService, members: Any) -> list[Any]:
    """Ask for some members at the moment of the snapshot."""
    return [service.recommend(member, now=service.as_of).rows for member in members]


def test_a_saved_model_answers_as_the_fitted_one(
    trained: OfferRecommender, folder: Path, tmp_path: Path
) -> None:
    trained.save(tmp_path / "model")
    saved, fitted = (
        OfferService.open(tmp_path / "model", folder),
        OfferService.open(trained, folder),
    )
    assert lists_of(saved, range(20)) == lists_of(fitted, range(20))


def test_a_newer_snapshot_answers_as_the_batch_of_that_moment(
    shop: Community, trained: OfferRecommender, tmp_path: Path
) -> None:
    later = AS_OF + pd.Timedelta("7D")
    trained.snapshot(shop, tmp_path / "later", as_of=later)
    service = OfferService.open(trained, tmp_path / "later")
    expected = trained.recommend(shop, as_of=later, members=[4])
    found = service.recommend(4, now=later).to_frame()
    assert service.as_of == later
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_snapshot_twice_is_the_same_bytes(
    trained: OfferRecommender, folder: Path, tmp_path: Path
) -> None:
    shuffled = make_shop(orders=planted_orders().sample(frac=1, random_state=1))
    trained.snapshot(shuffled, tmp_path / "again", as_of=AS_OF)
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_later_rows_change_no_byte_of_a_snapshot(
    trained: OfferRecommender, folder: Path, tmp_path: Path
) -> None:
    orders = planted_orders()
    late = orders.tail(50).assign(order_time=AS_OF, product_id="brand new")
    longer = make_shop(orders=pd.concat([orders, late], ignore_index=True))
    trained.snapshot(longer, tmp_path / "again", as_of=AS_OF)
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_member_columns_are_kept(tmp_path: Path) -> None:
    def tags(c: Community, as_of: pd.Timestamp) -> pd.DataFrame:  # noqa: ARG001
        ids = np.arange(N_MEMBERS)
        return pd.DataFrame({"member_id": ids, "height": ids * 1.5})

    rec = OfferRecommender(ranker="always", n_windows=1, random_state=0)
    rec.fit(make_shop(), as_of=AS_OF, member_features=tags)
    rec.snapshot(make_shop(), tmp_path / "night", as_of=AS_OF, member_features=tags)
    service = OfferService.open(rec, tmp_path / "night")
    found = service.recommend(3, now=AS_OF).to_frame()
    pd.testing.assert_frame_equal(found, rec.recommend(members=[3]), check_exact=True)


def test_a_snapshot_of_another_recipe_is_refused(
    shop: Community, trained: OfferRecommender, tmp_path: Path
) -> None:
    other = OfferRecommender(ranker="never", horizon="7D", random_state=3).fit(shop, as_of=AS_OF)
    other.snapshot(shop, tmp_path / "night", as_of=AS_OF)
    with pytest.raises(ModelFileError, match="differ in horizon, options"):
        OfferService.open(trained, tmp_path / "night")


def test_a_snapshot_of_another_version_is_refused(
    trained: OfferRecommender, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = snapshot_store.read_snapshot
    monkeypatch.setattr(
        "siyu.recommend.online.offer_service.read_snapshot",
        lambda path: replace(read(path), version="0.0.1"),
    )
    with pytest.raises(ModelFileError, match=r"written by siyu 0\.0\.1, the model by"):
        OfferService.open(trained, folder)


@pytest.mark.parametrize("name", ["shop-bought-2.parquet", "terms-1.parquet", "manifest.json"])
def test_a_damaged_file_is_refused(trained: OfferRecommender, folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(bytes(data))
    with pytest.raises(ModelFileError, match=name):
        OfferService.open(trained, folder)


def test_a_missing_file_is_refused(trained: OfferRecommender, folder: Path) -> None:
    (folder / "shop-bought-2.parquet").unlink()
    with pytest.raises(ModelFileError, match=r"shop-bought-2\.parquet: is missing"):
        OfferService.open(trained, folder)


def test_a_model_is_no_snapshot(trained: OfferRecommender, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    with pytest.raises(ModelFileError, match="expected 'offer-snapshot'"):
        OfferService.open(trained, tmp_path / "model")


def test_a_failing_write_leaves_the_old_snapshot_whole(
    shop: Community, trained: OfferRecommender, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lists_of(OfferService.open(trained, folder), range(5))
    with monkeypatch.context() as broken:
        broken.setattr(bundle, "write_bytes", no_room)
        with pytest.raises(OSError, match="no room"):
            trained.snapshot(shop, folder, as_of=AS_OF + pd.Timedelta("9D"))
    assert lists_of(OfferService.open(trained, folder), range(5)) == before


def no_room(*_: object) -> None:
    """Fail as a full disk does."""
    raise OSError("no room")


def test_a_folder_of_others_is_not_replaced(
    shop: Community, trained: OfferRecommender, tmp_path: Path
) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(FileError, match="siyu did not write"):
        trained.snapshot(shop, tmp_path, as_of=AS_OF)


WORKER = """
import sys
from siyu.recommend.online.offer_service import OfferService
service = OfferService.open(sys.argv[1], sys.argv[2])
print([tuple(service.recommend(m, now=service.as_of)) for m in range(int(sys.argv[3]))])
"""


@pytest.mark.slow
def test_workers_give_the_same_lists(
    trained: OfferRecommender, folder: Path, tmp_path: Path
) -> None:
    trained.save(tmp_path / "model")
    how = [sys.executable, "-c", WORKER, str(tmp_path / "model"), str(folder), str(N_MEMBERS)]
    workers = [subprocess.Popen(how, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = [worker.communicate()[0].strip() for worker in workers]
    expected = lists_of(OfferService.open(trained, folder), range(N_MEMBERS))
    assert found == [str(expected)] * 2


@pytest.fixture(scope="module")
def named() -> tuple[Community, OfferRecommender]:
    """Give a shop of members with names, who know each other and hold coupons."""
    orders, members = planted_orders(), planted_members()
    for table in (orders, members):
        table["member_id"] = table["member_id"].map(name_of)
    ids = np.arange(N_MEMBERS)
    ties = pd.DataFrame(
        {
            "source": [name_of(i) for i in ids],
            "target": [name_of((i + 4) % N_MEMBERS) for i in ids],
            "tie_time": AS_OF - pd.Timedelta("90D"),
        }
    )
    offers = pd.DataFrame(
        {"offer_id": ["own"], "kind": "coupon", "product_id": "tea-1", "discount": 1.0}
    ).assign(starts_at=AS_OF - pd.Timedelta("9D"), ends_at=AS_OF + pd.Timedelta("9D"))
    held = pd.DataFrame({"offer_id": "own", "member_id": [name_of(i) for i in range(8)]})
    looked = pd.DataFrame(
        {"member_id": [name_of(N_MEMBERS)], "product_id": "tea-1", "event": "view"}
    ).assign(event_time=AS_OF - pd.Timedelta("1D"))
    c = make_shop(
        orders=orders, members=members, ties=ties, offers=offers, offer_members=held, events=looked
    )
    return c, OfferRecommender(ranker="never", random_state=0).fit(c, as_of=AS_OF)


def name_of(member: Any) -> str:
    """Name a member."""
    return f"member-{int(member):03d}"


def ids_on_disk(folder: Path) -> set[str]:
    """Read every text in every file of a bundle."""
    kinds = {"offer-snapshot", "offer-recommender"}
    found: set[str] = set()
    for kind in kinds:
        try:
            whole = read_bundle(folder, kind)
        except ModelFileError:
            continue
        for name in whole.names:
            if name.endswith(".parquet"):
                found |= set(texts_of(whole.table(name)))
    return found


def texts_of(table: pa.Table) -> Iterator[str]:
    """Give all texts of a table."""
    for column in table.columns:
        if pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
            yield from column.to_pylist()


FORGOTTEN = [name_of(member) for member in (0, 5, 7, N_MEMBERS, N_MEMBERS + 4)]


@pytest.mark.parametrize("what", ["model", "snapshot"])
def test_who_is_forgotten_is_named_nowhere(
    named: tuple[Community, OfferRecommender], tmp_path: Path, what: str
) -> None:
    c, rec = named
    rec.save(tmp_path / "x") if what == "model" else rec.snapshot(c, tmp_path / "x", as_of=AS_OF)
    assert set(FORGOTTEN) <= ids_on_disk(tmp_path / "x")
    assert forget_members(tmp_path / "x", [*FORGOTTEN, "never there"]) == len(FORGOTTEN)
    assert not set(FORGOTTEN) & ids_on_disk(tmp_path / "x")


@pytest.fixture
def forgetful(named: tuple[Community, OfferRecommender], tmp_path: Path) -> Any:
    c, rec = named
    rec.snapshot(c, tmp_path / "night", as_of=AS_OF)
    before = OfferService.open(rec, tmp_path / "night")
    forget_members(tmp_path / "night", FORGOTTEN)
    return before, OfferService.open(rec, tmp_path / "night")


def test_who_is_forgotten_is_a_newcomer(forgetful: Any) -> None:
    rows = forgetful[1].recommend(name_of(0), now=AS_OF)
    assert {row.source for row in rows} == {"cold_start"}


def test_others_keep_what_they_bought_and_hold(forgetful: Any) -> None:
    before, after = forgetful
    for member in (1, 2, 50, 119):
        old, new = (one.recommend(name_of(member), now=AS_OF, k=5) for one in (before, after))
        own = {row.product_id for row in old if row.reason in ("due_again", "bought_often")}
        assert own
        assert own <= {row.product_id for row in new}
        assert [r.offer_id for r in old if r.product_id in own] == [
            r.offer_id for r in new if r.product_id in own
        ]


def test_the_trees_are_left_alone(
    trained: OfferRecommender, shop: Community, tmp_path: Path
) -> None:
    trained.save(tmp_path / "model")
    forget_members(tmp_path / "model", [0])
    loaded = OfferRecommender.load(tmp_path / "model")
    assert loaded.importance_ == trained.importance_
    expected = trained.recommend(shop, as_of=AS_OF)
    again = loaded.recommend(shop, as_of=AS_OF)
    pd.testing.assert_frame_equal(again, expected, check_exact=True)


def test_nobody_to_forget_changes_no_byte(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert forget_members(folder, [987_654]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_everybody_can_be_forgotten(trained: OfferRecommender, folder: Path) -> None:
    forget_members(folder, list(range(N_MEMBERS + 5)))
    rows = OfferService.open(trained, folder).recommend(0, now=AS_OF)
    assert {row.source for row in rows} == {"cold_start"}


def test_a_failing_write_forgets_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with monkeypatch.context() as broken:
        broken.setattr(bundle, "write_bytes", no_room)
        with pytest.raises(OSError, match="no room"):
            forget_members(folder, [0])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_ids_of_another_type_are_refused(folder: Path) -> None:
    with pytest.raises(ParameterError, match="members"):
        forget_members(folder, ["zero"])


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="there is no such folder"):
        forget_members(tmp_path / "nowhere", [0])
