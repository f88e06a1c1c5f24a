{#-
    One round of Boruvka's on graph_<round - 1>, whose rows say which node has which link_key: every node joins the lowest one that
    it shares a key with, which makes trees, and each tree is a node of graph_<round>. A round walks every node once, so it costs
    what the shared keys cost, however long a chain is. trees_<round> says which node is in whose tree.
-#}
{% macro contracted_graph(round) -%}
neighbours_{{ round }} as (

    select
        merchant_id,
        node,
        min(node) over (partition by merchant_id, link_key) as lowest_node
    from graph_{{ round - 1 }}

),

parents_{{ round }} as (

    select
        merchant_id,
        node,
        min(lowest_node) as parent
    from neighbours_{{ round }}
    group by merchant_id, node

),

trees_{{ round }} as (

    select
        merchant_id,
        node,
        node as root
    from parents_{{ round }}
    where parent = node

    union all

    select
        parents_{{ round }}.merchant_id,
        parents_{{ round }}.node,
        trees_{{ round }}.root
    from trees_{{ round }}
    inner join parents_{{ round }}
        on
            trees_{{ round }}.merchant_id = parents_{{ round }}.merchant_id
            and trees_{{ round }}.node = parents_{{ round }}.parent
    where parents_{{ round }}.node <> parents_{{ round }}.parent

),

contracted_{{ round }} as (

    select
        graphs.merchant_id,
        graphs.link_key,
        trees.root as node,
        min(trees.root) over (partition by graphs.merchant_id, graphs.link_key)
        <> max(trees.root) over (partition by graphs.merchant_id, graphs.link_key) as is_shared
    from graph_{{ round - 1 }} as graphs
    inner join trees_{{ round }} as trees
        on
            graphs.merchant_id = trees.merchant_id
            and graphs.node = trees.node

),

graph_{{ round }} as (

    select distinct
        merchant_id,
        link_key,
        node
    from contracted_{{ round }}
    where is_shared

)
{%- endmacro %}


{#- What the rounds leave, in practice nothing, walked to its end from every node that is lower than its neighbours. -#}
{% macro walked_graph(round) -%}
lowest as (

    select
        merchant_id,
        link_key,
        node,
        min(node) over (partition by merchant_id, link_key) as lowest_node
    from graph_{{ round }}

),

walked as (

    select
        merchant_id,
        node,
        node as root
    from lowest
    group by merchant_id, node
    having min(lowest_node) = node

    union

    select
        there.merchant_id,
        there.node,
        walked.root
    from walked
    inner join lowest as here
        on
            walked.merchant_id = here.merchant_id
            and walked.node = here.node
    inner join lowest as there
        on
            here.merchant_id = there.merchant_id
            and here.link_key = there.link_key

),

left_over as (

    select
        merchant_id,
        node,
        min(root) as root
    from walked
    group by merchant_id, node

)
{%- endmacro %}


{#- The rounds, one after the other. -#}
{% macro contracted_graphs(rounds) -%}
    {%- for round in rounds %}
{{ contracted_graph(round) }}{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}


{#- In whose tree each of `records` is in the end. -#}
{% macro rooted_records(rounds) -%}
rooted as (

    select
        records.merchant_id,
        records.record_id,
        coalesce(left_over.root
        {%- for round in rounds | reverse %}, trees_{{ round }}.root{% endfor %}) as root
    from records
    {%- for round in rounds %}
        left join trees_{{ round }}
            on
                records.merchant_id = trees_{{ round }}.merchant_id
                and {{ 'records.node' if round == 1 else 'trees_' ~ (round - 1) ~ '.root' }} = trees_{{ round }}.node
    {%- endfor %}
    left join left_over
        on
            records.merchant_id = left_over.merchant_id
            and trees_{{ rounds[-1] }}.root = left_over.node

)
{%- endmacro %}
