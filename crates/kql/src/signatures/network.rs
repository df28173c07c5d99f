//! Functions over addresses of the internet protocol; a text that is no address gives null.

use model::Type;

use super::short::*;
use super::{Overload, Param, Signature, over, scalar};

const ONE: &[Overload] = &[over(&[STRING], Type::Long)];
const TWO_TO_LONG: &[Overload] = &[over(&[STRING, STRING, LONG], Type::Long).optional(1)];
const TWO_TO_BOOL: &[Overload] = &[over(&[STRING, STRING, LONG], Type::Bool).optional(1)];
const IN_RANGE: &[Overload] = &[over(&[STRING, STRING], Type::Bool)];
const ANY: &[Overload] = &[
    over(&[Param::Text, STRING], Type::Bool).repeat(1, 1),
    over(&[Param::Text, DYNAMIC], Type::Bool),
];
const HAS: &[Overload] = &[over(&[Param::Text, STRING], Type::Bool)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar("parse_ipv4", ONE, "the IPv4 address as a number, cut to its prefix").takes("address"),
    scalar(
        "parse_ipv4_mask",
        &[over(&[STRING, LONG], Type::Long)],
        "the IPv4 address as a number, cut to a prefix",
    )
    .takes("address, prefix"),
    scalar("ipv4_netmask_suffix", ONE, "the prefix of an IPv4 address, 32 when it has none")
        .takes("address"),
    scalar("ipv4_compare", TWO_TO_LONG, "-1, 0 or 1: the order of two IPv4 addresses")
        .takes("left, right, prefix"),
    scalar("ipv4_is_match", TWO_TO_BOOL, "whether two IPv4 addresses agree within their prefixes")
        .takes("left, right, prefix"),
    scalar(
        "ipv4_is_private",
        &[over(&[STRING], Type::Bool)],
        "whether the IPv4 address is one for private networks",
    )
    .takes("address"),
    scalar("ipv4_is_in_range", IN_RANGE, "whether the IPv4 address lies in a range")
        .takes("address, range"),
    scalar("ipv4_is_in_any_range", ANY, "whether the IPv4 address lies in one of several ranges")
        .takes("address, ranges"),
    scalar(
        "ipv4_range_to_cidr_list",
        &[over(&[STRING, STRING], Type::Dynamic)],
        "the fewest ranges that hold all IPv4 addresses between two",
    )
    .takes("first, last"),
    scalar(
        "format_ipv4",
        &[over(&[Param::Any, LONG], Type::String).optional(1)],
        "an IPv4 address or its number as text, cut to a prefix; `''` when there is none",
    )
    .takes("address, prefix"),
    scalar(
        "format_ipv4_mask",
        &[over(&[Param::Any, LONG], Type::String)],
        "an IPv4 address or its number as text with its prefix; `''` when there is none",
    )
    .takes("address, prefix"),
    scalar("has_ipv4", HAS, "whether the text holds an IPv4 address").takes("text, address"),
    scalar("has_any_ipv4", ANY, "whether the text holds one of several IPv4 addresses")
        .takes("text, addresses"),
    scalar("has_ipv4_prefix", HAS, "whether the text holds an IPv4 address that starts so")
        .takes("text, prefix"),
    scalar(
        "has_any_ipv4_prefix",
        ANY,
        "whether the text holds an IPv4 address that starts with one of several prefixes",
    )
    .takes("text, prefixes"),
    scalar(
        "parse_ipv6",
        &[over(&[STRING], Type::String)],
        "the IPv6 or IPv4 address written out as IPv6, cut to its prefix",
    )
    .takes("address"),
    scalar(
        "parse_ipv6_mask",
        &[over(&[STRING, LONG], Type::String)],
        "the IPv6 or IPv4 address written out as IPv6, cut to a prefix",
    )
    .takes("address, prefix"),
    scalar("ipv6_compare", TWO_TO_LONG, "-1, 0 or 1: the order of two IPv6 or IPv4 addresses")
        .takes("left, right, prefix"),
    scalar(
        "ipv6_is_match",
        TWO_TO_BOOL,
        "whether two IPv6 or IPv4 addresses agree within their prefixes",
    )
    .takes("left, right, prefix"),
    scalar("ipv6_is_in_range", IN_RANGE, "whether the IPv6 or IPv4 address lies in a range")
        .takes("address, range"),
    scalar(
        "ipv6_is_in_any_range",
        ANY,
        "whether the IPv6 or IPv4 address lies in one of several ranges",
    )
    .takes("address, ranges"),
];
