//! What is known of PostgreSQL's own functions. Whatever is not listed may do anything.

/// Functions that only compute, or read: a query may call them as it likes. With those that move a
/// sequence, as data migrations do.
const HARMLESS: &[&str] = &[
    "abs", "age", "array_agg", "array_append", "array_cat", "array_length", "array_position",
    "array_remove", "array_replace", "array_to_json", "array_to_string", "avg", "bit_and", "bit_or",
    "bool_and", "bool_or", "btrim", "cardinality", "ceil", "ceiling", "char_length",
    "character_length", "chr", "clock_timestamp", "coalesce", "concat", "concat_ws", "count",
    "cume_dist", "current_database", "current_schema", "current_setting", "currval", "date_bin",
    "date_part", "date_trunc", "decode", "dense_rank", "div", "encode", "every", "exp", "extract",
    "first_value", "floor", "format", "gen_random_uuid", "generate_series", "greatest", "hashtext",
    "initcap", "isfinite", "json_agg", "json_array_elements", "json_array_elements_text",
    "json_array_length", "json_build_array", "json_build_object", "json_each", "json_each_text",
    "json_extract_path", "json_extract_path_text", "json_object", "json_object_agg",
    "json_object_keys", "json_strip_nulls", "json_typeof", "jsonb_agg", "jsonb_array_elements",
    "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array", "jsonb_build_object",
    "jsonb_each", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text",
    "jsonb_insert", "jsonb_object", "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists",
    "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first", "jsonb_set",
    "jsonb_strip_nulls", "jsonb_typeof", "justify_days", "justify_hours", "lag", "last_value",
    "lastval", "lead", "least", "left", "length", "ln", "localtimestamp", "log", "lower", "lpad",
    "ltrim", "make_date", "make_interval", "make_timestamp", "make_timestamptz", "max", "md5",
    "min", "mod", "mode", "nextval", "now", "ntile", "nullif", "num_nonnulls", "num_nulls",
    "octet_length", "overlay", "pg_get_serial_sequence", "position", "power", "quote_ident",
    "quote_literal", "quote_nullable", "random", "rank", "regexp_count", "regexp_match",
    "regexp_matches", "regexp_replace", "regexp_split_to_array", "regexp_split_to_table", "repeat",
    "replace", "reverse", "right", "round", "row_number", "row_to_json", "rpad", "rtrim",
    "setseed", "setval", "sha224", "sha256", "sha384", "sha512", "sign", "similarity",
    "split_part", "sqrt", "starts_with", "statement_timestamp", "stddev", "string_agg",
    "string_to_array", "strpos", "substr", "substring", "sum", "timeofday", "to_char", "to_date",
    "to_hex", "to_json", "to_jsonb", "to_number", "to_regclass", "to_timestamp", "to_tsquery",
    "to_tsvector", "transaction_timestamp", "translate", "trim", "trunc", "unaccent", "unnest",
    "upper", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "uuidv4", "uuidv7",
    "variance",
];

/// Those among them that give another value each time: as a default they are computed for every
/// row that is there, so the table is written anew. (`pg_proc.provolatile`)
const VOLATILE: &[&str] = &[
    "clock_timestamp", "currval", "gen_random_uuid", "lastval", "nextval", "random", "setseed",
    "setval", "timeofday", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "uuidv4",
    "uuidv7",
];

/// Whether a query may call it without doing anything but its own work.
pub(super) fn is_harmless(name: &str) -> bool {
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    HARMLESS.binary_search(&name).is_ok()
}

/// Whether it may give another value for each row: so do those that nobody knows.
pub(super) fn is_volatile(name: &str) -> bool {
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    !is_harmless(name) || VOLATILE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        assert!(HARMLESS.is_sorted());
        assert!(VOLATILE.iter().all(|name| is_harmless(name)));
    }

    #[test]
    fn what_is_not_listed_may_do_anything() {
        assert!(is_harmless("pg_catalog.lower"));
        assert!(!is_harmless("billing.lower"));
        assert!(!is_harmless("pg_terminate_backend"));
        assert!(is_volatile("gen_random_uuid"));
        assert!(is_volatile("next_invoice_number"));
        assert!(!is_volatile("now"));
    }
}
