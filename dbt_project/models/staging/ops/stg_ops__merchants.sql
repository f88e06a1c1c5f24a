with source as (

    select * from {{ source('ops', 'merchants') }}

)

select
    merchant_id,
    merchant_name,
    time_zone,
    currency_code,
    as_of_date,
    counts_zero_amount_days,
    rfm_half_life_days,
    rfm_recent_score,
    rfm_frequent_score,
    rfm_big_score,
    array_to_string(withheld_reasons, '; ') as withheld_reasons,
    cardinality(withheld_reasons) > 0 as is_withheld,
    {{ texts_of('identity_rules', 'link_by', ['email', 'phone', 'external_id']) }} as link_kinds,
    coalesce(cast(identity_rules ->> 'max_accounts_per_key' as bigint), 10) as max_account_count,
    coalesce(cast(identity_rules ->> 'max_names_per_key' as bigint), 5) as max_name_count,
    coalesce(cast(identity_rules ->> 'max_keys_per_account' as bigint), 10) as max_key_count,
    {{ texts_of('identity_rules', 'role_addresses', []) }} as role_names,
    {{ texts_of('identity_rules', 'relay_domains', []) }} as relay_domains,
    coalesce(cast(identity_rules ->> 'folds_gmail_addresses' as boolean), false) as has_folded_gmail
from source
