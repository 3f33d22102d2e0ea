import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data.interactions import read_interactions

GOOD = "user,item,time\n7,a,2024-05-02T10:00:00Z\n8,b,2024-05-01T09:00:00Z\n"


def written(folder, text, name="log.csv"):
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    if name.endswith(".gz"):
        data = gzip.compress(data)
    path.write_bytes(data)
    return path


@pytest.fixture
def read(tmp_path):
    def read(text, name="log.csv", **options):
        return read_interactions(written(tmp_path, text, name), **options)

    return read


@pytest.fixture
def read_parquet(tmp_path):
    def read_parquet(columns, **options):
        path = tmp_path / "log.parquet"
        pq.write_table(pa.table(columns), path)
        return read_interactions(path, **options)

    return read_parquet


def rows(*lines, header="user,item,time"):
    return "\n".join([header, *lines]) + "\n"


def test_by_hand(read):
    log = read(GOOD)
    assert log.table["user"].tolist() == [8, 7]  # sorted by time
    assert log.table["item"].tolist() == ["b", "a"]
    assert log.table["time"].tolist() == [
        pd.Timestamp("2024-05-01 09:00", tz="UTC"),
        pd.Timestamp("2024-05-02 10:00", tz="UTC"),
    ]
    assert str(log.table["time"].dtype) == "datetime64[us, UTC]"
    assert log.table["user"].dtype == np.int64
    assert log.counts == {
        "rows read": 2,
        "dropped, no user or item": 0,
        "dropped, exact duplicate": 0,
        "kept": 2,
        "kept, pair seen before": 0,
    }
    assert log.notes == ()
    assert repr(log).splitlines()[:2] == [
        "2 interactions of 2 users with 2 items, 2024-05-01 to 2024-05-02",
        "  rows read: 2",
    ]


@pytest.mark.parametrize(
    "text, name",
    [
        (GOOD.replace(",", "\t"), "log.tsv"),
        (GOOD, "log.csv.gz"),
        (GOOD.replace(",", "\t"), "LOG.TSV.GZ".replace(".GZ", ".gz")),
        (GOOD.replace("\n", "\r\n"), "log.csv"),
        ("\ufeff" + GOOD, "log.csv"),
        ("\ufeff" + GOOD, "log.csv.gz"),
        (GOOD.replace("7,a", '"7","a"'), "log.csv"),
        (GOOD.replace("\n8", "\n\n8"), "log.csv"),
        (GOOD.rstrip(), "log.csv"),
        (rows("x,8,b,2024-05-01 09:00Z", "y,7,a,2024-05-02 10:00+00:00",
              header="note,user,item,time"), "log.csv"),
        (rows("8,b,2024-05-01T11:00+02:00", "7,a,2024-05-02T10:00Z"),
         "log.csv"),
        (rows("8,b,1714554000", "7,a,1714644000"), "log.csv"),
        (rows("8,b,1714554000000", "7,a,1714644000000"), "log.csv"),
        (rows("8,b,1714554000000000000", "7,a,1714644000000000000"),
         "log.csv"),
        (rows("8,b,1714554000.0", "7,a,1.714644e9"), "log.csv"),
    ],
)  # fmt: skip
def test_the_same_log_in_other_clothes(read, text, name):
    got, want = read(text, name).table, read(GOOD).table
    pd.testing.assert_frame_equal(got, want)


