"""The promises of the connector contract, each as a plain function that tries a connector.

A check is an ``async def check_…(trial)`` that fails with ``Violated`` (or any other error) where the promise
is not kept, and with ``NotApplicable`` where the manifest offers nothing to try it on. No test tool is needed
to run one; ``muster.kit.suite`` runs all under pytest. They tolerate a target that holds objects already,
and what they make there is removed by ``Trial.clean``.
"""

from muster.kit.checks import manners, powers, reading, truth, writing
from muster.kit.checks.trial import (
    Check,
    NotApplicable,
    Sample,
    Trial,
    Violated,
    default_sample,
    described,
)

CHECKS: tuple[Check, ...] = (
    *truth.CHECKS,
    *reading.CHECKS,
    *writing.CHECKS,
    *powers.CHECKS,
    *manners.CHECKS,
)

__all__ = ["CHECKS", "Check", "NotApplicable", "Sample", "Trial", "Violated", "default_sample", "described"]
