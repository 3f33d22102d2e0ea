"""Write the tables of every case again: `make data`."""


def main() -> None:
    """Let each case's world write its files, and say which."""
    from utils import data  # heavy: the worlds import numpy and pandas

    for case in data.cases():
        for path in data.write(case):
            print(f"{path.stat().st_size / 1e6:6.2f} MB  {path}")


if __name__ == "__main__":
    main()
