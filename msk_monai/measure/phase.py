"""Where along the spine the phase between bodies passes an angle: middles of bodies at 0, of discs at π."""

import numpy as np
import numpy.typing as npt

BODY, DISC = 0.0, np.pi


def phase_crossing(phase: npt.ArrayLike, heights: npt.ArrayLike, angle: float, *, near: float, reach: float) -> float | None:
    """Find the height nearest to a guess at which a phase that grows towards the head passes an angle.

    Args:
        phase: (n,) complex; its length, at most about 1, says how sure it is.
        heights: (n,) mm along z, rising or falling.
        angle: in radians.
        near: the guess, mm.
        reach: no crossing further from the guess is taken, mm.

    Returns:
        Height between two samples, mm; ``None`` where there is no crossing within reach.

    Raises:
        ValueError: shapes do not fit.
    """
    turned, z = np.asarray(phase, dtype=np.complex128) * np.exp(-1j * angle), np.asarray(heights, dtype=np.float64)
    if turned.shape != z.shape or z.ndim != 1:
        raise ValueError(f"expected one phase a height, got {turned.shape} and {z.shape}")
    if len(z) > 1 and z[0] > z[-1]:
        turned, z = turned[::-1], z[::-1]
    lower, upper = turned[:-1], turned[1:]
    passes = np.flatnonzero((lower.imag <= 0) & (upper.imag > 0) & (lower.real > 0) & (upper.real > 0))
    below, above = -np.angle(lower[passes]), np.angle(upper[passes])
    found = z[passes] + np.diff(z)[passes] * below / (below + above)
    distance = np.abs(found - near)
    if len(found) == 0 or distance.min() > reach:
        return None
    return float(found[distance.argmin()])
