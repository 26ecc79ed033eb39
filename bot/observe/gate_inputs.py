"""Reads the inputs of gates and soaks outside the target's own thread: soaks, phrases elsewhere, changed lines.

Only the policy's gates and soaks are read.
"""

from bot.git import Mirrors
from bot.git.tree import Ends
from bot.history import History, ProtectedChanges, ProtectedLines, protected_names
from bot.model import Inputs, Judgment, PhraseSeen
from bot.scan import Scanner
from bot.soaks import Scene, Soaks
from bot.store import Store, phrases_on


class GateInputs:
    """Adds gate inputs to a target's inputs."""

    def __init__(self, store: Store, soaks: Soaks, mirrors: Mirrors, scanner: Scanner) -> None:
        self._store = store
        self._soaks = soaks
        self._touches = ProtectedLines(mirrors, scanner)

    async def read(self, scene: Scene, inputs: Inputs, history: History, judgments: tuple[Judgment, ...]) -> Inputs:
        """Return the inputs with soaks, phrases and touched names. Raises ForgejoError and GitError."""
        touched = await self._touched(scene, inputs, history)
        return inputs.model_copy(
            update={
                "soaks": await self._soaks.read(scene, inputs, judgments),
                "phrases": await self._phrases(scene),
                "protected_lines": touched.protected_lines,
                "unseen": (*inputs.unseen, *touched.unseen),
            }
        )

    async def _touched(self, scene: Scene, inputs: Inputs, history: History) -> ProtectedChanges:
        names = protected_names(scene.policy) if inputs.head.sha and inputs.state == "open" else ()
        ends = Ends(scene.target.repository, inputs.base.sha, inputs.head.sha, history.merge_base)
        return await self._touches.read(ends, names)

    async def _phrases(self, scene: Scene) -> tuple[PhraseSeen, ...]:
        wanted = {gate.phrase: gate.targets for gate in scene.policy.gates}
        numbers = {number for on in wanted.values() for number in on} - {scene.target.number}
        if not numbers:
            return ()
        async with self._store.read() as session:
            found = await phrases_on(session, scene.target.repository_id, sorted(numbers))
        return tuple(one for one in found if one.number in wanted.get(one.phrase, ()))
