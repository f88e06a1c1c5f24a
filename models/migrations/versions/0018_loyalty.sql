-- The loyalty ledger, the facts beside orders that it follows from, and what follows from it.
create schema loyalty;

create table loyalty.adjustments (
    merchant_id text not null,
    programme text not null,
    reference text not null,
    customer_id text not null,
    points bigint not null,
    reason text not null,
    actor text not null,
    adjusted_at timestamp with time zone not null,
    constraint adjustments_pkey primary key (merchant_id, programme, reference),
    constraint adjustments_points_check check (points <> 0)
);
comment on table loyalty.adjustments
is 'One row per adjustment of somebody''s points by hand; never changed, never deleted.';
comment on column loyalty.adjustments.programme
is 'The programme''s name in perennial.yml.';
comment on column loyalty.adjustments.reference
is 'Its own name; the same one given twice is one.';
comment on column loyalty.adjustments.points
is 'Given, or taken where below zero.';

create table loyalty.balances (
    merchant_id text not null,
    programme text not null,
    customer_id text not null,
    issued_points bigint not null,
    pending_points bigint not null,
    available_points bigint not null,
    held_points bigint not null,
    spent_points bigint not null,
    expired_points bigint not null,
    updated_at timestamp with time zone not null,
    constraint balances_pkey primary key (merchant_id, programme, customer_id),
    constraint balances_balanced_check check (
        issued_points + pending_points + available_points + held_points + spent_points + expired_points
        = 0
    )
);
comment on table loyalty.balances
is 'One row per customer of a programme, with the balance of each of their accounts.';
comment on column loyalty.balances.programme
is 'The programme''s name in perennial.yml.';
comment on column loyalty.balances.issued_points
is 'Issued to them less taken back, as what the programme owes: 0 or below.';
comment on column loyalty.balances.pending_points
is 'Earned and not theirs to spend yet.';
comment on column loyalty.balances.available_points
is 'Theirs to spend; below zero when owed.';
comment on column loyalty.balances.held_points
is 'Held for rewards that were asked for.';
comment on column loyalty.balances.spent_points
is 'Turned into rewards that were used.';
comment on column loyalty.balances.expired_points
is 'Run out, as points or as unused rewards.';

create table loyalty.birthdays (
    merchant_id text not null,
    customer_id text not null,
    month integer not null,
    day integer not null,
    recorded_date date not null,
    constraint birthdays_pkey primary key (merchant_id, customer_id)
);
comment on table loyalty.birthdays
is 'One row per customer whose birthday is known: month and day, never the year.';
comment on column loyalty.birthdays.recorded_date
is 'Birthdays from the day after on count.';

create table loyalty.members (
    merchant_id text not null,
    programme text not null,
    customer_id text not null,
    joined_date date not null,
    is_founding boolean not null,
    constraint members_pkey primary key (merchant_id, programme, customer_id)
);
comment on table loyalty.members
is 'One row per customer that a programme has seen, with the day.';
comment on column loyalty.members.programme
is 'The programme''s name in perennial.yml.';
comment on column loyalty.members.customer_id
is 'Their id when they were first seen.';
comment on column loyalty.members.joined_date
is 'The first night that knew them.';
comment on column loyalty.members.is_founding
is 'Known before the programme was; no points for it.';

create table loyalty.postings (
    posting_id bigint generated always as identity,
    merchant_id text not null,
    programme text not null,
    customer_id text not null,
    source_kind text not null,
    source_id text not null,
    revision integer not null,
    debit_account text not null,
    credit_account text not null,
    points bigint not null,
    effective_at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    run_id text not null,
    reason text,
    actor text,
    constraint postings_pkey primary key (posting_id),
    constraint postings_merchant_id_programme_source_kind_source_id_cu_8294
    unique (merchant_id, programme, source_kind, source_id, customer_id, revision),
    constraint postings_points_check check (points > 0),
    constraint postings_two_accounts_check check (debit_account <> credit_account),
    constraint postings_debit_account_check check (
        debit_account
        in ('issued', 'pending', 'available', 'held', 'spent', 'expired')
    ),
    constraint postings_credit_account_check check (
        credit_account
        in ('issued', 'pending', 'available', 'held', 'spent', 'expired')
    )
);
create index postings_merchant_id_programme_customer_id_idx on loyalty.postings (merchant_id, programme, customer_id);
comment on table loyalty.postings
is 'One row per movement of a customer''s points from one account to another; never changed, never deleted.';
comment on column loyalty.postings.customer_id
is 'Whose points; both accounts are theirs.';
comment on column loyalty.postings.source_kind
is 'What moved them: order, refund, maturity, expiry and so on.';
comment on column loyalty.postings.source_id
is 'Which of its kind, such as store/order.';
comment on column loyalty.postings.revision
is '1, and higher for corrections of the same source.';
comment on column loyalty.postings.debit_account
is 'Where the points come from.';
comment on column loyalty.postings.credit_account
is 'Where they go.';
comment on column loyalty.postings.effective_at
is 'When it happened.';
comment on column loyalty.postings.recorded_at
is 'When it was known.';
comment on column loyalty.postings.reason
is 'Why, of adjustments and corrections.';
comment on column loyalty.postings.actor
is 'Who adjusted them; null for what follows from facts.';

