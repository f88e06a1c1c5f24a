"""dbt: from raw tables to marts."""
