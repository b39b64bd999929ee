"""Results for tests, made in one line."""

from msk_monai.records import BundleIdentity, Findings, Measurement, Result, Source, Status

TOY = BundleIdentity(name="toy", version="0.1.0", weights_sha256="ab" * 32)
OTHER = BundleIdentity(name="other", version="2.0.0")


def result(case: str, *, value: float = 1.5, bundle: BundleIdentity = TOY, flags: tuple[str, ...] = (), **changes: object) -> Result:
    grey = Measurement(name="grey", value=value, unit="mm", lower=1.0, flags=flags)
    return Result(**{"case": case, "source": Source(path=case), "bundle": bundle, "findings": Findings(measurements=(grey,)), **changes})


def failed(case: str, reason: str) -> Result:
    return Result(case=case, source=Source(path=case), bundle=TOY, findings=Findings(status=Status.FAILED, reason=reason))