@pytest.mark.parametrize(
    "ids, expected",
    [
        (["7", "8"], [7, 8]),
        (["007", "7"], ["007", "7"]),
        (["-3", "0"], [-3, 0]),
        (["-0", "1"], ["-0", "1"]),
        (["1.0", "2.0"], ["1.0", "2.0"]),
        ([str(2**53 + 1), str(2**63 - 1)], [2**53 + 1, 2**63 - 1]),
        ([str(2**63), "1"], [str(2**63), "1"]),
        (["1", "x"], ["1", "x"]),
        (["a b", " a"], ["a b", " a"]),
        (["żółw", "龜"], ["żółw", "龜"]),
        (["NA", "null"], ["NA", "null"]),
        (['"a,b"', '"say ""hi"""'], ["a,b", 'say "hi"']),
        (['"two\nlines"', "x"], ["two\nlines", "x"]),
        (["1e3", "0x10"], ["1e3", "0x10"]),
        (["True", "false"], ["True", "false"]),
    ],
)
@pytest.mark.parametrize("role", ["user", "item"])
def test_ids_to_the_letter(read, ids, expected, role):
    other = {"user": "item", "item": "user"}[role]
    log = read(
        rows(*(f"{name},k,{day}" for day, name in enumerate(ids)),
             header=f"{role},{other},time")
    )  # fmt: skip
    got = log.table[role].tolist()
    assert got == expected
    assert list(map(type, got)) == list(map(type, expected))


def test_ids_that_look_missing_are_said(read):
    log = read(rows("NA,1,5", "null,2,6", "b,3,7"))
    assert any(
        "2 rows have a user called like a missing" in n for n in log.notes
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")),
            min_size=1,
        ),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_any_text_survives_csv_and_parquet(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("logs")
    table = pd.DataFrame(
        {"user": names, "item": "i", "time": range(len(names))}
    )
    table.to_csv(folder / "log.csv", index=False)
    table.to_parquet(folder / "log.parquet")
    from_csv = read_interactions(folder / "log.csv").table["user"]
    assert list(map(str, from_csv)) == names
    # Text stays text in Parquet only where it is no whole number.
    from_parquet = read_interactions(folder / "log.parquet").table["user"]
    assert list(map(str, from_parquet)) == names


@pytest.mark.parametrize(
    "column, expected",
    [
        (pa.array([7, 8]), [7, 8]),
        (pa.array([7, 8], pa.uint8()), [7, 8]),
        (pa.array([1, 2**64 - 1], pa.uint64()), [1, 2**64 - 1]),
        (pa.array([2**60 + 1, -1]), [2**60 + 1, -1]),
        (pa.array([7.0, 8.0]), [7, 8]),
        (pa.array(["007", "x"]), ["007", "x"]),
        (pa.array(["a", "b"], pa.large_string()), ["a", "b"]),
        (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        (pa.array([True, False]), ["true", "false"]),
    ],
)
def test_parquet_ids(read_parquet, column, expected):
    log = read_parquet({"user": column, "item": [1, 1], "time": [1, 2]})
    assert log.table["user"].tolist() == expected


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1714554000, 1714644000]),
        pa.array([1714554000.0, 1714644000.0]),
        pa.array([1714554000000, 1714644000000]),
        pa.array(["2024-05-01 09:00Z", "2024-05-02 10:00Z"]),
        pa.array([1714554000, 1714644000], pa.timestamp("s")),
        pa.array([1714554000, 1714644000], pa.timestamp("s", "Europe/Paris")),
    ],
)
def test_parquet_times(read_parquet, column):
    log = read_parquet({"user": [8, 7], "item": ["b", "a"], "time": column})
    assert log.table["time"].astype("int64").tolist() == [
        1714554000 * 10**6,
        1714644000 * 10**6,
    ]


def test_parquet_dates_nulls_and_bad_types(read_parquet):
    import datetime

    day = datetime.date(2024, 5, 1)
    log = read_parquet(
        {
            "user": pa.array([1, None, 3, 4]),
            "item": pa.array(["a", "b", None, "d"]),
            "time": pa.array([day] * 4),
        }
    )
    assert log.table["user"].tolist() == [1, 4]
    assert log.table["user"].dtype == np.int64
    assert log.counts["dropped, no user or item"] == 2
    good = {"user": [1, 2], "item": [1, 2], "time": [1, 2]}
    for bad, words in [
        ({"user": [1.5, 2.0]}, "user id must be whole, got 1.5 in row 1"),
        ({"user": [1.0, 2.0**60]}, "user id must be exact"),
        ({"time": pa.array([1, None])}, "time must be .* got None in row 2"),
        ({"time": [True, False]}, "time must be .* got type bool"),
        ({"rating": [True, False]}, "rating must be numbers, got type bool"),
        ({"weight": [1.0, np.nan]}, "weight must be a finite .* in row 2"),
    ]:
        with pytest.raises(ValueError, match=words):
            read_parquet(good | bad)


