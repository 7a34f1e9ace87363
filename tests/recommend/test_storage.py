from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF, N_MEMBERS, make_shop, taste_of
from siyu.datasets import Community, ModelFileError, SiyuWarning, bundle
from siyu.recommend import OfferRecommender
from siyu.recommend.ranking.training import Recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, trained: OfferRecommender) -> Path:
    path = tmp_path_factory.mktemp("models") / "model"
    trained.save(path)
    return path


@pytest.mark.parametrize("only_new", [False, True])
def test_a_loaded_model_gives_the_same_bytes(
    folder: Path, trained: OfferRecommender, only_new: bool
) -> None:
    loaded = OfferRecommender.load(folder)
    expected = trained.recommend(only_new=only_new)
    pd.testing.assert_frame_equal(loaded.recommend(only_new=only_new), expected, check_exact=True)


def test_a_loaded_model_ranks_another_moment(
    folder: Path, shop: Community, trained: OfferRecommender
) -> None:
    later = AS_OF + pd.Timedelta("14D")
    pd.testing.assert_frame_equal(
        OfferRecommender.load(folder).recommend(shop, as_of=later),
        trained.recommend(shop, as_of=later),
        check_exact=True,
    )


def test_a_loaded_model_explains(folder: Path, trained: OfferRecommender) -> None:
    pd.testing.assert_frame_equal(
        OfferRecommender.load(folder).explain(0, "tea-1"),
        trained.explain(0, "tea-1"),
        check_exact=True,
    )


def test_a_loaded_model_knows_what_it_is(folder: Path, trained: OfferRecommender) -> None:
    loaded = OfferRecommender.load(folder)
    assert loaded.as_of_ == AS_OF
    assert loaded.source_ == trained.source_
    assert loaded.importance_ == trained.importance_
    pd.testing.assert_frame_equal(loaded.validation_, trained.validation_)
    assert loaded.get_params() == {**trained.get_params(), "horizon": "28 days 00:00:00"}


def test_saving_twice_writes_the_same_bytes(
    folder: Path, trained: OfferRecommender, tmp_path: Path
) -> None:
    trained.save(tmp_path / "again")
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "model-ranker-trees-0-trees-0.txt",
        "model-shop-bought-1.parquet",
        "model-shop-facts-1.parquet",
        "model-ranker-calibration-0-1.parquet",
        "manifest.json",
    ],
)
def test_a_damaged_file_is_refused(trained: OfferRecommender, tmp_path: Path, name: str) -> None:
    trained.save(tmp_path / "model")
    path = tmp_path / "model" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ModelFileError, match=name):
        OfferRecommender.load(tmp_path / "model")


def test_a_missing_file_is_refused(trained: OfferRecommender, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    (tmp_path / "model" / "model-shop-bought-1.parquet").unlink()
    with pytest.raises(ModelFileError, match=r"model-shop-bought-1\.parquet: is missing"):
        OfferRecommender.load(tmp_path / "model")


def test_a_model_without_trees_is_kept_whole(plain: OfferRecommender, tmp_path: Path) -> None:
    plain.save(tmp_path / "model")
    assert not list((tmp_path / "model").glob("*.txt"))
    loaded = OfferRecommender.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.recommend(), plain.recommend(), check_exact=True)


def test_a_model_of_nobody_is_kept(tmp_path: Path) -> None:
    with pytest.warns(SiyuWarning, match="the plain model ranks"):
        rec = OfferRecommender(random_state=0).fit(make_shop(), as_of="2020-01-01")
    rec.save(tmp_path / "model")
    loaded = OfferRecommender.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.recommend(), rec.recommend())


def test_a_model_of_other_features_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recipe, "features", lambda _: ())
    with pytest.raises(ModelFileError, match="on other features"):
        OfferRecommender.load(folder)


def test_a_failing_write_leaves_the_old_model_whole(
    trained: OfferRecommender, plain: OfferRecommender, tmp_path: Path, monkeypatch: Any
) -> None:
    trained.save(tmp_path / "model")
    with monkeypatch.context() as broken:
        broken.setattr(bundle, "write_bytes", _no_room)
        with pytest.raises(OSError, match="no room"):
            plain.save(tmp_path / "model")
    loaded = OfferRecommender.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.recommend(), trained.recommend(), check_exact=True)


def _no_room(*_: object) -> None:
    raise OSError("no room")


def test_member_columns_are_kept(tmp_path: Path) -> None:
    def tags(c: Community, as_of: pd.Timestamp) -> pd.DataFrame:  # noqa: ARG001
        ids = np.arange(N_MEMBERS)
        return pd.DataFrame({"member_id": ids, "taste": [taste_of(int(i)) for i in ids]})

    rec = OfferRecommender(ranker="always", random_state=0)
    rec.fit(make_shop(), as_of=AS_OF, member_features=tags).save(tmp_path / "model")
    loaded = OfferRecommender.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.recommend(), rec.recommend(), check_exact=True)
    again = loaded.recommend(make_shop(), as_of=AS_OF, member_features=tags)
    pd.testing.assert_frame_equal(again, rec.recommend(), check_exact=True)


def test_a_recommender_survives_the_trip_between_processes(trained: OfferRecommender) -> None:
    import pickle

    again = pickle.loads(pickle.dumps(trained))
    pd.testing.assert_frame_equal(again.recommend(), trained.recommend(), check_exact=True)
