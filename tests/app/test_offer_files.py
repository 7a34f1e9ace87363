"""The commands ``siyu fit`` and ``siyu rank``: a model in a folder, lists in one file."""

from pathlib import Path

import pandas as pd
import pytest

from planted_shop import AS_OF, make_shop
from siyu.datasets import ModelFileError, ParameterError, make_community
from siyu.datasets.labels import words_of
from siyu.offer_files import fit_model, write_offers
from siyu.recommend import OfferRecommender


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fitted") / "model"
    fit_model(make_shop(), folder, as_of=AS_OF)
    return folder


def test_the_file_holds_what_the_model_recommends(model: Path, tmp_path: Path) -> None:
    n_members, n_rows = write_offers(model, tmp_path / "offers.parquet", k=3)
    found = pd.read_parquet(tmp_path / "offers.parquet")
    expected = OfferRecommender.load(model).recommend(k=3)
    assert found["product_id"].tolist() == expected["product_id"].tolist()
    assert found["score"].tolist() == expected["score"].tolist()
    assert (n_members, n_rows) == (expected["member_id"].nunique(), len(expected))


def test_a_file_of_ids_says_for_whom(model: Path, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("5\n3\n", "utf-8")
    write_offers(model, tmp_path / "offers.csv", k=2, members=tmp_path / "ids.txt")
    found = pd.read_csv(tmp_path / "offers.csv")
    assert found["member_id"].tolist() == [3, 3, 5, 5]


@pytest.mark.filterwarnings("ignore::siyu.datasets.errors.SiyuWarning")
def test_a_file_of_ids_says_for_whom_coupons_are_ranked(tmp_path: Path) -> None:
    c = make_community(300, random_state=0)
    model = fit_model(c, tmp_path / "model", as_of="2026-06-03", kind="coupon")
    wanted = sorted(model.recommend(k=1)["member_id"])[:2]
    (tmp_path / "ids.txt").write_text("\n".join(wanted), "utf-8")
    write_offers(tmp_path / "model", tmp_path / "c.csv", k=1, members=tmp_path / "ids.txt")
    assert pd.read_csv(tmp_path / "c.csv")["member_id"].tolist() == wanted


def test_later_data_may_be_looked_at(model: Path, tmp_path: Path) -> None:
    orders = make_shop().orders
    assert orders is not None
    early = make_shop(orders=orders[orders["member_id"] != 3])
    write_offers(model, tmp_path / "offers.parquet", c=early, as_of=AS_OF, k=1)
    found = pd.read_parquet(tmp_path / "offers.parquet").set_index("member_id")
    assert found.loc[3, "source"] == "cold_start"


def test_people_read_words(model: Path, tmp_path: Path) -> None:
    write_offers(model, tmp_path / "offers.csv", k=1, words="zh")
    found = pd.read_csv(tmp_path / "offers.csv")
    assert found.columns[:3].tolist() == ["会员", "名次", "商品"]
    reasons = {zh for zh, _ in words_of_reasons()}
    assert set(found["理由"]) <= reasons


def words_of_reasons() -> list[tuple[str, str]]:
    zh, en = words_of("reason", "zh"), words_of("reason", "en")
    return [(zh[code], en[code]) for code in zh]


def test_every_column_of_the_lists_has_a_name_for_people(model: Path) -> None:
    columns = OfferRecommender.load(model).recommend(k=1).columns
    assert set(columns) <= set(words_of("offer_column", "zh"))


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError):
        write_offers(tmp_path, tmp_path / "offers.csv")


def test_another_kind_of_file_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\.parquet or \.csv"):
        write_offers(tmp_path, tmp_path / "offers.xlsx")
