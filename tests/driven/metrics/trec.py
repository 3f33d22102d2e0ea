"""Cases of utils.metrics.trec."""

import tempfile
from pathlib import Path

from tests.driven import case, finite
from tests.driven.metrics import qrels_table, run_table
from utils.metrics import trec

case(
    trec.evaluate,
    lambda rng: {"run": run_table(rng), "qrels": qrels_table(rng),
                 "level": 1, "complete": bool(rng.integers(2))},
    lambda got, given: finite(got.to_numpy(float), given),
    inf="run",
)  # fmt: skip


def read_back(read):
    """A file whose lines are the fields given."""

    def function(lines, ending, nonsense):
        text = ending.join(" ".join(line) for line in lines)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            path.write_bytes(text.encode() + nonsense)
            return read(path)

    return function


for read, line in (
    (trec.read_run, ["q1", "Q0", "d1", "1", "0.5", "me"]),
    (trec.read_qrels, ["q1", "0", "d1", "1"]),
):
    case(
        read_back(read),
        lambda rng, line=line: {
            "lines": [line, ["q2", *line[1:]], ["q3", *line[1:]]],
            "ending": str(rng.choice(["\n", "\r\n", "\n\n"])),
            "nonsense": rng.choice([b"", b"\n# x"]).item(),
        },
        lambda got, given: got.iloc[:, :2].map(lambda i: len(i) > 0),
        covers=(read,),
    )


def written(write):
    def function(**given):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            write(path=path, **given)
            read = trec.read_run if "run" in given else trec.read_qrels
            return read(path), next(iter(given.values()))

    return function


def same_length(got, given):
    assert len(got[0]) == len(got[1])


case(
    written(trec.write_run),
    lambda rng: {"run": run_table(rng), "name": "me"},
    same_length,
    covers=(trec.write_run,),
    inf="run",
)

case(
    written(trec.write_qrels),
    lambda rng: {"qrels": qrels_table(rng)},
    same_length,
    covers=(trec.write_qrels,),
)
