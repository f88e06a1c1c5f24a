"""How far a sync goes in keeping a destination in step. Shapes only."""

from enum import StrEnum

from connectors.destination import Operation


class Mode(StrEnum):
    """How far a sync goes in keeping a destination in step."""

    INSERT = "insert"  # members are added; what the destination holds of them already stays as it is
    UPDATE = "update"  # values of records that the destination holds are changed; none is added
    UPSERT = "upsert"  # members are added and changed
    MIRROR = "mirror"  # members are added and changed, and what was sent is taken back of those who leave


OPERATIONS = {
    Mode.INSERT: Operation.INSERT,
    Mode.UPDATE: Operation.UPDATE,
    Mode.UPSERT: Operation.UPSERT,
    Mode.MIRROR: Operation.UPSERT,
}
