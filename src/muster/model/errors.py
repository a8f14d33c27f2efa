"""Every error Muster raises on purpose, as one tree.

::

    MusterError
    ├── BadInput            what was given cannot be used; nothing changed
    ├── NotFound            no such person, app, source, rule
    ├── Held                the guard stopped what destroys; the rest went through
    ├── Unavailable         a part of Muster itself cannot be reached (its database, its port)
    ├── Fenced              another process took over; nothing of this attempt was recorded
    └── TargetError         an application answered, or did not; the class says what the engine does next
        ├── Transient       the same key again later
        │   ├── Unreachable   nothing reached the application, or a read got no answer
        │   ├── RateLimited   not now; ``retry_after`` seconds
        │   └── Garbled       an answer that is not what the protocol allows, to a call that changed nothing
        ├── Broken          stop the application, call a person
        │   ├── AuthFailed
        │   ├── Forbidden
        │   └── Misconfigured
        ├── Rejected        park the key until something changes
        │   ├── Invalid
        │   └── Unsupported
        ├── Stale           observe and plan again
        │   ├── Conflict      it exists already
        │   ├── Gone          it exists no more
        │   └── Changed       it is not what we saw
        └── OutcomeUnknown  a write may or may not have happened: look before acting
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a person needs to read: what happened, where, why, what to do next.

    ``code`` is stable and documented.
    """

    code: str
    what: str
    where: str = ""
    why: str = ""
    next_step: str = ""

    def __str__(self) -> str:
        head = f"{self.what} ({self.where})" if self.where else self.what
        parts = [head, self.why, f"Next: {self.next_step}" if self.next_step else ""]
        return f"[{self.code}] " + " ".join(
            part if part.endswith((".", "!", "?")) else part + "." for part in parts if part
        )


class MusterError(Exception):
    """The root; carries the ``Problem`` a person reads."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class BadInput(MusterError):
    """What was given cannot be used; nothing changed."""


class NotFound(MusterError):
    """No such person, app, source or rule."""


class Held(MusterError):
    """The guard stopped what destroys; nothing destructive was done."""


class Unavailable(MusterError):
    """A part of Muster itself cannot be reached or used."""


class Fenced(MusterError):
    """Another process owns the application now; this attempt recorded nothing."""


class TargetError(MusterError):
    """An application answered with a failure or did not answer.

    Args:
        why: one sentence for a person, free of secrets.
        status: the HTTP status or protocol result code, where there is one.
        retry_after: seconds the application asked us to wait, where it did.
    """

    code = "MUSTER-TARGET"
    what = "The application did not do what was asked"
    next_step = ""

    def __init__(self, why: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(Problem(code=self.code, what=self.what, why=why, next_step=self.next_step))
        self.why = why
        self.status = status
        self.retry_after = retry_after


class Transient(TargetError):
    """The same key again later."""

    code = "MUSTER-TARGET-TRANSIENT"
    next_step = "Muster tries again by itself"


class Unreachable(Transient):
    """Nothing reached the application, or a read got no usable answer in time."""

    code = "MUSTER-TARGET-UNREACHABLE"
    what = "The application cannot be reached"


class RateLimited(Transient):
    """The application asks for fewer calls."""

    code = "MUSTER-TARGET-RATE-LIMITED"
    what = "The application limits the rate of calls"


class Garbled(Transient):
    """The answer to a call that changed nothing is not what the protocol allows."""

    code = "MUSTER-TARGET-GARBLED"
    what = "The application gave an answer that cannot be trusted"


class Broken(TargetError):
    """The application as a whole refuses us: stop calling it and call a person."""

    code = "MUSTER-TARGET-BROKEN"
    next_step = "mend the connection of this application; Muster probes it and goes on by itself"


class AuthFailed(Broken):
    """The credential is not accepted."""

    code = "MUSTER-TARGET-AUTH"
    what = "The application does not accept our credential"
    next_step = "give the application a valid credential; Muster probes it and goes on by itself"


class Forbidden(Broken):
    """The credential lacks a right."""

    code = "MUSTER-TARGET-FORBIDDEN"
    what = "The application does not allow us to do this"
    next_step = "grant the missing right to our credential; Muster probes it and goes on by itself"


class Misconfigured(Broken):
    """The address or settings do not lead to the service expected there."""

    code = "MUSTER-TARGET-MISCONFIGURED"
    what = "The settings of this application do not lead to its service"


class Rejected(TargetError):
    """The application will not take this object as it is: park the key until something changes."""

    code = "MUSTER-TARGET-REJECTED"
    next_step = "correct the person's data or the mapping; the change sends it again"


class Invalid(Rejected):
    """The application says the data is not valid."""

    code = "MUSTER-TARGET-INVALID"
    what = "The application does not accept this data"


class Unsupported(Rejected):
    """The application, or the connector, cannot do this at all."""

    code = "MUSTER-TARGET-UNSUPPORTED"
    what = "The application cannot do this"


class Stale(TargetError):
    """What we saw is no longer so: observe and plan again."""

    code = "MUSTER-TARGET-STALE"
    next_step = "Muster looks again by itself"


class Conflict(Stale):
    """The object, or one with the same unique value, exists already."""

    code = "MUSTER-TARGET-CONFLICT"
    what = "The application already has an object with this unique value"


class Gone(Stale):
    """The object exists no more."""

    code = "MUSTER-TARGET-GONE"
    what = "The application no longer has this object"


class Changed(Stale):
    """The object changed after we saw it."""

    code = "MUSTER-TARGET-CHANGED"
    what = "The object changed in the application after Muster looked at it"


class OutcomeUnknown(TargetError):
    """A write may or may not have happened: look before acting."""

    code = "MUSTER-TARGET-OUTCOME-UNKNOWN"
    what = "The application did not say whether it did what was asked"
    next_step = "Muster looks before it acts again"
