with recursive aliases as (

    select * from {{ ref('stg_shopify__customer_aliases') }}

),

-- A customer who was merged twice is found step by step. The bound ends a circle, which only a wrong record could make.
chains as (

    select
        merchant_id,
        store_id,
        account_id,
        merged_into_account_id,
        1 as step_count
    from aliases

    union all

    select
        chains.merchant_id,
        chains.store_id,
        chains.account_id,
        aliases.merged_into_account_id,
        chains.step_count + 1 as step_count
    from chains
    inner join aliases
        on
            chains.merchant_id = aliases.merchant_id
            and chains.store_id = aliases.store_id
            and chains.merged_into_account_id = aliases.account_id
    where chains.step_count < 20

)

select distinct on (merchant_id, store_id, account_id)
    merchant_id,
    store_id,
    account_id,
    merged_into_account_id as surviving_account_id
from chains
order by merchant_id asc, store_id asc, account_id asc, step_count desc
