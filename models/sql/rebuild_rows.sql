-- DuckDB. What landing made of one store's batches, for one stream: one row per natural key.
with
compared as (
    select
        *,
        lag(content_hash) over (partition by {keys} order by batch_number) as previous_hash
    from followed
    where not is_echo
),

versions as (
    select
        {keys},
        -- Content changed, or the record had been deleted meanwhile: from here on it is this version.
        max(batch_number) filter (where is_revival or content_hash <> previous_hash) as version_number
    from compared
    group by {keys}
),

-- The first snapshot after the last occurrence that was not excused from finding the record.
excused_last as (
    select
        {followed_keys},
        true as is_listed,
        min(batches.batch_number) filter (where excuse.record_key is null) as snapshot_number
    from followed
    inner join (select distinct record_key from protections) as ever on followed.record_key = ever.record_key
    inner join batches on batches.is_snapshot and followed.batch_number < batches.batch_number
    left join protections as excuse
        on
            followed.record_key = excuse.record_key
            and batches.batch_number = excuse.batch_number
    where followed.is_last
    group by {followed_keys}
),

told_last as (
    select
        {followed_keys},
        min(absences.batch_number) as told_number
    from followed
    inner join absences using ({keys})
    where followed.is_last and followed.batch_number < absences.batch_number
    group by {followed_keys}
),

ended as (
    select
        {versions_keys},
        versions.version_number,
        -- A key that was ever excused and has snapshots after it stands in excused_last; the others end at the next.
        least(
            case when excused_last.is_listed then excused_last.snapshot_number else followed.next_snapshot end,
            told_last.told_number
        ) as deleted_number
    from versions
    inner join followed using ({keys})
    left join excused_last using ({keys})
    left join told_last using ({keys})
    where followed.is_last
)

select
    {columns},
    {source_updated_at} as source_updated_at,
    records.content_hash,
    changed.batch_id,
    changed.loaded_at,
    ended.deleted_number is not null as is_deleted
from records
inner join batches as appeared on records.filename = appeared.filename
inner join ended using ({keys})
inner join batches as changed on changed.batch_number = coalesce(ended.deleted_number, ended.version_number)
where appeared.batch_number = ended.version_number
