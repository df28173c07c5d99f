//! Functions KQL has and this product does not: refused by name instead of "did you mean".

/// Whether `name` is a function or aggregate of KQL that is not declared here.
pub fn is_known_elsewhere(name: &str) -> bool {
    known_elsewhere().any(|known| known == name)
}

/// The functions and aggregates refused as not supported, in the order of their names.
pub fn known_elsewhere() -> impl Iterator<Item = &'static str> {
    KNOWN.split_ascii_whitespace()
}

/// What to do instead of calling a refused function, where there is something.
pub fn alternative(name: &str) -> Option<&'static str> {
    ALTERNATIVES.iter().find(|(names, _)| names.contains(&name)).map(|(_, help)| *help)
}

const ALTERNATIVES: &[(&[&str], &str)] = &[
    (&["geo_info_from_ip_address"], "it needs a database of places, and none is configured"),
    (
        &["hash_many", "hash_combine"],
        "`hash(strcat_delim('|', a, b))` hashes several values at once, to other numbers",
    ),
    (
        &["parse_user_agent"],
        "`client_Browser`, `client_OS` and `client_Model` hold what senders found out; \
         `extract()` takes parts out of other texts",
    ),
    (
        &["parse_version"],
        "decimals here have about 16 digits, too few to tell versions apart; compare the parts: \
         `toint(split(v, '.')[0])`",
    ),
    (
        &["cursor_after", "cursor_before_or_at", "cursor_current", "current_cursor"],
        "filter by time",
    ),
    (
        &["current_database", "current_cluster_endpoint", "current_node_id"],
        "`appName` and `appId` say which application a row belongs to",
    ),
    (&["row_rank"], "`row_rank_dense()` counts different values, `row_rank_min()` skips places"),
    (&["bin_auto"], "`bin(x, size)` with a size written out"),
    (
        &["stored_query_result", "materialized_view", "external_table"],
        "only tables are kept here; `materialize()` keeps a result within one query",
    ),
];

const KNOWN: &str = "
    all
    bin_auto
    cluster
    current_cluster_endpoint current_cursor
    current_database current_node_id current_principal current_principal_details
    current_principal_is_member_of cursor_after cursor_before_or_at cursor_current
    entity_group
    extent_id extent_tags extentid external_table
    geo_closest_point_on_line geo_closest_point_on_polygon
    geo_distance_point_to_line geo_distance_point_to_polygon
    geo_h3cell_children geo_h3cell_level
    geo_h3cell_neighbors geo_h3cell_parent geo_h3cell_rings geo_h3cell_to_central_point
    geo_h3cell_to_polygon geo_info_from_ip_address geo_intersection_2lines
    geo_intersection_2polygons geo_intersection_line_with_polygon geo_intersects_2lines
    geo_intersects_2polygons geo_intersects_line_with_polygon geo_line_buffer geo_line_centroid
    geo_line_densify geo_line_interpolate_point geo_line_locate_point
    geo_line_simplify geo_line_to_s2cells geo_point_buffer
    geo_point_to_h3cell geo_point_to_s2cell
    geo_polygon_area geo_polygon_buffer geo_polygon_centroid geo_polygon_densify
    geo_polygon_perimeter geo_polygon_simplify geo_polygon_to_h3cells geo_polygon_to_s2cells
    geo_s2cell_neighbors geo_s2cell_to_central_point geo_s2cell_to_polygon
    geo_simplify_polygons_array geo_union_lines_array geo_union_polygons_array graph
    hash_combine hash_many
    inner_nodes
    labels map materialized_view
    node_degree_in node_degree_out node_id
    parse_user_agent
    parse_version passthrough
    row_id row_rank
    rowstore_ordinal_range
    stored_query_result table
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_given_for_refused_functions_only() {
        for name in ALTERNATIVES.iter().flat_map(|(names, _)| *names) {
            assert!(is_known_elsewhere(name), "{name} is not refused");
        }
    }
}
