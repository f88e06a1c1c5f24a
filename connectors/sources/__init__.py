"""Every source, by the `type` that `perennial.yml` gives it: a new one is added to the three names below."""

from pathlib import Path

from connectors.source import Source, SourceRuntime
from connectors.sources.files import FilesSettings, FilesSource

# With a second source this becomes Annotated[FilesSettings | OtherSettings, Field(discriminator="type")].
SourceSettings = FilesSettings

SOURCES: dict[str, type[FilesSource]] = {FilesSource.system: FilesSource}


def build_source(
    settings: SourceSettings, *, base_folder: Path, runtime: SourceRuntime, time_zone: str, key: str
) -> Source:
    """The source that the settings describe.

    Args:
        settings: A store's `source` in `perennial.yml`.
        base_folder: The folder of `perennial.yml`, which relative paths start from.
        runtime: What a platform's source may use of the world.
        time_zone: The merchant's zone.
        key: The path of the settings, such as `merchants[0].stores[0].source`, for errors.
    """
    del runtime
    return SOURCES[settings.type](settings, base_folder=base_folder, time_zone=time_zone, key=key)
