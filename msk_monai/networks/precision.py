"""Running a network in bfloat16 where the processor has it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from monai.inferers import SimpleInferer


class BFloat16Inferer(SimpleInferer):
    """MONAI's SimpleInferer under autocast to bfloat16 where the processor computes in it: a training step in half the time.

    Elsewhere it is MONAI's SimpleInferer in float32: a CPU that only imitates bfloat16 takes ten times as long. MONAI's trainers switch
    autocast on for CUDA only. The output (a tensor or a tuple) is cast back, so that losses are taken in float32.
    """

    def __call__(self, inputs: torch.Tensor, network: Any, *args: Any, **kwargs: Any) -> Any:
        """Run the network on ``inputs``; the result has the network's own shape, float32."""
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16, enabled=has_bfloat16(inputs.device.type)):
            output = super().__call__(inputs, network, *args, **kwargs)
        return _in_float(output)


def has_bfloat16(device: str) -> bool:
    """Whether a type of device computes in bfloat16: CUDA from Ampere on, an x86 CPU with AVX-512 BF16 or AMX; of others it is not known.

    To an older torch a CPU does not tell, and is taken for one that has not.
    """
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    tell: Callable[[], Mapping[str, Any]] = getattr(torch.cpu, "get_capabilities", dict)
    return device == "cpu" and any(tell().get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def _in_float(output: Any) -> Any:
    if isinstance(output, torch.Tensor):
        return output.float() if output.is_floating_point() else output
    if isinstance(output, tuple):
        parts = [_in_float(part) for part in output]
        return type(output)(*parts) if hasattr(output, "_fields") else tuple(parts)
    return output
