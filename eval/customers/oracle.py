"""Self-play's oracle for the eval's plans: it answers each turn with the calls that a plan says are right.

In: the `Ask` that comes next. Out: an AIMessage with its calls, or a few words where there are none. It reads no
prompt.
"""

from agent.models.template import Call
from eval.customers.plan import Ask
from finetune.selfplay import oracle
from finetune.selfplay.words.message import Step


class OracleModel(oracle.OracleModel):
    """``oracle.expect(ask)`` before a turn."""

    def expect(self, step: Step | Ask) -> None:
        """Set what is answered next."""
        if isinstance(step, Ask):
            step = Step(step.text, tuple(Call(name, arguments) for name, arguments in step.calls), "Sure.", "ask")
        super().expect(step)
