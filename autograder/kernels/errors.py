"""What can go wrong on the grader's side of a sandbox. Each carries one sentence that says what to do."""


class SandboxUnavailable(RuntimeError):
    """This machine refuses what sealing needs; the sentence says what to install or enable. Nothing runs unsealed."""


class TemplateFailed(RuntimeError):
    """The template process could not start, or is gone. Its owner may start another."""


class KernelGone(RuntimeError):
    """A question to a kernel got no answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """In the student's words."""


class KernelDied(KernelGone):
    """The kernel is dead, or was killed for going beyond a limit."""

    def __init__(self, reason: str, *, by_itself: bool = False) -> None:
        super().__init__(reason)
        self.by_itself = by_itself
        """Whether nobody killed it: then what was asked of it last need not be the cause."""


class ProbeStopped(KernelGone):
    """The probe was interrupted at a limit; the kernel lives."""
