-- DuckDB. What landing made of one store's batches, for one stream: one row per natural key.
--
-- batches:     batch_number, batch_id, is_snapshot, loaded_at, filename (null when the batch has no rows of the stream)
-- protections: batch_number, record_key: snapshots that must not delete a key, because its record was rejected
with
counted as (
    select
        *,
        count(*) filter (where is_snapshot) over (order by batch_number) as snapshot_count,
        min(batch_number) filter (where is_snapshot) over (
            order by batch_number rows between 1 following and unbounded following
        ) as next_snapshot
    from batches
),

occurrences as (
    select
        {keys},
        concat_ws('/', {keys}) as record_key,
        records.content_hash,
        counted.batch_number,
        counted.is_snapshot,
        counted.snapshot_count,
        counted.next_snapshot
    from read_parquet({files}, filename = true, union_by_name = true) as records
    inner join counted on records.filename = counted.filename
),

followed as (
    select
        *,
        lag(batch_number) over by_key as previous_number,
        lag(content_hash) over by_key as previous_hash,
        -- Snapshots between this occurrence and the one before it, in which the record was absent.
        snapshot_count - is_snapshot::integer - lag(snapshot_count) over by_key as absence_count,
        lead(batch_number) over by_key is null as is_last
    from occurrences
    window by_key as (partition by {keys} order by batch_number)
),

-- Only keys that were rejected at some time; few, so the inequalities cost little.
excused as (
    select
        {followed_keys},
        followed.batch_number,
        count(*) as excused_count
    from followed
    inner join protections
        on
            followed.record_key = protections.record_key
            and followed.previous_number < protections.batch_number
            and followed.batch_number > protections.batch_number
    group by all
),

-- The first snapshot after the last occurrence that was not excused from finding the record.
excused_last as (
    select
        {followed_keys},
        true as is_listed,
        min(counted.batch_number) filter (where excuse.record_key is null) as deleted_number
    from followed
    inner join (select distinct record_key from protections) as ever on followed.record_key = ever.record_key
    inner join counted on counted.is_snapshot and followed.batch_number < counted.batch_number
    left join protections as excuse
        on
            followed.record_key = excuse.record_key
            and counted.batch_number = excuse.batch_number
    where followed.is_last
    group by {followed_keys}
),

versions as (
    select
        {followed_keys},
        -- Content changed, or the record had been deleted meanwhile: from here on it is this version.
        max(followed.batch_number) filter (
            where
                followed.previous_number is null
                or followed.content_hash <> followed.previous_hash
                or followed.absence_count > coalesce(excused.excused_count, 0)
        ) as version_number,
        max(followed.next_snapshot) filter (where followed.is_last) as next_snapshot
    from followed
    left join excused using ({keys}, batch_number)
    group by {followed_keys}
),

ended as (
    select
        {keys},
        version_number,
        -- A key that was ever excused and has snapshots after it stands in excused_last; the others end at the next.
        case when is_listed then deleted_number else next_snapshot end as deleted_number
    from versions
    left join excused_last using ({keys})
)

select
    {columns},
    null::timestamp with time zone as source_updated_at,
    records.content_hash,
    changed.batch_id,
    changed.loaded_at,
    ended.deleted_number is not null as is_deleted
from read_parquet({files}, filename = true, union_by_name = true) as records
inner join counted as appeared on records.filename = appeared.filename
inner join ended using ({keys})
inner join counted as changed on changed.batch_number = coalesce(ended.deleted_number, ended.version_number)
where appeared.batch_number = ended.version_number
