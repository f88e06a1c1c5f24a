{{ config(materialized='view') }}

{% set rounds = [1, 2, 3, 4, 5, 6, 7, 8] %}

with recursive links as (

    select * from {{ ref('int_identity_keys_linked') }}

),

counted as (

    select
        merchant_id,
        link_key,
        record_id,
        count(*) over (partition by merchant_id, link_key) as record_count
    from links

),

numbered as (

    select
        merchant_id,
        link_key,
        record_id,
        -- In no order that the ids have: of a chain in order, a round would climb one step at a time.
        dense_rank() over (partition by merchant_id order by md5(record_id), record_id) as node
    from counted
    where record_count > 1

),

graph_0 as (

    select distinct
        merchant_id,
        link_key,
        node
    from numbered

),
{{ contracted_graphs(rounds) }},

{{ walked_graph(rounds[-1]) }},

records as (

    select distinct
        merchant_id,
        record_id,
        node
    from numbered

),

{{ rooted_records(rounds) }}

select
    merchant_id,
    record_id,
    min(record_id collate "C") over (partition by merchant_id, root) as component_id
from rooted