create table loyalty.product_categories (
    merchant_id text not null,
    programme text not null,
    store_id text not null,
    product_id text not null,
    valid_from_date date not null,
    categories text[] not null,
    constraint product_categories_pkey
    primary key (merchant_id, programme, store_id, product_id, valid_from_date)
);
comment on table loyalty.product_categories
is 'One row per product and change of its categories, so that a past order keeps its points.';
comment on column loyalty.product_categories.programme
is 'The programme''s name in perennial.yml.';
comment on column loyalty.product_categories.categories
is 'In small letters; what multipliers name.';

create table loyalty.programmes (
    merchant_id text not null,
    programme text not null,
    point_value_amount numeric(18, 4) not null,
    currency_code text not null,
    rule_hashes jsonb not null,
    posted_as_of_date date,
    posted_at timestamp with time zone,
    proven_at timestamp with time zone,
    constraint programmes_pkey primary key (merchant_id, programme)
);
comment on table loyalty.programmes
is 'One row per loyalty programme that has been posted.';
comment on column loyalty.programmes.programme
is 'The programme''s name in perennial.yml.';
comment on column loyalty.programmes.point_value_amount
is 'What a point is worth to a customer.';
comment on column loyalty.programmes.rule_hashes
is 'Digest of each set of rules, by its first day.';
comment on column loyalty.programmes.posted_as_of_date
is 'The last day whose facts were posted; null before the first.';
comment on column loyalty.programmes.proven_at
is 'When every balance was last found to follow from facts.';

create table loyalty.redemptions (
    merchant_id text not null,
    programme text not null,
    redemption_id text not null,
    customer_id text not null,
    reward text not null,
    points bigint not null,
    state text not null,
    code text not null,
    offer jsonb not null,
    requested_at timestamp with time zone not null,
    ends_at timestamp with time zone not null,
    issued_at timestamp with time zone,
    used_at timestamp with time zone,
    closed_at timestamp with time zone,
    order_id text,
    returns_points boolean not null,
    reason text,
    constraint redemptions_pkey primary key (merchant_id, programme, redemption_id),
    constraint redemptions_points_check check (points > 0),
    constraint redemptions_state_check check (
        state
        in ('held', 'issued', 'used', 'expired', 'cancelled', 'refused')
    ),
    constraint redemptions_merchant_id_code_key unique (merchant_id, code)
);
comment on table loyalty.redemptions
is 'One row per reward that a customer asked for, and what became of it.';
comment on column loyalty.redemptions.programme
is 'The programme''s name in perennial.yml.';
comment on column loyalty.redemptions.customer_id
is 'Their id when they asked for it.';
comment on column loyalty.redemptions.points
is 'What it costs.';
comment on column loyalty.redemptions.state
is 'held, issued, used, expired, cancelled, refused';
comment on column loyalty.redemptions.code
is 'What the customer types; whoever has it may use it.';
comment on column loyalty.redemptions.offer
is 'What the code is worth, as it was when it was asked for.';
comment on column loyalty.redemptions.ends_at
is 'Until when the shop takes the code.';
comment on column loyalty.redemptions.issued_at
is 'When the shop was known to have the code.';
comment on column loyalty.redemptions.used_at
is 'When it was seen on an order.';
comment on column loyalty.redemptions.closed_at
is 'When it was used, ran out, or its points went back.';
comment on column loyalty.redemptions.order_id
is 'store/order that used it.';
comment on column loyalty.redemptions.returns_points
is 'Whether points go back when it is unused.';
comment on column loyalty.redemptions.reason
is 'Why it was cancelled or refused.';

create table loyalty.tier_memberships (
    merchant_id text not null,
    programme text not null,
    customer_id text not null,
    entered_date date not null,
    tier text not null,
    left_date date,
    below_since_date date,
    constraint tier_memberships_pkey primary key (merchant_id, programme, customer_id, entered_date)
);
comment on table loyalty.tier_memberships
is 'One row per customer and stay in a tier.';
comment on column loyalty.tier_memberships.programme
is 'The programme''s name in perennial.yml.';
comment on column loyalty.tier_memberships.left_date
is 'Null while they are in it.';
comment on column loyalty.tier_memberships.below_since_date
is 'Since when they have not deserved it; they keep it during grace.';

-- What was posted stands: a mistake is corrected by another posting.
create function loyalty.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception using
        errcode = 'restrict_violation',
        message = tg_table_schema || '.' || tg_table_name || ' is append-only';
end
$$;
create trigger postings_are_kept
before update or delete or truncate on loyalty.postings
for each statement execute function loyalty.refuse_change();
create trigger adjustments_are_kept
before update or delete or truncate on loyalty.adjustments
for each statement execute function loyalty.refuse_change();
