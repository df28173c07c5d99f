//! Functions KQL has and this product does not: refused by name instead of "did you mean".

/// Whether `name` is a function or aggregate of KQL that is not declared here.
pub fn is_known_elsewhere(name: &str) -> bool {
    known_elsewhere().any(|known| known == name)
}

/// The functions and aggregates refused as not supported, in the order of their names.
pub fn known_elsewhere() -> impl Iterator<Item = &'static str> {
    KNOWN.split_ascii_whitespace()
}

const KNOWN: &str = "
    all around array_iff array_iif array_rotate_left array_rotate_right array_shift_left
    array_shift_right array_split array_strcat assert bag_pack_columns bag_set_key bag_zip
    base64_decode_toarray base64_decode_toguid base64_encode_fromarray base64_encode_fromguid
    beta_cdf beta_inv beta_pdf bin_auto
    bitset_count_ones cluster column_names_of convert_angle convert_energy
    convert_force convert_length convert_mass convert_speed convert_temperature convert_volume cot
    current_cluster_endpoint current_cursor
    current_database current_node_id current_principal current_principal_details
    current_principal_is_member_of cursor_after cursor_before_or_at cursor_current database
    datetime_list_timezones datetime_local_to_utc datetime_utc_to_local entity_group
    erf erfc estimate_data_size extent_id extent_tags extentid external_table extractall
    format_bytes format_ipv4 format_ipv4_mask gamma geo_angle geo_azimuth
    geo_closest_point_on_line geo_closest_point_on_polygon geo_distance_2points
    geo_distance_point_to_line geo_distance_point_to_polygon geo_from_wkt geo_geohash_neighbors
    geo_geohash_to_central_point geo_geohash_to_polygon geo_h3cell_children geo_h3cell_level
    geo_h3cell_neighbors geo_h3cell_parent geo_h3cell_rings geo_h3cell_to_central_point
    geo_h3cell_to_polygon geo_info_from_ip_address geo_intersection_2lines
    geo_intersection_2polygons geo_intersection_line_with_polygon geo_intersects_2lines
    geo_intersects_2polygons geo_intersects_line_with_polygon geo_line_buffer geo_line_centroid
    geo_line_densify geo_line_interpolate_point geo_line_length geo_line_locate_point
    geo_line_simplify geo_line_to_s2cells geo_point_buffer geo_point_in_circle
    geo_point_in_polygon geo_point_to_geohash geo_point_to_h3cell geo_point_to_s2cell
    geo_polygon_area geo_polygon_buffer geo_polygon_centroid geo_polygon_densify
    geo_polygon_perimeter geo_polygon_simplify geo_polygon_to_h3cells geo_polygon_to_s2cells
    geo_s2cell_neighbors geo_s2cell_to_central_point geo_s2cell_to_polygon
    geo_simplify_polygons_array geo_union_lines_array geo_union_polygons_array graph
    gzip_compress_to_base64_string gzip_decompress_from_base64_string has_any_ipv4
    has_any_ipv4_prefix has_ipv4 has_ipv4_prefix hash_combine hash_many hash_md5 hash_sha1
    hash_sha256 ingestion_time inner_nodes ipv4_compare
    ipv4_is_in_any_range ipv4_is_in_range ipv4_is_match ipv4_is_private ipv4_netmask_suffix
    ipv4_range_to_cidr_list ipv6_compare ipv6_is_in_any_range ipv6_is_in_range ipv6_is_match
    isascii iscolumnexists isutf8 jaccard_index labels loggamma make_string map materialized_view
    node_degree_in node_degree_out node_id parse_command_line parse_ipv4
    parse_ipv4_mask parse_ipv6 parse_ipv6_mask parse_path parse_urlquery parse_user_agent
    parse_version parse_xml parseurlquery passthrough
    punycode_domain_from_string punycode_domain_to_string punycode_from_string punycode_to_string
    regex_quote replace_strings row_id row_rank
    rowstore_ordinal_range
    set_equals
    stored_query_result table to_utf8 treepath
    unicode_codepoints_from_string unicode_codepoints_to_string welch_test
    zlib_compress_to_base64_string zlib_decompress_from_base64_string
";
