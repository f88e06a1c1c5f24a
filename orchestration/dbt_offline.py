"""dbt where no database is: every table is taken not to be there yet, as when a project is first built.

Run as a program, with dbt's arguments. A model that adds to its table asks the database whether there is one before it
can be compiled; what it reads when there is none is what all of it is made of.
"""

import sys


def main(arguments: list[str]) -> int:
    """Invoke dbt; returns 0 when it succeeded."""
    from dbt.adapters.base.impl import BaseAdapter
    from dbt.cli.main import dbtRunner

    setattr(BaseAdapter, "list_relations", lambda *_: [])  # noqa: B010 - a method of a class that is not ours
    return 0 if dbtRunner().invoke(arguments).success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