def test_what_is_dropped_and_kept_is_counted(read):
    log = read(
        rows(
            "1,a,10,4", "1,a,10,4",  # exact duplicate
            "1,a,20,4",              # again later: kept
            "1,b,30,5", "2,b,40,3", "2,c,50,2", "3,c,60,5",
            ",c,70,5", "3,  ,80,5",  # no user, no item
            header="user,item,time,rating",
        ),
        min_rating=3,
    )  # fmt: skip
    assert log.counts == {
        "rows read": 9,
        "dropped, no user or item": 2,
        "dropped, exact duplicate": 1,
        "dropped, rating below 3": 1,
        "kept": 5,
        "kept, pair seen before": 1,
    }
    assert len(log.table) == 5
    assert log.table["user"].dtype == np.int64  # the hole is gone
    dropped = sum(n for name, n in log.counts.items() if "dropped" in name)
    assert log.counts["rows read"] - dropped == log.counts["kept"]


def test_same_time_keeps_the_order_of_the_file(read):
    log = read(rows(*(f"{i},x,{5 - i // 50}" for i in range(100))))
    assert log.table["user"].tolist() == [*range(50, 100), *range(50)]


def test_columns_are_mapped(read):
    text = rows("7,a,5,0.5", header="userId,movie,when,w")
    names = {"user": "userId", "item": "movie", "time": "when", "weight": "w"}
    table = read(text, columns=names).table
    assert list(table.columns) == ["user", "item", "time", "weight"]
    assert table["weight"].tolist() == [0.5]
    # A mapped column wins over one that happens to be called by the role.
    table = read(
        rows("7,a,5,8", header="user,item,time,uid"), columns={"user": "uid"}
    ).table
    assert table["user"].tolist() == [8]


def test_times_by_magnitude_and_dates(read):
    dates = read(rows("1,a,20240131", "2,b,20240229"))
    assert dates.table["time"].dt.date.astype(str).tolist() == [
        "2024-01-31",
        "2024-02-29",
    ]
    early = read(rows("1,a,0", "2,b,-86400"))
    assert early.table["time"].dt.year.tolist() == [1969, 1970]
    exact = read(rows("1,a,1714554000123456789"))
    assert exact.table["time"].iloc[0].microsecond == 123456
    bare = read(rows("1,a,2024-05-01", "2,b,2024-05-01T10:00-0500"))
    assert "1 times without a zone are taken as UTC" in bare.notes
    assert bare.table["time"].iloc[1].hour == 15


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "must have a header, got an empty file"),
        ("\n\n", "must have a header, got an empty file"),
        ("user,item,time\n", "must hold rows, got only a header"),
        (GOOD.replace(",", ";"), "only one column"),
        (GOOD.replace(",", "\t"), "only one column"),
        (rows("1,2,3"), None),
        (rows("7,a,5", header="userId,item,time"),
         r"no column \['user'\]; found \['userId', 'item', 'time'\]; name "
         r"yours with columns=\{'user': '…'\}"),
        (rows("7,a", header="user,item"), r"no column \['time'\]"),
        (rows("5,6,7", header="196,242,881250949"),
         "first line looks like data"),
        (rows("1,2,3,4", header="user,user,item,time"), "2 columns 'user'"),
        (rows("1,a,soon", "2,b,5"), "time must be ISO 8601 .* 'soon' in row"),
        (rows("1,a,2024-05-01", "2,b,31/12/2023"),
         "got '31/12/2023' in row 2"),
        (rows("1,a,2024-05-01", "2,b,5"), "got '5' in row 2"),
        (rows("1,a,", "2,b,5"), "time must be ISO .* got '' in row 1"),
        (rows("1,a,nan", "2,b,5"), "got 'nan' in row 1"),
        (rows("1,a,20240230", "2,b,20240201"), "'20240230' in row 1"),
        (rows("1,a,1714554000", "2,b,1714554000000"),
         "time must be in one unit .ms, by the largest.* row 1"),
        (rows("1,a,1e400", "2,b,5"), "time must be a finite number"),
        (rows("1,a", "2,b,5"), "cannot read log.csv: .*Expected 3 columns"),
        (rows("1,a,5,9", "2,b,5"), "cannot read log.csv: .*Expected 3 col"),
        (rows(",a,1", ",b,2", "1,c,3"),
         "at least half of log.csv must be usable, but of 3 rows 2 have no"),
        (rows("1,a,1", "1,a,1", "1,a,1"), "2 are exact duplicates"),
        (rows("1,a,1,x", header="user,item,time,rating"),
         "rating must be a finite number, got 'x' in row 1"),
        (rows("1,a,1,", header="user,item,time,rating"),
         "rating must be a finite number, got '' in row 1"),
        (rows("1,a,1,2", "1,b,1,-2", header="user,item,time,weight"),
         "weight must be at least 0, got -2.0 in row 2"),
        (rows("1,a,1,inf", header="user,item,time,weight"),
         "weight must be a finite number, got 'inf' in row 1"),
        (rows("1,a,1,1e999", header="user,item,time,weight"),
         "weight must be a finite number, got"),
    ],
)  # fmt: skip
def test_refusals(read, text, words):
    if words is None:  # the counterpart: the same with a header is fine
        assert len(read(text).table) == 1
        return
    with pytest.raises(ValueError, match=words):
        read(text)


