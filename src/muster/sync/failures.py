"""What an error of an application means for the key that met it, and for the application."""

from datetime import datetime, timedelta
from typing import Final

from muster.model import Broken, OutcomeUnknown, RateLimited, Rejected, TargetError
from muster.work import Finish, Parked, Retry

_FIRST_WAIT: Final = timedelta(seconds=1)
_LONGEST_WAIT: Final = timedelta(minutes=15)
_FIRST_LOOK: Final = timedelta(milliseconds=250)  # an unknown outcome is looked at again soon
_FIRST_QUARANTINE: Final = timedelta(minutes=1)
_LONGEST_QUARANTINE: Final = timedelta(hours=24)
_LONGEST_OBEDIENCE: Final = timedelta(hours=1)  # an application may ask for more; it is hostile until checked


def finish_after(error: TargetError, *, attempts: int, chance: float, at: datetime) -> Finish:
    """What becomes of the key. ``attempts`` counts the failed ones before this.

    ``chance`` is from 0 up to 1.
    """
    reason = str(error)
    match error:
        case Rejected():
            return Parked(reason=reason)
        case RateLimited(retry_after=float() | int() as seconds):
            asked = min(timedelta(seconds=max(float(seconds), 0.0)), _LONGEST_OBEDIENCE)
            return Retry(due=at + asked, reason=reason, counts=False)
        case Broken():
            return Retry(due=at, reason=reason, counts=False)  # the quarantine of the app is what waits
        case OutcomeUnknown():
            return Retry(due=at + backoff(attempts, _FIRST_LOOK, chance), reason=reason)
        case _:
            return Retry(due=at + backoff(attempts, _FIRST_WAIT, chance), reason=reason)


def backoff(attempts: int, first: timedelta, chance: float) -> timedelta:
    """Exponential with full jitter: anything from a tenth of the doubled wait up to all of it."""
    longest = min(first * (1 << min(attempts, 20)), _LONGEST_WAIT)
    return longest * (0.1 + 0.9 * chance)


def quarantine_until(tries: int, *, at: datetime) -> datetime:
    """When an application that refused us ``tries`` times before is probed again."""
    return at + min(_FIRST_QUARANTINE * (1 << min(tries, 20)), _LONGEST_QUARANTINE)
