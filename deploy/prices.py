"""What Cloud Run asks for seconds of a service: an estimate, from Google's list.

https://cloud.google.com/run/pricing, read on 2026-11-29: a region of tier 1, in US dollars, billed by request. The free
180,000 vCPU-seconds and 360,000 GiB-seconds of each month are not taken off.
"""

from deploy.services import Service

USD_PER_VCPU_SECOND = 0.000024
USD_PER_GIB_SECOND = 0.0000025
_GIB = {"Mi": 2**-10, "Gi": 1.0}


def gibibytes(service: Service) -> float:
    """The memory of an instance."""
    return float(service.memory[:-2]) * _GIB[service.memory[-2:]]


def cloud_run_usd(service: Service, seconds: float) -> float:
    """What so many seconds of an instance cost. Requests themselves (0.40 dollars a million) do not matter here."""
    return seconds * (service.cpu * USD_PER_VCPU_SECOND + gibibytes(service) * USD_PER_GIB_SECOND)