def test_refuses_other_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_interactions(tmp_path / "none.csv")
    with pytest.raises(ValueError, match=r"must end in .* got 'log\.xlsx'"):
        read_interactions(written(tmp_path, GOOD, "log.xlsx"))
    with pytest.raises(ValueError, match=r"got 'log\.parquet\.gz'"):
        read_interactions(tmp_path / "log.parquet.gz")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="must be a file, got a folder"):
        read_interactions(tmp_path / "folder.csv")
    for name in ("not.parquet", "empty.parquet"):
        path = tmp_path / name
        path.write_bytes(b"" if "empty" in name else b"user,item,time")
        with pytest.raises(ValueError, match=f"cannot read {name}"):
            read_interactions(path)
    torn = tmp_path / "torn.csv.gz"
    torn.write_bytes(gzip.compress(GOOD.encode() * 99)[:-30])
    with pytest.raises(ValueError, match=r"cannot read torn\.csv\.gz"):
        read_interactions(torn)
    plain = tmp_path / "plain.csv.gz"
    plain.write_bytes(GOOD.encode())
    with pytest.raises(ValueError, match=r"cannot read plain\.csv\.gz"):
        read_interactions(plain)
    latin = written(tmp_path, rows("Zoë,a,5").encode("latin-1"), "latin.csv")
    with pytest.raises(ValueError, match=r"cannot read latin\.csv"):
        read_interactions(latin)


def test_refuses_bad_options(read):
    for columns, words in [
        ({"users": "user"}, r"columns maps user, item, .*got \['users'\]"),
        ({"user": "a", "item": "a"}, "must name different columns"),
        ({"user": "item"}, "columns must be different ones"),
        ({"rating": "stars"}, r"no column \['stars'\]"),
    ]:
        with pytest.raises(ValueError, match=words):
            read(GOOD, columns=columns)
    with pytest.raises(ValueError, match="min_rating needs a column"):
        read(GOOD, min_rating=3)
    rated = rows("1,a,1,2", header="user,item,time,rating")
    with pytest.raises(ValueError, match="min_rating must leave rows"):
        read(rated, min_rating=3)


def test_a_recommender_runs_on_it(read):
    from utils.recommender.two_stage import TwoStageRecommender

    log = read(rows("007,a,1", "007,b,2", "8,a,3"))
    model = TwoStageRecommender().fit(log, rng=np.random.default_rng(0))
    assert model.recommend(["8", "?"], k=1)[0].tolist() == [["b"], ["a"]]
