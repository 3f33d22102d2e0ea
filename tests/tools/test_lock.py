"""The lock."""

from tools import chapters, lock


def test_lock_text_by_hand():
    freeze = (
        "torch==2.13.0+cpu\n-e git+file:///x#egg=y\nnvidia-nccl-cu13==2.1\n"
        "# comment\nAlabaster==1.0\nlocal @ file:///tmp/x.whl\n"
    )
    assert lock.lock_text(freeze) == "Alabaster==1.0\ntorch==2.13.0\n"


def test_the_lock_pins_every_direct_package():
    pins = {}
    for name in ("requirements.in", "requirements.lock"):
        lines = (chapters.ROOT / name).read_text().splitlines()
        wanted = [li for li in lines if li and not li.startswith("#")]
        pins[name] = {
            line.partition("==")[0].lower().replace("_", "-"): line
            for line in wanted
        }
    for name, line in pins["requirements.in"].items():
        assert name in pins["requirements.lock"], f"{name}: run `make lock`"
        version = line.partition("==")[2]
        locked = pins["requirements.lock"][name]
        assert not version or locked.endswith(f"=={version}"), locked
