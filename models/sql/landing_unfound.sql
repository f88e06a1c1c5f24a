create temporary table {unfound} (content_hash text) on commit drop
